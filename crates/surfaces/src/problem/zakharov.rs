//! A bowl, bent up steeply in one direction that all variables share.
//!
//! ```text
//! f = Σ xᵢ² + s² + s⁴,  s = ½ Σ i xᵢ
//! ```
//!
//! <https://www.sfu.ca/~ssurjano/zakharov.html>. It is [`variably_dimensioned`](super::variably_dimensioned)
//! with its minimum at 0 and half the s.
//!
//! Start: (1, …, 1). Minimum: 0, f = 0, the only critical point, since f is strictly convex.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Zakharov {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "zakharov",
    about: "a bowl in a steep plate",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Zakharov {
    pub fn new(arguments: &Arguments) -> Result<Zakharov, CallError> {
        Ok(Zakharov { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for Zakharov {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ xᵢ² + s² + s⁴, s = ½ Σ i xᵢ"
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
        self.n + 2
    }

    fn reads(&self, i: usize) -> Reads {
        if i < self.n { Reads::variables(i..i + 1) } else { Reads::totals(0..1) }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        match i {
            _ if i < self.n => x[0],
            _ if i == self.n => totals[0],
            _ => square(totals[0]),
        }
    }

    fn totals(&self) -> usize {
        1
    }

    fn part<N: Number>(&self, _k: usize, j: usize, x: N) -> N {
        x * (0.5 * (j as f64 + 1.0))
    }
}
