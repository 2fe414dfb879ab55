//! Yᵢ = (softmax(zᵢ) − onehot(cᵢ)) uᵢ, for each row i: the gradient of the cross-entropy.
//!
//! With p = softmax(z), and G the gradient by Y:
//! z̄ = p ⊙ (G u − Σₗ Gₗ u pₗ), which is the gradient of softmax for the upstream G u;
//! ū = Σₗ Gₗ (p − onehot(c))ₗ; the class numbers have no gradient.

use super::cross_entropy::{class_number, classes};
use super::softmax::softmax_rows;
use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CrossEntropyGradient;

impl Operation for CrossEntropyGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (classes(inputs)?, inputs[2]) {
            (examples, upstream) if examples == upstream => Ok(inputs[0]),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    /// Those of softmax and a product for each score; a difference for each example.
    fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
        5 * value.elements() as u64 + inputs[2].elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [z, c, u] = [at.inputs[0], at.inputs[1], at.inputs[2]];
        let examples = graph.shape(u);
        let column = Shape::from([examples.elements(), 1]);
        match at.wanted {
            0 => {
                let u = graph.reshape(u, column)?;
                let upstream = graph.mul(at.upstream, u)?;
                let p = graph.softmax(z)?;
                graph.softmax_gradient(p, upstream).map(Some)
            }
            1 => Ok(None),
            _ => {
                let one = graph.constant(1.0, examples);
                let slope = graph.apply(CrossEntropyGradient, &[z, c, one])?;
                let product = graph.mul(at.upstream, slope)?;
                graph.sum_axes(product, &[1]).map(Some)
            }
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let k = run.shape.sizes()[1].max(1);
        let upstream = run.inputs[2].each();
        run.value.copy_from_slice(run.inputs[0].each());
        softmax_rows(run.value, k);
        let rows = run.value.chunks_exact_mut(k);
        for ((y, &class), &u) in rows.zip(run.inputs[1].each()).zip(upstream) {
            match class_number(class, k) {
                Some(class) => y[class] = y[class] - T::constant(1.0),
                None => y.fill(T::constant(f64::NAN)),
            }
            for y in y {
                *y = *y * u;
            }
        }
    }
}
