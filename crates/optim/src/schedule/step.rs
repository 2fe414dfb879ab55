//! Step decay: the rate falls by the same factor every so many steps.
//!
//! ```text
//! ε_k = ε₀ · factor^⌊k / every⌋
//! ```
//!
//! The first of the lecture's three ways to let the rate decay: halve it every several epochs, hence the
//! default of 0.5. PyTorch's `StepLR` is the same with a default of 0.1, and so is optax's
//! `exponential_decay` with `staircase=True`.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, duration, number};

/// A factor after every so many steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepDecay {
    /// How many steps have the same rate; 0 counts as 1.
    pub every: u64,
    /// What the rate is multiplied by, from 0 to 1.
    pub factor: f64,
}

impl Curve for StepDecay {
    const WORD: Word = Word {
        name: "step",
        about: "ε_k = ε₀·factor^⌊k/every⌋",
        parameters: &[
            Parameter::steps("every", "steps between two falls"),
            Parameter::number("factor", 0.5, Range::Unit, "what each fall multiplies by"),
        ],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<StepDecay, CallError> {
        let every = arguments.steps("every", steps_per_epoch)?;
        Ok(StepDecay { every, factor: arguments.number("factor") })
    }

    fn write(&self) -> Vec<Argument> {
        vec![duration("every", self.every), number("factor", self.factor)]
    }

    fn factor(&self, k: u64) -> f64 {
        let falls = k / self.every.max(1);
        self.factor.powf(falls as f64)
    }

    fn bounds(&self) -> Bounds {
        if self.factor == 1.0 { 1.0..=1.0 } else { 0.0..=1.0 }
    }
}
