//! Layers: what networks repeat.

mod batch_norm;
mod norm;

pub use batch_norm::BatchNorm;

use crate::window::images;
use crate::{Activation, Convolution, Graph, GraphError, Role, Tensor};

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
        Ok(self.activation(sums, activation))
    }

    /// A convolution of images, f(X ∗ W + b): X is `[n, height, width, channels]`, the value is
    /// `[n, places down, places across, outputs]`.
    ///
    /// It makes the parameters `weights`, of shape `[kernel height, kernel width, channels / groups, outputs]`,
    /// and `biases`, of shape `[outputs]`; give it a scope of its own.
    ///
    /// # Errors
    ///
    /// If `x` are no images, and as for [`Graph::conv2d`].
    pub fn convolution(
        &mut self,
        x: Tensor,
        outputs: usize,
        kernel: [usize; 2],
        convolution: Convolution,
        activation: Activation,
    ) -> Result<Tensor, GraphError> {
        let [_, _, _, channels] =
            images(self.shape(x)).map_err(|problem| self.error("convolution", problem))?;
        let [down, across] = kernel;
        let channels_of_group = channels / convolution.groups.max(1);
        let sizes = [down, across, channels_of_group, outputs];
        let weights = self.parameter("weights", sizes, Role::Weight);
        let biases = self.parameter("biases", [outputs], Role::Bias);
        let product = self.conv2d(x, weights, convolution)?;
        let sums = self.add(product, biases)?;
        Ok(self.activation(sums, activation))
    }
}
