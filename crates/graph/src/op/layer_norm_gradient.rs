//! g = (u − mean u − y · mean(u ⊙ y)) / √(σ² + ε), along the last axis, with y = (x − μ) / √(σ² + ε): the
//! gradient of the layer normalization of x, for the upstream u.
//!
//! By u, the same with ḡ in place of u, since the matrix of slopes is symmetric. By x, that of the formula
//! made of simple nodes.

use super::layer_norm::{Epsilon, normalize};
use super::{Along, Gradient, Operation, Run, Site, over_last_axis};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LayerNormGradient {
    pub epsilon: Epsilon,
}

impl Operation for LayerNormGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0], inputs[1]) {
            (x, u) if x == u => self.epsilon.shape(x),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        over_last_axis(inputs[0])
    }

    /// Those of the normalization; for the means a product and two sums; then two products and two
    /// differences, for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        12 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        match at.wanted {
            0 => graph.gradient_of_composed(at, |graph, inputs| {
                composed(graph, inputs[0], inputs[1], self.epsilon)
            }),
            _ => graph.apply(self.clone(), &[at.inputs[0], at.upstream]).map(Some),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let epsilon = T::from_f64(self.epsilon.value());
        run.rows(
            #[inline(always)]
            |[x, u], g| layer_norm_gradient(x, u, epsilon, g),
        );
    }
}

/// The value, of simple nodes.
fn composed(
    graph: &mut Graph,
    x: Tensor,
    u: Tensor,
    epsilon: Epsilon,
) -> Result<Tensor, GraphError> {
    let mean = graph.mean_last(x)?;
    let distance = graph.sub(x, mean)?;
    let square = graph.square(distance);
    let variance = graph.mean_last(square)?;
    let epsilon = graph.constant(epsilon.value(), []);
    let variance = graph.add(variance, epsilon)?;
    let deviation = graph.sqrt(variance);
    let y = graph.div(distance, deviation)?;
    let uy = graph.mul(u, y)?;
    let [mean_u, mean_uy] = [graph.mean_last(u)?, graph.mean_last(uy)?];
    let along = graph.mul(y, mean_uy)?;
    let rest = graph.sub(u, mean_u)?;
    let rest = graph.sub(rest, along)?;
    graph.div(rest, deviation)
}

/// g ← the gradient, of one row.
#[inline(always)]
fn layer_norm_gradient<T: Element>(x: &[T], u: &[T], epsilon: T, g: &mut [T]) {
    let n = T::from_f64(x.len() as f64);
    let factor = normalize(x, epsilon, g);
    let (mean_u, mean_uy) = (kernel::sum(u) / n, kernel::dot(u, g) / n);
    for (g, &u) in g.iter_mut().zip(u) {
        *g = (u - mean_u - *g * mean_uy) * factor;
    }
}
