//! Linear least squares of full rank; problem 32, m ≥ n.
//!
//! ```text
//! rᵢ = xᵢ − 2/m Σ xⱼ − 1  for i ≤ n,   rᵢ = −2/m Σ xⱼ − 1  for i > n
//! ```
//!
//! Start: 1; f = 72 for n = 9, m = 45. Minimum: (−1, …, −1), f = m − n. The Hessian
//! is twice the identity: its columns are orthonormal.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct LinearFullRank {
    n: usize,
    m: usize,
}

pub(crate) static WORD: Word = Word {
    name: "linear-full-rank",
    about: "linear least squares of full rank",
    parameters: &[
        Parameter::number("n", 10.0, Range::Count, "variables"),
        Parameter::number("m", 20.0, Range::Count, "residuals, at least n"),
    ],
};

impl LinearFullRank {
    pub fn new(arguments: &Arguments) -> Result<LinearFullRank, CallError> {
        let n = size(arguments, "n", 1..=MOST)?;
        Ok(LinearFullRank { n, m: size(arguments, "m", n..=MOST)? })
    }
}

impl Sum for LinearFullRank {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (xᵢ − 2/m Σ xⱼ − 1)² + Σ (2/m Σ xⱼ + 1)²"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![-1.0; self.n], (self.m - self.n) as f64)]
    }

    fn terms(&self) -> usize {
        self.m
    }

    fn reads(&self, i: usize) -> Reads {
        if i < self.n { Reads::variable_and_totals(i, 0..1) } else { Reads::totals(0..1) }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        let shared = -(totals[0] * (2.0 / self.m as f64)) - 1.0;
        if i < self.n { x[0] + shared } else { shared }
    }

    fn totals(&self) -> usize {
        1
    }

    fn part<N: Number>(&self, _k: usize, _j: usize, x: N) -> N {
        x
    }
}
