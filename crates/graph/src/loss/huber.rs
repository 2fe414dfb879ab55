//! r²/2 where |r| ≤ δ, else δ(|r| − δ/2), elementwise, for the residual r = x − t.
//!
//! Huber, *Robust estimation of a location parameter*, Annals of Mathematical Statistics 35, 1964. With
//! the excess e = max(0, |r| − δ) over δ, and the rest m = |r| − e, it is m²/2 + δ e: one formula.

use crate::error::Problem;
use crate::{Graph, GraphError, Tensor};

impl Graph {
    /// The Huber loss of each value, with δ = `delta` > 0: quadratic up to δ from the target, linear
    /// beyond.
    ///
    /// # Errors
    ///
    /// If the shapes differ, or δ is not above 0 and finite.
    pub fn huber(&mut self, x: Tensor, targets: Tensor, delta: f64) -> Result<Tensor, GraphError> {
        if !(delta > 0.0 && delta.is_finite()) {
            return Err(self.error("huber", Problem::Delta { delta: delta.to_string() }));
        }
        self.loss_of_each("huber", [x, targets], |g| {
            let (delta, half) = (g.constant(delta, []), g.constant(0.5, []));
            let residual = g.sub(x, targets)?;
            let size = g.abs(residual);
            let over = g.sub(size, delta)?;
            let excess = g.relu(over);
            let rest = g.sub(size, excess)?;
            let square = g.square(rest);
            let quadratic = g.mul(half, square)?;
            let linear = g.mul(delta, excess)?;
            g.add(quadratic, linear)
        })
    }
}
