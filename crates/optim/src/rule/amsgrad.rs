//! AMSGrad: Adam whose divisor never shrinks.
//!
//! ```text
//! s ← ρ₁s + (1 − ρ₁)g              ŝ = s / (1 − ρ₁ᵗ)
//! r ← ρ₂r + (1 − ρ₂)g ⊙ g
//! q ← max(q, r)                    q̂ = q / (1 − ρ₂ᵗ)       or, corrected,
//! q ← max(q, r / (1 − ρ₂ᵗ))        q̂ = q
//! u = ŝ / (δ + √q̂)
//! ```
//!
//! Reddi, Kale & Kumar 2018, Algorithm 2, <https://openreview.net/forum?id=ryQu7f-RZ>, where nothing is
//! corrected and there is no δ. The first form is `torch.optim.Adam(amsgrad=True)`, 2.15; the second, which
//! takes the maximum of what is corrected, is `optax.amsgrad`, 0.2.8. They differ: in the first steps r is
//! small, and what the correction makes large there stays only in the second.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides the mean of the gradient by the root of the largest mean square so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Amsgrad {
    /// ρ₁, the memory of the mean: about 1 / (1 − ρ₁) steps; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂, the memory of the mean square; from 0 to below 1.
    pub beta2: Hyper,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: Hyper,
    /// Whether the maximum is of corrected mean squares.
    pub corrected: bool,
}

/// AMSGrad with ρ₁, ρ₂ and δ, in PyTorch's form.
pub fn amsgrad(beta1: impl Into<Hyper>, beta2: impl Into<Hyper>, eps: impl Into<Hyper>) -> Amsgrad {
    Amsgrad { beta1: beta1.into(), beta2: beta2.into(), eps: eps.into(), corrected: false }
}

impl Rule for Amsgrad {
    type Slots<V: Lane> = [V; 3];

    fn slots(&self) -> Vec<Remembered> {
        vec![
            Remembered::signed("amsgrad.s"),
            Remembered::square("amsgrad.r"),
            Remembered::square("amsgrad.q"),
        ]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 3]> {
        let (beta1, beta2) = (self.beta1.at(step), self.beta2.at(step));
        let (ρ1, rest1) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)", 1.0 - beta1));
        let (ρ2, rest2) = (V::letter("ρ₂", beta2), V::letter("(1−ρ₂)", 1.0 - beta2));
        let correction1 = V::letter("1/(1−ρ₁ᵗ)", step.correction(beta1));
        let correction2 = V::letter("1/(1−ρ₂ᵗ)", step.correction(beta2));
        let δ = V::letter("δ", self.eps.at(step));
        // One of the two is 1, before or after the maximum is taken.
        let one = V::constant(1.0);
        let (before, after) = if self.corrected { (correction2, one) } else { (one, correction2) };
        #[inline(always)]
        move |_θ, g, [s, r, q]: &mut [V; 3]| {
            *s = ρ1 * *s + rest1 * g;
            *r = ρ2 * *r + rest2 * (g * g);
            *q = q.max(*r * before);
            *s * correction1 / (δ + (*q * after).sqrt())
        }
    }
}

impl Link for Amsgrad {}
