//! g = y ⊙ (u − Σₗ uₗ yₗ), along the last axis: the gradient of the softmax of value y, for the upstream u.
//!
//! ū = y ⊙ (ḡ − Σₗ ḡₗ yₗ), since the matrix of slopes is symmetric;
//! ȳ = ḡ ⊙ (u − Σₗ uₗ yₗ) − u · Σₗ ḡₗ yₗ

use super::{Along, Gradient, Operation, Run, Site, over_last_axis};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SoftmaxGradient;

impl Operation for SoftmaxGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0], inputs[1]) {
            (y, u) if y == u => y.last().map(|_| y),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        over_last_axis(inputs[0])
    }

    /// A product, a sum, a difference and a product for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        4 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [y, u, upstream] = [at.inputs[0], at.inputs[1], at.upstream];
        if at.wanted == 1 {
            return graph.softmax_gradient(y, upstream).map(Some);
        }
        let [uy, gy] = [graph.mul(u, y)?, graph.mul(upstream, y)?];
        let [uy, gy] = [graph.sum_last(uy)?, graph.sum_last(gy)?];
        let rest = graph.sub(u, uy)?;
        let [first, second] = [graph.mul(upstream, rest)?, graph.mul(u, gy)?];
        graph.sub(first, second).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.rows(
            #[inline(always)]
            |[y, u], g| softmax_gradient(y, u, g),
        );
    }
}

impl Graph {
    /// The gradient of the softmax of value `y` along the last axis, for the upstream `u`.
    pub(crate) fn softmax_gradient(&mut self, y: Tensor, u: Tensor) -> Result<Tensor, GraphError> {
        self.apply(SoftmaxGradient, &[y, u])
    }
}

/// g ← y ⊙ (u − Σₗ uₗ yₗ), of one row.
#[inline(always)]
fn softmax_gradient<T: Element>(y: &[T], u: &[T], g: &mut [T]) {
    let sum = kernel::dot(u, y);
    for (g, (&y, &u)) in g.iter_mut().zip(y.iter().zip(u)) {
        *g = y * (u - sum);
    }
}
