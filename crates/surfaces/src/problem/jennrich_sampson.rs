//! Two exponentials that are to fit a line and cannot; problem 6, n = 2, m ≥ n.
//!
//! ```text
//! rᵢ = 2 + 2i − (exp(i x₁) + exp(i x₂))
//! ```
//!
//! R. I. Jennrich & P. F. Sampson, *Application of stepwise regression to non-linear estimation*,
//! Technometrics 10(1), 1968.
//!
//! Start: (0.3, 0.4), f ≈ 4171.3 for m = 10. Minimum for m = 10: x₁ = x₂ = 0.2578…, f = 124.3621…

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct JennrichSampson {
    m: usize,
}

pub(crate) static WORD: Word = Word {
    name: "jennrich-sampson",
    about: "exponentials that cannot fit a line",
    parameters: &[Parameter::number("m", 10.0, Range::Count, "points")],
};

impl JennrichSampson {
    pub fn new(arguments: &Arguments) -> Result<JennrichSampson, CallError> {
        Ok(JennrichSampson { m: size(arguments, "m", 2..=1000)? })
    }
}

impl Sum for JennrichSampson {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (2 + 2i − exp(i x₁) − exp(i x₂))²"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn start(&self) -> Vec<f64> {
        vec![0.3, 0.4]
    }

    fn minima(&self) -> Vec<Minimum> {
        match self.m {
            10 => vec![Minimum::global(vec![0.2578252136703641; 2], 124.36218235561485)],
            _ => Vec::new(),
        }
    }

    fn terms(&self) -> usize {
        self.m
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..2)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let i = i as f64 + 1.0;
        -((x[0] * i).exp() + (x[1] * i).exp() - (2.0 + 2.0 * i))
    }
}
