//! y = a ⊙ b, elementwise under broadcasting.
//!
//! ā = ȳ ⊙ b, b̄ = ȳ ⊙ a, summed to the shape of the operand.

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mul;

impl Operation for Mul {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        inputs[0].broadcast(inputs[1])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let other = at.inputs[1 - at.wanted];
        let gradient = graph.mul(at.upstream, other)?;
        graph.sum_to(gradient, graph.shape(at.inputs[at.wanted])).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.zip(|a, b| a * b);
    }
}

impl Graph {
    /// a · b, elementwise; shapes broadcast as in NumPy.
    ///
    /// # Errors
    ///
    /// If the shapes do not broadcast.
    pub fn mul(&mut self, a: Tensor, b: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Mul, &[a, b])
    }
}
