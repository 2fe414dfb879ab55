//! A minimum with a singular Hessian for each four variables; problems 13 (n = 4) and 22, m = n.
//!
//! ```text
//! r₄ᵢ₋₃ = x₄ᵢ₋₃ + 10 x₄ᵢ₋₂        r₄ᵢ₋₁ = (x₄ᵢ₋₂ − 2 x₄ᵢ₋₁)²
//! r₄ᵢ₋₂ = √5 (x₄ᵢ₋₁ − x₄ᵢ)        r₄ᵢ   = √10 (x₄ᵢ₋₃ − x₄ᵢ)²
//! ```
//!
//! M. J. D. Powell, *An iterative method for finding stationary values of a function of several variables*,
//! The Computer Journal 5(2), 1962; the extension is E. Spedicato's, 1975.
//!
//! Start: (3, −1, 0, 1, …), f = 215 · n/4. Minimum: 0, f = 0. Two of four eigenvalues of the Hessian are zero
//! there: Newton's method is linear, by ⅔ a step.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{Minimum, MinimumKind, size_in_groups};

#[derive(Clone, Copy, Debug)]
pub(crate) struct PowellSingular {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "powell-singular",
    about: "a minimum with a singular Hessian, for each four variables",
    parameters: &[Parameter::number("n", 4.0, Range::Count, "variables, a multiple of 4")],
};

impl PowellSingular {
    pub fn new(arguments: &Arguments) -> Result<PowellSingular, CallError> {
        Ok(PowellSingular { n: size_in_groups(arguments, 4)? })
    }
}

impl Sum for PowellSingular {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (x₁ + 10 x₂)² + 5 (x₃ − x₄)² + (x₂ − 2 x₃)⁴ + 10 (x₁ − x₄)⁴, for each four variables"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        [3.0, -1.0, 0.0, 1.0].repeat(self.n / 4)
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![0.0; self.n], 0.0).kind(MinimumKind::Singular)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        let four = i / 4 * 4;
        Reads::variables(match i % 4 {
            0 => four..four + 2,
            1 => four + 2..four + 4,
            2 => four + 1..four + 3,
            _ => four..four + 4,
        })
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        match i % 4 {
            0 => x[0] + x[1] * 10.0,
            1 => (x[0] - x[1]) * 5f64.sqrt(),
            2 => square(x[0] - x[1] * 2.0),
            _ => square(x[0] - x[3]) * 10f64.sqrt(),
        }
    }
}
