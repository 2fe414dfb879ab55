//! A rational function fitted to 11 points; problem 15, n = 4, m = 11.
//!
//! ```text
//! rᵢ = yᵢ − x₁ (uᵢ² + uᵢ x₂) / (uᵢ² + uᵢ x₃ + x₄)
//! ```
//!
//! J. S. Kowalik & M. R. Osborne, *Methods for Unconstrained Optimization Problems*, Elsevier 1968; also
//! MGH09 of the NIST reference data sets.
//!
//! Start: (0.25, 0.39, 0.415, 0.39), f ≈ 5.3132·10⁻³. Minimum: (0.1928…, 0.1913…, 0.1231…, 0.1361…),
//! f = 3.075056…·10⁻⁴. At (∞, −14.07…, −∞, −∞), f approaches 1.027343…·10⁻³, which some lists give as the
//! minimum.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum};

#[derive(Clone, Copy, Debug)]
pub(crate) struct KowalikOsborne;

pub(crate) static WORD: Word = Word {
    name: "kowalik-osborne",
    about: "a rational function fitted to 11 points",
    parameters: &[],
};

impl Sum for KowalikOsborne {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (yᵢ − x₁ (uᵢ² + uᵢ x₂) / (uᵢ² + uᵢ x₃ + x₄))²"
    }

    fn dimension(&self) -> usize {
        4
    }

    fn start(&self) -> Vec<f64> {
        vec![0.25, 0.39, 0.415, 0.39]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![
            Minimum::global(AT.to_vec(), 0.00030750560384923745),
            Minimum::at_infinity(0.0010273430486954578),
        ]
    }

    fn terms(&self) -> usize {
        11
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..4)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let (u, u2) = (U[i], U[i] * U[i]);
        -(x[0] * (x[1] * u + u2) / (x[2] * u + x[3] + u2) - Y[i])
    }
}

const AT: [f64; 4] =
    [0.19280693457903786, 0.19128232873436696, 0.12305650692632066, 0.13606233068379484];

const Y: [f64; 11] =
    [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246];

const U: [f64; 11] = [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625];
