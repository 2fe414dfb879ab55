//! y[n, i, j, o] = Σ x[n, i s + k d − p, j s + l d − p, c] w[k, l, c, o], summed over k, l and c: a
//! convolution as networks have it, without turning the kernel. s is the stride, d the dilation, p the
//! padding, around which x is 0. In each group, c and o go over that group's channels and outputs.
//!
//! It is linear in both operands. With its two gradients it makes three operations of which each one's
//! gradients are the other two.
//!
//! The windows of many places are laid out as rows of a matrix, block by block, so that the sum is a
//! product of matrices: Chellapilla, Puri and Simard, *High performance convolutional neural networks for
//! document processing*, 2006.

use super::{
    Along, Conv2dInputGradient, Conv2dWeightsGradient, Gradient, Operation, Run, Site,
};
use crate::error::{GraphError, Problem};
use crate::kernel::{Depthwise, Patches};
use crate::window::{Windows, images, sequences};
use crate::{Convolution, Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Conv2d {
    pub windows: Windows,
    pub groups: usize,
}

impl Operation for Conv2d {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [n, height, width, channels] = images(inputs[0])?;
        let [_, _, channels_of_group, outputs] = kernels(inputs[1])?;
        let groups = self.groups;
        if groups == 0 || channels_of_group * groups != channels || outputs % groups != 0 {
            return Err(Problem::Groups { images: inputs[0], weights: inputs[1], groups });
        }
        let [down, across] = self.windows.places([height, width])?;
        Ok([n, down, across, outputs].into())
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true, false, false, false])
    }

    /// A product and a sum for each weight of an output, at each place.
    fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
        2 * (inputs[1].elements() / inputs[1].sizes()[3].max(1) * value.elements()) as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [x, w] = [at.inputs[0], at.inputs[1]];
        let Conv2d { windows, groups } = *self;
        match at.wanted {
            0 => {
                let sizes = graph.shape(x);
                let image = [sizes.sizes()[1], sizes.sizes()[2]];
                graph.apply(Conv2dInputGradient { windows, groups, image }, &[at.upstream, w])
            }
            _ => graph.apply(Conv2dWeightsGradient { windows, groups }, &[x, at.upstream]),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [x, w] = [run.inputs[0], run.inputs[1]];
        let (images, places) = (x.shape, run.shape);
        let Self { windows, groups } = *self;
        match Depthwise::new(windows, groups, images, places) {
            Some(depthwise) => depthwise.convolve(x.each(), w.each(), run.value),
            None => {
                Patches::new(windows, groups, images, places).convolve(x.each(), w.each(), run.value);
            }
        }
    }
}

impl Graph {
    /// The convolution of images `[n, height, width, channels]` with weights
    /// `[kernel height, kernel width, channels / groups, outputs]`, to
    /// `[n, places down, places across, outputs]`. The kernel is not turned.
    ///
    /// ```
    /// use thalweg_graph::{Convolution, Graph, Padding};
    ///
    /// let mut graph = Graph::new();
    /// let images = graph.input("images", [8, 28, 28, 3]);
    /// let weights = graph.input("weights", [5, 5, 3, 16]);
    /// let y = graph.conv2d(images, weights, Convolution::default())?;
    /// assert_eq!(graph.shape(y).sizes(), [8, 24, 24, 16]);
    /// let same = Convolution { padding: Padding::Same, ..Convolution::default() };
    /// let y = graph.conv2d(images, weights, same)?;
    /// assert_eq!(graph.shape(y).sizes(), [8, 28, 28, 16]);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the shapes are not such, or the groups do not divide channels and outputs, or a size, stride or
    /// dilation is 0, or the kernel does not fit the image.
    pub fn conv2d(
        &mut self,
        x: Tensor,
        weights: Tensor,
        convolution: Convolution,
    ) -> Result<Tensor, GraphError> {
        let (images, weights_shape) = (self.shape(x), self.shape(weights));
        let windows = windows(images, weights_shape, convolution);
        let windows = windows.map_err(|problem| self.error("conv2d", problem))?;
        self.apply(Conv2d { windows, groups: convolution.groups }, &[x, weights])
    }

    /// The convolution of sequences `[n, length, channels]` with weights
    /// `[kernel length, channels / groups, outputs]`, to `[n, places, outputs]`.
    ///
    /// # Errors
    ///
    /// As for [`Graph::conv2d`].
    pub fn conv1d(
        &mut self,
        x: Tensor,
        weights: Tensor,
        convolution: Convolution<1>,
    ) -> Result<Tensor, GraphError> {
        let (shape, weights_shape) = (self.shape(x), self.shape(weights));
        let sizes = sequences(shape).and_then(|x| Ok((x, kernels1d(weights_shape)?)));
        let ([n, length, channels], [size, channels_of_group, outputs]) =
            sizes.map_err(|problem| self.error("conv1d", problem))?;
        let columns = self.reshape(x, [n, length, 1, channels])?;
        let weights = self.reshape(weights, [size, 1, channels_of_group, outputs])?;
        let y = self.conv2d(columns, weights, convolution.of_columns())?;
        let places = self.shape(y).sizes()[1];
        self.reshape(y, [n, places, outputs])
    }
}

fn windows(images_shape: Shape, weights: Shape, convolution: Convolution) -> Result<Windows, Problem> {
    let [_, height, width, _] = images(images_shape)?;
    let [down, across, _, _] = kernels(weights)?;
    Windows::of_kernels([down, across], convolution, [height, width])
}

/// The sizes of weights: `[height, width, channels / groups, outputs]`.
fn kernels(shape: Shape) -> Result<[usize; 4], Problem> {
    shape.sizes().try_into().map_err(|_| Problem::NotKernels { shape })
}

fn kernels1d(shape: Shape) -> Result<[usize; 3], Problem> {
    shape.sizes().try_into().map_err(|_| Problem::NotKernels { shape })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Padding, Parameters, Plan, Role, RunOptions};

    /// The convolution and its gradients for a given upstream, in many blocks of places, against the
    /// definition.
    #[test]
    fn many_blocks_give_what_the_definition_says() {
        let [n, height, width, channels, outputs, groups] = [3, 25, 23, 8, 6, 2];
        let (stride, dilation, top) = (1, 2, 3);
        let each = channels / groups;
        let mut graph = Graph::new();
        let x = graph.parameter("x", [n, height, width, channels], Role::Other);
        let w = graph.parameter("w", [5, 5, each, outputs], Role::Weight);
        let padding = Padding::Each([[top, top]; 2]);
        let convolution =
            Convolution { stride: [stride; 2], padding, dilation: [dilation; 2], groups };
        let y = graph.conv2d(x, w, convolution).unwrap();
        let upstream = graph.input("upstream", graph.shape(y));
        let product = graph.mul(y, upstream).unwrap();
        let sum = graph.sum(product);
        let gradients = graph.gradients(sum, &[x, w]).unwrap();
        let mut plan = Plan::compile(&graph, &[y, gradients[0], gradients[1]], None);
        let mut parameters = Parameters::<f64>::zeros(&graph);
        let wave = |i: usize| (i as f64 * 0.37).sin();
        for (i, value) in parameters.values_mut().iter_mut().enumerate() {
            *value = wave(i);
        }
        for (i, value) in plan.input_mut(upstream).iter_mut().enumerate() {
            *value = wave(i + 7);
        }
        plan.run(&parameters, RunOptions::default()).unwrap();

        let [_, down, across, _] = images(graph.shape(y)).unwrap();
        let (xs, ws) = (parameters.get("x").unwrap(), parameters.get("w").unwrap());
        let mut expected = [vec![0.0; plan.value(y).len()], vec![0.0; xs.len()], vec![0.0; ws.len()]];
        for at in 0..expected[0].len() {
            let [image, row, column, output] = [
                at / (down * across * outputs),
                at / (across * outputs) % down,
                at / outputs % across,
                at % outputs,
            ];
            for (k, l) in (0..25).map(|i| (i / 5, i % 5)) {
                let i = (row * stride + k * dilation).checked_sub(top).filter(|&i| i < height);
                let j = (column * stride + l * dilation).checked_sub(top).filter(|&j| j < width);
                let (Some(i), Some(j)) = (i, j) else { continue };
                for c in 0..each {
                    let channel = output / (outputs / groups) * each + c;
                    let x_at = ((image * height + i) * width + j) * channels + channel;
                    let w_at = ((k * 5 + l) * each + c) * outputs + output;
                    expected[0][at] += xs[x_at] * ws[w_at];
                    expected[1][x_at] += wave(at + 7) * ws[w_at];
                    expected[2][w_at] += wave(at + 7) * xs[x_at];
                }
            }
        }
        for (tensor, expected) in [y, gradients[0], gradients[1]].iter().zip(&expected) {
            for (got, expected) in plan.value(*tensor).iter().zip(expected) {
                assert!((got - expected).abs() < 1e-11, "{got} {expected}");
            }
        }
    }
}
