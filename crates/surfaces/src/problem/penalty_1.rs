//! A weak pull to (1, …, 1) against a strong one to a sphere; problem 23, m = n + 1.
//!
//! ```text
//! rᵢ = √10⁻⁵ (xᵢ − 1),  rₙ₊₁ = Σ xⱼ² − ¼
//! ```
//!
//! P. E. Gill, W. Murray & R. A. Pitfield, National Physical Laboratory report NAC 11, 1972.
//!
//! Start: (1, …, n). Minimum: all xᵢ are the same t, by the symmetry of f, so that
//! 10⁻⁵ (t − 1) + 2t (n t² − ¼) = 0; f = 2.249977…·10⁻⁵ for n = 4 and 7.087651…·10⁻⁵ for n = 10.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Penalty1 {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "penalty-1",
    about: "a weak pull against a strong sphere",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Penalty1 {
    pub fn new(arguments: &Arguments) -> Result<Penalty1, CallError> {
        Ok(Penalty1 { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for Penalty1 {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "10⁻⁵ Σ (xᵢ − 1)² + (Σ xⱼ² − ¼)²"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        (1..=self.n).map(|i| i as f64).collect()
    }

    fn minima(&self) -> Vec<Minimum> {
        let n = self.n as f64;
        // Newton's method, from the radius of the sphere.
        let mut t = 0.5 / n.sqrt();
        for _ in 0..20 {
            let slope = 1e-5 * (t - 1.0) + 2.0 * t * (n * t * t - 0.25);
            t -= slope / (1e-5 - 0.5 + 6.0 * n * t * t);
        }
        let value = 1e-5 * n * (t - 1.0).powi(2) + (n * t * t - 0.25).powi(2);
        vec![Minimum::global(vec![t; self.n], value)]
    }

    fn terms(&self) -> usize {
        self.n + 1
    }

    fn reads(&self, i: usize) -> Reads {
        if i < self.n { Reads::variables(i..i + 1) } else { Reads::totals(0..1) }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        if i < self.n { (x[0] - 1.0) * 1e-5f64.sqrt() } else { totals[0] - 0.25 }
    }

    fn totals(&self) -> usize {
        1
    }

    fn part<N: Number>(&self, _k: usize, _j: usize, x: N) -> N {
        square(x)
    }
}
