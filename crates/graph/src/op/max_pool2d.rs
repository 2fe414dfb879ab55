//! y = the value of V where X is greatest in a window, for each window of each channel: at the first such
//! pixel, or the first that is NaN. Max pooling is V = X.
//!
//! V̄ = ȳ at those pixels, else 0; X̄ = 0, since X only says where. This and its gradient by V are each
//! other's gradient.

use super::{Along, Gradient, MAX_OPERANDS, MaxPool2dGradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::kernel::Pooled;
use crate::window::{Windows, images, sequences};
use crate::{Element, Graph, Padding, Pooling, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MaxPool2d {
    pub windows: Windows,
}

impl Operation for MaxPool2d {
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
        let windows = self.windows;
        match at.wanted {
            0 => graph.apply(MaxPool2dGradient { windows }, &[at.upstream, at.inputs[1]]).map(Some),
            _ => Ok(None),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [v, x] = [run.inputs[0], run.inputs[1]];
        Pooled::new(self.windows, x.shape, run.shape).greatest(v.each(), x.each(), run.value);
    }
}

impl Graph {
    /// The greatest value of each window of images: `[n, height, width, channels]` to
    /// `[n, places down, places across, channels]`. A NaN in a window gives NaN, and padding counts for
    /// nothing. The gradient goes to the first of the greatest.
    ///
    /// ```
    /// use thalweg_graph::{Graph, Pooling};
    ///
    /// let mut graph = Graph::new();
    /// let images = graph.input("images", [8, 28, 28, 3]);
    /// let y = graph.max_pool2d(images, Pooling::of([2, 2]))?;
    /// assert_eq!(graph.shape(y).sizes(), [8, 14, 14, 3]);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `x` are no images, or a size or stride is 0, or windows do not fit, or one might see padding
    /// alone.
    pub fn max_pool2d(&mut self, x: Tensor, pooling: Pooling) -> Result<Tensor, GraphError> {
        let windows = self.pooling_windows(x, pooling, "max_pool2d")?;
        self.apply(MaxPool2d { windows }, &[x, x])
    }

    /// The greatest value of each window of sequences: `[n, length, channels]` to
    /// `[n, places, channels]`.
    ///
    /// # Errors
    ///
    /// As for [`Graph::max_pool2d`].
    pub fn max_pool1d(&mut self, x: Tensor, pooling: Pooling<1>) -> Result<Tensor, GraphError> {
        self.as_columns(x, "max_pool1d", |graph, x| graph.max_pool2d(x, pooling.of_columns()))
    }

    /// The greatest value over some axes, which are then gone; NaN where one is NaN. The gradient goes to
    /// the first of the greatest.
    ///
    /// # Errors
    ///
    /// If there is no such axis, or nothing along it.
    pub fn max_axes(&mut self, x: Tensor, axes: &[usize]) -> Result<Tensor, GraphError> {
        let shape = self.shape(x);
        shape.with_ones(axes).map_err(|problem| self.error("max", problem))?;
        let (gone, kept): (Vec<usize>, Vec<usize>) =
            (0..shape.rank()).partition(|axis| axes.contains(axis));
        let first = gone.first().copied().unwrap_or(shape.rank());
        let (outer, inner) = kept.split_at(first);
        let size = |axes: &[usize]| axes.iter().map(|&axis| shape.sizes()[axis]).product();
        let count = size(&gone);
        if count == 0 {
            return Err(self.error("max", Problem::Nothing));
        }
        // What goes is brought together, behind the axes before all of it.
        let together = self.permute(x, &[outer, &gone, inner].concat())?;
        let columns = self.reshape(together, [size(outer), count, 1, size(inner)])?;
        let whole = Pooling { size: [count, 1], stride: [1, 1], padding: Padding::Valid };
        let y = self.max_pool2d(columns, whole)?;
        self.reshape(y, shape.without(axes))
    }

    /// The least value over some axes, which are then gone; NaN where one is NaN. The gradient goes to the
    /// first of the least.
    ///
    /// # Errors
    ///
    /// If there is no such axis, or nothing along it.
    pub fn min_axes(&mut self, x: Tensor, axes: &[usize]) -> Result<Tensor, GraphError> {
        let negative = self.neg(x);
        let y = self.max_axes(negative, axes)?;
        Ok(self.neg(y))
    }

    /// The windows of a pooling on the images `x`.
    pub(super) fn pooling_windows(
        &self,
        x: Tensor,
        pooling: Pooling,
        name: &str,
    ) -> Result<Windows, GraphError> {
        images(self.shape(x))
            .and_then(|[_, height, width, _]| Windows::of_pooling(pooling, [height, width]))
            .map_err(|problem| self.error(name, problem))
    }

    /// What `pool` makes of sequences, which it gets as images of width 1.
    pub(super) fn as_columns(
        &mut self,
        x: Tensor,
        name: &str,
        pool: impl FnOnce(&mut Graph, Tensor) -> Result<Tensor, GraphError>,
    ) -> Result<Tensor, GraphError> {
        let [n, length, channels] =
            sequences(self.shape(x)).map_err(|problem| self.error(name, problem))?;
        let columns = self.reshape(x, [n, length, 1, channels])?;
        let y = pool(self, columns)?;
        let places = self.shape(y).sizes()[1];
        self.reshape(y, [n, places, channels])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameters, Plan, Role, RunOptions};

    /// The pooled values of six numbers in a row, in windows of three, and the gradient of their sum.
    fn pooled(values: [f64; 6]) -> (Vec<f64>, Vec<f64>) {
        let mut graph = Graph::new();
        let x = graph.parameter("x", [1, 6, 1], Role::Other);
        let y = graph.max_pool1d(x, Pooling::of([3])).unwrap();
        let sum = graph.sum(y);
        let gradient = graph.gradients(sum, &[x]).unwrap()[0];
        let mut parameters = Parameters::zeros(&graph);
        parameters.values_mut().copy_from_slice(&values);
        let mut plan = Plan::compile(&graph, &[y, gradient], None);
        plan.run(&parameters, RunOptions::default()).unwrap();
        (plan.value(y).to_vec(), plan.value(gradient).to_vec())
    }

    #[test]
    fn the_gradient_goes_to_the_first_of_the_greatest() {
        let out = f64::NEG_INFINITY;
        let (y, gradient) = pooled([1.0, 2.0, 2.0, out, out, out]);
        assert_eq!(y, [2.0, out]);
        assert_eq!(gradient, [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn what_is_not_a_number_is_not_hidden() {
        for place in 0..3 {
            let mut values = [1.0, 2.0, f64::INFINITY, 4.0, 6.0, 5.0];
            values[place] = f64::NAN;
            let (y, gradient) = pooled(values);
            assert!(y[0].is_nan() && y[1] == 6.0, "{y:?}");
            let mut expected = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
            expected[place] = 1.0;
            assert_eq!(gradient, expected);
        }
    }
}
