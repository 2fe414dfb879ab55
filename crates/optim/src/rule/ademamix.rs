//! AdEMAMix: Adam with a second mean of the gradient that remembers far longer.
//!
//! ```text
//! s ← ρ₁s + (1 − ρ₁)g                  ŝ = s / (1 − ρ₁ᵗ)
//! m ← ρ₃(t)m + (1 − ρ₃(t))g
//! r ← ρ₂r + (1 − ρ₂)g ⊙ g              r̂ = r / (1 − ρ₂ᵗ)
//! u = (ŝ + α(t)m) / (δ + √r̂)
//! α(t) = α · min(t/T, 1)
//! ρ₃(t) = min(exp(ln ρ₁ ln ρ₃ / ((1 − t/T) ln ρ₃ + (t/T) ln ρ₁)), ρ₃)
//! ```
//!
//! Pagliardini, Ablin & Grangier 2024, Algorithm 1, <https://arxiv.org/abs/2409.03137>, where ρ are β, s is
//! m₁ and m is m₂. Over the T steps of the warm-up the half-life of m grows linearly from that of s. m has no
//! correction.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides a mix of two means of the gradient by the root of the mean of its square.
#[derive(Clone, Debug, PartialEq)]
pub struct Ademamix {
    /// ρ₁, the memory of the fast mean: about 1 / (1 − ρ₁) steps; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂, the memory of the mean square; from 0 to below 1.
    pub beta2: Hyper,
    /// ρ₃, the memory of the slow mean; from 0 to below 1.
    pub beta3: Hyper,
    /// α, the weight of the slow mean; from 0.
    pub alpha: Hyper,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: Hyper,
    /// T, the steps of the warm-up of α and ρ₃; 0 for none.
    pub warmup: u64,
}

/// AdEMAMix with ρ₁, ρ₂, ρ₃, α and δ, without warm-up; the paper has 0.9, 0.999, 0.9999, 5 and 1e-8.
pub fn ademamix(
    beta1: impl Into<Hyper>,
    beta2: impl Into<Hyper>,
    beta3: impl Into<Hyper>,
    alpha: impl Into<Hyper>,
    eps: impl Into<Hyper>,
) -> Ademamix {
    let (beta1, beta2, beta3) = (beta1.into(), beta2.into(), beta3.into());
    Ademamix { beta1, beta2, beta3, alpha: alpha.into(), eps: eps.into(), warmup: 0 }
}

impl Ademamix {
    /// α(t) and ρ₃(t).
    fn warm(&self, step: Step) -> (f64, f64) {
        let (alpha, β1, β3) = (self.alpha.at(step), self.beta1.at(step), self.beta3.at(step));
        if step.t >= self.warmup {
            return (alpha, β3);
        }
        let share = step.t as f64 / self.warmup as f64;
        // The paper's quotient divided by ln ρ₁ ln ρ₃, so that a memory of 0 is no special case.
        let β3_now = (1.0 / ((1.0 - share) / β1.ln() + share / β3.ln())).exp();
        (share * alpha, β3_now.min(β3))
    }
}

impl Rule for Ademamix {
    type Slots<V: Lane> = [V; 3];

    fn slots(&self) -> Vec<Remembered> {
        vec![
            Remembered::signed("ademamix.s"),
            Remembered::signed("ademamix.m"),
            Remembered::square("ademamix.r"),
        ]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 3]> {
        let (beta1, beta2) = (self.beta1.at(step), self.beta2.at(step));
        let (alpha, beta3) = self.warm(step);
        let (ρ1, rest1) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)", 1.0 - beta1));
        let (ρ2, rest2) = (V::letter("ρ₂", beta2), V::letter("(1−ρ₂)", 1.0 - beta2));
        let (ρ3, rest3) = (V::letter("ρ₃", beta3), V::letter("(1−ρ₃)", 1.0 - beta3));
        let correction1 = V::letter("1/(1−ρ₁ᵗ)", step.correction(beta1));
        let correction2 = V::letter("1/(1−ρ₂ᵗ)", step.correction(beta2));
        let (α, δ) = (V::letter("α", alpha), V::letter("δ", self.eps.at(step)));
        #[inline(always)]
        move |_θ, g, [s, m, r]| {
            *s = ρ1 * *s + rest1 * g;
            *m = ρ3 * *m + rest3 * g;
            *r = ρ2 * *r + rest2 * (g * g);
            (*s * correction1 + α * *m) / (δ + (*r * correction2).sqrt())
        }
    }
}

impl Link for Ademamix {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slow_mean_warms_up() {
        let rule = Ademamix { warmup: 1000, ..ademamix(0.9, 0.999, 0.9999, 5.0, 1e-8) };
        let (alpha, beta3) = rule.warm(Step::new(500));
        assert_eq!(alpha, 2.5);
        // The half-life is half way between both.
        let half_life = |ρ: f64| 0.5f64.ln() / ρ.ln();
        let middle = (half_life(0.9) + half_life(0.9999)) / 2.0;
        assert!((half_life(beta3) / middle - 1.0).abs() < 1e-12);
        assert_eq!(rule.warm(Step::new(1000)), (5.0, 0.9999));
        assert_eq!(ademamix(0.9, 0.999, 0.99, 2.0, 1e-8).warm(Step::new(1)), (2.0, 0.99));
    }

    #[test]
    fn the_slow_mean_warms_up_from_a_mean_without_memory() {
        let rule = Ademamix { warmup: 10, ..ademamix(0.0, 0.999, 0.99, 5.0, 1e-8) };
        for t in 1..10 {
            let (_, beta3) = rule.warm(Step::new(t));
            assert!((0.0..=0.99).contains(&beta3), "{beta3} at {t}");
        }
    }
}
