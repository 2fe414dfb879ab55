//! Two exponentials and a constant fitted to 33 points; problem 17, n = 5, m = 33.
//!
//! ```text
//! rᵢ = yᵢ − (x₁ + x₂ exp(−tᵢ x₄) + x₃ exp(−tᵢ x₅)),  tᵢ = 10 (i − 1)
//! ```
//!
//! M. R. Osborne, *Some aspects of nonlinear least squares calculations*, in *Numerical Methods for Nonlinear
//! Optimization*, 1972.
//!
//! Start: (0.5, 1.5, −1, 0.01, 0.02), f ≈ 0.879026; Moré & Wild's table starts at x₃ = +1. Minimum:
//! (0.3754…, 1.9358…, −1.4646…, 0.01286…, 0.02212…), f = 5.464894…·10⁻⁵, and the same with the two
//! exponentials swapped.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Osborne1;

pub(crate) static WORD: Word =
    Word { name: "osborne-1", about: "two exponentials fitted to 33 points", parameters: &[] };

impl Sum for Osborne1 {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (yᵢ − x₁ − x₂ exp(−tᵢ x₄) − x₃ exp(−tᵢ x₅))², tᵢ = 10 (i − 1)"
    }

    fn dimension(&self) -> usize {
        5
    }

    fn start(&self) -> Vec<f64> {
        vec![0.5, 1.5, -1.0, 0.01, 0.02]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(AT.to_vec(), 5.464894697482907e-5)]
    }

    fn terms(&self) -> usize {
        33
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..5)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let t = -10.0 * i as f64;
        -(x[0] + x[1] * (x[3] * t).exp() + x[2] * (x[4] * t).exp() - Y[i])
    }
}

const AT: [f64; 5] = [
    0.37541005210695205,
    1.9358469127123674,
    -1.464687136613423,
    0.012867534640057288,
    0.02212269966167261,
];

const Y: [f64; 33] = [
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.85, 0.818, 0.784, 0.751, 0.718, 0.685,
    0.658, 0.628, 0.603, 0.58, 0.558, 0.538, 0.522, 0.506, 0.49, 0.478, 0.467, 0.457, 0.448, 0.438,
    0.431, 0.424, 0.42, 0.414, 0.411, 0.406,
];
