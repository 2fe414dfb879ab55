//! Straight lines between points.
//!
//! ```text
//! piecewise_linear(f₀, a₁, f₁, a₂, f₂, …):
//! ε_k = ((1 − x) f_i + x f_(i+1)) ε₀,   x = (k − a_i)/(a_(i+1) − a_i),   for a_i ≤ k < a_(i+1),   a₀ = 0
//! ```
//!
//! From the last point on the factor stays. Every factor is relative to ε₀, and at a step that is written
//! the factor beside it holds. optax's `piecewise_interpolate_schedule("linear", …)` draws the same lines
//! between points whose factors multiply up, as in [`Piecewise`](super::Piecewise); its "cosine" is a
//! `join` of [`Cosine`](super::Cosine) here where it falls. PyTorch has none; its `SequentialLR` of several
//! `LinearLR` is the same.

use thalweg_calls::{Argument, Arguments, CallError, Value, Word};

use super::pieces::{self, Pieces};
use super::piecewise::{extremes, factors, read_factors};
use super::{Bounds, Curve, line, passed};

/// Straight lines between points.
#[derive(Clone, Debug, PartialEq)]
pub struct PiecewiseLinear {
    points: Pieces<f64>,
}

impl PiecewiseLinear {
    /// `first` at step 0, and at each step in `rest` the factor beside it.
    ///
    /// # Errors
    ///
    /// If the steps do not rise, one is 0, or a factor is not a number from 0.
    pub fn new(
        first: f64,
        rest: impl IntoIterator<Item = (u64, f64)>,
    ) -> Result<PiecewiseLinear, CallError> {
        Ok(PiecewiseLinear { points: factors("piecewise_linear", first, rest)? })
    }
}

impl Curve for PiecewiseLinear {
    const WORD: Word = Word {
        name: "piecewise_linear",
        about: "lines between points: piecewise_linear(factor, step, factor, step, factor)",
        parameters: &[pieces::parameter("the factor at step 0, then steps and the factors there")],
    };

    fn read(
        arguments: &Arguments,
        steps_per_epoch: Option<f64>,
    ) -> Result<PiecewiseLinear, CallError> {
        let usage = "write the factor at step 0, a step and the factor there, as in piecewise_linear(0, 100, 1)";
        let (first, rest) = read_factors(arguments, steps_per_epoch, usage)?;
        PiecewiseLinear::new(first, rest)
    }

    fn write(&self) -> Vec<Argument> {
        pieces::write(&self.points, |factor| Value::Number(*factor))
    }

    fn factor(&self, k: u64) -> f64 {
        let i = pieces::at(&self.points, k);
        let (a, from) = self.points[i];
        match self.points.get(i + 1) {
            Some((b, to)) => line(from, *to, passed(k - a, b - a)),
            None => from,
        }
    }

    fn bounds(&self) -> Bounds {
        extremes(&self.points)
    }
}
