//! A rational function fitted to 15 points; problem 8, n = 3, m = 15.
//!
//! ```text
//! rᵢ = yᵢ − (x₁ + i / ((16 − i) x₂ + min(i, 16 − i) x₃))
//! ```
//!
//! Y. Bard, *Comparison of gradient methods for the solution of nonlinear parameter estimation problems*,
//! SIAM Journal on Numerical Analysis 7(1), 1970.
//!
//! Start: (1, 1, 1), f ≈ 41.6817. Minimum: (0.0824…, 1.133…, 2.343…), f = 8.214877…·10⁻³. For
//! x₁ = 0.8406…, x₂, x₃ → −∞, f approaches 17.42869…: there x₁ is the mean of y.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bard;

pub(crate) static WORD: Word =
    Word { name: "bard", about: "a rational function fitted to 15 points", parameters: &[] };

impl Sum for Bard {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (yᵢ − x₁ − i / ((16 − i) x₂ + min(i, 16 − i) x₃))²"
    }

    fn dimension(&self) -> usize {
        3
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0, 1.0, 1.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![
            Minimum::global(AT.to_vec(), 0.008214877306578975),
            Minimum::at_infinity(17.42869333333333),
        ]
    }

    fn terms(&self) -> usize {
        15
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..3)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let u = i as f64 + 1.0;
        let v = 16.0 - u;
        -(x[0] + (x[1] * v + x[2] * u.min(v)).recip() * u - Y[i])
    }
}

const AT: [f64; 3] = [0.08241055974978893, 1.1330360920297216, 2.343695178642537];

const Y: [f64; 15] =
    [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.1, 4.39];
