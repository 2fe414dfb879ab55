//! A tensor repeated to a larger shape, by the rule of NumPy.
//!
//! x̄ = ȳ, summed over what was repeated: the two operations are each other's gradient.

use super::{Along, Gradient, Operation, Run, Site, elementwise_rows};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BroadcastTo {
    to: Shape,
}

impl Operation for BroadcastTo {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match inputs[0].broadcast(self.to) {
            Ok(shape) if shape == self.to => Ok(shape),
            _ => Err(Problem::Spread { from: inputs[0], to: self.to }),
        }
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        elementwise_rows(&[inputs[0], self.to]).map(|[along, ..]| [along, false, false, false])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.sum_to(at.upstream, graph.shape(at.inputs[0])).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        kernel::broadcast_to(run.inputs[0].each(), run.inputs[0].shape, run.shape, run.value);
    }
}

impl Graph {
    /// `x` repeated to `shape`, as NumPy broadcasts.
    ///
    /// # Errors
    ///
    /// If the shape of `x` does not broadcast to `shape`.
    pub fn broadcast_to(&mut self, x: Tensor, shape: impl Into<Shape>) -> Result<Tensor, GraphError> {
        match shape.into() {
            to if to == self.shape(x) => Ok(x),
            to => self.apply(BroadcastTo { to }, &[x]),
        }
    }
}
