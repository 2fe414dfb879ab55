//! y = √x, elementwise.
//!
//! x̄ = ȳ / (2 y)

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sqrt;

impl Operation for Sqrt {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let two = graph.constant(2.0, []);
        let slope = graph.mul(two, at.value)?;
        graph.div(at.upstream, slope).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::sqrt);
    }
}

impl Graph {
    /// √x, elementwise; NaN below 0.
    pub fn sqrt(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Sqrt, x)
    }
}
