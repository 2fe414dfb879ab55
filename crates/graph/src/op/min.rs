//! y = min(a, b), elementwise under broadcasting; NaN where either is NaN.
//!
//! b̄ = ȳ where b < a, else 0; ā = ȳ − b̄: where both are the same, the gradient goes to the first.
//! Each is summed to the shape of the operand.

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Min;

impl Operation for Min {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        inputs[0].broadcast(inputs[1])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [a, b] = [at.inputs[0], at.inputs[1]];
        let lesser = graph.sub(a, b)?;
        graph.share_of(at, lesser).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.zip(lesser);
    }
}

impl Graph {
    /// The lesser of a and b, elementwise; shapes broadcast as in NumPy. NaN where either is NaN. Where
    /// both are the same, the gradient goes to `a`.
    ///
    /// # Errors
    ///
    /// If the shapes do not broadcast.
    pub fn min(&mut self, a: Tensor, b: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Min, &[a, b])
    }
}

/// The lesser of two, the first where both are the same, and NaN where either is NaN.
#[inline(always)]
pub(super) fn lesser<T: Element>(a: T, b: T) -> T {
    if b < a {
        b
    } else if b >= a {
        a
    } else {
        a + b
    }
}
