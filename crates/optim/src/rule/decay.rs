//! Decoupled weight decay: the difference between Adam and AdamW.
//!
//! ```text
//! u ← u + λθ
//! ```
//!
//! Loshchilov & Hutter 2019, Algorithm 2, <https://arxiv.org/abs/1711.05101>. It stands after the adaptive
//! rule and before the learning rate, so that θ ← θ − ε(u + λθ). The slide also puts λθ into the gradient;
//! the paper has one or the other, never both. As in PyTorch, λ is scaled by ε; in the paper by the
//! schedule alone.

use super::{Link, Rule, Step, Update};
use crate::Lane;

/// Pulls every parameter towards zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    /// λ; from 0.
    pub weight_decay: f64,
}

/// Decoupled weight decay with weight λ; with λ = 0 it changes nothing.
pub fn decay(weight_decay: f64) -> Decay {
    Decay { weight_decay }
}

impl Rule for Decay {
    type Slots<V: Lane> = ();

    fn at<V: Lane>(&self, _step: &Step) -> impl Update<V, ()> {
        let λ = V::letter("λ", self.weight_decay);
        #[inline(always)]
        move |θ, u, ()| u + λ * θ
    }

    fn name(&self) -> Option<&'static str> {
        (self.weight_decay != 0.0).then_some("Decay")
    }
}

impl Link for Decay {}
