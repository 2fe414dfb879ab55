//! y = |x|, elementwise.
//!
//! x̄ = ȳ ⊙ sign(x), with 0 at 0.

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Abs;

impl Operation for Abs {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let sign = graph.sign(at.inputs[0]);
        graph.mul(at.upstream, sign).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::abs);
    }
}

impl Graph {
    /// |x|, elementwise.
    pub fn abs(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Abs, x)
    }
}
