//! A bell fitted to the density of the normal distribution, rounded; problem 9, n = 3, m = 15.
//!
//! ```text
//! rᵢ = x₁ exp(−x₂ (tᵢ − x₃)² / 2) − yᵢ,  tᵢ = (8 − i)/2
//! ```
//!
//! Start: (0.4, 1, 0), f ≈ 3.888·10⁻⁶, so that little is left to find. Minimum: (0.39895…, 1.00001…, 0),
//! f = 1.127932…·10⁻⁸.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum, square};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Gaussian;

pub(crate) static WORD: Word =
    Word { name: "gaussian", about: "a bell fitted to 15 points", parameters: &[] };

impl Sum for Gaussian {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (x₁ exp(−x₂ (tᵢ − x₃)² / 2) − yᵢ)², tᵢ = (8 − i)/2"
    }

    fn dimension(&self) -> usize {
        3
    }

    fn start(&self) -> Vec<f64> {
        vec![0.4, 1.0, 0.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(
            vec![0.39895613783875666, 1.0000190844878056, 0.0],
            1.127932769618648e-8,
        )]
    }

    fn terms(&self) -> usize {
        15
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..3)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let t = (7.0 - i as f64) / 2.0;
        x[0] * (x[1] * square(-x[2] + t) / -2.0).exp() - Y[i]
    }
}

const Y: [f64; 15] = [
    0.0009, 0.0044, 0.0175, 0.054, 0.1295, 0.242, 0.3521, 0.3989, 0.3521, 0.242, 0.1295, 0.054,
    0.0175, 0.0044, 0.0009,
];
