//! Y = X with zeros before and after it along one axis.
//!
//! X̄ = the part of Ȳ between them: this and the slice of an axis are each other's gradient.

use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pad {
    pub axis: usize,
    pub before: usize,
    pub after: usize,
}

impl Operation for Pad {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [_, size, _] = inputs[0].around(self.axis)?;
        Ok(inputs[0].with_size(self.axis, self.before + size + self.after))
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        (self.axis > 0).then_some([true; MAX_OPERANDS])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let size = graph.shape(at.inputs[0]).sizes()[self.axis];
        graph.slice(at.upstream, self.axis, self.before..self.before + size).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let inner = run.shape.inner(self.axis);
        let length = run.inputs[0].shape.sizes()[self.axis] * inner;
        let from = kernel::Stretch { row: length, start: 0 };
        let to = kernel::Stretch {
            row: run.shape.sizes()[self.axis] * inner,
            start: self.before * inner,
        };
        run.value.fill(T::constant(0.0));
        kernel::copy(run.inputs[0].each(), from, run.value, to, length);
    }
}

impl Graph {
    /// `x` with `before` zeros in front of it and `after` zeros behind it along `axis`: sizes `[…, s, …]`
    /// to `[…, before + s + after, …]`.
    ///
    /// # Errors
    ///
    /// If there is no such axis.
    pub fn pad(
        &mut self,
        x: Tensor,
        axis: usize,
        before: usize,
        after: usize,
    ) -> Result<Tensor, GraphError> {
        match (before, after) {
            (0, 0) if axis < self.shape(x).rank() => Ok(x),
            _ => self.apply(Pad { axis, before, after }, &[x]),
        }
    }
}
