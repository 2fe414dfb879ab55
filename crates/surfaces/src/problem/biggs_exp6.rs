//! Three exponentials fitted to points on such a sum; problem 18, n = 6, m ≥ n.
//!
//! ```text
//! rᵢ = x₃ exp(−tᵢ x₁) − x₄ exp(−tᵢ x₂) + x₆ exp(−tᵢ x₅) − yᵢ,  tᵢ = i/10
//! yᵢ = exp(−tᵢ) − 5 exp(−10 tᵢ) + 3 exp(−4 tᵢ)
//! ```
//!
//! M. C. Biggs, *Minimization algorithms making use of non-quadratic properties of the objective function*,
//! IMA Journal of Applied Mathematics 8(3), 1971.
//!
//! Start: (1, 2, 1, 1, 1, 1). Minima: (1, 10, 1, 5, 4, 3), f = 0, and the same with exponentials swapped.
//!
//! For m = 13 there is a line of critical points where the first and the third exponential are one: x₁ = x₅ =
//! 1.711…, x₃ + x₆ = 2.326…, f = 5.655649…·10⁻³, which the paper lists as a local minimum. They are minima
//! where x₃ and x₆ have different signs, one of which is listed, and saddles where both are positive: there f
//! falls as x₁ and x₅ move apart. Since the start has x₁ = x₅ and x₃ = x₆, which gradients keep but for
//! rounding, runs come to such a saddle.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{Minimum, MinimumKind, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct BiggsExp6 {
    m: usize,
}

pub(crate) static WORD: Word = Word {
    name: "biggs-exp6",
    about: "three exponentials, six variables",
    parameters: &[Parameter::number("m", 13.0, Range::Count, "points")],
};

impl BiggsExp6 {
    pub fn new(arguments: &Arguments) -> Result<BiggsExp6, CallError> {
        Ok(BiggsExp6 { m: size(arguments, "m", 6..=1000)? })
    }
}

impl Sum for BiggsExp6 {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (x₃ exp(−tᵢ x₁) − x₄ exp(−tᵢ x₂) + x₆ exp(−tᵢ x₅) − yᵢ)², tᵢ = i/10"
    }

    fn dimension(&self) -> usize {
        6
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0, 2.0, 1.0, 1.0, 1.0, 1.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        let mut minima = vec![Minimum::global(vec![1.0, 10.0, 1.0, 5.0, 4.0, 3.0], 0.0)];
        if self.m == 13 {
            let [x1, x2, sum, x4] = MERGED;
            let at = vec![x1, x2, -1.0, x4, x1, sum + 1.0];
            minima.push(Minimum::local(at, 0.005655649925499931).kind(MinimumKind::Singular));
        }
        minima
    }

    fn terms(&self) -> usize {
        self.m
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..6)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let t = -(i as f64 + 1.0) / 10.0;
        let y = t.exp() - 5.0 * (10.0 * t).exp() + 3.0 * (4.0 * t).exp();
        x[2] * (x[0] * t).exp() - x[3] * (x[1] * t).exp() + x[5] * (x[4] * t).exp() - y
    }
}

/// x₁ = x₅, x₂, x₃ + x₆ and x₄ where two exponentials are one.
const MERGED: [f64; 4] =
    [1.7114159947195875, 17.683198180949066, 2.326287321837785, 5.186561551993452];
