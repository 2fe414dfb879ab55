//! y = x², elementwise.
//!
//! x̄ = 2 x ⊙ ȳ

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Square;

impl Operation for Square {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let two = graph.constant(2.0, []);
        let slope = graph.mul(two, at.inputs[0])?;
        graph.mul(at.upstream, slope).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(|x| x * x);
    }
}

impl Graph {
    /// x², elementwise.
    pub fn square(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Square, x)
    }
}
