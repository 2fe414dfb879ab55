//! The same value everywhere.

use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Constant {
    /// The value's bits, by which two constants are compared.
    bits: u64,
    shape: Shape,
}

impl Constant {
    pub(crate) fn new(value: f64, shape: Shape) -> Constant {
        Constant { bits: value.to_bits(), shape }
    }
}

impl Operation for Constant {
    fn shape(&self, _inputs: &[Shape]) -> Result<Shape, Problem> {
        Ok(self.shape)
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.value.fill(T::from_f64(f64::from_bits(self.bits)));
    }
}
