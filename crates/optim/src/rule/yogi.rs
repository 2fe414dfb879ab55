//! Yogi: Adam whose mean square changes by no more than a share of g², so that it cannot fall fast.
//!
//! ```text
//! s ← ρ₁s + (1 − ρ₁)g                        ŝ = s / (1 − ρ₁ᵗ)
//! r ← r − (1 − ρ₂) sign(r − g ⊙ g) g ⊙ g     r̂ = r / (1 − ρ₂ᵗ)
//! u = ŝ / (δ + √r̂)
//! ```
//!
//! Zaheer et al. 2018, Algorithm 2,
//! <https://papers.nips.cc/paper/8186-adaptive-methods-for-nonconvex-optimization>, which has no corrections
//! and starts r at the first g². The corrections, and that r and s both start at `initial`, are as in
//! `optax.yogi`, 0.2.8. As s does not start at 0, parameters without gradient move in the first steps: by
//! less than 0.01 · ε in all with the defaults, and not at all if `initial` is 0.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides the mean of the gradient by the root of a mean square that moves slowly.
#[derive(Clone, Debug, PartialEq)]
pub struct Yogi {
    /// ρ₁, the memory of the mean: about 1 / (1 − ρ₁) steps; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂: r changes by (1 − ρ₂)g² in a step; from 0 to below 1.
    pub beta2: Hyper,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: Hyper,
    /// What s and r start at; from 0.
    pub initial: f64,
}

/// Yogi with ρ₁, ρ₂ and δ, started at 1e-6; the paper has 0.9, 0.999 and 1e-3.
pub fn yogi(beta1: impl Into<Hyper>, beta2: impl Into<Hyper>, eps: impl Into<Hyper>) -> Yogi {
    Yogi { beta1: beta1.into(), beta2: beta2.into(), eps: eps.into(), initial: 1e-6 }
}

impl Rule for Yogi {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![
            Remembered::signed("yogi.s").from(self.initial),
            Remembered::square("yogi.r").from(self.initial),
        ]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let (beta1, beta2) = (self.beta1.at(step), self.beta2.at(step));
        let (ρ1, rest1) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)", 1.0 - beta1));
        let rest2 = V::letter("(1−ρ₂)", 1.0 - beta2);
        let correction1 = V::letter("1/(1−ρ₁ᵗ)", step.correction(beta1));
        let correction2 = V::letter("1/(1−ρ₂ᵗ)", step.correction(beta2));
        let δ = V::letter("δ", self.eps.at(step));
        #[inline(always)]
        move |_θ, g, [s, r]| {
            *s = ρ1 * *s + rest1 * g;
            *r = *r - rest2 * (*r - g * g).sign() * (g * g);
            *s * correction1 / (δ + (*r * correction2).sqrt())
        }
    }
}

impl Link for Yogi {}
