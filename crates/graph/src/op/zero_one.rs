//! yᵢ = 0 where the first greatest score of example i is that of its class, else 1: the 0-1 loss.
//!
//! It is constant wherever it is continuous: z̄ = 0.

use super::cross_entropy::{classes, examples};
use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ZeroOne;

impl Operation for ZeroOne {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        classes(inputs)
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    /// A comparison for each score.
    fn flops(&self, inputs: &[Shape], _value: Shape) -> u64 {
        inputs[0].elements() as u64
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        for ((z, class), y) in examples(run.inputs).zip(run.value) {
            let right = class.is_some_and(|class| is_first_greatest(z, class));
            *y = T::constant(if right { 0.0 } else { 1.0 });
        }
    }
}

impl Graph {
    /// The 0-1 loss of each example: scores `[n, k]` and class numbers `[n]` to `[n]`, 0 where the first
    /// greatest score is that of the class and 1 elsewhere, also where a score is NaN.
    ///
    /// Its gradient is zero, so that it can be measured but not minimised.
    ///
    /// # Errors
    ///
    /// If the shapes are not `[n, k]` and `[n]`.
    pub fn zero_one(&mut self, scores: Tensor, classes: Tensor) -> Result<Tensor, GraphError> {
        self.apply(ZeroOne, &[scores, classes])
    }
}

fn is_first_greatest<T: Element>(z: &[T], class: usize) -> bool {
    let top = z[class];
    z[..class].iter().all(|&z| z < top) && z[class..].iter().all(|&z| z <= top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_greatest_score_decides() {
        let first = |z: &[f64]| (0..z.len()).filter(|&class| is_first_greatest(z, class)).collect::<Vec<_>>();
        assert_eq!(first(&[1.0, 3.0, 2.0]), [1]);
        assert_eq!(first(&[3.0, 3.0, 2.0]), [0]);
        assert_eq!(first(&[1.0, f64::NAN, 2.0]), [0usize; 0]);
    }
}
