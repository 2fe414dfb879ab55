//! A curved valley for each pair of variables; problems 1 (n = 2) and 21 (n even), m = n.
//!
//! ```text
//! r₂ᵢ₋₁ = 10 (x₂ᵢ − x₂ᵢ₋₁²),  r₂ᵢ = 1 − x₂ᵢ₋₁
//! ```
//!
//! H. H. Rosenbrock, *An automatic method for finding the greatest or least value of a function*, The
//! Computer Journal 3(3), 1960; the extension is E. Spedicato's, 1975.
//!
//! Start: (−1.2, 1, …), f = 24.2 · n/2. Minimum: (1, …, 1), f = 0, the only critical point: the pairs know
//! nothing of each other. Those of [`chained_rosenbrock`](super::chained_rosenbrock) do.
//!
//! With n = 2 it is the surface [`rosenbrock`](crate::rosenbrock) as a sum of squares.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{Minimum, size_in_groups};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rosenbrock {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "rosenbrock",
    about: "a curved valley for each pair of variables",
    parameters: &[Parameter::number("n", 2.0, Range::Count, "variables, an even number")],
};

impl Rosenbrock {
    pub fn new(arguments: &Arguments) -> Result<Rosenbrock, CallError> {
        Ok(Rosenbrock { n: size_in_groups(arguments, 2)? })
    }
}

impl Sum for Rosenbrock {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ 100 (x₂ᵢ − x₂ᵢ₋₁²)² + (1 − x₂ᵢ₋₁)²"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        [-1.2, 1.0].repeat(self.n / 2)
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![1.0; self.n], 0.0)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        let pair = i / 2 * 2;
        Reads::variables(pair..pair + 2 - i % 2)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        match i % 2 {
            0 => (x[1] - square(x[0])) * 10.0,
            _ => -x[0] + 1.0,
        }
    }
}
