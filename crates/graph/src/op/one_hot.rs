//! yᵢⱼ = 1 where j is the class of example i, else 0.
//!
//! The class numbers have no gradient.

use super::cross_entropy::class_number;
use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OneHot {
    classes: usize,
}

impl Operation for OneHot {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match *inputs[0].sizes() {
            [n] => Ok([n, self.classes].into()),
            _ => Err(Problem::NotVector { shape: inputs[0] }),
        }
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        run.value.fill(T::constant(0.0));
        let rows = run.value.chunks_exact_mut(self.classes.max(1));
        for (y, &number) in rows.zip(run.inputs[0].each()) {
            match class_number(number, self.classes) {
                Some(class) => y[class] = T::constant(1.0),
                // A number that is no class must not pass for an example without one.
                None => y.fill(T::constant(f64::NAN)),
            }
        }
    }
}

impl Graph {
    /// Class numbers `[n]` to `[n, classes]`: 1 at the class, 0 elsewhere. A number that is no class
    /// gives a row of NaN.
    ///
    /// # Errors
    ///
    /// If `numbers` is not a vector.
    pub fn one_hot(&mut self, numbers: Tensor, classes: usize) -> Result<Tensor, GraphError> {
        self.apply(OneHot { classes }, &[numbers])
    }
}
