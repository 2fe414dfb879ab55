//! yᵢ = ln Σₗ exp(zᵢₗ) − zᵢ꜀ with c the class of example i: the negative log-likelihood of that class
//! under softmax.
//!
//! z̄ = (softmax(z) − onehot(c)) ȳ, one node; the class numbers have no gradient.

use super::softmax::ln_sum_exp;
use super::{CrossEntropyGradient, Gradient, Operand, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CrossEntropy;

impl Operation for CrossEntropy {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        classes(inputs)
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        match at.wanted {
            0 => graph
                .apply(CrossEntropyGradient, &[at.inputs[0], at.inputs[1], at.upstream])
                .map(Some),
            _ => Ok(None),
        }
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        for ((z, class), y) in examples(run.inputs).zip(run.value) {
            // A number that is no class has no likelihood.
            *y = class.map_or(T::constant(f64::NAN), |class| ln_sum_exp(z) - z[class]);
        }
    }
}

impl Graph {
    /// The cross-entropy of each example, in nats: scores [n, k] (before softmax) and class numbers
    /// [n], each from 0 to k − 1, to losses [n]. A number that is no class gives NaN.
    ///
    /// # Errors
    ///
    /// If the shapes are not [n, k] and [n].
    pub fn cross_entropy(&mut self, scores: Tensor, classes: Tensor) -> Result<Tensor, GraphError> {
        self.apply(CrossEntropy, &[scores, classes])
    }
}

/// The shape [n] that scores [n, k] and class numbers [n] share.
pub(crate) fn classes(inputs: &[Shape]) -> Result<Shape, Problem> {
    match (inputs[0].sizes(), inputs[1].sizes()) {
        ([n, _], [m]) if n == m => Ok(inputs[1]),
        _ => Err(Problem::Classes { scores: inputs[0], classes: inputs[1] }),
    }
}

/// The rows of scores, each with its class; `None` where the number is not that of a class.
pub(crate) fn examples<'a, T: Element>(
    inputs: &[Operand<'a, T>],
) -> impl Iterator<Item = (&'a [T], Option<usize>)> + use<'a, T> {
    let [scores, classes] = [inputs[0], inputs[1]];
    let [n, k] = [scores.shape.sizes()[0], scores.shape.sizes()[1]];
    let class = move |i: usize| class_number(classes.each()[i], k);
    (0..n).map(move |i| (&scores.each()[i * k..][..k], class(i)))
}

/// The class that a number names, among `k`.
pub(crate) fn class_number<T: Element>(number: T, k: usize) -> Option<usize> {
    let number = number.to_f64();
    (number >= 0.0 && number < k as f64 && number.fract() == 0.0).then_some(number as usize)
}
