//! yᵢⱼₖ… = the value of X with the same indices in another order: axis a of Y is axis `axes[a]` of X.
//! The transpose of a matrix is the case [1, 0].
//!
//! X̄ = Ȳ, with the axes put back.

use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Permute {
    axes: Vec<usize>,
}

impl Operation for Permute {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let (shape, axes) = (inputs[0], &self.axes[..]);
        if axes.len() != shape.rank() || !(0..shape.rank()).all(|axis| axes.contains(&axis)) {
            return Err(Problem::Permutation { axes: axes.into(), shape });
        }
        let sizes: Vec<usize> = axes.iter().map(|&axis| shape.sizes()[axis]).collect();
        Shape::try_from(&sizes[..])
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        (self.axes.first() == Some(&0)).then_some([true; MAX_OPERANDS])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let mut back = vec![0; self.axes.len()];
        for (i, &axis) in self.axes.iter().enumerate() {
            back[axis] = i;
        }
        graph.permute(at.upstream, &back).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        kernel::permute(run.inputs[0].each(), run.inputs[0].shape, &self.axes, run.value);
    }
}

impl Graph {
    /// `x` with its axes in another order: axis i of the value is axis `axes[i]` of `x`.
    ///
    /// ```
    /// use thalweg_graph::Graph;
    ///
    /// let mut graph = Graph::new();
    /// let images = graph.input("images", [8, 3, 28, 32]);
    /// let channels_last = graph.permute(images, &[0, 2, 3, 1])?;
    /// assert_eq!(graph.shape(channels_last).sizes(), [8, 28, 32, 3]);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `axes` does not name each axis of `x` once.
    pub fn permute(&mut self, x: Tensor, axes: &[usize]) -> Result<Tensor, GraphError> {
        if axes.iter().copied().eq(0..self.shape(x).rank()) {
            return Ok(x);
        }
        self.apply(Permute { axes: axes.into() }, &[x])
    }

    /// The transpose of a matrix. A factor of a product need not be transposed first:
    /// [`Graph::matmul_transposed`] reads it so.
    ///
    /// # Errors
    ///
    /// If `x` is not a matrix.
    pub fn transpose(&mut self, x: Tensor) -> Result<Tensor, GraphError> {
        self.shape(x).matrix().map_err(|problem| self.error("transpose", problem))?;
        self.permute(x, &[1, 0])
    }
}
