//! L2 regularisation: weight decay through the gradient ("coupled").
//!
//! ```text
//! g ← g + λθ
//! ```
//!
//! The gradient of ½λ‖θ‖² added to the cost. The lecture's AdamW slide prints g = ∇f − λθ, which would let
//! the weights grow; the sign here is that of Loshchilov & Hutter 2019, Algorithm 2, line 6. In an adaptive
//! rule the term is divided by √r with the rest; [`decay`](super::decay()) is not.

use super::{Link, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Adds the gradient of ½λ‖θ‖².
#[derive(Clone, Debug, PartialEq)]
pub struct L2 {
    /// λ; from 0.
    pub weight_decay: Hyper,
}

/// L2 regularisation with weight λ; with λ = 0 it changes nothing.
pub fn l2(weight_decay: impl Into<Hyper>) -> L2 {
    L2 { weight_decay: weight_decay.into() }
}

impl Rule for L2 {
    type Slots<V: Lane> = ();

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, ()> {
        let λ = V::letter("λ", self.weight_decay.at(step));
        #[inline(always)]
        move |θ, g, ()| g + λ * θ
    }

    fn name(&self) -> Option<&'static str> {
        (self.weight_decay.base != 0.0).then_some("L2")
    }
}

impl Link for L2 {}
