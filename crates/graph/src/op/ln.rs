//! y = ln x, elementwise.
//!
//! x̄ = ȳ / x

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ln;

impl Operation for Ln {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.div(at.upstream, at.inputs[0]).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::ln);
    }
}

impl Graph {
    /// ln x, elementwise; −∞ at 0 and NaN below.
    pub fn ln(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Ln, x)
    }
}
