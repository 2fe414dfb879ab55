//! ln(1 + exp(−t s)), with the score s and the target t = ±1: the negative log-likelihood of t when
//! s is the log-odds of 1.

use crate::{Graph, GraphError, Tensor};

impl Graph {
    /// The logistic loss of each example, ln(1 + exp(−t s)), in nats: `targets` are −1 or 1.
    ///
    /// # Errors
    ///
    /// If the shapes differ.
    pub fn logistic(&mut self, scores: Tensor, targets: Tensor) -> Result<Tensor, GraphError> {
        self.loss_of_each("logistic", [scores, targets], |g| {
            let margins = g.mul(targets, scores)?;
            let opposite = g.neg(margins);
            Ok(g.softplus(opposite))
        })
    }
}
