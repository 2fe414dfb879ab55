//! Adam: a running mean of the gradient over the root of a running mean of its square.
//!
//! ```text
//! s ← ρ₁s + (1 − ρ₁)g              ŝ = s / (1 − ρ₁ᵗ)
//! r ← ρ₂r + (1 − ρ₂)g ⊙ g          r̂ = r / (1 − ρ₂ᵗ)
//! u = ŝ / (δ + √r̂)
//! ```
//!
//! Kingma & Ba 2015, Algorithm 1, <https://arxiv.org/abs/1412.6980>, where ρ₁, ρ₂, δ are β₁, β₂, ε;
//! lecture, "Adam algorithm". δ is outside the corrected root, as there and in PyTorch; the "ε-hat" form
//! of TensorFlow adds it to √r and so weighs it differently in the first steps.
//!
//! The corrections undo the start at zero: with E[g²] the same at all steps, E[r] = E[g²](1 − ρ₂ᵗ).

use super::{Link, Rule, Step, Update};
use crate::Lane;

/// Divides the mean of the gradient by the root of the mean of its square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// ρ₁, the memory of the mean: about 1 / (1 − ρ₁) steps; from 0 to below 1.
    pub beta1: f64,
    /// ρ₂, the memory of the mean square; from 0 to below 1.
    pub beta2: f64,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: f64,
}

/// Adam with ρ₁, ρ₂ and δ; the paper's defaults are 0.9, 0.999 and 1e-8.
pub fn adam(beta1: f64, beta2: f64, eps: f64) -> Adam {
    Adam { beta1, beta2, eps }
}

impl Rule for Adam {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<&'static str> {
        vec!["adam.s", "adam.r"]
    }

    fn at<V: Lane>(&self, step: &Step) -> impl Update<V, [V; 2]> {
        let (ρ1, rest1) = (V::letter("ρ₁", self.beta1), V::letter("(1−ρ₁)", 1.0 - self.beta1));
        let (ρ2, rest2) = (V::letter("ρ₂", self.beta2), V::letter("(1−ρ₂)", 1.0 - self.beta2));
        // Reciprocals, since a processor multiplies about ten times as fast as it divides.
        let correction = |ρ: f64| 1.0 / (1.0 - ρ.powf(step.t as f64));
        let correction1 = V::letter("1/(1−ρ₁ᵗ)", correction(self.beta1));
        let correction2 = V::letter("1/(1−ρ₂ᵗ)", correction(self.beta2));
        let δ = V::letter("δ", self.eps);
        #[inline(always)]
        move |_θ, g, [s, r]| {
            *s = ρ1 * *s + rest1 * g;
            *r = ρ2 * *r + rest2 * (g * g);
            *s * correction1 / (δ + (*r * correction2).sqrt())
        }
    }
}

impl Link for Adam {}
