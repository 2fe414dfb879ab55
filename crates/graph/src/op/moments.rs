//! mⱼ = 1/n Σᵢ xᵢⱼ and vⱼ = 1/n Σᵢ (xᵢⱼ − mⱼ)²: the mean and the variance over all axes but the last, as the two
//! rows of one value.
//!
//! x̄ᵢⱼ = (m̄ⱼ + 2 (xᵢⱼ − mⱼ) v̄ⱼ) / n

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Moments;

impl Operation for Moments {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        // Of a number, the axis that is missing is named.
        let [_, columns, _] = inputs[0].around(inputs[0].rank().saturating_sub(1))?;
        Ok([2, columns].into())
    }

    /// A sum, a difference, a square and a sum for each element.
    fn flops(&self, inputs: &[Shape], _value: Shape) -> u64 {
        4 * inputs[0].elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let x = at.inputs[0];
        let columns = graph.shape(at.value).sizes()[1];
        let n = (graph.shape(x).elements() / columns.max(1)) as f64;
        let mean = graph.row(at.value, 0)?;
        let [by_mean, by_variance] = [graph.row(at.upstream, 0)?, graph.row(at.upstream, 1)?];
        let [one, two] = [1.0, 2.0].map(|k| graph.constant(k / n, []));
        let (by_mean, slope) = (graph.mul(one, by_mean)?, graph.mul(two, by_variance)?);
        let distance = graph.sub(x, mean)?;
        let scaled = graph.mul(distance, slope)?;
        graph.add(scaled, by_mean).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        kernel::moments(run.inputs[0].each(), run.shape.sizes()[1], run.value);
    }
}

impl Graph {
    /// The mean and the variance over all axes but the last: `[…, k]` to `[k]` and `[k]`.
    pub(crate) fn moments(&mut self, x: Tensor) -> Result<[Tensor; 2], GraphError> {
        let moments = self.apply(Moments, &[x])?;
        Ok([self.row(moments, 0)?, self.row(moments, 1)?])
    }

    /// Row `i` of a matrix, as a vector.
    fn row(&mut self, matrix: Tensor, i: usize) -> Result<Tensor, GraphError> {
        let row = self.slice(matrix, 0, i..i + 1)?;
        self.reshape(row, [self.shape(matrix).sizes()[1]])
    }
}
