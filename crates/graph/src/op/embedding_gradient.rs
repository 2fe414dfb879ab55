//! Row r of the value is the sum of uᵢ over all i whose number is r, in the order of i: the gradient of an
//! embedding by its table.
//!
//! ū is the embedding of the numbers in the table ḡ; the numbers have no gradient.

use super::cross_entropy::class_number;
use super::{Gradient, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EmbeddingGradient {
    pub rows: usize,
}

impl Operation for EmbeddingGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0].sizes(), inputs[1].sizes()) {
            (numbers, [same @ .., size]) if numbers == same => Ok([self.rows, *size].into()),
            _ => Err(Problem::Differ { left: inputs[0], right: inputs[1] }),
        }
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        match at.wanted {
            0 => Ok(None),
            _ => graph.embedding(at.upstream, at.inputs[0]).map(Some),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [numbers, u] = [run.inputs[0].each(), run.inputs[1].each()];
        let size = run.shape.sizes()[1];
        run.value.fill(T::constant(0.0));
        for (&number, u) in numbers.iter().zip(u.chunks_exact(size.max(1))) {
            let Some(row) = class_number(number, self.rows) else {
                // It must not pass for a number that is not there.
                return run.value.fill(T::constant(f64::NAN));
            };
            for (y, &u) in run.value[row * size..][..size].iter_mut().zip(u) {
                *y = *y + u;
            }
        }
    }
}
