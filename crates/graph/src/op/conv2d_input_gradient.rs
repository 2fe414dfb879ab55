//! X̄[n, i s + k d − p, j s + l d − p, c] = Σ ȳ[n, i, j, o] w[k, l, c, o], summed over all i, j, k, l that give the
//! pixel, and over o: the gradient of the convolution by its images, also known as transposed convolution.
//!
//! It is linear in both operands: with G the gradient by X̄, the gradient by ȳ is the convolution G ∗ w, and
//! the gradient by w is that of the convolution of G.

use super::{Along, Conv2d, Conv2dWeightsGradient, Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::kernel::{Depthwise, Patches};
use crate::window::{Windows, images};
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Conv2dInputGradient {
    pub windows: Windows,
    pub groups: usize,
    /// Height and width of the images, which the places of windows do not tell.
    pub image: [usize; 2],
}

impl Operation for Conv2dInputGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [n, _, _, _] = images(inputs[0])?;
        let [height, width] = self.image;
        let [_, _, channels_of_group, _] = images(inputs[1])?;
        Ok([n, height, width, channels_of_group * self.groups].into())
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true, false, false, false])
    }

    /// As many as the convolution has.
    fn flops(&self, inputs: &[Shape], _value: Shape) -> u64 {
        2 * (inputs[1].elements() / inputs[1].sizes()[3].max(1) * inputs[0].elements()) as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [y, w] = [at.inputs[0], at.inputs[1]];
        let Conv2dInputGradient { windows, groups, .. } = *self;
        match at.wanted {
            0 => graph.apply(Conv2d { windows, groups }, &[at.upstream, w]),
            _ => graph.apply(Conv2dWeightsGradient { windows, groups }, &[at.upstream, y]),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [y, w] = [run.inputs[0], run.inputs[1]];
        let (images, places) = (run.shape, y.shape);
        let Self { windows, groups, .. } = *self;
        match Depthwise::new(windows, groups, images, places) {
            Some(depthwise) => depthwise.input_gradient(y.each(), w.each(), run.value),
            None => {
                Patches::new(windows, groups, images, places).input_gradient(y.each(), w.each(), run.value);
            }
        }
    }
}
