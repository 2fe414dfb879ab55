//! W̄[k, l, c, o] = Σ x[n, i s + k d − p, j s + l d − p, c] ȳ[n, i, j, o], summed over n, i and j: the gradient
//! of the convolution by its weights.
//!
//! It is linear in both operands: the gradient by x is that of the convolution of G = the gradient by W̄, and
//! the gradient by ȳ is the convolution x ∗ G.
//!
//! Windows are added in blocks, one after the other, so that the order of the sum depends on shapes alone.

use super::{Along, Conv2d, Conv2dInputGradient, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::Problem;
use crate::kernel::{Depthwise, Patches};
use crate::window::{Windows, images};
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Conv2dWeightsGradient {
    pub windows: Windows,
    pub groups: usize,
}

impl Operation for Conv2dWeightsGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [_, _, _, channels] = images(inputs[0])?;
        let [_, _, _, outputs] = images(inputs[1])?;
        let [down, across] = self.windows.size;
        Ok([down, across, channels / self.groups, outputs].into())
    }

    /// Each row of kernels sees rows of the images of its own.
    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([false; MAX_OPERANDS])
    }

    /// As many as the convolution has.
    fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
        2 * (value.elements() / value.sizes()[3].max(1) * inputs[1].elements()) as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [x, y] = [at.inputs[0], at.inputs[1]];
        let Conv2dWeightsGradient { windows, groups } = *self;
        match at.wanted {
            0 => {
                let sizes = graph.shape(x);
                let image = [sizes.sizes()[1], sizes.sizes()[2]];
                graph.apply(Conv2dInputGradient { windows, groups, image }, &[y, at.upstream])
            }
            _ => graph.apply(Conv2d { windows, groups }, &[x, at.upstream]),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [x, y] = [run.inputs[0], run.inputs[1]];
        let Self { windows, groups } = *self;
        let rows = [run.first_row, run.shape.sizes()[0]];
        match Depthwise::new(windows, groups, x.shape, y.shape) {
            Some(depthwise) => depthwise.weights_gradient(x.each(), y.each(), run.value, rows),
            None => Patches::new(windows, groups, x.shape, y.shape)
                .weights_gradient(x.each(), y.each(), run.value, rows),
        }
    }
}
