//! Y = u of each window at the first pixel where X is greatest in it, summed over windows, and 0 elsewhere:
//! the gradient of max pooling.
//!
//! ū = the value of Ȳ at those pixels; X̄ = 0, since X only says where. This and max pooling are each
//! other's gradient.

use super::{Along, Gradient, MAX_OPERANDS, MaxPool2d, Operation, Run, Site};
use crate::error::Problem;
use crate::kernel::Pooled;
use crate::window::Windows;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MaxPool2dGradient {
    pub windows: Windows,
}

impl Operation for MaxPool2dGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(inputs[1])
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let windows = self.windows;
        match at.wanted {
            0 => graph.apply(MaxPool2d { windows }, &[at.upstream, at.inputs[1]]).map(Some),
            _ => Ok(None),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [u, x] = [run.inputs[0], run.inputs[1]];
        Pooled::new(self.windows, x.shape, u.shape).to_greatest(u.each(), x.each(), run.value);
    }
}
