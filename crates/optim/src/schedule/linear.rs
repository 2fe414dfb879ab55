//! Linear decay until step τ, the schedule that the theory of SGD is taught with.
//!
//! ```text
//! ε_k = (1 − k/τ) ε₀ + (k/τ) ε_τ   for k < τ
//! ε_k = ε_τ                        from τ on
//! ```
//!
//! Goodfellow, Bengio & Courville, *Deep Learning*, 2016, equation 8.14. They advise that τ be a few
//! hundred passes through the training set and ε_τ about 1 % of ε₀, which is the default of `end` =
//! ε_τ/ε₀. PyTorch's `LinearLR` and optax's `linear_schedule` are the same line, but the first ends at 1
//! and the second has no default.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, both, duration, line, number, passed};

/// A straight line from 1 to `end` at step `tau`, and `end` from there on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// τ: the first step that has the last rate. With 0, every step has it.
    pub tau: u64,
    /// ε_τ / ε₀, from 0.
    pub end: f64,
}

impl Curve for Linear {
    const WORD: Word = Word {
        name: "linear",
        about: "ε_k = (1 − k/τ)·ε₀ + (k/τ)·ε_τ, constant after τ",
        parameters: &[
            Parameter::steps("tau", "τ, steps until the rate stays"),
            Parameter::number("end", 0.01, Range::NonNegative, "ε_τ/ε₀"),
        ],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Linear, CallError> {
        let tau = arguments.steps("tau", steps_per_epoch)?;
        Ok(Linear { tau, end: arguments.number("end") })
    }

    fn write(&self) -> Vec<Argument> {
        vec![duration("tau", self.tau), number("end", self.end)]
    }

    fn factor(&self, k: u64) -> f64 {
        line(1.0, self.end, passed(k, self.tau))
    }

    fn bounds(&self) -> Bounds {
        if self.tau == 0 { self.end..=self.end } else { both(1.0, self.end) }
    }
}
