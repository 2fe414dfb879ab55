//! A boundary value problem by differences; problem 28, m = n.
//!
//! ```text
//! rᵢ = 2xᵢ − xᵢ₋₁ − xᵢ₊₁ + h² (xᵢ + tᵢ + 1)³ / 2,  h = 1/(n + 1),  tᵢ = i h,  x₀ = xₙ₊₁ = 0
//! ```
//!
//! J. J. Moré & M. Y. Cosnard, *Numerical solution of nonlinear equations*, ACM TOMS 5(1), 1979: it is
//! u″ = (u + t + 1)³ / 2, u(0) = u(1) = 0.
//!
//! Start: xᵢ = tᵢ (tᵢ − 1). Minimum: f = 0. The condition number of the Hessian grows as n⁴.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, neighbours};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct DiscreteBoundaryValue {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "discrete-boundary-value",
    about: "a boundary value problem by differences",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl DiscreteBoundaryValue {
    pub fn new(arguments: &Arguments) -> Result<DiscreteBoundaryValue, CallError> {
        Ok(DiscreteBoundaryValue { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for DiscreteBoundaryValue {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (2xᵢ − xᵢ₋₁ − xᵢ₊₁ + h² (xᵢ + tᵢ + 1)³ / 2)², h = 1/(n + 1), tᵢ = i h"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        (1..=self.n).map(|i| i as f64 / (self.n as f64 + 1.0)).map(|t| t * (t - 1.0)).collect()
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
        let h = 1.0 / (self.n as f64 + 1.0);
        let [before, here, after] = neighbours(i, x);
        let t = h * (i as f64 + 1.0);
        here * 2.0 - before - after + (here + t + 1.0).powi(3) * (h * h / 2.0)
    }
}
