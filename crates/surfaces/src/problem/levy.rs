//! Waves that grow away from the minimum, neighbour by neighbour.
//!
//! ```text
//! f = sin² πw₁ + Σ (wᵢ − 1)² (1 + 10 sin²(πwᵢ + 1)) + (wₙ − 1)² (1 + sin² 2πwₙ),   i < n
//! w = 1 + (x − 1)/4
//! ```
//!
//! A. V. Levy & A. Montalvo, *The tunneling algorithm for the global minimization of functions*, SIAM Journal
//! on Scientific and Statistical Computing 6(1), 1985, in the form of
//! <https://www.sfu.ca/~ssurjano/levy.html>.
//!
//! Start: 3 everywhere. Minimum: (1, …, 1), f = 0; there are many others.

use std::f64::consts::{PI, TAU};

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Levy {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "levy",
    about: "waves on a slope, between two other waves",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Levy {
    pub fn new(arguments: &Arguments) -> Result<Levy, CallError> {
        Ok(Levy { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for Levy {
    const SQUARES: bool = false;

    fn formula(&self) -> &'static str {
        "sin² πw₁ + Σ (wᵢ − 1)² (1 + 10 sin²(πwᵢ + 1)) + (wₙ − 1)² (1 + sin² 2πwₙ), w = 1 + (x − 1)/4"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![3.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![1.0; self.n], 0.0)]
    }

    fn terms(&self) -> usize {
        self.n + 1
    }

    fn reads(&self, i: usize) -> Reads {
        match i.checked_sub(1) {
            None => Reads::variables(0..1),
            Some(i) => Reads::variables(i..i + 1),
        }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let away = (x[0] - 1.0) / 4.0;
        let w = away + 1.0;
        match i {
            0 => square((w * PI).sin()),
            _ if i < self.n => square(away) * (square((w * PI + 1.0).sin()) * 10.0 + 1.0),
            _ => square(away) * (square((w * TAU).sin()) + 1.0),
        }
    }
}
