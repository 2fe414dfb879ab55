//! max(0, 1 − t s), with the score s and the target t = ±1.

use crate::{Graph, GraphError, Tensor};

impl Graph {
    /// The hinge loss of each example, max(0, 1 − t s): `targets` are −1 or 1.
    ///
    /// # Errors
    ///
    /// If the shapes differ.
    pub fn hinge(&mut self, scores: Tensor, targets: Tensor) -> Result<Tensor, GraphError> {
        self.loss_of_each("hinge", [scores, targets], |g| {
            let margins = g.mul(targets, scores)?;
            let one = g.constant(1.0, []);
            let short = g.sub(one, margins)?;
            Ok(g.relu(short))
        })
    }
}
