//! A Weibull distribution fitted to points on it; problem 11, n = 3, 3 ≤ m ≤ 100.
//!
//! ```text
//! rᵢ = exp(−|yᵢ − x₂|^x₃ / x₁) − tᵢ,  tᵢ = i/100,  yᵢ = 25 + (−50 ln tᵢ)^(2/3)
//! ```
//!
//! R. A. Cox, *Comparison of the performance of seven optimization algorithms on twelve unconstrained
//! minimization problems*, Gulf Research and Development Company 1969.
//!
//! Start: (5, 2.5, 0.15). Minimum: (50, 25, 1.5), f = 0.
//!
//! The paper prints |yᵢ m i x₂| for |yᵢ − x₂|, a misprint: only the difference is zero at its minimum. f has
//! no derivatives where x₂ is one of the yᵢ, the last of which is 25 for m = 100, the place of the minimum:
//! so m = 99 is the default.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{Minimum, MinimumKind, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Gulf {
    m: usize,
}

pub(crate) static WORD: Word = Word {
    name: "gulf",
    about: "a Weibull distribution fitted to m points",
    parameters: &[Parameter::number("m", 99.0, Range::Count, "points")],
};

impl Gulf {
    pub fn new(arguments: &Arguments) -> Result<Gulf, CallError> {
        Ok(Gulf { m: size(arguments, "m", 3..=100)? })
    }
}

impl Sum for Gulf {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (exp(−|yᵢ − x₂|^x₃ / x₁) − tᵢ)², tᵢ = i/100, yᵢ = 25 + (−50 ln tᵢ)^(2/3)"
    }

    fn dimension(&self) -> usize {
        3
    }

    fn start(&self) -> Vec<f64> {
        vec![5.0, 2.5, 0.15]
    }

    fn minima(&self) -> Vec<Minimum> {
        let kind = if self.m < 100 { MinimumKind::Regular } else { MinimumKind::Kink };
        vec![Minimum::global(vec![50.0, 25.0, 1.5], 0.0).kind(kind)]
    }

    fn terms(&self) -> usize {
        self.m
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..3)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let t = (i as f64 + 1.0) / 100.0;
        let y = 25.0 + (-50.0 * t.ln()).powf(2.0 / 3.0);
        (-((x[1] - y).abs().powd(x[2]) / x[0])).exp() - t
    }
}
