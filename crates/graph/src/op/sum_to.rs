//! The sum over the dimensions along which a smaller shape would be repeated to give the larger one.
//!
//! x̄ = ȳ, repeated: the two operations are each other's gradient.

use super::{Along, Div, Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::shape::MAX_RANK;
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SumTo {
    to: Shape,
}

impl Operation for SumTo {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match self.to.broadcast(inputs[0]) {
            Ok(shape) if shape == inputs[0] => Ok(self.to),
            _ => Err(Problem::Spread { from: self.to, to: inputs[0] }),
        }
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        let kept = self.to.rank() == inputs[0].rank() && self.to.sizes().first() == inputs[0].sizes().first();
        (kept && self.to.rank() > 0).then_some([true, false, false, false])
    }

    /// The additions: one fewer than terms, for each sum.
    fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
        inputs[0].elements().saturating_sub(value.elements()) as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.broadcast_to(at.upstream, graph.shape(at.inputs[0])).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let (x, threads) = (run.inputs[0], run.options.threads);
        kernel::sum_to(x.each(), x.shape, run.shape, run.value, threads);
    }
}

impl Graph {
    /// The sum of `x` over the dimensions along which `shape` would be repeated to give that of `x`.
    ///
    /// # Errors
    ///
    /// If `shape` does not broadcast to that of `x`.
    pub fn sum_to(&mut self, x: Tensor, shape: impl Into<Shape>) -> Result<Tensor, GraphError> {
        match shape.into() {
            to if to == self.shape(x) => Ok(x),
            to => {
                // Of many rows some at a time, and within rows first: a plan can do that where the rows are
                // made.
                let x = if let Some([groups, rows, columns]) = in_groups(self.shape(x), to) {
                    let x = self.reshape(x, [groups, rows, columns])?;
                    self.apply(SumTo { to: [groups, 1, columns].into() }, &[x])?
                } else if let Some(within) = within_rows(self.shape(x), to) {
                    self.apply(SumTo { to: within }, &[x])?
                } else {
                    x
                };
                self.apply(SumTo { to }, &[x])
            }
        }
    }

    /// The sum of all values, of shape [].
    pub fn sum(&mut self, x: Tensor) -> Tensor {
        self.push(SumTo { to: Shape::SCALAR }.into(), "sum", vec![x], Shape::SCALAR)
    }

    /// The sum over some axes, which are then gone.
    ///
    /// # Errors
    ///
    /// If there is no such axis.
    pub fn sum_axes(&mut self, x: Tensor, axes: &[usize]) -> Result<Tensor, GraphError> {
        let shape = self.shape(x);
        let ones = shape.with_ones(axes).map_err(|problem| self.error("sum", problem))?;
        let sum = self.sum_to(x, ones)?;
        self.reshape(sum, shape.without(axes))
    }

    /// The sum over the last axis, which stays with size 1.
    pub(crate) fn sum_last(&mut self, x: Tensor) -> Result<Tensor, GraphError> {
        let shape = self.shape(x);
        let last = shape.rank().saturating_sub(1);
        let ones = shape.with_ones(&[last]).map_err(|problem| self.error("sum", problem))?;
        self.sum_to(x, ones)
    }

    /// The mean over the last axis, which stays with size 1.
    pub(crate) fn mean_last(&mut self, x: Tensor) -> Result<Tensor, GraphError> {
        let sum = self.sum_last(x)?;
        let count = self.shape(x).sizes().last().copied().unwrap_or(1);
        let count = self.constant(count as f64, []);
        self.div(sum, count)
    }

    /// The mean of all values, of shape [].
    pub fn mean(&mut self, x: Tensor) -> Tensor {
        let sum = self.sum(x);
        let count = self.constant(self.shape(x).elements() as f64, []);
        self.push(Div.into(), "mean", vec![sum, count], Shape::SCALAR)
    }

    /// The mean over some axes, which are then gone.
    ///
    /// # Errors
    ///
    /// If there is no such axis.
    pub fn mean_axes(&mut self, x: Tensor, axes: &[usize]) -> Result<Tensor, GraphError> {
        let sum = self.sum_axes(x, axes)?;
        let count = self.shape(x).elements() as f64 / self.shape(sum).elements() as f64;
        let count = self.constant(count, []);
        self.div(sum, count)
    }

    /// The variance over some axes, which are then gone: the mean of the squared distances from the mean.
    ///
    /// # Errors
    ///
    /// If there is no such axis.
    pub fn variance_axes(&mut self, x: Tensor, axes: &[usize]) -> Result<Tensor, GraphError> {
        let mean = self.mean_axes(x, axes)?;
        let ones = self.shape(x).with_ones(axes).map_err(|problem| self.error("mean", problem))?;
        let mean = self.reshape(mean, ones)?;
        let distance = self.sub(x, mean)?;
        let square = self.square(distance);
        self.mean_axes(square, axes)
    }
}

/// The shape of a sum to `to` before rows are added to each other, if that is neither `from` nor as good as `to`.
fn within_rows(from: Shape, to: Shape) -> Option<Shape> {
    let is_sum = to.broadcast(from) == Ok(from);
    let within = (1..from.rank()).fold(from, |shape, axis| {
        shape.with_size(axis, to.aligned(MAX_RANK - from.rank() + axis))
    });
    (is_sum && within != from && within.elements() != to.elements()).then_some(within)
}

/// The groups into which to cut the rows of a matrix before they are added to each other, if that pays: as
/// many rows to each as divide them, up to 64.
fn in_groups(from: Shape, to: Shape) -> Option<[usize; 3]> {
    const MOST: usize = 64;
    const LEAST: usize = 16;
    const GROUPS: usize = 16;
    let (&[rows, columns], &[sums]) = (from.sizes(), to.sizes()) else { return None };
    let group = (LEAST..=MOST).rev().find(|&group| rows.is_multiple_of(group))?;
    (columns == sums && rows >= GROUPS * group).then_some([rows / group, group, columns])
}

#[cfg(test)]
mod tests {
    use crate::plan::naive;
    use crate::{Graph, Parameters, Role, RunOptions};

    #[test]
    fn many_rows_are_summed_in_groups() {
        let mut graph = Graph::new();
        let x = graph.parameter("x", [1040, 3], Role::Other);
        let sum = graph.sum_to(x, [3]).unwrap();
        let nodes = graph.nodes().map(|(_, node)| node.shape().sizes().to_vec());
        let expected: [&[usize]; 4] = [&[1040, 3], &[20, 52, 3], &[20, 1, 3], &[3]];
        assert_eq!(nodes.collect::<Vec<_>>(), expected);
        let mut parameters = Parameters::<f64>::zeros(&graph);
        for (i, x) in parameters.values_mut().iter_mut().enumerate() {
            *x = (i as f64).sin();
        }
        let values =
            naive::evaluate(&graph, &Default::default(), &parameters, RunOptions::default());
        for (j, got) in values[sum.0].iter().enumerate() {
            let expected: f64 = parameters.values().iter().skip(j).step_by(3).sum();
            assert!((got - expected).abs() < 1e-12, "{got} {expected}");
        }
    }
}
