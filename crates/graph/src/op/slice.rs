//! Y = the parts start to end − 1 of X along one axis.
//!
//! X̄ = Ȳ between zeros: this and the padding of an axis are each other's gradient.

use std::ops::Range;

use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slice {
    axis: usize,
    range: Range<usize>,
}

impl Operation for Slice {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let (shape, axis) = (inputs[0], self.axis);
        let [_, size, _] = shape.around(axis)?;
        let Range { start, end } = self.range;
        if start > end || end > size {
            return Err(Problem::Range { start, end, axis, shape });
        }
        Ok(shape.with_size(axis, end - start))
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        (self.axis > 0).then_some([true; MAX_OPERANDS])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let size = graph.shape(at.inputs[0]).sizes()[self.axis];
        graph.pad(at.upstream, self.axis, self.range.start, size - self.range.end).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let inner = run.shape.inner(self.axis);
        let from = kernel::Stretch {
            row: run.inputs[0].shape.sizes()[self.axis] * inner,
            start: self.range.start * inner,
        };
        let length = self.range.len() * inner;
        let to = kernel::Stretch { row: length, start: 0 };
        kernel::copy(run.inputs[0].each(), from, run.value, to, length);
    }
}

impl Graph {
    /// The parts `range` of `x` along `axis`: sizes `[…, s, …]` to `[…, range.len(), …]`.
    ///
    /// ```
    /// use thalweg_graph::Graph;
    ///
    /// let mut graph = Graph::new();
    /// let x = graph.input("x", [2, 10]);
    /// let y = graph.slice(x, 1, 3..7)?;
    /// assert_eq!(graph.shape(y).sizes(), [2, 4]);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no such axis, or the range does not lie within it.
    pub fn slice(
        &mut self,
        x: Tensor,
        axis: usize,
        range: Range<usize>,
    ) -> Result<Tensor, GraphError> {
        match self.shape(x).sizes().get(axis) {
            Some(&size) if range == (0..size) => Ok(x),
            _ => self.apply(Slice { axis, range }, &[x]),
        }
    }
}
