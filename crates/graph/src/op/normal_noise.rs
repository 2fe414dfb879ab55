//! yᵢ ~ N(0, 1), independent: the noise of a reparametrised Gaussian, μ + σ ⊙ y.
//!
//! Kingma & Welling, *Auto-encoding variational Bayes*, ICLR 2014, section 2.4,
//! <https://arxiv.org/abs/1312.6114>. In evaluation it is 0, so that what is measured is the model at the
//! mean and no matter of chance.
//!
//! The noise is a pure function of (seed, name of the node, step, index).

use thalweg_random::Stream;

use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Mode, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NormalNoise {
    /// The name of the node, so that every noise has random numbers of its own.
    stream: String,
    shape: Shape,
}

impl Operation for NormalNoise {
    fn shape(&self, _inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(self.shape)
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        (!self.shape.sizes().is_empty()).then_some([false; MAX_OPERANDS])
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        if run.options.mode == Mode::Evaluation {
            return run.value.fill(T::constant(0.0));
        }
        let row: usize = self.shape.sizes().iter().skip(1).product();
        let stream = Stream::new(run.options.seed, &self.stream).substream(run.options.step);
        for (i, y) in ((run.first_row * row) as u64..).zip(run.value) {
            *y = T::from_f64(stream.normal(i));
        }
    }
}

impl Graph {
    /// Independent normal random numbers of mean 0 and variance 1, new ones in each step of training; zeros
    /// in evaluation.
    pub fn normal_noise(&mut self, shape: impl Into<Shape>) -> Tensor {
        let (stream, shape) = (self.free_name("normal_noise"), shape.into());
        self.push(NormalNoise { stream, shape }.into(), "normal_noise", Vec::new(), shape)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Graph, Mode, Parameters, Plan, RunOptions};

    const N: usize = 40_000;

    fn noise(options: RunOptions) -> [Vec<f64>; 2] {
        let mut graph = Graph::new();
        let noise = [graph.normal_noise([N / 8, 8]), graph.normal_noise([N])];
        let mut plan = Plan::compile(&graph, &noise, None);
        plan.run(&Parameters::zeros(&graph), options).unwrap();
        noise.map(|noise| plan.value(noise).to_vec())
    }

    /// The k-th moment of N numbers is that of N(0, 1) up to five of its standard deviations.
    #[test]
    fn noise_has_the_moments_of_a_normal_distribution() {
        let [noise, other] = noise(RunOptions::default());
        let mean = |f: &dyn Fn(usize) -> f64| (0..N).map(f).sum::<f64>() / N as f64;
        let bound = |variance: f64| 5.0 * (variance / N as f64).sqrt();
        assert!(mean(&|i| noise[i]).abs() < bound(1.0));
        assert!((mean(&|i| noise[i].powi(2)) - 1.0).abs() < bound(2.0));
        assert!(mean(&|i| noise[i].powi(3)).abs() < bound(15.0));
        assert!((mean(&|i| noise[i].powi(4)) - 3.0).abs() < bound(96.0));
        assert!(mean(&|i| noise[i] * other[i]).abs() < bound(1.0));
    }

    #[test]
    fn noise_depends_on_seed_and_step_and_is_absent_in_evaluation() {
        let options = |seed, step| RunOptions { seed, step, ..RunOptions::default() };
        assert_eq!(noise(options(1, 2)), noise(options(1, 2)));
        assert_ne!(noise(options(1, 2)), noise(options(1, 3)));
        assert_ne!(noise(options(1, 2)), noise(options(2, 2)));
        let evaluation = RunOptions { mode: Mode::Evaluation, ..options(1, 2) };
        assert!(noise(evaluation).iter().flatten().all(|&x| x == 0.0));
    }
}
