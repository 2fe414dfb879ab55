//! Squares of sums of squares, with a large rest; problem 16, n = 4, m ≥ n.
//!
//! ```text
//! rᵢ = (x₁ + tᵢ x₂ − exp(tᵢ))² + (x₃ + x₄ sin tᵢ − cos tᵢ)²,  tᵢ = i/5
//! ```
//!
//! K. M. Brown & J. E. Dennis, *New computational algorithms for minimizing a sum of squares of nonlinear
//! functions*, Yale University 1971.
//!
//! Start: (25, 5, −5, −1), f ≈ 7.926693·10⁶ for m = 20. Minimum for m = 20: (−11.594…, 13.203…, −0.4034…,
//! 0.2367…), f = 85822.2016…

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct BrownDennis {
    m: usize,
}

pub(crate) static WORD: Word = Word {
    name: "brown-dennis",
    about: "squares of squares, with a large rest",
    parameters: &[Parameter::number("m", 20.0, Range::Count, "points")],
};

impl BrownDennis {
    pub fn new(arguments: &Arguments) -> Result<BrownDennis, CallError> {
        Ok(BrownDennis { m: size(arguments, "m", 4..=1000)? })
    }
}

impl Sum for BrownDennis {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ ((x₁ + tᵢ x₂ − exp(tᵢ))² + (x₃ + x₄ sin tᵢ − cos tᵢ)²)², tᵢ = i/5"
    }

    fn dimension(&self) -> usize {
        4
    }

    fn start(&self) -> Vec<f64> {
        vec![25.0, 5.0, -5.0, -1.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        match self.m {
            20 => vec![Minimum::global(AT.to_vec(), 85822.20162635634)],
            _ => Vec::new(),
        }
    }

    fn terms(&self) -> usize {
        self.m
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..4)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let t = (i as f64 + 1.0) / 5.0;
        square(x[0] + x[1] * t - t.exp()) + square(x[2] + x[3] * t.sin() - t.cos())
    }
}

const AT: [f64; 4] =
    [-11.594439904762165, 13.203630051207204, -0.40343948817685954, 0.2367787744557363];
