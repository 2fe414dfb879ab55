//! y = x Φ(x) with Φ(x) = ½ (1 + erf(x/√2)), the share of a normal distribution below x, elementwise.
//!
//! x̄ = ȳ ⊙ (Φ(x) + x φ(x)), one node. A second operand, of any values, only says where the value is made:
//! see [`Graph::again`].
//!
//! Hendrycks & Gimpel, *Gaussian error linear units*, 2016, section 2, <https://arxiv.org/abs/1606.08415>.

use super::{GeluGradient, Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Gelu;

impl Operation for Gelu {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match inputs.get(1) {
            Some(&right) if right != inputs[0] => Err(Problem::Differ { left: inputs[0], right }),
            _ => Ok(inputs[0]),
        }
    }

    /// Three products, erf and a sum for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        5 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        match at.wanted {
            0 => graph.apply(GeluGradient, &[at.inputs[0], at.upstream]).map(Some),
            _ => Ok(None),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(
            #[inline(always)]
            |x| x * x.normal().0,
        );
    }
}

impl Graph {
    /// The Gaussian error linear unit x Φ(x), elementwise, where Φ is the distribution function of the normal
    /// distribution. [`gelu_tanh`](Graph::gelu_tanh) is the approximation.
    pub fn gelu(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Gelu, x)
    }
}
