//! Three exponentials on the same points; problem 12, n = 3, m ≥ n.
//!
//! ```text
//! rᵢ = exp(−tᵢ x₁) − exp(−tᵢ x₂) − x₃ (exp(−tᵢ) − exp(−10 tᵢ)),  tᵢ = i/10
//! ```
//!
//! M. J. Box, *A comparison of several current optimization methods, and the use of transformations in
//! constrained problems*, The Computer Journal 9(1), 1966.
//!
//! Start: (0, 10, 20), f ≈ 1031.154 for m = 10. Minima: (1, 10, 1), (10, 1, −1) and the whole line
//! x₁ = x₂, x₃ = 0; f = 0.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{Minimum, MinimumKind, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Box3d {
    m: usize,
}

pub(crate) static WORD: Word = Word {
    name: "box-3d",
    about: "three exponentials that share their points",
    parameters: &[Parameter::number("m", 10.0, Range::Count, "points")],
};

impl Box3d {
    pub fn new(arguments: &Arguments) -> Result<Box3d, CallError> {
        Ok(Box3d { m: size(arguments, "m", 3..=1000)? })
    }
}

impl Sum for Box3d {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (exp(−tᵢ x₁) − exp(−tᵢ x₂) − x₃ (exp(−tᵢ) − exp(−10 tᵢ)))², tᵢ = i/10"
    }

    fn dimension(&self) -> usize {
        3
    }

    fn start(&self) -> Vec<f64> {
        vec![0.0, 10.0, 20.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![
            Minimum::global(vec![1.0, 10.0, 1.0], 0.0),
            Minimum::global(vec![10.0, 1.0, -1.0], 0.0),
            Minimum::global(vec![1.0, 1.0, 0.0], 0.0).kind(MinimumKind::Singular),
        ]
    }

    fn terms(&self) -> usize {
        self.m
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..3)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let t = -(i as f64 + 1.0) / 10.0;
        (x[0] * t).exp() - (x[1] * t).exp() - x[2] * (t.exp() - (10.0 * t).exp())
    }
}
