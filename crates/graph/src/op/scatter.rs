//! yᵢⱼ = uᵢ where j is the number i, else 0: the gradient of gathering one value of each row.
//!
//! ū is gathered from ḡ; the numbers have no gradient.

use super::cross_entropy::class_number;
use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scatter {
    pub columns: usize,
}

impl Operation for Scatter {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0].sizes(), inputs[1].sizes()) {
            ([n], [m]) if n == m => Ok([*n, self.columns].into()),
            _ => Err(Problem::Differ { left: inputs[0], right: inputs[1] }),
        }
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        match at.wanted {
            0 => Ok(None),
            _ => graph.gather(at.upstream, at.inputs[0]).map(Some),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [numbers, u] = [run.inputs[0].each(), run.inputs[1].each()];
        run.value.fill(T::constant(0.0));
        let rows = run.value.chunks_exact_mut(self.columns.max(1));
        for ((y, &number), &u) in rows.zip(numbers).zip(u) {
            match class_number(number, self.columns) {
                Some(column) => y[column] = u,
                None => y.fill(T::constant(f64::NAN)),
            }
        }
    }
}
