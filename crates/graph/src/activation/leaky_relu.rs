//! x where x > 0, else s x, elementwise: max(x, 0) + s min(x, 0), with min(x, 0) as a clamp. The slope at 0
//! is s, as in PyTorch.
//!
//! Maas, Hannun & Ng, *Rectifier nonlinearities improve neural network acoustic models*, 2013, equation 2.

use crate::{Graph, Tensor};

impl Graph {
    /// The leaky rectifier: x where x > 0, else `slope` · x, elementwise.
    pub fn leaky_relu(&mut self, x: Tensor, slope: f64) -> Tensor {
        self.function("leaky_relu", |g| {
            let above = g.relu(x);
            let below = g.clamp(x, f64::NEG_INFINITY, 0.0)?;
            let slope = g.constant(slope, []);
            let less = g.mul(slope, below)?;
            g.add(above, less)
        })
    }
}
