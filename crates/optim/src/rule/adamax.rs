//! Adamax: Adam with the largest gradient that is remembered in place of the root mean square.
//!
//! ```text
//! s ← ρ₁s + (1 − ρ₁)g              ŝ = s / (1 − ρ₁ᵗ)
//! r ← max(ρ₂r, |g| + δ)
//! u = ŝ / r
//! ```
//!
//! Kingma & Ba 2015, Algorithm 2, <https://arxiv.org/abs/1412.6980>, where r is u and there is no δ. δ is
//! added to |g| as in `torch.optim.Adamax`, 2.15, and `optax.adamax`, so that r is never 0.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides the mean of the gradient by its largest size, which is forgotten slowly.
#[derive(Clone, Debug, PartialEq)]
pub struct Adamax {
    /// ρ₁, the memory of the mean: about 1 / (1 − ρ₁) steps; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂, what is left of the largest size after each step; from 0 to below 1.
    pub beta2: Hyper,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: Hyper,
}

/// Adamax with ρ₁, ρ₂ and δ; the paper's defaults are 0.9 and 0.999.
pub fn adamax(beta1: impl Into<Hyper>, beta2: impl Into<Hyper>, eps: impl Into<Hyper>) -> Adamax {
    Adamax { beta1: beta1.into(), beta2: beta2.into(), eps: eps.into() }
}

impl Rule for Adamax {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("adamax.s"), Remembered::square("adamax.r")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let beta1 = self.beta1.at(step);
        let (ρ1, rest) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)", 1.0 - beta1));
        let correction = V::letter("1/(1−ρ₁ᵗ)", step.correction(beta1));
        let (ρ2, δ) = (V::letter("ρ₂", self.beta2.at(step)), V::letter("δ", self.eps.at(step)));
        #[inline(always)]
        move |_θ, g, [s, r]| {
            *s = ρ1 * *s + rest * g;
            *r = (ρ2 * *r).max(g.abs() + δ);
            *s * correction / *r
        }
    }
}

impl Link for Adamax {}
