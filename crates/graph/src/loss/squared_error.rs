//! (x − t)², elementwise.

use crate::{Graph, GraphError, Tensor};

impl Graph {
    /// The squared error (x − t)² of each value; its mean is the MSE.
    ///
    /// # Errors
    ///
    /// If the shapes differ.
    pub fn squared_error(&mut self, x: Tensor, targets: Tensor) -> Result<Tensor, GraphError> {
        self.loss_of_each("squared_error", [x, targets], |g| {
            let error = g.sub(x, targets)?;
            Ok(g.square(error))
        })
    }
}
