//! A tensor that is given anew for each run. It has no gradient to pass on and nothing to calculate.

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Input {
    pub shape: Shape,
}

impl Operation for Input {
    fn shape(&self, _inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(self.shape)
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, _run: Run<'_, T>) {}
}
