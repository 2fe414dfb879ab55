//! g = u ⊙ n, n = (x − μ) / √(σ² + ε), along the last axis: the gradient of scale ⊙ n + shift by the scale, for the
//! upstream u, before it is summed over all rows.
//!
//! n is calculated again, right where u is made, instead of being kept until then.
//!
//! ū = ḡ ⊙ n, the same with ḡ in place of u; x̄ is that of n for the upstream ḡ ⊙ u.

use super::layer_norm::{Epsilon, normalize};
use super::{Along, Gradient, LayerNormGradient, Operation, Run, Site, over_last_axis};
use crate::error::Problem;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LayerNormScaleGradient {
    pub epsilon: Epsilon,
}

impl Operation for LayerNormScaleGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0], inputs[1]) {
            (x, u) if x == u => self.epsilon.shape(x),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        over_last_axis(inputs[0])
    }

    /// Those of the normalization and a product for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        6 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let (x, u) = (at.inputs[0], at.inputs[1]);
        match at.wanted {
            0 => {
                let upstream = graph.mul(at.upstream, u)?;
                let gradient = LayerNormGradient { epsilon: self.epsilon };
                graph.apply(gradient, &[x, upstream]).map(Some)
            }
            _ => graph.apply(self.clone(), &[x, at.upstream]).map(Some),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let epsilon = T::from_f64(self.epsilon.value());
        run.rows(
            #[inline(always)]
            |[x, u], g| {
                normalize(x, epsilon, g);
                for (g, &u) in g.iter_mut().zip(u) {
                    *g = u * *g;
                }
            },
        );
    }
}
