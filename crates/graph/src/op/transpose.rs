//! Y = Xᵀ, of a matrix.
//!
//! X̄ = Ȳᵀ

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transpose;

impl Operation for Transpose {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [rows, columns] = inputs[0].matrix()?;
        Ok([columns, rows].into())
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.transpose(at.upstream).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let x = run.inputs[0].each();
        let [rows, columns] = [run.shape.sizes()[0], run.shape.sizes()[1]];
        for (i, y) in run.value.chunks_exact_mut(columns.max(1)).enumerate() {
            for (j, y) in y.iter_mut().enumerate() {
                *y = x[j * rows + i];
            }
        }
    }
}

impl Graph {
    /// The transpose of a matrix. A factor of a product need not be transposed first:
    /// [`Graph::matmul_transposed`] reads it so.
    ///
    /// # Errors
    ///
    /// If `x` is not a matrix.
    pub fn transpose(&mut self, x: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Transpose, &[x])
    }
}
