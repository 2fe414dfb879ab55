//! A bowl full of dents.
//!
//! ```text
//! f = Σ (xᵢ² + 10 (1 − cos 2πxᵢ))
//! ```
//!
//! L. A. Rastrigin, *Systems of Extremal Control*, Nauka 1974; in n variables H. Mühlenbein, M. Schomisch &
//! J. Born, *The parallel genetic algorithm as function optimizer*, Parallel Computing 17, 1991.
//!
//! Start: 2.2 everywhere, whose dent is near 2 and not the deepest. Minima: 0, f = 0, and one near every
//! point of whole numbers up to 31 or so, where x + 10π sin 2πx = 0; those with all |xᵢ| = 0.994958… and
//! 1.989912… are listed.

use std::f64::consts::TAU;

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rastrigin {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "rastrigin",
    about: "a bowl full of dents",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Rastrigin {
    pub fn new(arguments: &Arguments) -> Result<Rastrigin, CallError> {
        Ok(Rastrigin { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for Rastrigin {
    const SQUARES: bool = false;

    fn formula(&self) -> &'static str {
        "Σ (xᵢ² + 10 (1 − cos 2πxᵢ))"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![2.2; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        let all = |x: f64| vec![x; self.n];
        let n = self.n as f64;
        vec![
            Minimum::global(all(0.0), 0.0),
            Minimum::local(all(0.9949586376523348), 0.9949590570932914 * n),
            Minimum::local(all(1.9899122337085495), 3.9798311905540875 * n),
        ]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variables(i..i + 1)
    }

    fn term<N: Number>(&self, _i: usize, x: &[N], _totals: &[N]) -> N {
        square(x[0]) - ((x[0] * TAU).cos() - 1.0) * 10.0
    }
}
