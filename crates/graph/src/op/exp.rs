//! y = eˣ, elementwise.
//!
//! x̄ = ȳ ⊙ y

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Exp;

impl Operation for Exp {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.mul(at.upstream, at.value).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::exp);
    }
}

impl Graph {
    /// eˣ, elementwise.
    pub fn exp(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Exp, x)
    }
}
