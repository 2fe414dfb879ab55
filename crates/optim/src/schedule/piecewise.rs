//! A factor of its own for every stretch of steps.
//!
//! ```text
//! piecewise(f₀, a₁, f₁, a₂, f₂, …):   ε_k = f_i · ε₀   for a_i ≤ k < a_(i+1),   a₀ = 0
//! ```
//!
//! At a boundary the later factor holds already, and the last one holds for ever. Every factor is relative
//! to ε₀. That is where the libraries differ: optax's `piecewise_constant_schedule` and PyTorch's
//! `MultiStepLR` multiply the factors up, so that their {10: 0.1, 20: 0.1} is `piecewise(1, 10, 0.1, 20,
//! 0.01)` here. The boundaries are the same.

use thalweg_calls::{Argument, Arguments, CallError, Value, Word};

use super::pieces::{self, Pieces};
use super::{Bounds, Curve, union};

/// A factor of its own for every stretch of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Piecewise {
    pieces: Pieces<f64>,
}

impl Piecewise {
    /// `first`, and from each step in `rest` on the factor beside it.
    ///
    /// # Errors
    ///
    /// If the steps do not rise, one is 0, or a factor is not a number from 0.
    pub fn new(
        first: f64,
        rest: impl IntoIterator<Item = (u64, f64)>,
    ) -> Result<Piecewise, CallError> {
        Ok(Piecewise { pieces: factors("piecewise", first, rest)? })
    }
}

impl Curve for Piecewise {
    const WORD: Word = Word {
        name: "piecewise",
        about: "constant factors one after another: piecewise(factor, step, factor, step, factor)",
        parameters: &[pieces::parameter("a factor, then steps and the factors from there on")],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Piecewise, CallError> {
        let usage =
            "write a factor, a step and the factor from there on, as in piecewise(1, 100, 0.1)";
        let (first, rest) = read_factors(arguments, steps_per_epoch, usage)?;
        Piecewise::new(first, rest)
    }

    fn write(&self) -> Vec<Argument> {
        pieces::write(&self.pieces, |factor| Value::Number(*factor))
    }

    fn factor(&self, k: u64) -> f64 {
        self.pieces[pieces::at(&self.pieces, k)].1
    }

    fn bounds(&self) -> Bounds {
        extremes(&self.pieces)
    }
}

pub(super) fn factors(
    word: &str,
    first: f64,
    rest: impl IntoIterator<Item = (u64, f64)>,
) -> Result<Pieces<f64>, CallError> {
    let pieces = pieces::rising(word, first, rest)?;
    match pieces.iter().find(|(_, factor)| !(factor.is_finite() && *factor >= 0.0)) {
        None => Ok(pieces),
        Some((_, factor)) => {
            Err(CallError::new(format!("{word}: factor {factor} must be a number from 0")))
        }
    }
}

pub(super) fn read_factors(
    arguments: &Arguments,
    steps_per_epoch: Option<f64>,
    usage: &str,
) -> Result<(f64, Pieces<f64>), CallError> {
    let usage = || CallError::new(format!("{}: {usage}", arguments.name()));
    pieces::read(arguments, steps_per_epoch, usage, |value| match value {
        Value::Number(factor) => Ok(*factor),
        _ => Err(usage()),
    })
}

/// The smallest and the largest factor of a list.
pub(super) fn extremes(pieces: &Pieces<f64>) -> Bounds {
    let factors = pieces.iter().map(|(_, factor)| *factor..=*factor);
    factors.reduce(union).expect("a list has a first piece")
}
