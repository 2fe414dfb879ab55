//! A tensor that training changes. Its values are kept outside the plan, in
//! [`Parameters`](crate::Parameters), so that there is nothing to calculate.

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Role, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Parameter {
    pub shape: Shape,
    pub role: Role,
}

impl Operation for Parameter {
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
