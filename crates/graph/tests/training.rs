//! Whole steps of training, with the optimizer as the plan's last node.

use thalweg_graph::{
    Activation, Element, Graph, Parameters, Plan, RunError, RunOptions, Tensor, Train,
};
use thalweg_optim::{Chain, ChainOptions, NonFinite, Observe, Optimizer, StepError, scale};
use thalweg_random::Stream;

const EXAMPLES: usize = 90;

/// Two coordinates to three classes.
struct Network {
    graph: Graph,
    points: Tensor,
    labels: Tensor,
    loss: Tensor,
    errors: Tensor,
    train: Train,
}

fn network() -> Network {
    let mut graph = Graph::new();
    let points = graph.input("points", [EXAMPLES, 2]);
    let labels = graph.input("labels", [EXAMPLES]);
    let hidden = graph.scope("layer1", |g| g.dense(points, 16, Activation::Relu)).unwrap();
    let scores = graph.scope("layer2", |g| g.dense(hidden, 3, Activation::Identity)).unwrap();
    let losses = graph.cross_entropy(scores, labels).unwrap();
    let loss = graph.mean(losses);
    let errors = graph.zero_one(scores, labels).unwrap();
    let errors = graph.mean(errors);
    let train = graph.minimize(loss, "sgd").unwrap();
    Network { graph, points, labels, loss, errors, train }
}

impl Network {
    /// A plan on three rings of points, one in the other, and parameters to start from.
    fn start<T: Element>(&self) -> (Plan<T>, Parameters<T>) {
        let mut plan = Plan::compile(&self.graph, &[self.loss, self.errors], Some(&self.train));
        for (i, point) in plan.input_mut(self.points).chunks_exact_mut(2).enumerate() {
            let (angle, radius) = (i as f64 * 0.7, 0.5 + (i % 3) as f64);
            point[0] = T::from_f64(radius * angle.cos());
            point[1] = T::from_f64(radius * angle.sin());
        }
        for (i, label) in plan.input_mut(self.labels).iter_mut().enumerate() {
            *label = T::from_f64((i % 3) as f64);
        }
        let mut parameters = Parameters::zeros(&self.graph);
        for (i, value) in (0..).zip(parameters.values_mut()) {
            *value = T::from_f64(0.5 * Stream::new(4, "start").normal(i));
        }
        (plan, parameters)
    }
}

#[test]
fn a_step_moves_the_parameters_against_the_gradient() {
    let (mut plan, mut parameters) = network().start::<f64>();
    let before = parameters.values().to_vec();
    let mut optimizer = Chain::new(scale(0.5));
    optimizer.observe(Observe::Norms);
    let info = plan.train(&mut parameters, &mut optimizer, RunOptions::default()).unwrap();
    assert_eq!(info.step, 1);
    let norm = plan.gradients().iter().map(|g| g * g).sum::<f64>().sqrt();
    assert!((info.gradient_norm.unwrap() - norm).abs() < 1e-14 && norm > 0.1);
    for ((after, before), gradient) in parameters.values().iter().zip(before).zip(plan.gradients())
    {
        assert_eq!(*after, before - 0.5 * gradient);
    }
}

#[test]
fn rings_are_told_apart() {
    let network = network();
    let (mut plan, mut parameters) = network.start::<f32>();
    let mut optimizer = Chain::new(scale(0.5));
    let mut costs = Vec::new();
    for _ in 0..1500 {
        plan.train(&mut parameters, &mut optimizer, RunOptions::default()).unwrap();
        costs.push(plan.value(network.loss)[0]);
    }
    assert!(costs[0] > 0.9 && costs[1499] < 0.05, "{} to {}", costs[0], costs[1499]);
    assert_eq!(plan.value(network.errors), [0.0]);
}

#[test]
fn single_precision_agrees_with_double_precision() {
    let network = network();
    let (mut single, parameters32) = network.start::<f32>();
    let (mut double, parameters64) = network.start::<f64>();
    single.run(&parameters32, RunOptions::default()).unwrap();
    double.run(&parameters64, RunOptions::default()).unwrap();
    for (single, double) in single.gradients().iter().zip(double.gradients()) {
        assert!((f64::from(*single) - double).abs() < 1e-6, "{single} {double}");
    }
}

#[test]
fn a_step_that_cannot_be_taken_changes_nothing() {
    let network = network();
    let (mut plan, mut parameters) = network.start::<f32>();
    plan.input_mut(network.points)[7] = f32::NAN;
    let before = parameters.values().to_vec();
    let refuse = ChainOptions { non_finite: NonFinite::Refuse, ..ChainOptions::default() };
    let mut optimizer = Chain::new(scale(0.5)).with(refuse);
    let error = plan.train(&mut parameters, &mut optimizer, RunOptions::default()).unwrap_err();
    let RunError::Step(StepError::NonFinite { segment, .. }) = &error else { panic!("{error}") };
    assert_eq!(segment, "layer1/weights");
    assert_eq!(parameters.values(), before);

    let mut plan = Plan::compile(&network.graph, &[network.loss], None);
    let error = plan.train(&mut parameters, &mut optimizer, RunOptions::default()).unwrap_err();
    assert_eq!(error, RunError::NoTrain);
}
