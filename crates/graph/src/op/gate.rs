//! y = u where x > 0, else 0, elementwise: the gradient of ReLU.
//!
//! ū = ȳ where x > 0, else 0; x̄ = 0

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Gate;

impl Operation for Gate {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0], inputs[1]) {
            (u, x) if u == x => Ok(u),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        match at.wanted {
            0 => graph.gate(at.upstream, at.inputs[1]).map(Some),
            _ => Ok(None),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let zero = T::constant(0.0);
        run.zip(move |u, x| x.if_greater(zero, u, zero));
    }
}

impl Graph {
    /// u where x > 0, else 0, elementwise. The gradient by x is 0.
    ///
    /// # Errors
    ///
    /// If the shapes differ.
    pub fn gate(&mut self, u: Tensor, x: Tensor) -> Result<Tensor, GraphError> {
        self.apply(Gate, &[u, x])
    }
}
