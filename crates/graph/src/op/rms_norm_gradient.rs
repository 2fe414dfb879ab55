//! g = (u − y · mean(u ⊙ y)) / √(mean x² + ε), along the last axis, with y = x / √(mean x² + ε): the gradient
//! of the normalization of x by its root mean square, for the upstream u.
//!
//! By u, the same with ḡ in place of u, since the matrix of slopes is symmetric. By x, that of the formula
//! made of simple nodes.

use super::layer_norm::Epsilon;
use super::rms_norm::normalize;
use super::{Along, Gradient, Operation, Run, Site, over_last_axis};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RmsNormGradient {
    pub epsilon: Epsilon,
}

impl Operation for RmsNormGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0], inputs[1]) {
            (x, u) if x == u => self.epsilon.shape(x),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        over_last_axis(inputs[0])
    }

    /// Those of the normalization; for the mean a product and a sum; then two products and a difference, for
    /// each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        8 * value.elements() as u64
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
            |[x, u], g| rms_norm_gradient(x, u, epsilon, g),
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
    let square = graph.square(x);
    let mean = graph.mean_last(square)?;
    let epsilon = graph.constant(epsilon.value(), []);
    let mean = graph.add(mean, epsilon)?;
    let root = graph.sqrt(mean);
    let y = graph.div(x, root)?;
    let uy = graph.mul(u, y)?;
    let mean_uy = graph.mean_last(uy)?;
    let along = graph.mul(y, mean_uy)?;
    let rest = graph.sub(u, along)?;
    graph.div(rest, root)
}

/// g ← the gradient, of one row.
#[inline(always)]
fn rms_norm_gradient<T: Element>(x: &[T], u: &[T], epsilon: T, g: &mut [T]) {
    let factor = normalize(x, epsilon, g);
    let mean_uy = kernel::dot(u, g) / T::from_f64(x.len() as f64);
    for (g, &u) in g.iter_mut().zip(u) {
        *g = (u - *g * mean_uy) * factor;
    }
}
