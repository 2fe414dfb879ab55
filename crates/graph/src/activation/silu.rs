//! x sigmoid(x), elementwise; also called swish.
//!
//! Elfwing, Uchibe & Doya, *Sigmoid-weighted linear units for neural network function approximation in
//! reinforcement learning*, 2017, equation 2, <https://arxiv.org/abs/1702.03118>.

use crate::{Graph, Tensor};

impl Graph {
    /// The sigmoid linear unit: x / (1 + e⁻ˣ), elementwise.
    pub fn silu(&mut self, x: Tensor) -> Tensor {
        self.function("silu", |g| {
            let share = g.sigmoid(x);
            g.mul(x, share)
        })
    }
}
