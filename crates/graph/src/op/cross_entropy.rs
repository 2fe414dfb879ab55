//! yᵢ = ln Σₗ exp(zᵢₗ) − zᵢ꜀ with c the class of example i: the negative log-likelihood of that class
//! under softmax.
//!
//! z̄ = (softmax(z) − onehot(c)) ȳ, one node; the class numbers have no gradient.

use super::softmax::for_ln_sum_exp;
use super::{Along, CrossEntropyGradient, Gradient, MAX_OPERANDS, Operand, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CrossEntropy;

impl Operation for CrossEntropy {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        classes(inputs)
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    /// A difference, exp and a sum for each score; ln, a difference and a sum for each example.
    fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
        3 * inputs[0].elements() as u64 + 3 * value.elements() as u64
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
        let [scores, classes] = [run.inputs[0], run.inputs[1]].map(|operand| operand.each());
        let k = run.inputs[0].shape.sizes()[1];
        // A number that is no class has no likelihood.
        run.value.fill(T::constant(f64::NAN));
        let y = run.value;
        for_ln_sum_exp(
            scores,
            k,
            #[inline(always)]
            |i, top, rest| {
                if let Some(class) = class_number(classes[i], k) {
                    // The difference of scores is taken before the logarithm is added, so that a small loss
                    // keeps its digits beside large scores.
                    y[i] = rest + (top - scores[i * k + class]);
                }
            },
        );
    }
}

impl Graph {
    /// The cross-entropy of each example, in nats: scores `[n, k]` (before softmax) and class numbers
    /// `[n]`, each from 0 to k − 1, to losses `[n]`.
    ///
    /// A number that is no class gives NaN, and a gradient of NaN, as diverging does: check labels where
    /// they are read.
    ///
    /// # Errors
    ///
    /// If the shapes are not `[n, k]` and `[n]`.
    pub fn cross_entropy(&mut self, scores: Tensor, classes: Tensor) -> Result<Tensor, GraphError> {
        self.apply(CrossEntropy, &[scores, classes])
    }
}

/// The shape `[n]` that scores `[n, k]` and class numbers `[n]` share.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameters, Plan, Role, RunOptions};

    /// The loss of one example, and its gradient by the scores.
    fn loss_and_gradient(scores: &[f32], class: f32) -> (f32, Vec<f32>) {
        let mut graph = Graph::new();
        let z = graph.parameter("scores", [1, scores.len()], Role::Other);
        let classes = graph.input("classes", [1]);
        let losses = graph.cross_entropy(z, classes).unwrap();
        let loss = graph.sum(losses);
        let train = graph.minimize(loss, "sgd").unwrap();
        let mut plan = Plan::compile(&graph, &[loss], Some(&train));
        let mut parameters = Parameters::zeros(&graph);
        parameters.values_mut().copy_from_slice(scores);
        plan.input_mut(classes)[0] = class;
        plan.run(&parameters, RunOptions::default()).unwrap();
        (plan.value(loss)[0], plan.gradients().to_vec())
    }

    #[test]
    fn large_scores_neither_overflow_nor_cost_digits() {
        assert_eq!(loss_and_gradient(&[1e4, -1e4], 0.0), (0.0, vec![0.0, 0.0]));
        assert_eq!(loss_and_gradient(&[1e4, -1e4], 1.0), (2e4, vec![1.0, -1.0]));
        for shift in [-1e4, 0.0, 1e4] {
            let (loss, gradient) = loss_and_gradient(&[shift + 0.5, shift], 0.0);
            // ln(1 + e^−½), and the probability of the other class.
            assert!((loss - 0.474_077).abs() < 1e-6, "{loss}");
            assert!((gradient[1] - 0.377_540_67).abs() < 1e-6, "{gradient:?}");
        }
    }

    #[test]
    fn a_score_of_minus_infinity_rules_a_class_out() {
        let out = f32::NEG_INFINITY;
        assert_eq!(loss_and_gradient(&[0.0, out], 0.0), (0.0, vec![0.0, 0.0]));
        assert_eq!(loss_and_gradient(&[0.0, out], 1.0), (f32::INFINITY, vec![1.0, -1.0]));
    }

    #[test]
    fn a_number_that_is_no_class_gives_no_number() {
        for class in [-1.0, 0.5, 2.0, f32::NAN, f32::INFINITY] {
            let (loss, gradient) = loss_and_gradient(&[0.0, 1.0], class);
            assert!(loss.is_nan() && gradient.iter().all(|x| x.is_nan()), "{class}");
        }
    }
}
