//! A run allocates nothing.

use thalweg_allocations::of_this_thread;
use thalweg_graph::{
    Activation, BatchNorm, Convolution, Graph, Parameters, Plan, Pooling, Role, RunOptions,
};

fn allocations(plan: &mut Plan<f32>, parameters: &Parameters<f32>) -> usize {
    let mut run = || plan.run(parameters, RunOptions::default()).unwrap();
    run();
    let before = of_this_thread();
    for _ in 0..10 {
        run();
    }
    of_this_thread() - before
}

#[test]
fn elementwise_operations_allocate_nothing() {
    let mut graph = Graph::new();
    let x = graph.input("x", [64, 30]);
    let labels = graph.input("labels", [64]);
    let scale = graph.parameter("scale", [30], Role::Weight);
    let scaled = graph.mul(x, scale).unwrap();
    let kept = graph.dropout(scaled, 0.5).unwrap();
    let smooth = graph.tanh(kept);
    let wide = graph.reshape(smooth, [64, 30]).unwrap();
    let losses = graph.cross_entropy(wide, labels).unwrap();
    let loss = graph.mean(losses);
    let train = graph.minimize(loss, "sgd").unwrap();
    let mut plan = Plan::compile(&graph, &[loss, scale], Some(&train));
    assert_eq!(allocations(&mut plan, &Parameters::zeros(&graph)), 0);
}

#[test]
fn pooling_and_normalising_allocate_nothing() {
    let mut graph = Graph::new();
    let x = graph.input("x", [4, 12, 12, 6]);
    let weights = graph.parameter("weights", [3, 3, 1, 6], Role::Weight);
    let groups = Convolution { groups: 6, ..Convolution::default() };
    let y = graph.conv2d(x, weights, groups).unwrap();
    let y = graph.batch_norm(y, BatchNorm::default()).unwrap();
    let y = graph.max_pool2d(y, Pooling::of([2, 2])).unwrap();
    let y = graph.average_pool2d(y, Pooling::of([2, 2])).unwrap();
    let y = graph.permute(y, &[0, 3, 1, 2]).unwrap();
    let y = graph.concat(&[y, y], 1).unwrap();
    let y = graph.clamp(y, -1.0, 1.0).unwrap();
    let loss = graph.mean(y);
    let train = graph.minimize(loss, "sgd").unwrap();
    let mut plan = Plan::compile(&graph, &[loss], Some(&train));
    assert_eq!(allocations(&mut plan, &Parameters::zeros(&graph)), 0);
}

#[test]
fn sequences_allocate_nothing() {
    let mut graph = Graph::new();
    let x = graph.input("x", [4, 20, 24]);
    let scale = graph.parameter("scale", [24], Role::Weight);
    let weights = graph.parameter("weights", [24, 24], Role::Weight);
    let recurrent = graph.parameter("recurrent", [6, 24], Role::Weight);
    let biases = graph.parameter("biases", [24], Role::Bias);
    let y = graph.mul(x, scale).unwrap();
    let y = graph.layer_norm(y, 1e-5).unwrap();
    let y = graph.gelu(y);
    let attended = graph.attention(y, 2, true).unwrap();
    let states = graph.lstm_recurrence(y, weights, recurrent, biases).unwrap();
    let y = graph.concat(&[attended, states], 2).unwrap();
    let y = graph.softmax(y).unwrap();
    let loss = graph.mean(y);
    let train = graph.minimize(loss, "sgd").unwrap();
    let mut plan = Plan::compile(&graph, &[loss], Some(&train));
    assert_eq!(allocations(&mut plan, &Parameters::zeros(&graph)), 0);
}

#[test]
fn products_allocate_nothing() {
    let mut graph = Graph::new();
    let x = graph.input("x", [64, 100]);
    let labels = graph.input("labels", [64]);
    let hidden = graph.scope("layer1", |g| g.dense(x, 50, Activation::Relu)).unwrap();
    let scores = graph.scope("layer2", |g| g.dense(hidden, 10, Activation::Identity)).unwrap();
    let losses = graph.cross_entropy(scores, labels).unwrap();
    let loss = graph.mean(losses);
    let train = graph.minimize(loss, "sgd").unwrap();
    let mut plan = Plan::compile(&graph, &[loss], Some(&train));
    assert_eq!(allocations(&mut plan, &Parameters::zeros(&graph)), 0);
}
