//! y = max(x, 0), elementwise.
//!
//! x̄ = ȳ where y > 0, else 0: the gradient at 0 is 0. It is read off y, so that x need not be kept.

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Relu;

impl Operation for Relu {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.gate(at.upstream, at.value).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        // Not `max`, which would hide a NaN.
        let zero = T::constant(0.0);
        run.map(move |x| zero.if_greater(x, zero, x));
    }
}

impl Graph {
    /// max(x, 0), elementwise. The gradient at 0 is 0.
    pub fn relu(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Relu, x)
    }
}
