//! y = x / √(mean x² + ε), along the last axis.
//!
//! Zhang & Sennrich, *Root mean square layer normalization*, 2019, equation 4,
//! <https://arxiv.org/abs/1910.07467>, which has no ε; it is added under the root here, as is usual. The
//! scale is an operation of its own: [`Graph::scaled_rms_norm`].
//!
//! x̄ = (ȳ − y · mean(ȳ ⊙ y)) / √(mean x² + ε), one node.

use super::layer_norm::Epsilon;
use super::{Along, Gradient, Operation, Run, Site, over_last_axis};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RmsNorm {
    pub epsilon: Epsilon,
}

impl Operation for RmsNorm {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        self.epsilon.shape(inputs[0])
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        over_last_axis(inputs[0])
    }

    /// A square, a sum and a quotient for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        3 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let gradient = super::RmsNormGradient { epsilon: self.epsilon };
        graph.apply(gradient, &[at.inputs[0], at.upstream]).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let epsilon = T::from_f64(self.epsilon.value());
        run.rows(
            #[inline(always)]
            |[x], y| {
                normalize(x, epsilon, y);
            },
        );
    }
}

impl Graph {
    /// Each row along the last axis, divided by the root of its mean square, to which `epsilon` > 0 is
    /// added.
    ///
    /// [`Graph::scaled_rms_norm`] is the layer with parameters.
    ///
    /// # Errors
    ///
    /// If `x` is a number without axes, or `epsilon` is not above 0 and finite.
    pub fn rms_norm(&mut self, x: Tensor, epsilon: f64) -> Result<Tensor, GraphError> {
        self.apply(RmsNorm { epsilon: Epsilon::new(epsilon) }, &[x])
    }
}

/// y ← x / √(mean x² + ε), of one row, and 1 / √(mean x² + ε).
#[inline(always)]
pub(crate) fn normalize<T: Element>(x: &[T], epsilon: T, y: &mut [T]) -> T {
    let n = T::from_f64(x.len() as f64);
    let factor = T::constant(1.0) / (kernel::dot(x, x) / n + epsilon).sqrt();
    for (y, &x) in y.iter_mut().zip(x) {
        *y = x * factor;
    }
    factor
}
