//! y = −x, elementwise.
//!
//! x̄ = −ȳ

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Neg;

impl Operation for Neg {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        Ok(Some(graph.neg(at.upstream)))
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(|x| -x);
    }
}

impl Graph {
    /// −x, elementwise.
    pub fn neg(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Neg, x)
    }
}
