//! max(0, 1 − t s)², with the score s and the target t = ±1.

use crate::{Graph, GraphError, Tensor};

impl Graph {
    /// The squared hinge loss of each example, max(0, 1 − t s)²: `targets` are −1 or 1.
    ///
    /// # Errors
    ///
    /// If the shapes differ.
    pub fn squared_hinge(&mut self, scores: Tensor, targets: Tensor) -> Result<Tensor, GraphError> {
        self.loss_of_each("squared_hinge", [scores, targets], |g| {
            let margins = g.mul(targets, scores)?;
            let one = g.constant(1.0, []);
            let short = g.sub(one, margins)?;
            let hinge = g.relu(short);
            Ok(g.square(hinge))
        })
    }
}
