//! The resistance of a thermistor fitted to 16 temperatures; problem 10, n = 3, m = 16.
//!
//! ```text
//! rᵢ = x₁ exp(x₂ / (tᵢ + x₃)) − yᵢ,  tᵢ = 45 + 5i
//! ```
//!
//! R. R. Meyer, *Theoretical and computational aspects of nonlinear regression*, in *Nonlinear Programming*,
//! 1970; also MGH10 of the NIST reference data sets.
//!
//! Start: (0.02, 4000, 250), f ≈ 1.6936·10⁹. Minimum: (0.005609…, 6181.346…, 345.223…),
//! f = 87.945855…: with a condition number of 10¹⁶ of the Hessian, the hardest of all.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Meyer;

pub(crate) static WORD: Word = Word {
    name: "meyer",
    about: "a resistance fitted to 16 temperatures, badly scaled",
    parameters: &[],
};

impl Sum for Meyer {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (x₁ exp(x₂ / (tᵢ + x₃)) − yᵢ)², tᵢ = 45 + 5i"
    }

    fn dimension(&self) -> usize {
        3
    }

    fn start(&self) -> Vec<f64> {
        vec![0.02, 4000.0, 250.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(AT.to_vec(), 87.94585517085112)]
    }

    fn terms(&self) -> usize {
        16
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..3)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let t = 50.0 + 5.0 * i as f64;
        x[0] * (x[1] / (x[2] + t)).exp() - Y[i]
    }
}

const AT: [f64; 3] = [0.005609636471028053, 6181.346346286372, 345.2236346241365];

const Y: [f64; 16] = [
    34780.0, 28610.0, 23650.0, 19630.0, 16370.0, 13720.0, 11540.0, 9744.0, 8261.0, 7030.0, 6005.0,
    5147.0, 4427.0, 3820.0, 3307.0, 2872.0,
];
