//! Y = A·B, of matrices; each factor may be read transposed.
//!
//! Ā = Ȳ·Bᵀ, B̄ = Aᵀ·Ȳ; where a factor is read transposed, its gradient is that, transposed. All four are
//! products again, with other flags, so that no matrix is ever copied to transpose it.

use thalweg_matrix::{Matrix, product};

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

/// Whether a factor of a product is read transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transposed {
    /// As it lies.
    No,
    /// Rows as columns.
    Yes,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MatMul {
    pub left: Transposed,
    pub right: Transposed,
}

impl Operation for MatMul {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [rows, m] = self.left.of(inputs[0].matrix()?);
        let [n, columns] = self.right.of(inputs[1].matrix()?);
        if m != n {
            let (left, right) = ([rows, m].into(), [n, columns].into());
            return Err(Problem::Inner { left, right, m, n });
        }
        Ok([rows, columns].into())
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let (a, b, y) = (at.inputs[0], at.inputs[1], at.upstream);
        use Transposed::{No, Yes};
        match (at.wanted, self.left, self.right) {
            (0, No, right) => graph.matmul_transposed(y, No, b, right.flip()),
            (0, Yes, right) => graph.matmul_transposed(b, right, y, Yes),
            (_, left, No) => graph.matmul_transposed(a, left.flip(), y, No),
            (_, left, Yes) => graph.matmul_transposed(y, Yes, a, left),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [a, b] = [run.inputs[0], run.inputs[1]];
        product(
            self.left.read(a.each(), a.shape),
            self.right.read(b.each(), b.shape),
            run.value,
            run.options.threads,
        );
    }
}

impl Transposed {
    fn flip(self) -> Transposed {
        match self {
            Transposed::No => Transposed::Yes,
            Transposed::Yes => Transposed::No,
        }
    }

    /// The factor as it is read; `shape` is that of a matrix, as it lies.
    fn read<T>(self, values: &[T], shape: Shape) -> Matrix<'_, T> {
        let [rows, columns] = [shape.sizes()[0], shape.sizes()[1]];
        match self {
            Transposed::No => Matrix::new(values, rows, columns),
            Transposed::Yes => Matrix::new(values, rows, columns).transposed(),
        }
    }

    fn of(self, [rows, columns]: [usize; 2]) -> [usize; 2] {
        match self {
            Transposed::No => [rows, columns],
            Transposed::Yes => [columns, rows],
        }
    }
}

impl Graph {
    /// The product A·B of two matrices, `[m, k]` and `[k, n]`.
    ///
    /// # Errors
    ///
    /// If an operand is not a matrix, or the inner sizes differ.
    pub fn matmul(&mut self, a: Tensor, b: Tensor) -> Result<Tensor, GraphError> {
        self.matmul_transposed(a, Transposed::No, b, Transposed::No)
    }

    /// The product of two matrices, each of which may be read transposed.
    ///
    /// # Errors
    ///
    /// If an operand is not a matrix, or the inner sizes differ.
    pub fn matmul_transposed(
        &mut self,
        a: Tensor,
        left: Transposed,
        b: Tensor,
        right: Transposed,
    ) -> Result<Tensor, GraphError> {
        self.apply(MatMul { left, right }, &[a, b])
    }
}
