//! The optimizer as nodes of the graph.

use crate::error::GraphError;
use crate::op::Optimizer;
use crate::{Graph, Shape, Tensor};

/// What [`Graph::minimize`] added.
#[derive(Clone, Debug)]
pub struct Train {
    /// The loss.
    pub loss: Tensor,
    /// The gradients of the loss, in the order of [`Graph::parameters`].
    pub gradients: Vec<Tensor>,
    /// The nodes of the optimizer, one for each group of parameters.
    pub optimizers: Vec<Tensor>,
}

impl Graph {
    /// Adds, in the scope `train`, the gradients of `loss` by all parameters and one node that moves the
    /// parameters against them: `train/<label>`. Its operands are all parameters and all gradients, and
    /// it has no value.
    ///
    /// # Errors
    ///
    /// If the loss is not a single number.
    pub fn minimize(&mut self, loss: Tensor, label: &str) -> Result<Train, GraphError> {
        self.minimize_in_groups(loss, label, &[(0..self.parameters().count()).collect()])
    }

    /// The same with one node for each of `groups`, which have the parameters at these places among
    /// [`Graph::parameters`]: `train/<label>`, `train/<label>_1` and so on.
    ///
    /// # Errors
    ///
    /// If the loss is not a single number.
    ///
    /// # Panics
    ///
    /// If there is no parameter at a place.
    pub fn minimize_in_groups(
        &mut self,
        loss: Tensor,
        label: &str,
        groups: &[Vec<usize>],
    ) -> Result<Train, GraphError> {
        let parameters: Vec<Tensor> = self.parameters().collect();
        self.scope("train", |graph| {
            let gradients = graph.gradients(loss, &parameters)?;
            let mut node = |group: &Vec<usize>| {
                let moved = group.iter().map(|&place| parameters[place]);
                let inputs = moved.chain(group.iter().map(|&place| gradients[place])).collect();
                graph.push(Optimizer.into(), label, inputs, Shape::from([0]))
            };
            let optimizers = groups.iter().map(&mut node).collect();
            Ok(Train { loss, gradients, optimizers })
        })
    }
}
