//! A chain in which each variable is the root of half the one before.
//!
//! ```text
//! r₁ = x₁ − 1,  rᵢ = √i (2xᵢ² − xᵢ₋₁),  1 < i ≤ n
//! ```
//!
//! L. C. W. Dixon & R. C. Price, *The truncated Newton method for sparse unconstrained optimisation using
//! automatic differentiation*, Journal of Optimization Theory and Applications 60, 1989, with factors i as in
//! <https://www.sfu.ca/~ssurjano/dixonpr.html>.
//!
//! Start: (1, …, 1). Minima: xᵢ = 2^(2¹⁻ⁱ − 1), and the same with −xₙ; f = 0.
//!
//! Collections list (⅓, 0, …, 0), f = ⅔, as a local minimum. It is a critical point where the Hessian is
//! positive semidefinite from n = 3 on, and yet none: along x₂ = 2x₃², x₃ = 2x₄², … all residuals behind the
//! second one stay zero, and f falls as ⅔ − ⁸⁄₃ x₂².

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct DixonPrice {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "dixon-price",
    about: "a chain of square roots",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl DixonPrice {
    pub fn new(arguments: &Arguments) -> Result<DixonPrice, CallError> {
        Ok(DixonPrice { n: size(arguments, "n", 2..=MOST)? })
    }
}

impl Sum for DixonPrice {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "(x₁ − 1)² + Σ i (2xᵢ² − xᵢ₋₁)²"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        let at: Vec<f64> = (0..self.n).map(|i| (0.5f64.powi(i as i32) - 1.0).exp2()).collect();
        let mut mirrored = at.clone();
        mirrored[self.n - 1] *= -1.0;
        vec![Minimum::global(at, 0.0), Minimum::global(mirrored, 0.0)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variables(i.saturating_sub(1)..i + 1)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        match x {
            [x1] => *x1 - 1.0,
            _ => (square(x[1]) * 2.0 - x[0]) * (i as f64 + 1.0).sqrt(),
        }
    }
}
