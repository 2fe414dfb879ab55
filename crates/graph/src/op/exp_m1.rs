//! y = eˣ − 1, elementwise, exact also near 0.
//!
//! x̄ = ȳ ⊙ eˣ

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ExpM1;

impl Operation for ExpM1 {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let slope = graph.exp(at.inputs[0]);
        graph.mul(at.upstream, slope).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::exp_m1);
    }
}

impl Graph {
    /// eˣ − 1, elementwise, exact also near 0.
    pub fn exp_m1(&mut self, x: Tensor) -> Tensor {
        self.elementwise(ExpM1, x)
    }
}
