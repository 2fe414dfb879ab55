//! A layer of batch normalisation in training and in evaluation, against PyTorch, and what an optimizer that
//! runs a plan twice does to its statistics. `torch/make.py` writes the fixtures.

use std::collections::HashMap;

use thalweg_graph::{
    BatchNorm, Graph, Mode, Parameters, Plan, Role, RunOptions, Start, Tensor, Train,
};
use thalweg_optim::{Chain, Optimizer, optimizer, scale};

struct Layer {
    graph: Graph,
    x: Tensor,
    y: Tensor,
    train: Train,
}

/// The layer on five rows of three, with the mean of its cubes as loss.
fn layer() -> Layer {
    let mut graph = Graph::new();
    let x = graph.input("x", [5, 3]);
    let y = graph.batch_norm(x, BatchNorm::default()).unwrap();
    let square = graph.square(y);
    let cube = graph.mul(square, y).unwrap();
    let loss = graph.mean(cube);
    let train = graph.minimize(loss, "sgd").unwrap();
    Layer { graph, x, y, train }
}

#[test]
fn training_and_evaluation_are_those_of_pytorch() {
    let steps: Vec<HashMap<String, Vec<f64>>> =
        serde_json::from_str(include_str!("torch/batch_norm.json")).unwrap();
    let Layer { graph, x, y, train } = layer();
    let mut plan = Plan::compile(&graph, &[y], Some(&train));
    let mut parameters = Parameters::<f64>::zeros(&graph);
    let mut optimizer = Chain::new(scale(0.1));
    let close = |got: &[f64], expected: &[f64], what: &str| {
        assert_eq!(got.len(), expected.len(), "{what}");
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-13, "{what}: {got}, but PyTorch says {expected}");
        }
    };
    assert_eq!(steps.len(), 3);
    for step in &steps {
        plan.input_mut(x).copy_from_slice(&step["x"]);
        plan.train(&mut parameters, &mut optimizer, RunOptions::default()).unwrap();
        for name in ["scale", "shift", "running_mean", "running_variance"] {
            close(parameters.get(name).unwrap(), &step[name], name);
        }
        let before = parameters.values().to_vec();
        let evaluation = RunOptions { mode: Mode::Evaluation, ..RunOptions::default() };
        plan.run(&parameters, evaluation).unwrap();
        close(plan.value(y), &step["evaluated"], "evaluated");
        assert_eq!(parameters.values(), before, "a run moves nothing");
    }
}

#[test]
fn an_optimizer_that_probes_moves_the_statistics_once() {
    let Layer { graph, x, train, .. } = layer();
    let train_with = |optimizer: &mut dyn Optimizer<f64>| {
        let mut plan = Plan::compile(&graph, &[], Some(&train));
        let mut parameters = Parameters::zeros(&graph);
        for (i, x) in plan.input_mut(x).iter_mut().enumerate() {
            *x = (i as f64).sin();
        }
        plan.train(&mut parameters, optimizer, RunOptions::default()).unwrap();
        parameters
    };
    let plain = train_with(&mut Chain::new(scale(0.1)));
    let call = "sam(sgd(lr=0.1))".parse().unwrap();
    let probing = train_with(&mut *optimizer(&call, None).unwrap());
    assert_ne!(plain.get("shift"), probing.get("shift"), "it did probe");
    for name in ["running_mean", "running_variance"] {
        assert_eq!(plain.get(name), probing.get(name), "{name}");
    }
}

#[test]
fn a_run_of_training_in_evaluation_moves_no_statistics() {
    let Layer { graph, x, train, .. } = layer();
    let mut plan = Plan::compile(&graph, &[], Some(&train));
    let mut parameters = Parameters::<f64>::zeros(&graph);
    plan.input_mut(x).fill(2.0);
    let options = RunOptions { mode: Mode::Evaluation, ..RunOptions::default() };
    plan.train(&mut parameters, &mut Chain::new(scale(0.1)), options).unwrap();
    assert_eq!(parameters.get("running_mean"), Some(&[0.0; 3][..]));
    assert_eq!(parameters.get("running_variance"), Some(&[1.0; 3][..]));
}

#[test]
fn statistics_lie_behind_what_is_trained() {
    let mut graph = Graph::new();
    let first = graph.parameter("first", [2], Role::Statistic(Start::One));
    let w = graph.parameter("w", [2], Role::Scale);
    let product = graph.mul(first, w).unwrap();
    let loss = graph.sum(product);
    graph.assign(first, product).unwrap();
    let doubled = graph.add(first, first).unwrap();
    // The later value counts.
    graph.assign(first, doubled).unwrap();
    let train = graph.minimize(loss, "sgd").unwrap();
    assert_eq!(train.gradients.len(), 1);
    let mut parameters = Parameters::<f64>::zeros(&graph);
    let names: Vec<&str> = parameters.infos().iter().map(|info| &info.name[..]).collect();
    assert_eq!(names, ["w", "first"]);
    assert_eq!((parameters.values(), parameters.trained()), (&[1.0; 4][..], &[1.0; 2][..]));
    let mut plan = Plan::compile(&graph, &[], Some(&train));
    plan.train(&mut parameters, &mut Chain::new(scale(0.5)), RunOptions::default()).unwrap();
    assert_eq!(parameters.values(), [0.5, 0.5, 2.0, 2.0]);
    assert_eq!(plan.gradients(), [1.0, 1.0]);
}
