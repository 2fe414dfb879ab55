//! Sines and cosines, with many minima; problem 26, m = n.
//!
//! ```text
//! rᵢ = n − Σⱼ cos xⱼ + i (1 − cos xᵢ) − sin xᵢ
//! ```
//!
//! E. Spedicato, *Computational experience with quasi-Newton algorithms for minimization problems of
//! moderately large size*, CISE 1975.
//!
//! Start: 1/n. Minimum: 0, f = 0, and wherever else each xᵢ is a multiple of 2π. For n = 10 runs from the
//! start often end in a local one with f = 2.795061…·10⁻⁵.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Trigonometric {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "trigonometric",
    about: "sines and cosines, with many minima",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Trigonometric {
    pub fn new(arguments: &Arguments) -> Result<Trigonometric, CallError> {
        Ok(Trigonometric { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for Trigonometric {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (n − Σ cos xⱼ + i (1 − cos xᵢ) − sin xᵢ)²"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0 / self.n as f64; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        let mut minima = vec![Minimum::global(vec![0.0; self.n], 0.0)];
        if self.n == 10 {
            minima.push(Minimum::local(LOCAL_10.0.to_vec(), LOCAL_10.1));
        }
        minima
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variable_and_totals(i, 0..1)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        let (sin, cos) = x[0].sin_cos();
        -totals[0] + self.n as f64 - (cos - 1.0) * (i as f64 + 1.0) - sin
    }

    fn totals(&self) -> usize {
        1
    }

    fn part<N: Number>(&self, _k: usize, _j: usize, x: N) -> N {
        x.cos()
    }
}

const LOCAL_10: ([f64; 10], f64) = (
    [
        0.05515090398069129,
        0.05684061679473856,
        0.058764001762695084,
        0.06099060865676081,
        0.06362621369585451,
        0.06684317945275879,
        0.20816151856988116,
        0.16436309588564774,
        0.08500689568850744,
        0.09143145071470794,
    ],
    2.7950561218794563e-5,
);
