//! y = tanh x, elementwise.
//!
//! x̄ = ȳ ⊙ (1 − y²)

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tanh;

impl Operation for Tanh {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let one = graph.constant(1.0, []);
        let square = graph.square(at.value);
        let slope = graph.sub(one, square)?;
        graph.mul(at.upstream, slope).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::tanh);
    }
}

impl Graph {
    /// tanh x, elementwise.
    pub fn tanh(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Tanh, x)
    }
}
