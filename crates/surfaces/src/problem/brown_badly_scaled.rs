//! A minimum whose coordinates are 10¹² apart; problem 4, n = 2, m = 3.
//!
//! ```text
//! r₁ = x₁ − 10⁶,  r₂ = x₂ − 2·10⁻⁶,  r₃ = x₁ x₂ − 2
//! ```
//!
//! Start: (1, 1), f ≈ 10¹². Minimum: (10⁶, 2·10⁻⁶), f = 0.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum};

#[derive(Clone, Copy, Debug)]
pub(crate) struct BrownBadlyScaled;

pub(crate) static WORD: Word =
    Word { name: "brown-badly-scaled", about: "a minimum at sizes 10¹² apart", parameters: &[] };

impl Sum for BrownBadlyScaled {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "(x₁ − 10⁶)² + (x₂ − 2·10⁻⁶)² + (x₁ x₂ − 2)²"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0, 1.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![1e6, 2e-6], 0.0)]
    }

    fn terms(&self) -> usize {
        3
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..2)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        match i {
            0 => x[0] - 1e6,
            1 => x[1] - 2e-6,
            _ => x[0] * x[1] - 2.0,
        }
    }
}
