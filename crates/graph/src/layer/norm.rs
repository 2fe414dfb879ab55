//! Normalization with parameters: the scale starts at 1, the shift at 0.

use crate::{Graph, GraphError, Role, Tensor};

impl Graph {
    /// A layer of normalization along the last axis, scale ⊙ [`layer_norm`](Graph::layer_norm)(x) + shift.
    ///
    /// It makes the parameters `scale` and `shift`, of the size of the last axis; give it a scope of its
    /// own. `epsilon` > 0 is added to the variance; 1e-5 is usual.
    ///
    /// # Errors
    ///
    /// If `x` is a number without axes, or `epsilon` is not above 0 and finite.
    pub fn affine_layer_norm(&mut self, x: Tensor, epsilon: f64) -> Result<Tensor, GraphError> {
        let size = self.shape(x).last();
        let size = size.map_err(|problem| self.error("affine_layer_norm", problem))?;
        let scale = self.parameter("scale", [size], Role::Scale);
        let shift = self.parameter("shift", [size], Role::Bias);
        self.scaled_and_shifted_layer_norm(x, scale, shift, epsilon)
    }

    /// A layer of normalization by the root mean square along the last axis,
    /// scale ⊙ [`rms_norm`](Graph::rms_norm)(x).
    ///
    /// It makes the parameter `scale`, of the size of the last axis; give it a scope of its own. `epsilon`
    /// > 0 is added to the mean square; 1e-5 is usual.
    ///
    /// # Errors
    ///
    /// If `x` is a number without axes, or `epsilon` is not above 0 and finite.
    pub fn scaled_rms_norm(&mut self, x: Tensor, epsilon: f64) -> Result<Tensor, GraphError> {
        let normal = self.rms_norm(x, epsilon)?;
        let size = self.shape(normal).last().map_err(|problem| self.error("scale", problem))?;
        let scale = self.parameter("scale", [size], Role::Scale);
        self.mul(normal, scale)
    }
}
