//! g = u ⊙ (Φ(x) + x φ(x)), elementwise, with φ(x) = exp(−x²/2)/√(2π), the density of the normal distribution:
//! the gradient of the Gaussian error linear unit.
//!
//! ū = ḡ ⊙ (Φ(x) + x φ(x)), the same with ḡ in place of u; x̄ = ḡ ⊙ u ⊙ φ(x) (2 − x²).

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GeluGradient;

/// 1/√(2π)
const PEAK: f64 = 0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2;

impl Operation for GeluGradient {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0], inputs[1]) {
            (x, u) if x == u => Ok(x),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    /// Four for Φ, five for x φ, a sum and a product for each element.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        11 * value.elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [x, u] = [at.inputs[0], at.inputs[1]];
        if at.wanted == 1 {
            return graph.apply(GeluGradient, &[x, at.upstream]).map(Some);
        }
        let square = graph.square(x);
        let [half, two, peak] = [-0.5, 2.0, PEAK].map(|number| graph.constant(number, []));
        let exponent = graph.mul(half, square)?;
        let bell = graph.exp(exponent);
        let density = graph.mul(peak, bell)?;
        let factor = graph.sub(two, square)?;
        let curvature = graph.mul(density, factor)?;
        let product = graph.mul(u, at.upstream)?;
        graph.mul(product, curvature).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let peak = T::constant(PEAK);
        run.zip(
            #[inline(always)]
            move |x, u| {
                let (share, bell) = x.normal();
                u * (peak * x).mul_add(bell, share)
            },
        );
    }
}
