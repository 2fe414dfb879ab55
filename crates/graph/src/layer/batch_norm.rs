//! Batch normalisation: y = γ ⊙ (x − μ) / √(σ² + ε) + β, with μ and σ² the mean and the variance of each channel.
//!
//! Ioffe and Szegedy, *Batch normalization: accelerating deep network training by reducing internal covariate
//! shift*, ICML 2015, <https://arxiv.org/abs/1502.03167>, algorithms 1 and 2.
//!
//! In training μ and σ² are those of the batch, and the gradient goes through them. In evaluation they are
//! running averages, which follow the batches of training: r ← (1 − m) r + m μ. The running variance takes the
//! unbiased one, n/(n − 1) σ², as the paper's inference does. The paper averages over batches of the trained
//! network; here, as is usual now, the average is exponential and runs along.

use crate::error::GraphError;
use crate::{Graph, Role, Start, Tensor};

/// The numbers of batch normalisation. By default those of PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// The weight m of a batch in the running averages, from 0 to 1: 0.1 by default.
    pub momentum: f64,
    /// ε, added to the variance, above 0: 10⁻⁵ by default.
    pub epsilon: f64,
}

impl Default for BatchNorm {
    fn default() -> BatchNorm {
        BatchNorm { momentum: 0.1, epsilon: 1e-5 }
    }
}

impl Graph {
    /// Batch normalisation over all axes but the last: `[…, channels]` to the same shape.
    ///
    /// It makes the parameters `scale` and `shift` and the statistics `running_mean` and
    /// `running_variance`, each of shape `[channels]`; give it a scope of its own. The statistics are moved
    /// by [`Plan::train`](crate::Plan::train), and read in [`Mode::Evaluation`](crate::Mode::Evaluation). A
    /// batch that has only one value of each channel has variance 0.
    ///
    /// ```
    /// use thalweg_graph::{BatchNorm, Graph};
    ///
    /// let mut graph = Graph::new();
    /// let x = graph.input("x", [8, 14, 14, 6]);
    /// let y = graph.scope("norm1", |g| g.batch_norm(x, BatchNorm::default()))?;
    /// assert_eq!(graph.shape(y), graph.shape(x));
    /// assert_eq!(graph.parameters().count(), 2);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `x` is a single number.
    pub fn batch_norm(&mut self, x: Tensor, numbers: BatchNorm) -> Result<Tensor, GraphError> {
        let shape = self.shape(x);
        // Of a number, the axis that is missing is named.
        let last = shape.rank().saturating_sub(1);
        let [outer, channels, _] =
            shape.around(last).map_err(|problem| self.error("batch_norm", problem))?;
        let scale = self.parameter("scale", [channels], Role::Scale);
        let shift = self.parameter("shift", [channels], Role::Bias);
        let averages = [("running_mean", Start::Zero), ("running_variance", Start::One)];
        let [running_mean, running_variance] =
            averages.map(|(name, start)| self.parameter(name, [channels], Role::Statistic(start)));

        let [mean, variance] = self.moments(x)?;
        self.follow(running_mean, mean, numbers.momentum)?;
        let unbiased = self.constant(outer as f64 / outer.saturating_sub(1).max(1) as f64, []);
        let unbiased = self.mul(variance, unbiased)?;
        self.follow(running_variance, unbiased, numbers.momentum)?;

        let mean = self.by_mode(mean, running_mean)?;
        let variance = self.by_mode(variance, running_variance)?;
        let epsilon = self.constant(numbers.epsilon, []);
        let variance = self.add(variance, epsilon)?;
        let deviation = self.sqrt(variance);
        let factor = self.div(scale, deviation)?;
        let distance = self.sub(x, mean)?;
        let scaled = self.mul(distance, factor)?;
        self.add(scaled, shift)
    }

    /// Has training move a statistic: r ← r + m (value − r).
    fn follow(&mut self, statistic: Tensor, value: Tensor, m: f64) -> Result<(), GraphError> {
        let momentum = self.constant(m, []);
        let distance = self.sub(value, statistic)?;
        let step = self.mul(momentum, distance)?;
        let moved = self.add(statistic, step)?;
        self.assign(statistic, moved)
    }
}
