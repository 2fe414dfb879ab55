//! The node that moves the parameters. Its operands are all parameters and all their gradients; it has
//! no value. It is a node so that the graph shows where training takes hold; the plan gives the
//! operands to a [`thalweg_optim::Optimizer`] after everything else.

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Optimizer;

impl Operation for Optimizer {
    fn shape(&self, _inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok([0].into())
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, _run: Run<'_, T>) {}
}
