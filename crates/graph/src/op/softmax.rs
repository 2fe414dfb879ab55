//! yⱼ = exp(zⱼ) / Σₗ exp(zₗ), along the last axis; the greatest z is subtracted first, which changes nothing
//! but keeps exp from overflowing.
//!
//! z̄ = y ⊙ (ȳ − Σₗ ȳₗ yₗ), one node.

use super::{Along, Gradient, Operation, Run, Site, over_last_axis};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Softmax;

impl Operation for Softmax {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        inputs[0].last().map(|_| inputs[0])
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        over_last_axis(inputs[0])
    }

    /// A difference, exp, a sum and a quotient for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        4 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.softmax_gradient(at.value, at.upstream).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let columns = run.shape.sizes()[run.shape.rank() - 1];
        let z = run.inputs[0].each();
        kernel::for_rows(
            run.value,
            columns,
            #[inline(always)]
            |i, y| {
                y.copy_from_slice(&z[i * columns..][..columns]);
                softmax(y);
            },
        );
    }
}

impl Graph {
    /// The softmax along the last axis: positive, with sum 1.
    ///
    /// # Errors
    ///
    /// If `z` is a number without axes.
    pub fn softmax(&mut self, z: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Softmax, &[z])
    }
}

/// y ← softmax(y), of one row.
#[inline(always)]
pub(crate) fn softmax<T: Element>(y: &mut [T]) {
    let top = kernel::greatest(y);
    kernel::map_row(y, |y| (y - top).exp());
    let sum = kernel::sum(y);
    for y in y {
        *y = *y / sum;
    }
}

/// The greatest z of a row, and ln Σₗ exp(zₗ) less that.
#[inline(always)]
pub(crate) fn ln_sum_exp<T: Element>(z: &[T]) -> (T, T) {
    let top = kernel::greatest(z);
    (top, kernel::sum_of(z, |z| (z - top).exp()).ln())
}
