//! The simplest bowl.
//!
//! ```text
//! f = Σ xᵢ²
//! ```
//!
//! K. A. De Jong, *An analysis of the behavior of a class of genetic adaptive systems*, University of
//! Michigan 1975, function F1.
//!
//! Start: (1, …, 1). Minimum: 0, f = 0; the Hessian is twice the identity.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sphere {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "sphere",
    about: "the simplest bowl",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Sphere {
    pub fn new(arguments: &Arguments) -> Result<Sphere, CallError> {
        Ok(Sphere { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for Sphere {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ xᵢ²"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![0.0; self.n], 0.0)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variables(i..i + 1)
    }

    fn term<N: Number>(&self, _i: usize, x: &[N], _totals: &[N]) -> N {
        x[0]
    }
}
