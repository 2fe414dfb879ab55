//! A wide bowl with ripples that all variables make together.
//!
//! ```text
//! f = 1 + Σ xᵢ²/4000 − Π cos(xᵢ/√i)
//! ```
//!
//! A. O. Griewank, *Generalized descent for global optimization*, Journal of Optimization Theory and
//! Applications 34(1), 1981.
//!
//! Start: 10 everywhere. Minimum: 0, f = 0; there are many others. The ripples fade as n grows. n is at most
//! 10⁷: for the slopes of a product three more numbers are kept for each variable.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Fold, Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Griewank {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "griewank",
    about: "a bowl with ripples of all variables together",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Griewank {
    pub fn new(arguments: &Arguments) -> Result<Griewank, CallError> {
        Ok(Griewank { n: size(arguments, "n", 1..=MOST / 10)? })
    }
}

impl Sum for Griewank {
    const SQUARES: bool = false;

    fn formula(&self) -> &'static str {
        "1 + Σ xᵢ²/4000 − Π cos(xᵢ/√i)"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![10.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![0.0; self.n], 0.0)]
    }

    fn terms(&self) -> usize {
        self.n + 1
    }

    fn reads(&self, i: usize) -> Reads {
        if i < self.n { Reads::variables(i..i + 1) } else { Reads::totals(0..1) }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        if i < self.n { square(x[0]) / 4000.0 } else { -totals[0] + 1.0 }
    }

    fn totals(&self) -> usize {
        1
    }

    fn fold(&self, _k: usize) -> Fold {
        Fold::Product
    }

    fn part<N: Number>(&self, _k: usize, j: usize, x: N) -> N {
        (x / (j as f64 + 1.0).sqrt()).cos()
    }
}
