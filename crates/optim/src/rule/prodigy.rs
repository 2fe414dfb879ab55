//! Prodigy's step: Adam's, with the estimated distance d as the learning rate.
//!
//! ```text
//! m ← ρ₁ m + (1 − ρ₁) d g
//! v ← ρ₂ v + (1 − ρ₂) d² g²
//! u = γ (m/(√v + d′δ) + λθ)          d′ the new estimate, d the one before it
//! ```
//!
//! Mishchenko & Defazio 2024, Algorithm 4, <https://arxiv.org/abs/2306.06101>, as in `prodigyopt` 1.1.2. It
//! comes after [`ProdigyDistance`](crate::tensor::ProdigyDistance), which estimates d and has γ.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// What both parts of Prodigy know.
#[derive(Clone, Debug, PartialEq)]
pub struct ProdigyNumbers {
    /// ε, a factor on the estimate, and 1 unless a schedule moves it; from 0.
    pub lr: Hyper,
    /// ρ₁, the memory of the mean; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂, the memory of the squares; from 0 to below 1.
    pub beta2: Hyper,
    /// Whether γ makes up for the start of both at 0.
    pub bias_correction: bool,
}

impl ProdigyNumbers {
    /// γ, with this estimate.
    pub(crate) fn rate(&self, step: Step, d: f64) -> f64 {
        let correction = if self.bias_correction {
            let (mean, square) =
                (step.correction(self.beta1.at(step)), step.correction(self.beta2.at(step)));
            mean / square.sqrt()
        } else {
            1.0
        };
        d * (step.rate * self.lr.at(step)) * correction
    }
}

/// Takes the step that an estimate of the distance allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Prodigy {
    /// What both parts know.
    pub numbers: ProdigyNumbers,
    /// δ; above 0.
    pub eps: Hyper,
    /// λ of the decay that stays out of the gradient; from 0.
    pub weight_decay: Hyper,
}

impl Rule for Prodigy {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("prodigy.m"), Remembered::square("prodigy.v")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let [d, _, _, before] = step.numbers;
        let rate = self.learning_rate(step);
        let (mut beta1, mut beta2) = (self.numbers.beta1.at(step), self.numbers.beta2.at(step));
        if rate == 0.0 {
            // As in the package, a step without a rate leaves everything as it is.
            (beta1, beta2) = (1.0, 1.0);
        }
        let (ρ1, rest1) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)·d", before * (1.0 - beta1)));
        let (ρ2, rest2) =
            (V::letter("ρ₂", beta2), V::letter("(1−ρ₂)·d²", before * before * (1.0 - beta2)));
        let γ = V::letter("γ", rate);
        let dδ = V::letter("d′·δ", d * self.eps.at(step));
        let λ = V::letter("λ", self.weight_decay.at(step));
        #[inline(always)]
        move |θ, g, [m, v]| {
            *m = ρ1 * *m + rest1 * g;
            *v = ρ2 * *v + rest2 * (g * g);
            γ * (*m / (v.sqrt() + dδ) + λ * θ)
        }
    }

    fn learning_rate(&self, step: Step) -> f64 {
        self.numbers.rate(step, step.numbers[3])
    }
}

impl Link for Prodigy {}
