//! y = a − b, elementwise under broadcasting.
//!
//! ā = ȳ, b̄ = −ȳ, summed to the shape of the operand.

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sub;

impl Operation for Sub {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        inputs[0].broadcast(inputs[1])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let gradient = graph.sum_to(at.upstream, graph.shape(at.inputs[at.wanted]))?;
        Ok(Some(if at.wanted == 0 { gradient } else { graph.neg(gradient) }))
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.zip(|a, b| a - b);
    }
}

impl Graph {
    /// a − b, elementwise; shapes broadcast as in NumPy.
    ///
    /// # Errors
    ///
    /// If the shapes do not broadcast.
    pub fn sub(&mut self, a: Tensor, b: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Sub, &[a, b])
    }
}
