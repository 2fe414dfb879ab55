//! Layers: what networks repeat.

use crate::{Graph, GraphError, Role, Tensor};

/// The function that a layer applies to each of its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// None: the sums themselves.
    Identity,
    /// max(x, 0)
    Relu,
    /// tanh x
    Tanh,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
}

impl Graph {
    /// A dense layer, f(X·W + b): X is `[examples, inputs]`, the value is `[examples, units]`.
    ///
    /// It makes the parameters `weights`, of shape `[inputs, units]`, and `biases`, of shape `[units]`;
    /// give it a scope of its own.
    ///
    /// # Errors
    ///
    /// If `x` is not a matrix.
    pub fn dense(
        &mut self,
        x: Tensor,
        units: usize,
        activation: Activation,
    ) -> Result<Tensor, GraphError> {
        let [_, inputs] = self.shape(x).matrix().map_err(|problem| self.error("dense", problem))?;
        let weights = self.parameter("weights", [inputs, units], Role::Weight);
        let biases = self.parameter("biases", [units], Role::Bias);
        let product = self.matmul(x, weights)?;
        let sums = self.add(product, biases)?;
        Ok(match activation {
            Activation::Identity => sums,
            Activation::Relu => self.relu(sums),
            Activation::Tanh => self.tanh(sums),
            Activation::Sigmoid => self.sigmoid(sums),
        })
    }
}
