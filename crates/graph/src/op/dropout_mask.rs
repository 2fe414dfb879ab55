//! yᵢ = 1 / (1 − rate) with probability 1 − rate, else 0: the mask of dropout.
//!
//! Srivastava et al., *Dropout: a simple way to prevent neural networks from overfitting*, JMLR 15, 2014.
//! There the weights are scaled after training; here, as is usual now, the mask is scaled instead, so
//! that its mean is 1 and evaluation uses no mask at all.
//!
//! The mask is a pure function of (seed, name of the node, step, index).

use thalweg_random::Stream;

use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Mode, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DropoutMask {
    /// The name of the node, so that every mask has random numbers of its own.
    stream: String,
    /// The rate's bits, by which two masks are compared.
    rate: u64,
    shape: Shape,
}

impl Operation for DropoutMask {
    fn shape(&self, _inputs: &[Shape]) -> Result<Shape, Problem> {
        let rate = f64::from_bits(self.rate);
        if !(0.0..1.0).contains(&rate) {
            return Err(Problem::Rate { rate: rate.to_string() });
        }
        Ok(self.shape)
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        (self.shape.rank() > 0).then_some([false; MAX_OPERANDS])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        if run.options.mode == Mode::Evaluation {
            return run.value.fill(T::constant(1.0));
        }
        let rate = f64::from_bits(self.rate);
        let [dropped, kept] = [0.0, 1.0 / (1.0 - rate)].map(T::from_f64);
        let stream = Stream::new(run.options.seed, &self.stream).substream(run.options.step);
        let row = run.shape.sizes().get(1..).map_or(0, |inner| inner.iter().product());
        let first = (run.first_row * row) as u64;
        for (i, y) in (first..).zip(run.value) {
            *y = if stream.uniform(i) < rate { dropped } else { kept };
        }
    }
}

impl Graph {
    /// Dropout: in training each value is 0 with probability `rate`, and otherwise scaled by
    /// 1 / (1 − rate); in evaluation nothing changes. The rate is at least 0 and below 1.
    ///
    /// # Errors
    ///
    /// If the rate is out of range.
    pub fn dropout(&mut self, x: Tensor, rate: f64) -> Result<Tensor, GraphError> {
        let (stream, shape) = (self.free_name("dropout_mask"), self.shape(x));
        let mask = self.apply(DropoutMask { stream, rate: rate.to_bits(), shape }, &[])?;
        self.mul(x, mask)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Graph, Mode, Parameters, Plan, RunOptions};

    fn mask(options: RunOptions) -> Vec<f64> {
        let mut graph = Graph::new();
        let ones = graph.constant(1.0, [40_000]);
        let mask = graph.dropout(ones, 0.25).unwrap();
        let mut plan = Plan::compile(&graph, &[mask], None);
        plan.run(&Parameters::zeros(&graph), options).unwrap();
        plan.value(mask).to_vec()
    }

    #[test]
    fn a_mask_has_mean_one_and_drops_its_rate() {
        let mask = mask(RunOptions::default());
        let dropped = mask.iter().filter(|x| **x == 0.0).count();
        // Binomial(40000, 1/4): five standard deviations are 433.
        assert!(dropped.abs_diff(10_000) < 433, "{dropped}");
        assert!(mask.iter().all(|&x| x == 0.0 || x == 4.0 / 3.0));
    }

    #[test]
    fn a_mask_depends_on_seed_and_step_and_is_absent_in_evaluation() {
        let options = |seed, step| RunOptions { seed, step, ..RunOptions::default() };
        assert_eq!(mask(options(1, 2)), mask(options(1, 2)));
        assert_ne!(mask(options(1, 2)), mask(options(1, 3)));
        assert_ne!(mask(options(1, 2)), mask(options(2, 2)));
        assert!(mask(RunOptions { mode: Mode::Evaluation, ..options(1, 2) }).iter().all(|&x| x == 1.0));
    }
}
