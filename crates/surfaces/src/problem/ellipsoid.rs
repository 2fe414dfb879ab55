//! A bowl with axes of different lengths: the condition number is 10⁶.
//!
//! ```text
//! f = Σ (10⁶)^((i − 1)/(n − 1)) xᵢ²
//! ```
//!
//! N. Hansen, S. Finck, R. Ros & A. Auger, *Real-parameter black-box optimization benchmarking 2009:
//! noiseless functions definitions*, INRIA RR-6829, function 2, without its shift and its oscillation.
//!
//! Start: (1, …, 1). Minimum: 0, f = 0.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ellipsoid {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "ellipsoid",
    about: "a bowl with axes of different lengths, condition number 10⁶",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Ellipsoid {
    pub fn new(arguments: &Arguments) -> Result<Ellipsoid, CallError> {
        Ok(Ellipsoid { n: size(arguments, "n", 2..=MOST)? })
    }
}

impl Sum for Ellipsoid {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (10⁶)^((i − 1)/(n − 1)) xᵢ²"
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

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        x[0] * 1e3f64.powf(i as f64 / (self.n as f64 - 1.0))
    }
}
