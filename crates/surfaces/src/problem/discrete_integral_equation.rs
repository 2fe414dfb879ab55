//! An integral equation by a sum, every residual of which reads every variable; problem 29, m = n.
//!
//! ```text
//! rᵢ = xᵢ + h/2 · ((1 − tᵢ) Σ tⱼ cⱼ + tᵢ Σ (1 − tⱼ) cⱼ),  cⱼ = (xⱼ + tⱼ + 1)³
//!                           j ≤ i        j > i              h = 1/(n + 1),  tᵢ = i h
//! ```
//!
//! J. J. Moré & M. Y. Cosnard, *Numerical solution of nonlinear equations*, ACM TOMS 5(1), 1979: it is the
//! equation of [`discrete_boundary_value`](super::discrete_boundary_value) with Green's function, and has the
//! same solution on the same points.
//!
//! Start: xᵢ = tᵢ (tᵢ − 1). Minimum: f = 0, well conditioned. A value costs n², so n is at most 1000.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST_DENSE, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct DiscreteIntegralEquation {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "discrete-integral-equation",
    about: "an integral equation by a sum",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl DiscreteIntegralEquation {
    pub fn new(arguments: &Arguments) -> Result<DiscreteIntegralEquation, CallError> {
        Ok(DiscreteIntegralEquation { n: size(arguments, "n", 1..=MOST_DENSE)? })
    }
}

impl Sum for DiscreteIntegralEquation {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (xᵢ + h/2 · ((1 − tᵢ) Σ tⱼ cⱼ + tᵢ Σ (1 − tⱼ) cⱼ))², cⱼ = (xⱼ + tⱼ + 1)³, h = 1/(n + 1), tᵢ = i h"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        (0..self.n).map(|i| self.t(i)).map(|t| t * (t - 1.0)).collect()
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::somewhere(0.0)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variable_and_totals(i, i..i + 1)
    }

    fn term<N: Number>(&self, _i: usize, x: &[N], totals: &[N]) -> N {
        x[0] + totals[0] / (2.0 * (self.n as f64 + 1.0))
    }

    fn totals(&self) -> usize {
        self.n
    }

    fn part<N: Number>(&self, k: usize, j: usize, x: N) -> N {
        let (ti, tj) = (self.t(k), self.t(j));
        let weight = if j <= k { (1.0 - ti) * tj } else { ti * (1.0 - tj) };
        (x + tj + 1.0).powi(3) * weight
    }
}

impl DiscreteIntegralEquation {
    fn t(&self, i: usize) -> f64 {
        (i as f64 + 1.0) / (self.n as f64 + 1.0)
    }
}
