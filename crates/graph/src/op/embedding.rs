//! Yᵢ = the row of a table that the number i names.
//!
//! The gradient by the table is the sum of Ȳᵢ over all i that name a row: this and that are each other's
//! gradient. The numbers have none.

use super::cross_entropy::class_number;
use super::{Along, EmbeddingGradient, Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, MAX_RANK, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Embedding;

impl Operation for Embedding {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match *inputs[0].sizes() {
            [_, size] if inputs[1].rank() < MAX_RANK => Ok(inputs[1].with_last(size)),
            _ => Err(Problem::Table { table: inputs[0], numbers: inputs[1] }),
        }
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        (inputs[1].rank() > 0).then_some([false, true, false, false])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        match at.wanted {
            0 => {
                let rows = graph.shape(at.inputs[0]).sizes()[0];
                graph.apply(EmbeddingGradient { rows }, &[at.inputs[1], at.upstream]).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [table, numbers] = [run.inputs[0], run.inputs[1]];
        let [rows, size] = [table.shape.sizes()[0], table.shape.sizes()[1]];
        let places = run.value.chunks_exact_mut(size.max(1));
        for (y, &number) in places.zip(numbers.each()) {
            match class_number(number, rows) {
                Some(row) => y.copy_from_slice(&table.each()[row * size..][..size]),
                None => y.fill(T::constant(f64::NAN)),
            }
        }
    }
}

impl Graph {
    /// Rows of a table `[rows, size]` by their numbers, each from 0 to rows − 1: numbers `[…]` to
    /// `[…, size]`.
    ///
    /// A number that names no row gives a row of NaN, and a gradient of NaN.
    ///
    /// ```
    /// use thalweg_graph::{Graph, Role};
    ///
    /// let mut graph = Graph::new();
    /// let table = graph.parameter("table", [50, 16], Role::Weight);
    /// let words = graph.input("words", [8, 20]);
    /// let vectors = graph.embedding(table, words)?;
    /// assert_eq!(graph.shape(vectors).sizes(), [8, 20, 16]);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the table is not a matrix, or the numbers have four dimensions already.
    pub fn embedding(&mut self, table: Tensor, numbers: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Embedding, &[table, numbers])
    }
}
