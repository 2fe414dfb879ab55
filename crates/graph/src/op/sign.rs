//! y = sign(x), elementwise: −1, 0 or 1.
//!
//! x̄ = 0

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sign;

impl Operation for Sign {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::sign);
    }
}

impl Graph {
    /// −1, 0 or 1: the sign of x, elementwise, with 0 for 0.
    pub fn sign(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Sign, x)
    }
}
