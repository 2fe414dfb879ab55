//! Σ_{j ≠ c} max(0, 1 − z_c + z_j) / k, with scores z of k classes and the class c.
//!
//! Crammer & Singer, *On the algorithmic implementation of multiclass kernel-based vector machines*, JMLR
//! 2, 2001, take the greatest term instead of the mean; this is the form of PyTorch's `MultiMarginLoss`.

use crate::{Graph, GraphError, Tensor, op};

impl Graph {
    /// The hinge loss over several classes, of each example: scores `[n, k]` and class numbers `[n]` to
    /// `[n]`. Each other class costs what it lacks of a distance of 1, divided by k.
    ///
    /// # Errors
    ///
    /// If the shapes are not `[n, k]` and `[n]`.
    pub fn multi_margin(&mut self, scores: Tensor, classes: Tensor) -> Result<Tensor, GraphError> {
        let shapes = [self.shape(scores), self.shape(classes)];
        op::classes(&shapes).map_err(|problem| self.error("multi_margin", problem))?;
        let [n, k] = [shapes[0].sizes()[0], shapes[0].sizes()[1]];
        self.scope("multi_margin", |g| {
            let one = g.constant(1.0, []);
            let class = g.one_hot(classes, k)?;
            let others = g.sub(one, class)?;
            let of_class = g.mul(scores, class)?;
            let of_class = g.sum_to(of_class, [n, 1])?;
            let lead = g.sub(of_class, scores)?;
            let short = g.sub(one, lead)?;
            let hinge = g.relu(short);
            let hinge = g.mul(hinge, others)?;
            g.mean_axes(hinge, &[1])
        })
    }
}
