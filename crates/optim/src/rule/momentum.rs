//! Momentum: a ball that rolls with friction, pushed by the gradient.
//!
//! ```text
//! v ← αv − εg
//! θ ← θ + v
//! ```
//!
//! Polyak 1964; lecture, "SGD with Momentum"; Goodfellow, Bengio & Courville 2016, Algorithm 8.2. The
//! slide's sum over the batch is the mean here, as everywhere else in the lecture.
//!
//! The learning rate is *inside* the velocity: it comes before this rule in the chain,
//! `scale(ε).then(momentum(α))`. After a drop of ε the ball keeps its old speed. PyTorch keeps ε outside,
//! see [`heavy_ball`](super::heavy_ball()); while ε is constant the two agree.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Accumulates a velocity.
#[derive(Clone, Debug, PartialEq)]
pub struct Momentum {
    /// α, the share of the velocity that friction leaves; from 0 to below 1.
    pub momentum: Hyper,
}

/// Momentum with coefficient α.
pub fn momentum(momentum: impl Into<Hyper>) -> Momentum {
    Momentum { momentum: momentum.into() }
}

impl Rule for Momentum {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("momentum.v")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 1]> {
        let α = V::letter("α", self.momentum.at(step));
        #[inline(always)]
        move |_θ, εg, [v]| {
            *v = α * *v - εg;
            -*v // θ ← θ − (−v)
        }
    }
}

impl Link for Momentum {}
