//! Variables of sizes 10⁶ apart; problem 3, n = m = 2.
//!
//! ```text
//! r₁ = 10⁴ x₁ x₂ − 1
//! r₂ = exp(−x₁) + exp(−x₂) − 1.0001
//! ```
//!
//! Start: (0, 1), f ≈ 1.1353. Minimum: (1.098…·10⁻⁵, 9.106…), f = 0, and the same with x₁ and x₂ swapped.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum};

#[derive(Clone, Copy, Debug)]
pub(crate) struct PowellBadlyScaled;

pub(crate) static WORD: Word =
    Word { name: "powell-badly-scaled", about: "variables of sizes 10⁶ apart", parameters: &[] };

impl Sum for PowellBadlyScaled {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "(10⁴ x₁ x₂ − 1)² + (exp(−x₁) + exp(−x₂) − 1.0001)²"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn start(&self) -> Vec<f64> {
        vec![0.0, 1.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        let [small, large] = [1.0981593296998175e-5, 9.106146739866524];
        vec![Minimum::global(vec![small, large], 0.0), Minimum::global(vec![large, small], 0.0)]
    }

    fn terms(&self) -> usize {
        2
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..2)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        match i {
            0 => x[0] * x[1] * 1e4 - 1.0,
            _ => (-x[0]).exp() + (-x[1]).exp() - 1.0001,
        }
    }
}
