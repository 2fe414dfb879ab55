use std::collections::HashMap;

use super::naive;
use crate::{
    Activation, Graph, Mode, Parameters, Plan, Role, RunError, RunOptions, Tensor, Threads, Train,
};

/// A network with dropout: two layers, cross-entropy, 0-1 loss.
struct Network {
    graph: Graph,
    images: Tensor,
    labels: Tensor,
    hidden: Tensor,
    loss: Tensor,
    errors: Tensor,
    train: Train,
}

fn network(batch: usize) -> Network {
    let mut graph = Graph::new();
    let images = graph.input("images", [batch, 7]);
    let labels = graph.input("labels", [batch]);
    let hidden = graph.scope("layer1", |g| g.dense(images, 5, Activation::Relu)).unwrap();
    let kept = graph.scope("dropout", |g| g.dropout(hidden, 0.3)).unwrap();
    let scores = graph.scope("layer2", |g| g.dense(kept, 3, Activation::Identity)).unwrap();
    let losses = graph.cross_entropy(scores, labels).unwrap();
    let loss = graph.mean(losses);
    let errors = graph.zero_one(scores, labels).unwrap();
    let train = graph.minimize(loss, "sgd").unwrap();
    Network { graph, images, labels, hidden, loss, errors, train }
}

fn parameters(graph: &Graph) -> Parameters<f64> {
    let mut parameters = Parameters::zeros(graph);
    for (i, value) in parameters.values_mut().iter_mut().enumerate() {
        *value = (i as f64 * 0.7).sin();
    }
    parameters
}

fn images(examples: usize) -> Vec<f64> {
    (0..examples * 7).map(|i| (i as f64 * 1.3).cos()).collect()
}

fn labels(examples: usize) -> Vec<f64> {
    (0..examples).map(|i| (i % 3) as f64).collect()
}

#[test]
fn a_plan_gives_the_bits_of_the_naive_interpreter_at_every_step() {
    let network = network(4);
    let parameters = parameters(&network.graph);
    let inputs = HashMap::from([(network.images, images(4)), (network.labels, labels(4))]);
    let fetch = [network.loss, network.errors];
    let mut plan = Plan::compile(&network.graph, &fetch, Some(&network.train));
    for (&input, values) in &inputs {
        plan.input_mut(input).copy_from_slice(values);
    }
    for (step, mode) in [(0, Mode::Training), (1, Mode::Training), (1, Mode::Evaluation)] {
        let options = RunOptions { seed: 9, step, mode, ..RunOptions::default() };
        plan.run(&parameters, options).unwrap();
        let naive = naive::evaluate(&network.graph, &inputs, &parameters, options);
        for tensor in fetch {
            assert_eq!(plan.value(tensor), naive[tensor.0]);
        }
        let gradients: Vec<f64> =
            network.train.gradients.iter().flat_map(|gradient| naive[gradient.0].clone()).collect();
        assert_eq!(plan.gradients(), gradients);
        assert!(gradients.iter().any(|&x| x != 0.0));
    }
}

#[test]
fn every_node_can_be_fetched_together() {
    let network = network(4);
    let parameters = parameters(&network.graph);
    let inputs = HashMap::from([(network.images, images(4)), (network.labels, labels(4))]);
    let all: Vec<Tensor> = network.graph.nodes().map(|(tensor, _)| tensor).collect();
    let mut plan = Plan::compile(&network.graph, &all, Some(&network.train));
    for (&input, values) in &inputs {
        plan.input_mut(input).copy_from_slice(values);
    }
    plan.run(&parameters, RunOptions::default()).unwrap();
    let naive = naive::evaluate(&network.graph, &inputs, &parameters, RunOptions::default());
    for tensor in all {
        assert_eq!(plan.value(tensor), naive[tensor.0], "{}", network.graph.node(tensor).name());
    }
}

#[test]
fn only_what_is_needed_is_calculated() {
    let network = network(4);
    let operations = |fetch: &[Tensor], train: Option<&Train>| -> Vec<&'static str> {
        let plan = Plan::<f64>::compile(&network.graph, fetch, train);
        plan.operations().collect()
    };
    assert_eq!(operations(&[], None), [""; 0]);
    assert_eq!(operations(&[network.hidden], None), ["matmul", "add", "relu"]);
    let products = operations(&[], Some(&network.train));
    let products = products.iter().filter(|name| **name == "matmul").count();
    assert_eq!(products, 5, "two forward, three backward: none by the images");
}

#[test]
fn equal_subexpressions_are_calculated_once() {
    let mut graph = Graph::new();
    let x = graph.parameter("x", [4], Role::Other);
    let sums: Vec<Tensor> = (0..3)
        .map(|_| {
            let square = graph.square(x);
            graph.sum(square)
        })
        .collect();
    let masks = [graph.dropout(x, 0.5).unwrap(), graph.dropout(x, 0.5).unwrap()];
    let mut plan = Plan::<f64>::compile(&graph, &sums, None);
    assert_eq!(plan.operations().count(), 2);
    plan.run(&parameters(&graph), RunOptions::default()).unwrap();
    assert_eq!(plan.value(sums[0]), plan.value(sums[2]));
    let plan = Plan::<f64>::compile(&graph, &masks, None);
    assert_eq!(plan.operations().count(), 4, "two masks differ even where their shapes do not");
}

#[test]
fn a_chain_of_elementwise_operations_takes_one_buffer() {
    let mut graph = Graph::new();
    let x = graph.input("x", [100]);
    let mut y = graph.neg(x);
    for _ in 0..10 {
        let tanh = graph.tanh(y);
        y = graph.mul(tanh, tanh).unwrap();
    }
    let plan = Plan::<f64>::compile(&graph, &[y], None);
    assert_eq!(plan.buffers.len(), 2, "the input and the chain");
}

#[test]
fn buffers_are_reused() {
    let mut graph = Graph::new();
    let mut y = graph.input("x", [10, 10]);
    for _ in 0..10 {
        y = graph.matmul(y, y).unwrap();
    }
    let plan = Plan::<f64>::compile(&graph, &[y], None);
    assert_eq!(plan.buffers.len(), 3, "the input, one to read, one to write");
}

#[test]
fn gradients_that_are_something_else_as_well_arrive_all_the_same() {
    let mut graph = Graph::new();
    let a = graph.parameter("a", [2], Role::Other);
    let b = graph.parameter("b", [2], Role::Other);
    let alone = graph.parameter("alone", [3], Role::Other);
    let sum = graph.add(a, b).unwrap();
    let square = graph.square(sum);
    let loss = graph.sum(square);
    let train = graph.minimize(loss, "sgd").unwrap();
    let mut parameters = Parameters::<f64>::zeros(&graph);
    parameters.values_mut().copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0]);
    let mut plan = Plan::compile(&graph, &[train.gradients[0], alone], Some(&train));
    plan.run(&parameters, RunOptions::default()).unwrap();
    assert_eq!(plan.gradients(), [8.0, 12.0, 8.0, 12.0, 0.0, 0.0, 0.0]);
    assert_eq!(plan.value(train.gradients[0]), [8.0, 12.0]);
    assert_eq!(plan.value(alone), [0.0; 3]);
}

#[test]
fn a_gradient_that_others_are_calculated_from_arrives_all_the_same() {
    let mut graph = Graph::new();
    let x = graph.input("x", [2, 2]);
    let w = graph.parameter("w", [2, 3], Role::Weight);
    let shift = graph.parameter("shift", [2, 3], Role::Other);
    let product = graph.matmul(x, w).unwrap();
    let sum = graph.add(product, shift).unwrap();
    let tanh = graph.tanh(sum);
    let loss = graph.sum(tanh);
    let train = graph.minimize(loss, "sgd").unwrap();
    let parameters = parameters(&graph);
    let inputs = HashMap::from([(x, vec![1.0, 2.0, 3.0, 4.0])]);
    let mut plan = Plan::compile(&graph, &[], Some(&train));
    plan.input_mut(x).copy_from_slice(&inputs[&x]);
    plan.run(&parameters, RunOptions::default()).unwrap();
    let naive = naive::evaluate(&graph, &inputs, &parameters, RunOptions::default());
    let gradients = train.gradients.iter().flat_map(|gradient| naive[gradient.0].clone());
    assert_eq!(plan.gradients(), gradients.collect::<Vec<f64>>());
}

#[test]
fn batches_of_different_sizes_share_parameters_and_weigh_alike() {
    let parameters = parameters(&network(1).graph);
    let run = |first: usize, examples: usize| {
        let network = network(examples);
        let mut plan = Plan::compile(&network.graph, &[network.loss], Some(&network.train));
        plan.input_mut(network.images).copy_from_slice(&images(first + examples)[first * 7..]);
        plan.input_mut(network.labels).copy_from_slice(&labels(first + examples)[first..]);
        let options = RunOptions { mode: Mode::Evaluation, ..RunOptions::default() };
        plan.run(&parameters, options).unwrap();
        (plan.value(network.loss)[0], plan.gradients().to_vec())
    };
    let ((loss3, gradient3), (loss2, gradient2), (loss5, gradient5)) =
        (run(0, 3), run(3, 2), run(0, 5));
    let mean = |a: f64, b: f64| (3.0 * a + 2.0 * b) / 5.0;
    assert!((mean(loss3, loss2) - loss5).abs() < 1e-14);
    for ((a, b), whole) in gradient3.iter().zip(&gradient2).zip(&gradient5) {
        assert!((mean(*a, *b) - whole).abs() < 1e-14);
    }
}

#[test]
fn gradients_of_weights_are_summed_where_their_rows_are_made() {
    // One part for each of eight groups, and three for each of two.
    for examples in [8, 6] {
        let mut graph = Graph::new();
        let x = graph.input("x", [examples, 3, 12]);
        let attended = graph.attention(x, 2, true).unwrap();
        let rows = graph.reshape(attended, [examples * 3, 4]).unwrap();
        let hidden = graph.scope("hidden", |g| g.dense(rows, 5, Activation::Gelu)).unwrap();
        let y = graph.scope("y", |g| g.dense(hidden, 4, Activation::Tanh)).unwrap();
        let squares = graph.square(y);
        let loss = graph.mean(squares);
        let train = graph.minimize(loss, "sgd").unwrap();
        let values: Vec<f64> = (0..examples * 3 * 12).map(|i| (i as f64 * 1.3).cos()).collect();
        let (inputs, parameters) = (HashMap::from([(x, values)]), parameters(&graph));
        let naive = naive::evaluate(&graph, &inputs, &parameters, RunOptions::default());
        let gradients: Vec<f64> =
            train.gradients.iter().flat_map(|gradient| naive[gradient.0].clone()).collect();
        // What else is fetched changes what runs together, but no bit.
        for fetch in [&[][..], &[hidden, y], &[train.gradients[0]]] {
            let mut plan = Plan::compile(&graph, fetch, Some(&train));
            plan.input_mut(x).copy_from_slice(&inputs[&x]);
            for threads in [1, 2, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let options = RunOptions { threads: Threads::Pool, ..RunOptions::default() };
                pool.install(|| plan.run(&parameters, options)).unwrap();
                assert_eq!(plan.gradients(), gradients, "{threads} threads");
            }
            let steps = plan.describe().steps;
            let is_gradient = |name: &&String| {
                name.starts_with("train/gradients")
                    && name.rsplit('/').next().unwrap().starts_with("matmul")
            };
            let together =
                steps.iter().map(|step| step.operations.iter().filter(is_gradient).count());
            assert_eq!(together.max(), Some(3), "both gradients of weights beside that of a value");
        }
    }
}

#[test]
fn foreign_parameters_are_refused() {
    let mut graph = Graph::new();
    graph.parameter("w", [2], Role::Weight);
    let mine = Parameters::<f64>::zeros(&graph);
    let mut other = Graph::new();
    let w = other.parameter("w", [3], Role::Weight);
    let mut plan = Plan::compile(&other, &[w], None);
    let error = plan.run(&mine, RunOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the plan wants the parameters w [3], but was given w [2]; make them from the same graph"
    );
    assert!(matches!(error, RunError::Parameters { .. }));
}
