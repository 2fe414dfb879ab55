//! y = (x − μ) / √(σ² + ε), along the last axis, with its mean μ and its variance σ² = Σ (x − μ)² / n.
//!
//! Ba, Kiros & Hinton, *Layer normalization*, 2016, equation 4, <https://arxiv.org/abs/1607.06450>. With
//! scale and shift it is another operation: [`AffineLayerNorm`](super::AffineLayerNorm).
//!
//! x̄ = (ȳ − mean ȳ − y · mean(ȳ ⊙ y)) / √(σ² + ε), one node.

use super::{Along, Gradient, Operation, Run, Site, over_last_axis};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LayerNorm {
    pub epsilon: Epsilon,
}

/// What is added to a variance so that its root is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Epsilon {
    /// The bits, by which two operations are compared.
    bits: u64,
}

impl Epsilon {
    pub fn new(epsilon: f64) -> Epsilon {
        Epsilon { bits: epsilon.to_bits() }
    }

    pub fn value(self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// The shape, which has a last axis, of an operation along that.
    pub fn shape(self, x: Shape) -> Result<Shape, Problem> {
        let epsilon = self.value();
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(Problem::Epsilon { epsilon: epsilon.to_string() });
        }
        x.last().map(|_| x)
    }
}

impl Operation for LayerNorm {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        self.epsilon.shape(inputs[0])
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        over_last_axis(inputs[0])
    }

    /// A sum, a difference, a square, a sum and a quotient for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        5 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let gradient = super::LayerNormGradient { epsilon: self.epsilon };
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
    /// Each row along the last axis, less its mean and divided by its standard deviation: mean 0 and
    /// variance 1, or a little less, since `epsilon` > 0 is added to the variance.
    ///
    /// [`Graph::affine_layer_norm`] is the layer with parameters.
    ///
    /// # Errors
    ///
    /// If `x` is a number without axes, or `epsilon` is not above 0 and finite.
    pub fn layer_norm(&mut self, x: Tensor, epsilon: f64) -> Result<Tensor, GraphError> {
        self.apply(LayerNorm { epsilon: Epsilon::new(epsilon) }, &[x])
    }
}

/// y ← (x − μ) / √(σ² + ε), of one row, and 1 / √(σ² + ε).
#[inline(always)]
pub(crate) fn normalize<T: Element>(x: &[T], epsilon: T, y: &mut [T]) -> T {
    let n = T::from_f64(x.len() as f64);
    let mean = kernel::sum(x) / n;
    let variance = kernel::sum_of(x, |x| (x - mean) * (x - mean)) / n;
    let factor = T::constant(1.0) / (variance + epsilon).sqrt();
    for (y, &x) in y.iter_mut().zip(x) {
        *y = (x - mean) * factor;
    }
    factor
}
