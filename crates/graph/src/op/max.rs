//! y = max(a, b), elementwise under broadcasting; NaN where either is NaN.
//!
//! b̄ = ȳ where b > a, else 0; ā = ȳ − b̄: where both are the same, the gradient goes to the first.
//! Each is summed to the shape of the operand.

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Max;

impl Operation for Max {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        inputs[0].broadcast(inputs[1])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [a, b] = [at.inputs[0], at.inputs[1]];
        let greater = graph.sub(b, a)?;
        graph.share_of(at, greater).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.zip(greater);
    }
}

impl Graph {
    /// The greater of a and b, elementwise; shapes broadcast as in NumPy. NaN where either is NaN. Where
    /// both are the same, the gradient goes to `a`.
    ///
    /// # Errors
    ///
    /// If the shapes do not broadcast.
    pub fn max(&mut self, a: Tensor, b: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Max, &[a, b])
    }

    /// What an operand gets of the upstream gradient: the second gets it where `second` is above 0, and
    /// the first gets the rest.
    pub(super) fn share_of(
        &mut self,
        at: &Site<'_>,
        second: Tensor,
    ) -> Result<Tensor, GraphError> {
        let to_second = self.gate(at.upstream, second)?;
        let share = if at.wanted == 0 { self.sub(at.upstream, to_second)? } else { to_second };
        self.sum_to(share, self.shape(at.inputs[at.wanted]))
    }
}

/// The greater of two, the first where both are the same, and NaN where either is NaN.
#[inline(always)]
pub(super) fn greater<T: Element>(a: T, b: T) -> T {
    if b > a {
        b
    } else if b <= a {
        a
    } else {
        a + b
    }
}
