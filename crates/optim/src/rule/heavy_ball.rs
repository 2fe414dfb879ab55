//! Momentum as PyTorch's `SGD` has it: the learning rate is outside the velocity.
//!
//! ```text
//! b ← g                       at the first step
//! b ← μb + (1 − τ)g           after it
//! u = b,  or  g + μb          with nesterov
//! θ ← θ − εu                  (ε is the next rule of the chain)
//! ```
//!
//! `torch.optim.SGD`, 2.15. After a drop of ε the whole step shrinks at once; compare
//! [`momentum`](super::momentum()).

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Accumulates gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct HeavyBall {
    /// μ, the share of the buffer that is kept; from 0 to below 1.
    pub momentum: Hyper,
    /// τ, the share of the gradient that is left out, but for the first step; from 0 to 1.
    pub dampening: Hyper,
    /// Whether the update looks ahead.
    pub nesterov: bool,
}

/// PyTorch's momentum without dampening.
pub fn heavy_ball(momentum: impl Into<Hyper>) -> HeavyBall {
    HeavyBall { momentum: momentum.into(), dampening: 0.0.into(), nesterov: false }
}

impl Rule for HeavyBall {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("heavy_ball.b")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 1]> {
        let momentum = self.momentum.at(step);
        let μ = V::letter("μ", momentum);
        let dampening = if step.t == 1 { 0.0 } else { self.dampening.at(step) };
        let rest = V::letter("(1−τ)", 1.0 - dampening);
        // u = wg + mb: one expression for both forms, so that the loop has no branch.
        let w = V::letter("1", if self.nesterov { 1.0 } else { 0.0 });
        let m = V::letter("μ", if self.nesterov { momentum } else { 1.0 });
        #[inline(always)]
        move |_θ, g, [b]| {
            *b = μ * *b + rest * g;
            w * g + m * *b
        }
    }
}

impl Link for HeavyBall {}
