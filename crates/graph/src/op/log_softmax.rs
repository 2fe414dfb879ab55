//! yⱼ = zⱼ − ln Σₗ exp(zₗ), along the last axis: the logarithm of the softmax, also where that underflows.
//!
//! z̄ = ȳ − exp(y) Σₗ ȳₗ

use super::softmax::for_ln_sum_exp;
use super::{Along, Gradient, Operation, Run, Site, over_last_axis};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LogSoftmax;

impl Operation for LogSoftmax {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        inputs[0].last().map(|_| inputs[0])
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        over_last_axis(inputs[0])
    }

    /// A difference, exp, a sum and a difference for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        4 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let softmax = graph.exp(at.value);
        let sum = graph.sum_last(at.upstream)?;
        let product = graph.mul(softmax, sum)?;
        graph.sub(at.upstream, product).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let columns = run.shape.sizes()[run.shape.rank() - 1];
        let z = run.inputs[0].each();
        let y = run.value;
        for_ln_sum_exp(
            z,
            columns,
            #[inline(always)]
            |i, top, rest| {
                let row = i * columns..(i + 1) * columns;
                for (y, &z) in y[row.clone()].iter_mut().zip(&z[row]) {
                    *y = (z - top) - rest;
                }
            },
        );
    }
}

impl Graph {
    /// The logarithm of the softmax along the last axis: log-probabilities, at most 0.
    ///
    /// # Errors
    ///
    /// If `z` is a number without axes.
    pub fn log_softmax(&mut self, z: Tensor) -> Result<Tensor, GraphError> {
        self.apply(LogSoftmax, &[z])
    }
}
