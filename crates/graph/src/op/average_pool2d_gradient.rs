//! Y = u of each window / (pixels that it sees) at each of them, summed over windows: the gradient of average
//! pooling.
//!
//! ū = the mean of Ȳ over those pixels: the two operations are each other's gradient.

use super::{Along, AveragePool2d, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::Problem;
use crate::kernel::Pooled;
use crate::window::{Windows, images};
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AveragePool2dGradient {
    pub windows: Windows,
    /// Height and width of the images, which the places of windows do not tell.
    pub image: [usize; 2],
}

impl Operation for AveragePool2dGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [n, _, _, channels] = images(inputs[0])?;
        Ok([n, self.image[0], self.image[1], channels].into())
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.apply(AveragePool2d { windows: self.windows }, &[at.upstream]).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let u = run.inputs[0];
        Pooled::new(self.windows, run.shape, u.shape).to_mean(u.each(), run.value);
    }
}
