//! x where x > 0, else α(eˣ − 1), elementwise: max(x, 0) + α(exp(min(x, 0)) − 1), with min(x, 0) as a clamp,
//! whose slope at 0 is 1, so that that of the whole is α there, as in PyTorch.
//!
//! Clevert, Unterthiner & Hochreiter, *Fast and accurate deep network learning by exponential linear
//! units*, 2015, equation 15, <https://arxiv.org/abs/1511.07289>.

use crate::{Graph, Tensor};

impl Graph {
    /// The exponential linear unit: x where x > 0, else `alpha` (eˣ − 1), elementwise.
    pub fn elu(&mut self, x: Tensor, alpha: f64) -> Tensor {
        self.function("elu", |g| {
            let above = g.relu(x);
            let below = g.clamp(x, f64::NEG_INFINITY, 0.0)?;
            let less = g.exp_m1(below);
            let alpha = g.constant(alpha, []);
            let less = g.mul(alpha, less)?;
            g.add(above, less)
        })
    }
}
