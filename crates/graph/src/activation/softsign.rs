//! x / (1 + |x|), elementwise. The slope at 0 is 1.

use crate::{Graph, Tensor};

impl Graph {
    /// x / (1 + |x|), elementwise: from −1 to 1, as tanh, but slower to get there.
    pub fn softsign(&mut self, x: Tensor) -> Tensor {
        self.function("softsign", |g| {
            let one = g.constant(1.0, []);
            let size = g.abs(x);
            let below = g.add(one, size)?;
            g.div(x, below)
        })
    }
}
