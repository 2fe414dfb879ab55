//! A flat minimum between steep corners; problem 5, n = 2, m = 3.
//!
//! ```text
//! rᵢ = yᵢ − x₁ (1 − x₂ⁱ),  y = (1.5, 2.25, 2.625)
//! ```
//!
//! Start: (1, 1), f = 14.203125. Minimum: (3, 0.5), f = 0.
//!
//! It is the surface [`beale`](crate::beale), where the saddles are, as a sum of squares.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Beale;

pub(crate) static WORD: Word =
    Word { name: "beale", about: "a flat minimum between steep corners", parameters: &[] };

impl Sum for Beale {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (yᵢ − x₁ (1 − x₂ⁱ))², y = (1.5, 2.25, 2.625)"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0, 1.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![3.0, 0.5], 0.0)]
    }

    fn terms(&self) -> usize {
        3
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..2)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let y = [1.5, 2.25, 2.625][i];
        -(x[0] * (-x[1].powi(i as i32 + 1) + 1.0) - y)
    }
}
