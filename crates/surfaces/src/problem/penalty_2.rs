//! A weak pull between neighbours against a strong one to an ellipsoid; problem 24, m = 2n.
//!
//! ```text
//! r₁  = x₁ − 0.2
//! rᵢ  = √10⁻⁵ (exp(xᵢ/10) + exp(xᵢ₋₁/10) − yᵢ),  yᵢ = exp(i/10) + exp((i − 1)/10)     1 < i ≤ n
//! rᵢ  = √10⁻⁵ (exp(xᵢ₋ₙ₊₁/10) − exp(−1/10))                                         n < i < 2n
//! r₂ₙ = Σ (n − j + 1) xⱼ² − 1
//! ```
//!
//! P. E. Gill, W. Murray & R. A. Pitfield, National Physical Laboratory report NAC 11, 1972.
//!
//! Start: ½. Minima: f = 9.376293…·10⁻⁶ for n = 4, 2.936605…·10⁻⁴ for n = 10. n is at most 1000, because
//! yᵢ grows as exp(i/10).

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Penalty2 {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "penalty-2",
    about: "a weak pull between neighbours against a strong ellipsoid",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Penalty2 {
    pub fn new(arguments: &Arguments) -> Result<Penalty2, CallError> {
        Ok(Penalty2 { n: size(arguments, "n", 1..=1000)? })
    }
}

impl Sum for Penalty2 {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "(x₁ − 0.2)² + 10⁻⁵ Σ (exp(xᵢ/10) + exp(xᵢ₋₁/10) − yᵢ)² + 10⁻⁵ Σ (exp(xᵢ/10) − exp(−1/10))² + (Σ (n − j + 1) xⱼ² − 1)²"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![0.5; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        match self.n {
            4 => vec![Minimum::global(AT_4.0.to_vec(), AT_4.1)],
            10 => vec![Minimum::global(AT_10.0.to_vec(), AT_10.1)],
            _ => Vec::new(),
        }
    }

    fn terms(&self) -> usize {
        2 * self.n
    }

    fn reads(&self, i: usize) -> Reads {
        let n = self.n;
        match i {
            0 => Reads::variables(0..1),
            _ if i < n => Reads::variables(i - 1..i + 1),
            _ if i < 2 * n - 1 => Reads::variables(i - n + 1..i - n + 2),
            _ => Reads::totals(0..1),
        }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        let n = self.n;
        let weight = 1e-5f64.sqrt();
        let y = |i: usize| (i as f64 / 10.0).exp();
        match i {
            0 => x[0] - 0.2,
            _ if i < n => ((x[1] / 10.0).exp() + (x[0] / 10.0).exp() - (y(i + 1) + y(i))) * weight,
            _ if i < 2 * n - 1 => ((x[0] / 10.0).exp() - (-0.1f64).exp()) * weight,
            _ => totals[0] - 1.0,
        }
    }

    fn totals(&self) -> usize {
        1
    }

    fn part<N: Number>(&self, _k: usize, j: usize, x: N) -> N {
        square(x) * (self.n - j) as f64
    }
}

const AT_4: ([f64; 4], f64) = (
    [0.1999993333503804, 0.19131670099277245, 0.48010148533262315, 0.5188454043902005],
    9.376293007355442e-6,
);

const AT_10: ([f64; 10], f64) = (
    [
        0.1999836051978236,
        0.010350648471292297,
        0.0196049344804384,
        0.03208906722068565,
        0.049932677399641294,
        0.07651399515399361,
        0.11862407286950417,
        0.19214487233557667,
        0.34732058694184365,
        0.3691643741593508,
    ],
    0.00029366053745674594,
);
