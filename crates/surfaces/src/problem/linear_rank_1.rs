//! Linear least squares of rank 1; problem 33, m ≥ n.
//!
//! ```text
//! rᵢ = i s − 1,  s = Σ j xⱼ
//! ```
//!
//! Start: 1. Minima: all of the plane s = 3/(2m + 1), f = m (m − 1) / (2 (2m + 1)).

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST, Minimum, MinimumKind, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct LinearRank1 {
    n: usize,
    m: usize,
}

pub(crate) static WORD: Word = Word {
    name: "linear-rank-1",
    about: "linear least squares of rank 1",
    parameters: &[
        Parameter::number("n", 10.0, Range::Count, "variables"),
        Parameter::number("m", 20.0, Range::Count, "residuals, at least n"),
    ],
};

impl LinearRank1 {
    pub fn new(arguments: &Arguments) -> Result<LinearRank1, CallError> {
        let n = size(arguments, "n", 1..=MOST)?;
        Ok(LinearRank1 { n, m: size(arguments, "m", n..=MOST)? })
    }
}

impl Sum for LinearRank1 {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (i s − 1)², s = Σ j xⱼ"
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
        at[0] = 3.0 / (2.0 * m + 1.0);
        let value = m * (m - 1.0) / (2.0 * (2.0 * m + 1.0));
        let kind = if self.n > 1 { MinimumKind::Singular } else { MinimumKind::Regular };
        vec![Minimum::global(at, value).kind(kind)]
    }

    fn terms(&self) -> usize {
        self.m
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::totals(0..1)
    }

    fn term<N: Number>(&self, i: usize, _x: &[N], totals: &[N]) -> N {
        totals[0] * (i as f64 + 1.0) - 1.0
    }

    fn totals(&self) -> usize {
        1
    }

    fn part<N: Number>(&self, _k: usize, j: usize, x: N) -> N {
        x * (j as f64 + 1.0)
    }
}
