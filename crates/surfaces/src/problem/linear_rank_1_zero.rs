//! Linear least squares of rank 1, which does not know the first and last variable; problem 34, m ≥ n.
//!
//! ```text
//! r₁ = rₘ = −1,   rᵢ = (i − 1) s − 1,  s = Σ j xⱼ,  1 < j < n
//! ```
//!
//! Start: 1. Minima: all of the plane s = 3/(2m − 3), f = (m² + 3m − 6) / (2 (2m − 3)). n is at least 3 here:
//! with less, f is constant.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST, Minimum, MinimumKind, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct LinearRank1Zero {
    n: usize,
    m: usize,
}

pub(crate) static WORD: Word = Word {
    name: "linear-rank-1-zero",
    about: "linear least squares of rank 1 with zero columns and rows",
    parameters: &[
        Parameter::number("n", 10.0, Range::Count, "variables"),
        Parameter::number("m", 20.0, Range::Count, "residuals, at least n"),
    ],
};

impl LinearRank1Zero {
    pub fn new(arguments: &Arguments) -> Result<LinearRank1Zero, CallError> {
        let n = size(arguments, "n", 3..=MOST)?;
        Ok(LinearRank1Zero { n, m: size(arguments, "m", n..=MOST)? })
    }
}

impl Sum for LinearRank1Zero {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "2 + Σ ((i − 1) s − 1)², s = Σ j xⱼ, 1 < i < m, 1 < j < n"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        let m = self.m as f64;
        let mut at = vec![0.0; self.n];
        at[1] = 1.5 / (2.0 * m - 3.0);
        let value = (m * m + 3.0 * m - 6.0) / (2.0 * (2.0 * m - 3.0));
        vec![Minimum::global(at, value).kind(MinimumKind::Singular)]
    }

    fn terms(&self) -> usize {
        self.m
    }

    fn reads(&self, i: usize) -> Reads {
        if i == 0 || i + 1 == self.m { Reads::variables(0..0) } else { Reads::totals(0..1) }
    }

    fn term<N: Number>(&self, i: usize, _x: &[N], totals: &[N]) -> N {
        match totals {
            [s] => *s * i as f64 - 1.0,
            _ => -N::one(),
        }
    }

    fn totals(&self) -> usize {
        1
    }

    fn part<N: Number>(&self, _k: usize, j: usize, x: N) -> N {
        if j == 0 || j + 1 == self.n { x * 0.0 } else { x * (j as f64 + 1.0) }
    }
}
