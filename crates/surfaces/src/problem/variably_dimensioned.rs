//! A bowl with a steep fold across all variables; problem 25, m = n + 2.
//!
//! ```text
//! rᵢ = xᵢ − 1,  rₙ₊₁ = s,  rₙ₊₂ = s²,  s = Σ j (xⱼ − 1)
//! ```
//!
//! Start: xᵢ = 1 − i/n. Minimum: (1, …, 1), f = 0, the only critical point, since f is strictly convex.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct VariablyDimensioned {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "variably-dimensioned",
    about: "a bowl with a steep fold across all variables",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl VariablyDimensioned {
    pub fn new(arguments: &Arguments) -> Result<VariablyDimensioned, CallError> {
        Ok(VariablyDimensioned { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for VariablyDimensioned {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (xᵢ − 1)² + s² + s⁴, s = Σ j (xⱼ − 1)"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        (1..=self.n).map(|i| 1.0 - i as f64 / self.n as f64).collect()
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![1.0; self.n], 0.0)]
    }

    fn terms(&self) -> usize {
        self.n + 2
    }

    fn reads(&self, i: usize) -> Reads {
        if i < self.n { Reads::variables(i..i + 1) } else { Reads::totals(0..1) }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        match i {
            _ if i < self.n => x[0] - 1.0,
            _ if i == self.n => totals[0],
            _ => square(totals[0]),
        }
    }

    fn totals(&self) -> usize {
        1
    }

    fn part<N: Number>(&self, _k: usize, j: usize, x: N) -> N {
        (x - 1.0) * (j as f64 + 1.0)
    }
}
