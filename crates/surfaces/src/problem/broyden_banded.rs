//! Equations that know up to seven variables; problem 31, m = n.
//!
//! ```text
//! rᵢ = xᵢ (2 + 5xᵢ²) + 1 − Σ xⱼ (1 + xⱼ),  j from i − 5 to i + 1, but i, and in 1..n
//! ```
//!
//! C. G. Broyden, *The convergence of an algorithm for solving sparse nonlinear systems*, Mathematics of
//! Computation 25, 1971.
//!
//! Start: −1. Minimum: f = 0.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct BroydenBanded {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "broyden-banded",
    about: "equations that know seven variables",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl BroydenBanded {
    pub fn new(arguments: &Arguments) -> Result<BroydenBanded, CallError> {
        Ok(BroydenBanded { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for BroydenBanded {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (xᵢ (2 + 5xᵢ²) + 1 − Σ xⱼ (1 + xⱼ))², j from i − 5 to i + 1 but i"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![-1.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::somewhere(0.0)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variables(i.saturating_sub(5)..(i + 2).min(self.n))
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let here = i.min(5);
        let beside = x.iter().enumerate().filter(|&(j, _)| j != here);
        let sum = beside.fold(N::zero(), |sum, (_, &x)| sum + x * (x + 1.0));
        x[here] * (square(x[here]) * 5.0 + 2.0) + 1.0 - sum
    }
}
