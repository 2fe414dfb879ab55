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

use super::{Link, Rule, Step, Update};
use crate::Lane;

/// Accumulates gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeavyBall {
    /// μ, the share of the buffer that is kept; from 0 to below 1.
    pub momentum: f64,
    /// τ, the share of the gradient that is left out, but for the first step; from 0 to 1.
    pub dampening: f64,
    /// Whether the update looks ahead.
    pub nesterov: bool,
}

/// PyTorch's momentum without dampening.
pub fn heavy_ball(momentum: f64) -> HeavyBall {
    HeavyBall { momentum, dampening: 0.0, nesterov: false }
}

impl Rule for HeavyBall {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<&'static str> {
        vec!["heavy_ball.b"]
    }

    fn at<V: Lane>(&self, step: &Step) -> impl Update<V, [V; 1]> {
        let μ = V::letter("μ", self.momentum);
        let rest = V::letter("(1−τ)", if step.t == 1 { 1.0 } else { 1.0 - self.dampening });
        // u = wg + mb: one expression for both forms, so that the loop has no branch.
        let w = V::letter("1", if self.nesterov { 1.0 } else { 0.0 });
        let m = V::letter("μ", if self.nesterov { self.momentum } else { 1.0 });
        #[inline(always)]
        move |_θ, g, [b]| {
            *b = μ * *b + rest * g;
            w * g + m * *b
        }
    }
}

impl Link for HeavyBall {}
