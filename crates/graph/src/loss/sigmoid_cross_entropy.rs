//! −t ln σ(z) − (1 − t) ln(1 − σ(z)), elementwise, with the score z and the target t from 0 to 1: the
//! negative log-likelihood of t when z is the log-odds of 1.
//!
//! As t ln(1 + e⁻ᶻ) + (1 − t) ln(1 + eᶻ), of terms that are never negative, so that nothing cancels and a
//! small loss keeps its digits. The slope is σ(z) − t.

use crate::{Graph, GraphError, Tensor};

impl Graph {
    /// The cross-entropy of each target with the sigmoid of its score, in nats: `targets` are from 0 to 1.
    ///
    /// # Errors
    ///
    /// If the shapes differ.
    pub fn sigmoid_cross_entropy(
        &mut self,
        scores: Tensor,
        targets: Tensor,
    ) -> Result<Tensor, GraphError> {
        self.loss_of_each("sigmoid_cross_entropy", [scores, targets], |g| {
            let one = g.constant(1.0, []);
            let rest = g.sub(one, targets)?;
            let opposite = g.neg(scores);
            let [of_one, of_zero] = [g.softplus(opposite), g.softplus(scores)];
            let [ones, zeros] = [g.mul(targets, of_one)?, g.mul(rest, of_zero)?];
            g.add(ones, zeros)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Graph, Parameters, Plan, Role, RunOptions};

    /// The loss at a score and target, and its slope by the score.
    fn loss_and_slope(score: f32, target: f32) -> (f32, f32) {
        let mut graph = Graph::new();
        let z = graph.parameter("score", [], Role::Other);
        let t = graph.input("target", []);
        let loss = graph.sigmoid_cross_entropy(z, t).unwrap();
        let train = graph.minimize(loss, "sgd").unwrap();
        let mut plan = Plan::compile(&graph, &[loss], Some(&train));
        let mut parameters = Parameters::zeros(&graph);
        parameters.values_mut()[0] = score;
        plan.input_mut(t)[0] = target;
        plan.run(&parameters, RunOptions::default()).unwrap();
        (plan.value(loss)[0], plan.gradients()[0])
    }

    #[test]
    fn large_scores_neither_overflow_nor_cost_digits() {
        assert_eq!(loss_and_slope(1e4, 1.0), (0.0, 0.0));
        assert_eq!(loss_and_slope(1e4, 0.0), (1e4, 1.0));
        assert_eq!(loss_and_slope(-1e4, 0.25), (2500.0, -0.25));
        // ln(1 + e⁻²⁰), far below the distance of floats near 20.
        for (score, target) in [(20.0, 1.0), (-20.0, 0.0)] {
            let (loss, _) = loss_and_slope(score, target);
            assert!((loss / 2.061_153_6e-9 - 1.0).abs() < 1e-5, "{loss}");
        }
    }

    #[test]
    fn the_slope_at_zero_is_one_half_less_the_target() {
        for target in [0.0, 0.25, 0.5, 1.0] {
            let (loss, slope) = loss_and_slope(0.0, target);
            assert!((loss - 2f32.ln()).abs() < 1e-6 && slope == 0.5 - target, "{loss} {slope}");
        }
    }
}
