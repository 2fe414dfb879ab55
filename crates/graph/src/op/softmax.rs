//! yⱼ = exp(zⱼ) / Σₗ exp(zₗ), along the last axis; the greatest z is subtracted first, which changes nothing
//! but keeps exp from overflowing.
//!
//! z̄ = y ⊙ (ȳ − Σₗ ȳₗ yₗ), one node.

use super::{Along, Gradient, Operation, Run, Site, over_last_axis};
use crate::error::{GraphError, Problem};
use crate::kernel::{OfRows, SideBySide};
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
        run.value.copy_from_slice(run.inputs[0].each());
        softmax_rows(run.value, columns);
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

/// y ← softmax(y), of each row.
pub(crate) fn softmax_rows<T: Element>(y: &mut [T], columns: usize) {
    // There are no rows without columns.
    let columns = columns.max(1);
    kernel::vectorized(
        #[inline(always)]
        || match kernel::are_short(columns) {
            // Loops, since what adapters call need not be inlined.
            true => {
                for y in y.chunks_mut(kernel::ROWS * columns) {
                    softmax_side_by_side(y, columns);
                }
            }
            false => {
                for y in y.chunks_exact_mut(columns) {
                    softmax(y);
                }
            }
        },
    );
}

/// Calls `row` for each row of z: with its number, the greatest z, and ln Σₗ exp(zₗ) less that.
pub(crate) fn for_ln_sum_exp<T: Element>(
    z: &[T],
    columns: usize,
    mut row: impl FnMut(usize, T, T),
) {
    let columns = columns.max(1);
    kernel::vectorized(
        #[inline(always)]
        || match kernel::are_short(columns) {
            true => {
                for (block, z) in z.chunks(kernel::ROWS * columns).enumerate() {
                    let (top, rest) = ln_sum_exp_side_by_side(z, columns);
                    for i in 0..z.len() / columns {
                        row(block * kernel::ROWS + i, top[i], rest[i]);
                    }
                }
            }
            false => {
                for (i, z) in z.chunks_exact(columns).enumerate() {
                    let (top, rest) = ln_sum_exp(z);
                    row(i, top, rest);
                }
            }
        },
    );
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
fn ln_sum_exp<T: Element>(z: &[T]) -> (T, T) {
    let top = kernel::greatest(z);
    (top, kernel::sum_of(z, |z| (z - top).exp()).ln())
}

/// y ← softmax(y), of at most sixteen short rows.
#[inline(always)]
fn softmax_side_by_side<T: Element>(y: &mut [T], columns: usize) {
    let mut rows = SideBySide::of(y, columns);
    let (_, sum) = exp_side_by_side(rows.columns());
    for y in rows.columns() {
        *y = kernel::join(y, &sum, |y, sum| y / sum);
    }
    rows.write(y);
}

/// [`ln_sum_exp`] of at most sixteen short rows.
#[inline(always)]
fn ln_sum_exp_side_by_side<T: Element>(z: &[T], columns: usize) -> (OfRows<T>, OfRows<T>) {
    let (top, mut sum) = exp_side_by_side(SideBySide::of(z, columns).columns());
    for sum in &mut sum {
        *sum = sum.ln();
    }
    (top, sum)
}

/// z ← exp(z − top) with the greatest z of each row as its top; the tops, and the sums of what is then there,
/// from the first column to the last.
#[inline(always)]
fn exp_side_by_side<T: Element>(columns: &mut [OfRows<T>]) -> (OfRows<T>, OfRows<T>) {
    let mut top = [T::constant(f64::NEG_INFINITY); kernel::ROWS];
    for z in columns.iter() {
        top = kernel::join(&top, z, |top, z| z.max(top));
    }
    let mut sum = [T::constant(0.0); kernel::ROWS];
    for z in columns {
        *z = kernel::join(z, &top, |z, top| (z - top).exp());
        sum = kernel::join(&sum, z, |sum, z| sum + z);
    }
    (top, sum)
}
