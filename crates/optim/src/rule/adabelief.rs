//! AdaBelief: Adam that divides by how far gradients are from what they were believed to be.
//!
//! ```text
//! s ← ρ₁s + (1 − ρ₁)g                        ŝ = s / (1 − ρ₁ᵗ)
//! r ← ρ₂r + (1 − ρ₂)(g − s) ⊙ (g − s) + δ    r̂ = r / (1 − ρ₂ᵗ)
//! u = ŝ / (δ + √r̂)
//! ```
//!
//! Zhuang et al. 2020, Algorithm 2, <https://arxiv.org/abs/2010.07468>. δ is added at each step, so that r
//! tends to δ / (1 − ρ₂) where the gradient stays the same, and once more outside the root, as in the paper
//! and in the authors' `adabelief-pytorch`, 0.2.1.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides the mean of the gradient by the root of the mean square of its distance from that mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Adabelief {
    /// ρ₁, the memory of the mean: about 1 / (1 − ρ₁) steps; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂, the memory of the mean square; from 0 to below 1.
    pub beta2: Hyper,
    /// δ, which keeps the quotient finite; above 0.
    pub eps: Hyper,
}

/// AdaBelief with ρ₁, ρ₂ and δ; the authors' defaults are 0.9, 0.999 and 1e-16.
pub fn adabelief(
    beta1: impl Into<Hyper>,
    beta2: impl Into<Hyper>,
    eps: impl Into<Hyper>,
) -> Adabelief {
    Adabelief { beta1: beta1.into(), beta2: beta2.into(), eps: eps.into() }
}

impl Rule for Adabelief {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("adabelief.s"), Remembered::square("adabelief.r")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let (beta1, beta2) = (self.beta1.at(step), self.beta2.at(step));
        let (ρ1, rest1) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)", 1.0 - beta1));
        let (ρ2, rest2) = (V::letter("ρ₂", beta2), V::letter("(1−ρ₂)", 1.0 - beta2));
        let correction1 = V::letter("1/(1−ρ₁ᵗ)", step.correction(beta1));
        let correction2 = V::letter("1/(1−ρ₂ᵗ)", step.correction(beta2));
        let δ = V::letter("δ", self.eps.at(step));
        #[inline(always)]
        move |_θ, g, [s, r]| {
            *s = ρ1 * *s + rest1 * g;
            let surprise = g - *s;
            *r = ρ2 * *r + rest2 * (surprise * surprise) + δ;
            *s * correction1 / (δ + (*r * correction2).sqrt())
        }
    }
}

impl Link for Adabelief {}
