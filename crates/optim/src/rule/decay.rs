//! Decoupled weight decay: the difference between Adam and AdamW.
//!
//! ```text
//! u ← u + λθ
//! ```
//!
//! Loshchilov & Hutter 2019, Algorithm 2, <https://arxiv.org/abs/1711.05101>. It stands after the adaptive
//! rule and before the learning rate, so that θ ← θ − ε(u + λθ); where the learning rate is inside a
//! velocity, it stands last with a rate of its own: u ← u + ελθ. The slide also puts λθ into the gradient;
//! the paper has one or the other, never both. As in PyTorch, λ is scaled by ε; in the paper by the
//! schedule alone.

use super::{Link, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Pulls every parameter towards zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Decay {
    /// λ; from 0.
    pub weight_decay: Hyper,
    /// ε, where the rule does not stand before the learning rate.
    pub lr: Option<Hyper>,
}

/// Decoupled weight decay with weight λ; with λ = 0 it changes nothing.
pub fn decay(weight_decay: impl Into<Hyper>) -> Decay {
    Decay { weight_decay: weight_decay.into(), lr: None }
}

impl Rule for Decay {
    type Slots<V: Lane> = ();

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, ()> {
        let weight_decay = self.weight_decay.at(step);
        let λ = match &self.lr {
            None => V::letter("λ", weight_decay),
            Some(lr) => V::letter("ε·λ", step.rate * lr.at(step) * weight_decay),
        };
        #[inline(always)]
        move |θ, u, ()| u + λ * θ
    }

    fn name(&self) -> Option<&'static str> {
        (self.weight_decay.base != 0.0).then_some("Decay")
    }
}

impl Link for Decay {}
