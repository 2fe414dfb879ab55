//! Lion: the sign of a mean that looks at the newest gradient more closely than the one it keeps.
//!
//! ```text
//! u = sign(ρ₁m + (1 − ρ₁)g)
//! m ← ρ₂m + (1 − ρ₂)g
//! ```
//!
//! Chen et al. 2023, Algorithm 2, <https://arxiv.org/abs/2302.06675>, where ρ₁, ρ₂ are β₁, β₂. The decay of
//! the paper is decoupled. sign(0) is 0.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Moves every parameter by the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Lion {
    /// ρ₁, the weight of the mean in the update; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂, the memory of the mean: about 1 / (1 − ρ₂) steps; from 0 to below 1.
    pub beta2: Hyper,
}

/// Lion with ρ₁ and ρ₂; the paper's defaults are 0.9 and 0.99.
pub fn lion(beta1: impl Into<Hyper>, beta2: impl Into<Hyper>) -> Lion {
    Lion { beta1: beta1.into(), beta2: beta2.into() }
}

impl Rule for Lion {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("lion.m")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 1]> {
        let (beta1, beta2) = (self.beta1.at(step), self.beta2.at(step));
        let (ρ1, rest1) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)", 1.0 - beta1));
        let (ρ2, rest2) = (V::letter("ρ₂", beta2), V::letter("(1−ρ₂)", 1.0 - beta2));
        #[inline(always)]
        move |_θ, g, [m]| {
            let u = (ρ1 * *m + rest1 * g).sign();
            *m = ρ2 * *m + rest2 * g;
            u
        }
    }
}

impl Link for Lion {}
