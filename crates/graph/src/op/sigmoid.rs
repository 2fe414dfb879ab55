//! y = 1 / (1 + e⁻ˣ), elementwise.
//!
//! x̄ = ȳ ⊙ y ⊙ (1 − y)

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sigmoid;

impl Operation for Sigmoid {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let one = graph.constant(1.0, []);
        let rest = graph.sub(one, at.value)?;
        let slope = graph.mul(at.value, rest)?;
        graph.mul(at.upstream, slope).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::sigmoid);
    }
}

impl Graph {
    /// 1 / (1 + e⁻ˣ), elementwise.
    pub fn sigmoid(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Sigmoid, x)
    }
}
