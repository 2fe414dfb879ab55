//! yᵢⱼ = exp(zᵢⱼ) / Σₗ exp(zᵢₗ), for each row i of a matrix; the greatest z of the row is subtracted
//! first, which changes nothing but keeps exp from overflowing.
//!
//! z̄ = y ⊙ (ȳ − Σₗ ȳₗ yₗ)

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Softmax;

impl Operation for Softmax {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        inputs[0].matrix().map(Shape::from)
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        softmax_gradient(graph, at.value, at.upstream).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let columns = run.shape.sizes()[1].max(1);
        let rows = run.inputs[0].each().chunks_exact(columns);
        for (z, y) in rows.zip(run.value.chunks_exact_mut(columns)) {
            softmax(z, y);
        }
    }
}

impl Graph {
    /// The softmax of each row of a matrix: positive, with sum 1.
    ///
    /// # Errors
    ///
    /// If `z` is not a matrix.
    pub fn softmax(&mut self, z: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Softmax, &[z])
    }
}

/// y ⊙ (u − Σₗ uₗ yₗ), for each row: the gradient of softmax, of value y, for the upstream u.
pub(crate) fn softmax_gradient(graph: &mut Graph, y: Tensor, u: Tensor) -> Result<Tensor, GraphError> {
    let rows = graph.shape(y).with_ones(&[1]).map_err(|problem| graph.error("softmax", problem))?;
    let weighted = graph.mul(u, y)?;
    let sum = graph.sum_to(weighted, rows)?;
    let rest = graph.sub(u, sum)?;
    graph.mul(y, rest)
}

/// y ← softmax(z), of one row.
pub(crate) fn softmax<T: Element>(z: &[T], y: &mut [T]) {
    let top = greatest(z);
    let mut sum = T::constant(0.0);
    for (y, &z) in y.iter_mut().zip(z) {
        *y = (z - top).exp();
        sum = sum + *y;
    }
    for y in y {
        *y = *y / sum;
    }
}

/// −ln softmax(z)꜀, of one row. The difference of scores is taken before the logarithm is added, so that
/// a small loss keeps its digits beside large scores.
pub(crate) fn minus_ln_softmax<T: Element>(z: &[T], class: usize) -> T {
    let top = greatest(z);
    let sum = z.iter().fold(T::constant(0.0), |sum, &z| sum + (z - top).exp());
    sum.ln() + (top - z[class])
}

fn greatest<T: Element>(z: &[T]) -> T {
    z.iter().fold(T::constant(f64::NEG_INFINITY), |top, &z| top.max(z))
}
