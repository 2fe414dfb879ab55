//! yᵢⱼ = 0 where j ≤ i, else −∞: added to scores before a softmax, it hides what comes later.

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CausalMask {
    time: usize,
}

impl Operation for CausalMask {
    fn shape(&self, _inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok([self.time; 2].into())
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        for (i, y) in run.value.chunks_exact_mut(self.time.max(1)).enumerate() {
            let (seen, hidden) = y.split_at_mut(i + 1);
            seen.fill(T::constant(0.0));
            hidden.fill(T::constant(f64::NEG_INFINITY));
        }
    }
}

impl Graph {
    /// 0 on and below the diagonal of `[time, time]`, −∞ above it.
    pub(crate) fn causal_mask(&mut self, time: usize) -> Tensor {
        let mask = CausalMask { time };
        self.push(mask.into(), "causal_mask", Vec::new(), [time; 2].into())
    }
}
