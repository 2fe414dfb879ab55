//! y = min(max(x, low), high), elementwise; NaN stays NaN.
//!
//! x̄ = ȳ where low ≤ x ≤ high, else 0.

use super::max::greater;
use super::min::lesser;
use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Clamp {
    /// The bounds' bits, by which two are compared.
    low: u64,
    high: u64,
}

impl Operation for Clamp {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [low, high] = self.bounds();
        if low <= high {
            return Ok(inputs[0]);
        }
        Err(Problem::Bounds { low: low.to_string(), high: high.to_string() })
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [low, high] = self.bounds();
        let mut inside = at.upstream;
        // Nothing lies beyond a bound that is infinite.
        if low.is_finite() {
            let low = graph.constant(low, []);
            let below = graph.sub(low, at.inputs[0])?;
            let cut = graph.gate(at.upstream, below)?;
            inside = graph.sub(inside, cut)?;
        }
        if high.is_finite() {
            let high = graph.constant(high, []);
            let above = graph.sub(at.inputs[0], high)?;
            let cut = graph.gate(at.upstream, above)?;
            inside = graph.sub(inside, cut)?;
        }
        Ok(Some(inside))
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [low, high] = self.bounds().map(T::from_f64);
        run.map(move |x| lesser(greater(x, low), high));
    }
}

impl Clamp {
    fn bounds(&self) -> [f64; 2] {
        [self.low, self.high].map(f64::from_bits)
    }
}

impl Graph {
    /// min(max(x, low), high), elementwise; NaN stays NaN. The gradient is 1 where low ≤ x ≤ high, else 0.
    /// A bound may be infinite.
    ///
    /// # Errors
    ///
    /// If `low` is above `high`, or either is NaN.
    pub fn clamp(&mut self, x: Tensor, low: f64, high: f64) -> Result<Tensor, GraphError> {
        self.apply(Clamp { low: low.to_bits(), high: high.to_bits() }, &[x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_not_hidden() {
        let nan = f64::NAN;
        for [a, b] in [[nan, 1.0], [1.0, nan], [nan, f64::INFINITY], [f64::NEG_INFINITY, nan]] {
            assert!(greater(a, b).is_nan() && lesser(a, b).is_nan());
        }
        assert_eq!([greater(1.0, f64::INFINITY), lesser(1.0, f64::NEG_INFINITY)], [
            f64::INFINITY,
            f64::NEG_INFINITY
        ]);
    }
}
