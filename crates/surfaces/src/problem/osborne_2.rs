//! Three bells on an exponential, fitted to 65 points; problem 19, n = 11, m = 65.
//!
//! ```text
//! rᵢ = yᵢ − (x₁ exp(−tᵢ x₅) + Σ xₖ₊₁ exp(−(tᵢ − xₖ₊₈)² xₖ₊₅)),  k = 1, 2, 3,  tᵢ = (i − 1)/10
//! ```
//!
//! M. R. Osborne, *Some aspects of nonlinear least squares calculations*, in *Numerical Methods for Nonlinear
//! Optimization*, 1972.
//!
//! Start: (1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5), f ≈ 2.09342. Minimum: f = 4.013773…·10⁻².

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum, square};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Osborne2;

pub(crate) static WORD: Word = Word {
    name: "osborne-2",
    about: "three bells on a decay fitted to 65 points",
    parameters: &[],
};

impl Sum for Osborne2 {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (yᵢ − x₁ exp(−tᵢ x₅) − Σ xₖ₊₁ exp(−(tᵢ − xₖ₊₈)² xₖ₊₅))², tᵢ = (i − 1)/10"
    }

    fn dimension(&self) -> usize {
        11
    }

    fn start(&self) -> Vec<f64> {
        vec![1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(AT.to_vec(), 0.040137736293547735)]
    }

    fn terms(&self) -> usize {
        65
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..11)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let t = i as f64 / 10.0;
        let decay = x[0] * (x[4] * -t).exp();
        let bell = |k: usize| x[k] * (-(square(x[k + 7] - t) * x[k + 4])).exp();
        -(decay + bell(1) + bell(2) + bell(3) - Y[i])
    }
}

const AT: [f64; 11] = [
    1.3099771546273005,
    0.4315537946029889,
    0.633661698960724,
    0.5994305347859163,
    0.7541832263280113,
    0.9042885798596336,
    1.3658118352370285,
    4.8236988172271555,
    2.3986848661317546,
    4.568874597667672,
    5.6753414705806415,
];

const Y: [f64; 65] = [
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608,
    0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661,
    0.612, 0.558, 0.533, 0.495, 0.5, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429,
    0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559, 0.597,
    0.625, 0.739, 0.71, 0.729, 0.72, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
];
