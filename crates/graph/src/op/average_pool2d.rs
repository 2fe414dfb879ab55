//! y = the mean of X over the pixels that a window sees, for each window of each channel.
//!
//! X̄ = ȳ / (those pixels) at each of them, summed over windows: the two operations are each other's
//! gradient. Padding is not counted, as in TensorFlow; PyTorch counts it unless told not to.

use super::{Along, AveragePool2dGradient, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::kernel::Pooled;
use crate::window::Windows;
use crate::{Element, Graph, Pooling, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AveragePool2d {
    pub windows: Windows,
}

impl Operation for AveragePool2d {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        self.windows.pooled(inputs[0])
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    fn flops(&self, inputs: &[Shape], _value: Shape) -> u64 {
        inputs[0].elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let sizes = graph.shape(at.inputs[0]);
        let image = [sizes.sizes()[1], sizes.sizes()[2]];
        graph.apply(AveragePool2dGradient { windows: self.windows, image }, &[at.upstream]).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let x = run.inputs[0];
        Pooled::new(self.windows, x.shape, run.shape).mean(x.each(), run.value);
    }
}

impl Graph {
    /// The mean of each window of images: `[n, height, width, channels]` to
    /// `[n, places down, places across, channels]`. Padding is not counted.
    ///
    /// # Errors
    ///
    /// If `x` are no images, or a size or stride is 0, or windows do not fit, or one might see padding
    /// alone.
    pub fn average_pool2d(&mut self, x: Tensor, pooling: Pooling) -> Result<Tensor, GraphError> {
        let windows = self.pooling_windows(x, pooling, "average_pool2d")?;
        self.apply(AveragePool2d { windows }, &[x])
    }

    /// The mean of each window of sequences: `[n, length, channels]` to `[n, places, channels]`.
    ///
    /// # Errors
    ///
    /// As for [`Graph::average_pool2d`].
    pub fn average_pool1d(&mut self, x: Tensor, pooling: Pooling<1>) -> Result<Tensor, GraphError> {
        self.as_columns(x, "average_pool1d", |graph, x| {
            graph.average_pool2d(x, pooling.of_columns())
        })
    }
}
