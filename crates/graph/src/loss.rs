//! Losses that are made of other operations. Each one is a file; each gives one loss per example.
//!
//! Two losses are operations of their own: [`Graph::cross_entropy`](crate::Graph::cross_entropy) and
//! [`Graph::zero_one`](crate::Graph::zero_one).

mod exponential;
mod hinge;
mod huber;
mod logistic;
mod multi_margin;
mod sigmoid_cross_entropy;
mod squared_error;
mod squared_hinge;

use crate::error::{GraphError, Problem};
use crate::{Graph, Tensor};

impl Graph {
    /// The loss called `name` of each value of `x`, built in a scope of its own. The targets must have the
    /// shape of `x`: columns [n, 1] would broadcast with rows [n] to every pair of examples.
    fn loss_of_each(
        &mut self,
        name: &str,
        [x, targets]: [Tensor; 2],
        build: impl FnOnce(&mut Graph) -> Result<Tensor, GraphError>,
    ) -> Result<Tensor, GraphError> {
        let (left, right) = (self.shape(x), self.shape(targets));
        if left != right {
            return Err(self.error(name, Problem::Differ { left, right }));
        }
        self.scope(name, build)
    }
}
