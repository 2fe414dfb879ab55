//! Polynomial decay.
//!
//! ```text
//! ε_k = ε_T + (ε₀ − ε_T) (1 − k/T)^power   for k < T
//! ε_k = ε_T                                from T on
//! ```
//!
//! This is optax's `polynomial_schedule`. PyTorch's `PolynomialLR` is the case ε_T = 0, the default here.
//! With `power=1` it is [`Linear`](super::Linear).

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, both, duration, number, passed, within};

/// A power of the time that is left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polynomial {
    /// T: the first step that has the last rate. With 0, every step has it.
    pub steps: u64,
    /// The power of 1 − k/T, above 0.
    pub power: f64,
    /// ε_T / ε₀, from 0.
    pub end: f64,
}

impl Curve for Polynomial {
    const WORD: Word = Word {
        name: "polynomial",
        about: "ε_k = ε_T + (ε₀ − ε_T)·(1 − k/T)^power, constant after T",
        parameters: &[
            Parameter::steps("steps", "T, steps until the rate stays"),
            Parameter::number("power", 1.0, Range::Positive, "above 1 falls early, below 1 late"),
            Parameter::number("end", 0.0, Range::NonNegative, "ε_T/ε₀"),
        ],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Polynomial, CallError> {
        let steps = arguments.steps("steps", steps_per_epoch)?;
        Ok(Polynomial { steps, power: arguments.number("power"), end: arguments.number("end") })
    }

    fn write(&self) -> Vec<Argument> {
        vec![duration("steps", self.steps), number("power", self.power), number("end", self.end)]
    }

    fn factor(&self, k: u64) -> f64 {
        let left = (1.0 - passed(k, self.steps)).powf(self.power);
        within(self.end + (1.0 - self.end) * left, 1.0, self.end)
    }

    fn bounds(&self) -> Bounds {
        if self.steps == 0 { self.end..=self.end } else { both(1.0, self.end) }
    }
}
