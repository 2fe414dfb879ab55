//! y = a / b, elementwise under broadcasting.
//!
//! ā = ȳ / b, b̄ = −ȳ ⊙ y / b, summed to the shape of the operand.

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Div;

impl Operation for Div {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        inputs[0].broadcast(inputs[1])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let by_left = graph.div(at.upstream, at.inputs[1])?;
        let gradient = if at.wanted == 0 {
            by_left
        } else {
            let product = graph.mul(by_left, at.value)?;
            graph.neg(product)
        };
        graph.sum_to(gradient, graph.shape(at.inputs[at.wanted])).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.zip(|a, b| a / b);
    }
}

impl Graph {
    /// a / b, elementwise; shapes broadcast as in NumPy.
    ///
    /// # Errors
    ///
    /// If the shapes do not broadcast.
    pub fn div(&mut self, a: Tensor, b: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Div, &[a, b])
    }
}
