//! Two curved valleys that pull at each other; problem 14, n = 4, m = 6.
//!
//! ```text
//! r₁ = 10 (x₂ − x₁²)     r₂ = 1 − x₁     r₅ = √10 (x₂ + x₄ − 2)
//! r₃ = √90 (x₄ − x₃²)    r₄ = 1 − x₃     r₆ = (x₂ − x₄)/√10
//! ```
//!
//! A. R. Colville, *A comparative study of nonlinear programming codes*, IBM 1968.
//!
//! Start: (−3, −1, −3, −1), f = 19192. Minimum: (1, 1, 1, 1), f = 0. Near (−1, 1, −1, 1), f ≈ 7.88, is a
//! saddle where runs stay for long.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum, square};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Wood;

pub(crate) static WORD: Word =
    Word { name: "wood", about: "two curved valleys that pull at each other", parameters: &[] };

impl Sum for Wood {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "100 (x₂ − x₁²)² + (1 − x₁)² + 90 (x₄ − x₃²)² + (1 − x₃)² + 10 (x₂ + x₄ − 2)² + (x₂ − x₄)²/10"
    }

    fn dimension(&self) -> usize {
        4
    }

    fn start(&self) -> Vec<f64> {
        vec![-3.0, -1.0, -3.0, -1.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![1.0; 4], 0.0)]
    }

    fn terms(&self) -> usize {
        6
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..4)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let [x1, x2, x3, x4] = [x[0], x[1], x[2], x[3]];
        match i {
            0 => (x2 - square(x1)) * 10.0,
            1 => -x1 + 1.0,
            2 => (x4 - square(x3)) * 90f64.sqrt(),
            3 => -x3 + 1.0,
            4 => (x2 + x4 - 2.0) * 10f64.sqrt(),
            _ => (x2 - x4) / 10f64.sqrt(),
        }
    }
}
