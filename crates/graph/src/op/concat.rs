//! Y = A, B, … behind each other along one axis.
//!
//! The gradient by each operand is its part of Ȳ.

use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Concat {
    axis: usize,
}

impl Operation for Concat {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let (left, axis) = (inputs[0], self.axis);
        let mut size = 0;
        for &right in inputs {
            let [_, more, _] = right.around(axis)?;
            if right.rank() != left.rank() || right.with_size(axis, 0) != left.with_size(axis, 0) {
                return Err(Problem::Join { left, right, axis });
            }
            size += more;
        }
        Ok(left.with_size(axis, size))
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        (self.axis > 0).then_some([true; MAX_OPERANDS])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let size = |&input: &Tensor| graph.shape(input).sizes()[self.axis];
        let start = at.inputs[..at.wanted].iter().map(size).sum();
        let end = start + size(&at.inputs[at.wanted]);
        graph.slice(at.upstream, self.axis, start..end).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let inner = run.shape.inner(self.axis);
        let mut to = kernel::Stretch { row: run.shape.sizes()[self.axis] * inner, start: 0 };
        for operand in run.inputs {
            let length = operand.shape.sizes()[self.axis] * inner;
            let from = kernel::Stretch { row: length, start: 0 };
            kernel::copy(operand.each(), from, run.value, to, length);
            to.start += length;
        }
    }
}

impl Graph {
    /// The tensors behind each other along `axis`; along the others their sizes are the same.
    ///
    /// ```
    /// use thalweg_graph::Graph;
    ///
    /// let mut graph = Graph::new();
    /// let [a, b] = [graph.input("a", [2, 3]), graph.input("b", [2, 5])];
    /// let y = graph.concat(&[a, b], 1)?;
    /// assert_eq!(graph.shape(y).sizes(), [2, 8]);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no tensor or no such axis, or another size differs.
    pub fn concat(&mut self, tensors: &[Tensor], axis: usize) -> Result<Tensor, GraphError> {
        match *tensors {
            [] => Err(self.error("concat", Problem::Nothing)),
            [x] if axis < self.shape(x).rank() => Ok(x),
            _ if tensors.len() <= MAX_OPERANDS => self.apply(Concat { axis }, tensors),
            _ => {
                // No more operands than a node can have, each of as many tensors as that takes.
                let each = tensors.len().div_ceil(MAX_OPERANDS);
                let parts: Result<Vec<Tensor>, GraphError> =
                    tensors.chunks(each).map(|tensors| self.concat(tensors, axis)).collect();
                self.concat(&parts?, axis)
            }
        }
    }
}
