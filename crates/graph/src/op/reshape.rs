//! The same values in another shape.
//!
//! x̄ = ȳ in the old shape.

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reshape {
    pub to: Shape,
}

impl Operation for Reshape {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let (from, to) = (inputs[0], self.to);
        if from.elements() == to.elements() { Ok(to) } else { Err(Problem::Reshape { from, to }) }
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.reshape(at.upstream, graph.shape(at.inputs[0])).map(Some)
    }

    /// A plan copies only where it cannot read the operand itself.
    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.value.copy_from_slice(run.inputs[0].each());
    }
}

impl Graph {
    /// The values of `x`, in row-major order, as `shape`.
    ///
    /// # Errors
    ///
    /// If `shape` has another number of values.
    pub fn reshape(&mut self, x: Tensor, shape: impl Into<Shape>) -> Result<Tensor, GraphError> {
        match shape.into() {
            to if to == self.shape(x) => Ok(x),
            to => self.apply(Reshape { to }, &[x]),
        }
    }
}
