//! Cosine decay, half a period.
//!
//! ```text
//! ε_k = ε_T + ½ (ε₀ − ε_T) (1 + cos(πk/T))   for k < T
//! ε_k = ε_T                                  from T on
//! ```
//!
//! Loshchilov & Hutter, *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017, equation 5,
//! within one of their runs and without the restart. After T the rate stays, as in optax's
//! `cosine_decay_schedule`. PyTorch's `CosineAnnealingLR` goes on along the cosine instead: the rate rises
//! again and is back at ε₀ after 2T, which a run that lasts longer than planned seldom wants.

use std::f64::consts::PI;

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, both, duration, number, passed, within};

/// Half a period of the cosine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// T: the first step that has the last rate. With 0, every step has it.
    pub steps: u64,
    /// ε_T / ε₀, from 0.
    pub end: f64,
}

impl Curve for Cosine {
    const WORD: Word = Word {
        name: "cosine",
        about: "ε_k = ε_T + ½·(ε₀ − ε_T)·(1 + cos(πk/T)), constant after T",
        parameters: &[
            Parameter::steps("steps", "T, steps until the rate stays"),
            Parameter::number("end", 0.0, Range::NonNegative, "ε_T/ε₀"),
        ],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Cosine, CallError> {
        let steps = arguments.steps("steps", steps_per_epoch)?;
        Ok(Cosine { steps, end: arguments.number("end") })
    }

    fn write(&self) -> Vec<Argument> {
        vec![duration("steps", self.steps), number("end", self.end)]
    }

    fn factor(&self, k: u64) -> f64 {
        half_period(self.end, passed(k, self.steps))
    }

    fn bounds(&self) -> Bounds {
        if self.steps == 0 { self.end..=self.end } else { both(1.0, self.end) }
    }
}

/// ε/ε₀ where the part `passed` of half a period, from 1 to `end`, has passed.
pub(super) fn half_period(end: f64, passed: f64) -> f64 {
    within(end + 0.5 * (1.0 - end) * (1.0 + (PI * passed).cos()), 1.0, end)
}
