//! y = erf x = 2/√π · ∫ exp(−t²) dt from 0 to x, elementwise.
//!
//! x̄ = ȳ ⊙ 2/√π exp(−x²)

use std::f64::consts::FRAC_2_SQRT_PI;

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Erf;

impl Operation for Erf {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[0])
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let square = graph.square(at.inputs[0]);
        let exponent = graph.neg(square);
        let bell = graph.exp(exponent);
        let factor = graph.constant(FRAC_2_SQRT_PI, []);
        let slope = graph.mul(factor, bell)?;
        graph.mul(at.upstream, slope).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.map(T::erf);
    }
}

impl Graph {
    /// The error function, elementwise.
    pub fn erf(&mut self, x: Tensor) -> Tensor {
        self.elementwise(Erf, x)
    }
}
