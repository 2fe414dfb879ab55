//! y = ln(1 + eˣ), elementwise.
//!
//! x̄ = ȳ ⊙ sigmoid(x)

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Softplus;

impl Operation for Softplus {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let slope = graph.sigmoid(at.inputs[0]);
        graph.mul(at.upstream, slope).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::softplus);
    }
}

impl Graph {
    /// ln(1 + eˣ), elementwise: the logistic loss of the margin −x.
    pub fn softplus(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Softplus, x)
    }
}
