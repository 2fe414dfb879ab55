//! Equations that know their neighbours; problem 30, m = n.
//!
//! ```text
//! rᵢ = (3 − 2xᵢ) xᵢ − xᵢ₋₁ − 2xᵢ₊₁ + 1,  x₀ = xₙ₊₁ = 0
//! ```
//!
//! C. G. Broyden, *A class of methods for solving nonlinear simultaneous equations*, Mathematics of
//! Computation 19, 1965.
//!
//! Start: −1. Minimum: f = 0.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, neighbours};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct BroydenTridiagonal {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "broyden-tridiagonal",
    about: "equations that know their neighbours",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl BroydenTridiagonal {
    pub fn new(arguments: &Arguments) -> Result<BroydenTridiagonal, CallError> {
        Ok(BroydenTridiagonal { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for BroydenTridiagonal {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ ((3 − 2xᵢ) xᵢ − xᵢ₋₁ − 2xᵢ₊₁ + 1)²"
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
        Reads::neighbours(i, self.n)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let [before, here, after] = neighbours(i, x);
        (-here * 2.0 + 3.0) * here - before - after * 2.0 + 1.0
    }
}
