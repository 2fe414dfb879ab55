//! y = scale ⊙ n + shift, n = (x − μ) / √(σ² + ε), along the last axis: layer normalization with its parameters,
//! in one pass.
//!
//! Ba, Kiros & Hinton, *Layer normalization*, 2016, equation 4, <https://arxiv.org/abs/1607.06450>.
//!
//! x̄ is that of n for the upstream ȳ ⊙ scale; the gradients by scale and shift are sums of ȳ ⊙ n and of ȳ over
//! all rows. n is calculated again for them, instead of being kept. A fourth operand, of any values, only says
//! where the value is made: see [`Graph::again`].

use super::layer_norm::{Epsilon, normalize};
use super::{
    Along, Gradient, LayerNormGradient, LayerNormScaleGradient, Operation, Run, Site,
};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AffineLayerNorm {
    pub epsilon: Epsilon,
}

impl Operation for AffineLayerNorm {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let x = self.epsilon.shape(inputs[0])?;
        let row = Shape::from([x.last()?]);
        let expected = [row, row, x];
        match inputs[1..].iter().zip(expected).find(|&(&found, expected)| found != expected) {
            Some((&right, left)) => Err(Problem::Differ { left, right }),
            None => Ok(x),
        }
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        (inputs[0].rank() > 1).then_some([true, false, false, true])
    }

    /// Those of the normalization, a product and a sum for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        7 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let (x, scale, upstream, epsilon) = (at.inputs[0], at.inputs[1], at.upstream, self.epsilon);
        let of_normal = match at.wanted {
            0 => {
                let upstream = graph.mul(upstream, scale)?;
                return graph.apply(LayerNormGradient { epsilon }, &[x, upstream]).map(Some);
            }
            1 => graph.apply(LayerNormScaleGradient { epsilon }, &[x, upstream])?,
            2 => upstream,
            _ => return Ok(None),
        };
        graph.sum_to(of_normal, graph.shape(scale)).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [scale, shift] = [1, 2].map(|i| run.inputs[i].each());
        let epsilon = T::from_f64(self.epsilon.value());
        run.rows(
            #[inline(always)]
            |[x], y| {
                kernel::ask_ahead(x);
                normalize(x, epsilon, y);
                for (y, (&scale, &shift)) in y.iter_mut().zip(scale.iter().zip(shift)) {
                    *y = *y * scale + shift;
                }
            },
        );
    }
}

impl Graph {
    /// scale ⊙ [`layer_norm`](Graph::layer_norm)(x) + shift, of parameters of the size of the last axis.
    pub(crate) fn scaled_and_shifted_layer_norm(
        &mut self,
        x: Tensor,
        scale: Tensor,
        shift: Tensor,
        epsilon: f64,
    ) -> Result<Tensor, GraphError> {
        self.apply(AffineLayerNorm { epsilon: Epsilon::new(epsilon) }, &[x, scale, shift])
    }
}
