//! A minimum far from the second best one.
//!
//! ```text
//! f = Σ (418.98288727… − xᵢ sin √|xᵢ|)
//! ```
//!
//! H.-P. Schwefel, *Numerical Optimization of Computer Models*, Wiley 1981, problem 2.26; for |xᵢ| ≤ 500,
//! outside of which it is lower and has no bound.
//!
//! Start: 350 everywhere, on the slope of the minimum. Minimum: xᵢ = 420.968746…, f = 0, global within the
//! box. The constant, often rounded to 418.9829, is such that f is zero there. At xᵢ = 0 the derivatives here
//! are NaN: the function has a gradient there, 0, and no Hessian.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Schwefel {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "schwefel",
    about: "a far minimum behind many others",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Schwefel {
    pub fn new(arguments: &Arguments) -> Result<Schwefel, CallError> {
        Ok(Schwefel { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for Schwefel {
    const SQUARES: bool = false;

    fn formula(&self) -> &'static str {
        "Σ (418.98288727… − xᵢ sin √|xᵢ|), |xᵢ| ≤ 500"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![350.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::local(vec![420.968746359982; self.n], 0.0)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variables(i..i + 1)
    }

    fn term<N: Number>(&self, _i: usize, x: &[N], _totals: &[N]) -> N {
        -(x[0] * x[0].abs().sqrt().sin()) + DEPTH
    }
}

/// x sin √x at its maximum.
const DEPTH: f64 = 418.9828872724337;
