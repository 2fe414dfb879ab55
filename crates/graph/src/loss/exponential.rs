//! exp(−t s), with the score s and the target t = ±1: the loss of AdaBoost.

use crate::{Graph, GraphError, Tensor};

impl Graph {
    /// The exponential loss of each example, exp(−t s): `targets` are −1 or 1.
    ///
    /// # Errors
    ///
    /// If the shapes differ.
    pub fn exponential(&mut self, scores: Tensor, targets: Tensor) -> Result<Tensor, GraphError> {
        self.loss_of_each("exponential", [scores, targets], |g| {
            let margins = g.mul(targets, scores)?;
            let opposite = g.neg(margins);
            Ok(g.exp(opposite))
        })
    }
}
