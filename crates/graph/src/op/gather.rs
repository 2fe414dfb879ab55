//! yᵢ = xᵢ꜀, with c the number i: of each row of a matrix, one value.
//!
//! X̄ has ȳᵢ at the place (i, c) and 0 elsewhere: this and that are each other's gradient. The numbers have
//! none.

use super::cross_entropy::{classes, examples};
use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Scatter, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Gather;

impl Operation for Gather {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        classes(inputs)
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        match at.wanted {
            0 => {
                let columns = graph.shape(at.inputs[0]).sizes()[1];
                graph.apply(Scatter { columns }, &[at.inputs[1], at.upstream]).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        for ((x, column), y) in examples(run.inputs).zip(run.value) {
            *y = column.map_or(T::constant(f64::NAN), |column| x[column]);
        }
    }
}

impl Graph {
    /// Of each row of `x`, `[n, k]`, the value in the column that `numbers`, `[n]`, names, from 0 to
    /// k − 1: `[n]`.
    ///
    /// A number that names no column gives NaN, and a gradient of NaN.
    ///
    /// # Errors
    ///
    /// If the shapes are not `[n, k]` and `[n]`.
    pub fn gather(&mut self, x: Tensor, numbers: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Gather, &[x, numbers])
    }
}
