//! Y = A·B, of matrices, or of each two of two lists of matrices; each factor may be read transposed.
//!
//! Ā = Ȳ·Bᵀ, B̄ = Aᵀ·Ȳ; where a factor is read transposed, its gradient is that, transposed. All four are
//! products again, with other flags, so that no matrix is ever copied to transpose it. For B̄ an A that is made
//! quickly is made again: see [`Graph::again`].

use thalweg_matrix::{Matrix, Rearranged, product_rearranged, product_scaled, shares_inner};

use super::{Along, Gradient, Operand, Operation, Run, Site};
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
        let (leading, left) = inputs[0].matrices()?;
        let (other, right) = inputs[1].matrices()?;
        if leading != other {
            return Err(Problem::Leading { left: inputs[0], right: inputs[1] });
        }
        let ([rows, m], [n, columns]) = (self.left.of(left), self.right.of(right));
        if m != n {
            let (left, right) = ([rows, m].into(), [n, columns].into());
            return Err(Problem::Inner { left, right, m, n });
        }
        let last = inputs[0].rank() - 1;
        Ok(inputs[0].with_size(last - 1, rows).with_size(last, columns))
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        /// From so many values on the second cache does not hold a factor beside all else: then each thread
        /// is to read a part of it, not each the whole.
        const LARGE: usize = 256 << 10;
        match (inputs[0].rank(), self.left) {
            (2, Transposed::No) if inputs[1].elements() >= LARGE || shares_inner(self.sizes(inputs)) => None,
            (2, Transposed::No) => Some([true, false, false, false]),
            (2, Transposed::Yes) => None,
            _ => Some([true, true, false, false]),
        }
    }

    /// Aᵀ·B is a sum over the rows of both.
    fn sums_rows(&self, inputs: &[Shape]) -> Option<Along> {
        let is_sum = (self.left, self.right) == (Transposed::Yes, Transposed::No);
        (is_sum && inputs[0].rank() == 2).then_some([true, true, false, false])
    }

    /// A product and a sum for each term of each element: 2 m k n.
    fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
        let (_, left) = inputs[0].matrices().expect("its shape was checked");
        let [_, inner] = self.left.of(left);
        2 * (inner * value.elements()) as u64
    }

    /// So many that reading a large factor once for each block, or turning it, does not count.
    fn rows_at_least(&self, inputs: &[Shape]) -> usize {
        const LARGE: usize = 64 << 10;
        match (inputs[0].rank(), self.right) {
            (2, Transposed::No) if inputs[1].elements() > LARGE => 64,
            (2, Transposed::Yes) if inputs[1].elements() > LARGE => 128,
            _ => 1,
        }
    }

    /// B, rearranged, where many rows read it.
    fn prepared<T: Element>(&self, inputs: &[Shape], value: Shape) -> usize {
        /// Rows from which on rearranging does not count beside the product.
        const MANY: usize = if cfg!(test) { 2 } else { 256 };
        /// Columns that fill a vector.
        const WIDE: usize = if cfg!(test) { 1 } else { 16 };
        match (value.sizes(), self.by_rows(inputs)) {
            (&[m, n], Some(_)) if m >= MANY && n >= WIDE => {
                Rearranged::<T>::length(inputs[1].elements() / n.max(1), n)
            }
            _ => 0,
        }
    }

    fn prepare<T: Element>(&self, inputs: &[Operand<'_, T>], prepared: &mut [T]) {
        if !prepared.is_empty() {
            Rearranged::new(self.right.read(inputs[1], 0), prepared);
        }
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let (a, b, y) = (at.inputs[0], at.inputs[1], at.upstream);
        use Transposed::{No, Yes};
        match (at.wanted, self.left, self.right) {
            (0, No, right) => graph.apply_once(MatMul { left: No, right: right.flip() }, &[y, b]),
            (0, Yes, right) => graph.matmul_transposed(b, right, y, Yes),
            (_, No, No) => {
                let slope = MatMul { left: No, right: Yes };
                let a = graph.again(a, |graph| graph.apply_once(slope, &[y, b]))?;
                graph.matmul_transposed(a, Yes, y, No)
            }
            (_, Yes, No) => graph.matmul_transposed(a, No, y, No),
            (_, left, Yes) => graph.matmul_transposed(y, Yes, a, left),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [a, b] = [run.inputs[0], run.inputs[1]];
        let (_, [rows, columns]) = run.shape.matrices().expect("it was shaped as matrices");
        let (one, kept) = (T::constant(1.0), T::constant(if run.adds { 1.0 } else { 0.0 }));
        if !run.prepared.is_empty() {
            debug_assert!(!run.adds, "what sums rows is not made row by row");
            let a = self.left.read(a, 0);
            let b = Rearranged::lying_in(run.prepared, a.columns(), columns);
            return product_rearranged(one, a, b, T::constant(0.0), run.value, columns);
        }
        for (i, y) in run.value.chunks_exact_mut((rows * columns).max(1)).enumerate() {
            let (a, b) = (self.left.read(a, i), self.right.read(b, i));
            product_scaled(one, a, b, kept, y, run.options.threads);
        }
    }
}

impl MatMul {
    /// The sizes m, k and n of a product of two matrices.
    fn sizes(&self, inputs: &[Shape]) -> [usize; 3] {
        let [left, right] = [inputs[0], inputs[1]].map(|shape| shape.matrices().expect("its shape was checked").1);
        let ([m, k], [_, n]) = (self.left.of(left), self.right.of(right));
        [m, k, n]
    }
}

impl Transposed {
    fn flip(self) -> Transposed {
        match self {
            Transposed::No => Transposed::Yes,
            Transposed::Yes => Transposed::No,
        }
    }

    /// Matrix `i` of a factor, as it is read.
    fn read<'a, T: Element>(self, factor: Operand<'a, T>, i: usize) -> Matrix<'a, T> {
        let (_, [rows, columns]) = factor.shape.matrices().expect("its shape was checked");
        let values = &factor.each()[i * rows * columns..][..rows * columns];
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
    /// The product A·B of two matrices, `[m, k]` and `[k, n]`, or of each two of as many: `[…, m, k]` and
    /// `[…, k, n]` to `[…, m, n]`, where the sizes before the last two are the same.
    ///
    /// # Errors
    ///
    /// If an operand is not a matrix nor several, the inner sizes differ, or there are not as many.
    pub fn matmul(&mut self, a: Tensor, b: Tensor) -> Result<Tensor, GraphError> {
        self.matmul_transposed(a, Transposed::No, b, Transposed::No)
    }

    /// The product of two matrices, or of each two of as many, each of which may be read transposed.
    ///
    /// # Errors
    ///
    /// If an operand is not a matrix nor several, the inner sizes differ, or there are not as many.
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
