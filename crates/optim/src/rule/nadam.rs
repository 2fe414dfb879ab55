//! NAdam: Adam with Nesterov's momentum, which grows over the first steps.
//!
//! ```text
//! μₜ = ρ₁(1 − ½ · 0.96^(tψ))       Πₜ = μ₁ · … · μₜ
//! s ← ρ₁s + (1 − ρ₁)g              ŝ = μₜ₊₁s / (1 − Πₜ₊₁) + (1 − μₜ)g / (1 − Πₜ)
//! r ← ρ₂r + (1 − ρ₂)g ⊙ g          r̂ = r / (1 − ρ₂ᵗ)
//! u = ŝ / (δ + √r̂)
//! ```
//!
//! Dozat 2016, Algorithm 2 with the schedule of its note,
//! <https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ>. In the paper s has the memory μₜ; ρ₁ is as in
//! `torch.optim.NAdam`, 2.15. With a large ψ, μₜ is ρ₁ from the start, as in `optax.nadam`. Πₜ is one number
//! for all coordinates, saved as `@nadam.product`; of all the rest of the schedule t is enough.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides the mean of the gradient, looked ahead, by the root of the mean of its square.
#[derive(Clone, Debug, PartialEq)]
pub struct Nadam {
    /// ρ₁, the memory of the mean: about 1 / (1 − ρ₁) steps; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂, the memory of the mean square; from 0 to below 1.
    pub beta2: Hyper,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: Hyper,
    /// ψ, how fast the momentum grows from ρ₁/2 to ρ₁; from 0.
    pub psi: f64,
}

/// NAdam with ρ₁, ρ₂ and δ; ψ is 0.004, as in the paper.
pub fn nadam(beta1: impl Into<Hyper>, beta2: impl Into<Hyper>, eps: impl Into<Hyper>) -> Nadam {
    Nadam { beta1: beta1.into(), beta2: beta2.into(), eps: eps.into(), psi: 0.004 }
}

impl Nadam {
    /// μₜ
    fn momentum(&self, t: u64) -> f64 {
        self.beta1.after(t - 1) * (1.0 - 0.5 * 0.96f64.powf(t as f64 * self.psi))
    }
}

impl Rule for Nadam {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("nadam.s"), Remembered::square("nadam.r")]
    }

    const NUMBERS: usize = 1;

    fn numbers(&self) -> Vec<(&'static str, f64)> {
        vec![("nadam.product", 1.0)]
    }

    fn advance(&self, step: Step, numbers: &mut [f64]) {
        numbers[0] *= self.momentum(step.t);
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let (beta1, beta2) = (self.beta1.at(step), self.beta2.at(step));
        let (ρ1, rest1) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)", 1.0 - beta1));
        let (ρ2, rest2) = (V::letter("ρ₂", beta2), V::letter("(1−ρ₂)", 1.0 - beta2));
        let (μ, μ_next, product) =
            (self.momentum(step.t), self.momentum(step.t + 1), step.numbers[0]);
        let of_mean = V::letter("μₜ₊₁/(1−Πₜ₊₁)", μ_next / (1.0 - product * μ_next));
        let of_gradient = V::letter("(1−μₜ)/(1−Πₜ)", (1.0 - μ) / (1.0 - product));
        let correction2 = V::letter("1/(1−ρ₂ᵗ)", step.correction(beta2));
        let δ = V::letter("δ", self.eps.at(step));
        #[inline(always)]
        move |_θ, g, [s, r]| {
            *s = ρ1 * *s + rest1 * g;
            *r = ρ2 * *r + rest2 * (g * g);
            (of_mean * *s + of_gradient * g) / (δ + (*r * correction2).sqrt())
        }
    }
}

impl Link for Nadam {}
