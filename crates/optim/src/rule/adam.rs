//! Adam: a running mean of the gradient over the root of a running mean of its square.
//!
//! ```text
//! s ← ρ₁s + (1 − ρ₁)g              ŝ = s / (1 − ρ₁ᵗ)
//! r ← ρ₂r + (1 − ρ₂)g ⊙ g          r̂ = r / (1 − ρ₂ᵗ)
//! u = ŝ / (δ + √r̂)
//! ```
//!
//! Kingma & Ba 2015, Algorithm 1, <https://arxiv.org/abs/1412.6980>, where ρ₁, ρ₂, δ are β₁, β₂, ε;
//! lecture, "Adam algorithm". δ is outside the corrected root, as there and in PyTorch. The "ε-hat" form
//! that the paper mentions below it, and that TensorFlow and Keras have, adds δ to √r instead, which is to
//! divide it by √(1 − ρ₂ᵗ) here: it weighs more in the first steps.
//!
//! The corrections undo the start at zero: with E[g²] the same at all steps, E[r] = E[g²](1 − ρ₂ᵗ). Where a
//! schedule moves ρ, today's ρ stands in them, as in PyTorch and optax.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides the mean of the gradient by the root of the mean of its square.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// ρ₁, the memory of the mean: about 1 / (1 − ρ₁) steps; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂, the memory of the mean square; from 0 to below 1.
    pub beta2: Hyper,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: Hyper,
    /// Whether δ is added to √r before the correction: the "ε-hat" form.
    pub eps_hat: bool,
}

/// Adam with ρ₁, ρ₂ and δ; the paper's defaults are 0.9, 0.999 and 1e-8.
pub fn adam(beta1: impl Into<Hyper>, beta2: impl Into<Hyper>, eps: impl Into<Hyper>) -> Adam {
    Adam { beta1: beta1.into(), beta2: beta2.into(), eps: eps.into(), eps_hat: false }
}

impl Rule for Adam {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("adam.s"), Remembered::square("adam.r")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let (beta1, beta2, eps) = (self.beta1.at(step), self.beta2.at(step), self.eps.at(step));
        let (ρ1, rest1) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)", 1.0 - beta1));
        let (ρ2, rest2) = (V::letter("ρ₂", beta2), V::letter("(1−ρ₂)", 1.0 - beta2));
        let correction1 = V::letter("1/(1−ρ₁ᵗ)", step.correction(beta1));
        let correction2 = V::letter("1/(1−ρ₂ᵗ)", step.correction(beta2));
        let δ = match self.eps_hat {
            false => V::letter("δ", eps),
            true => V::letter("δ/√(1−ρ₂ᵗ)", eps * step.correction(beta2).sqrt()),
        };
        #[inline(always)]
        move |_θ, g, [s, r]| {
            *s = ρ1 * *s + rest1 * g;
            *r = ρ2 * *r + rest2 * (g * g);
            *s * correction1 / (δ + (*r * correction2).sqrt())
        }
    }
}

impl Link for Adam {}
