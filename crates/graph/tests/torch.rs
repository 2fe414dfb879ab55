//! Values and gradients against PyTorch, in f64. `torch/make.py` writes the fixtures.

use serde::Deserialize;
use thalweg_graph::{
    BatchNorm, Convolution, Graph, GraphError, Padding, Parameters, Plan, Pooling, Role,
    RunOptions, Shape, Tensor, Transposed,
};

#[derive(Deserialize)]
struct Case {
    name: String,
    operands: Vec<Values>,
    value: Values,
    gradients: Vec<Values>,
}

#[derive(Deserialize)]
struct Values {
    shape: Vec<usize>,
    values: Vec<f64>,
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("torch/fixtures.json")).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        check(&case).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
}

fn check(case: &Case) -> Result<(), GraphError> {
    let mut graph = Graph::new();
    let shape = |values: &Values| Shape::try_from(&values.shape[..]).unwrap();
    let operands: Vec<Tensor> =
        case.operands.iter().map(|x| graph.parameter("x", shape(x), Role::Other)).collect();
    let value = build(&case.name, &mut graph, &operands)?;
    let weights = graph.input("weights", graph.shape(value));
    let product = graph.mul(value, weights)?;
    let sum = graph.sum(product);
    let gradients = graph.gradients(sum, &operands)?;

    let mut parameters = Parameters::<f64>::zeros(&graph);
    for ((_, values), operand) in parameters.iter_mut().zip(&case.operands) {
        values.copy_from_slice(&operand.values);
    }
    let mut plan = Plan::compile(&graph, &[gradients.clone(), vec![value]].concat(), None);
    fill_inputs(&graph, &mut plan);
    plan.run(&parameters, RunOptions::default()).unwrap();
    for (tensor, expected) in
        gradients.iter().chain([&value]).zip(case.gradients.iter().chain([&case.value]))
    {
        assert_eq!(graph.shape(*tensor), shape(expected), "{}", case.name);
        for (got, expected) in plan.value(*tensor).iter().zip(&expected.values) {
            let close = (got - expected).abs() <= 1e-13 * (1.0 + expected.abs());
            assert!(close, "{}: {got}, but PyTorch says {expected}", case.name);
        }
    }
    Ok(())
}

/// The inputs as `make.py` has them, by name.
fn fill_inputs(graph: &Graph, plan: &mut Plan<f64>) {
    for (tensor, node) in graph.nodes().filter(|(_, node)| node.operation() == "input") {
        let (name, k) = node.name().split_once(' ').unwrap_or((node.name(), "1"));
        let k: usize = k.parse().unwrap();
        for (i, x) in plan.input_mut(tensor).iter_mut().enumerate() {
            *x = match name {
                "weights" => (i as f64).cos(),
                "classes" => ((i * 7 + 3) % k) as f64,
                "signs" => {
                    if i % 3 == 0 {
                        1.0
                    } else {
                        -1.0
                    }
                }
                _ => panic!("unknown input {name}"),
            };
        }
    }
}

fn build(name: &str, g: &mut Graph, x: &[Tensor]) -> Result<Tensor, GraphError> {
    use Transposed::{No, Yes};
    // The gradient of the sum of squares, by the first operand.
    if let Some(name) = name.strip_suffix(", slope") {
        let y = build(name, g, x)?;
        let square = g.square(y);
        let sum = g.sum(square);
        return g.gradients(sum, &x[..1]).map(|gradients| gradients[0]);
    }
    match name {
        "add" => g.add(x[0], x[1]),
        "sub" => g.sub(x[0], x[1]),
        "mul" => g.mul(x[0], x[1]),
        "div" => g.div(x[0], x[1]),
        "neg" => Ok(g.neg(x[0])),
        "abs" => Ok(g.abs(x[0])),
        "square" => Ok(g.square(x[0])),
        "sqrt" => Ok(g.sqrt(x[0])),
        "exp" => Ok(g.exp(x[0])),
        "ln" => Ok(g.ln(x[0])),
        "relu" => Ok(g.relu(x[0])),
        "tanh" => Ok(g.tanh(x[0])),
        "sigmoid" => Ok(g.sigmoid(x[0])),
        "softplus" => Ok(g.softplus(x[0])),
        "matmul" => g.matmul(x[0], x[1]),
        "matmul_left" => g.matmul_transposed(x[0], Yes, x[1], No),
        "matmul_right" => g.matmul_transposed(x[0], No, x[1], Yes),
        "matmul_both" => g.matmul_transposed(x[0], Yes, x[1], Yes),
        "matmul_several" => g.matmul(x[0], x[1]),
        "matmul_several_left" => g.matmul_transposed(x[0], Yes, x[1], No),
        "matmul_several_right" => g.matmul_transposed(x[0], No, x[1], Yes),
        "max" => g.max(x[0], x[1]),
        "min" => g.min(x[0], x[1]),
        "clamp" => g.clamp(x[0], -0.5, 1.25),
        "exp_m1" => Ok(g.exp_m1(x[0])),
        "erf" => Ok(g.erf(x[0])),
        "elu" => Ok(g.elu(x[0], 0.7)),
        "leaky_relu" => Ok(g.leaky_relu(x[0], 0.1)),
        "gelu" => Ok(g.gelu(x[0])),
        "gelu_tanh" => Ok(g.gelu_tanh(x[0])),
        "silu" => Ok(g.silu(x[0])),
        "softsign" => Ok(g.softsign(x[0])),
        "conv2d" | "conv2d_pixels" => g.conv2d(x[0], x[1], Convolution::default()),
        "conv2d_strided" => {
            let padding = Padding::Each([[2, 0], [1, 3]]);
            g.conv2d(x[0], x[1], Convolution { stride: [2, 3], padding, ..Convolution::default() })
        }
        "conv2d_same" => {
            let padding = Padding::Same;
            g.conv2d(x[0], x[1], Convolution { padding, ..Convolution::default() })
        }
        "conv2d_dilated" => {
            let (dilation, padding) = ([2, 3], Padding::Each([[1, 1], [2, 2]]));
            g.conv2d(x[0], x[1], Convolution { dilation, padding, ..Convolution::default() })
        }
        "conv2d_groups" => {
            g.conv2d(x[0], x[1], Convolution { groups: 3, ..Convolution::default() })
        }
        "conv2d_depthwise" => {
            let padding = Padding::Each([[1, 1], [1, 1]]);
            let (stride, groups) = ([2, 2], 5);
            g.conv2d(x[0], x[1], Convolution { stride, padding, groups, ..Convolution::default() })
        }
        "conv2d_twice" => {
            let padding = Padding::Each([[1, 1], [1, 1]]);
            let convolution = Convolution { stride: [2, 2], padding, ..Convolution::default() };
            let y = g.conv2d(x[0], x[1], convolution)?;
            squared_gradients(g, y, x)
        }
        "conv1d" => {
            let padding = Padding::Each([[1, 1]]);
            g.conv1d(x[0], x[1], Convolution { stride: [2], padding, ..Convolution::default() })
        }
        "max_pool2d" => g.max_pool2d(x[0], Pooling::of([2, 2])),
        "max_pool2d_padded" => g.max_pool2d(x[0], THREE_BY_TWO),
        "max_pool2d_twice" => {
            let y = g.max_pool2d(x[0], THREE_BY_TWO)?;
            let square = g.square(y);
            let cube = g.mul(square, y)?;
            squared_gradients(g, cube, x)
        }
        "max_pool1d" => g.max_pool1d(x[0], Pooling { stride: [2], ..Pooling::of([3]) }),
        "max_rows" => g.max_axes(x[0], &[0]),
        "min_outer" => g.min_axes(x[0], &[0, 2]),
        "average_pool2d" => g.average_pool2d(x[0], Pooling::of([2, 3])),
        "average_pool2d_padded" => g.average_pool2d(x[0], THREE_BY_TWO),
        "average_pool1d" => g.average_pool1d(x[0], Pooling { stride: [2], ..Pooling::of([3]) }),
        "batch_norm" | "batch_norm_of_rows" => g.batch_norm(x[0], BatchNorm::default()),
        "batch_norm_twice" => {
            let y = g.batch_norm(x[0], BatchNorm::default())?;
            let square = g.square(y);
            let cube = g.mul(square, y)?;
            squared_gradients(g, cube, x)
        }
        "softmax" => g.softmax(x[0]),
        "log_softmax" => g.log_softmax(x[0]),
        "layer_norm" => {
            let normal = g.layer_norm(x[0], 1e-5)?;
            let scaled = g.mul(normal, x[1])?;
            g.add(scaled, x[2])
        }
        "rms_norm" => {
            let normal = g.rms_norm(x[0], 1e-5)?;
            g.mul(normal, x[1])
        }
        "attention" => g.attention(x[0], 3, false),
        "attention_causal" => g.attention(x[0], 2, true),
        "lstm" => g.lstm_recurrence(x[0], x[1], x[2], x[3]),
        "gru" => {
            let [n, time, features] = [0, 1, 2].map(|i| g.shape(x[0]).sizes()[i]);
            let gates = g.shape(x[1]).sizes()[1];
            let flat = g.reshape(x[0], [n * time, features])?;
            let product = g.matmul(flat, x[1])?;
            let sums = g.add(product, x[3])?;
            let sums = g.reshape(sums, [n, time, gates])?;
            g.gru_recurrence(sums, x[2], x[4])
        }
        "embedding" => {
            let numbers = g.input("classes 5", [3, 4]);
            g.embedding(x[0], numbers)
        }
        "gather" => classified(g, x[0], Graph::gather),
        "cross_entropy" => classified(g, x[0], Graph::cross_entropy),
        "cross_entropy_mean" => {
            let losses = classified(g, x[0], Graph::cross_entropy)?;
            Ok(g.mean(losses))
        }
        "sum" => Ok(g.sum(x[0])),
        "sum_rows" => g.sum_axes(x[0], &[0]),
        "sum_columns" => g.sum_axes(x[0], &[1]),
        "sum_outer" => g.sum_axes(x[0], &[0, 2]),
        "mean" => Ok(g.mean(x[0])),
        "mean_columns" => g.mean_axes(x[0], &[1]),
        "variance_outer" => g.variance_axes(x[0], &[0, 2]),
        "concat" => g.concat(x, 1),
        "slice" => g.slice(x[0], 1, 2..5),
        "pad" => g.pad(x[0], 1, 2, 1),
        "permute" => g.permute(x[0], &[2, 0, 3, 1]),
        "broadcast_to" => g.broadcast_to(x[0], [3, 4, 5]),
        "reshape" => g.reshape(x[0], [6, 2]),
        "transpose" => g.transpose(x[0]),
        "hinge" => signed(g, x[0], Graph::hinge),
        "squared_hinge" => signed(g, x[0], Graph::squared_hinge),
        "logistic" => signed(g, x[0], Graph::logistic),
        "exponential" => signed(g, x[0], Graph::exponential),
        "sigmoid_cross_entropy" => {
            let targets = g.sigmoid(x[1]);
            g.sigmoid_cross_entropy(x[0], targets)
        }
        "squared_error" => g.squared_error(x[0], x[1]),
        "huber" => g.huber(x[0], x[1], 0.7),
        "multi_margin" => classified(g, x[0], Graph::multi_margin),
        _ => panic!("{name} is not known here"),
    }
}

/// Windows of 3 by 3, two steps apart, with padding all around.
const THREE_BY_TWO: Pooling =
    Pooling { size: [3, 3], stride: [2, 2], padding: Padding::Each([[1, 1], [1, 1]]) };

/// The squares of the gradients of Σ y², summed.
fn squared_gradients(g: &mut Graph, y: Tensor, x: &[Tensor]) -> Result<Tensor, GraphError> {
    let square = g.square(y);
    let sum = g.sum(square);
    let mut total = g.constant(0.0, []);
    for gradient in g.gradients(sum, x)? {
        let square = g.square(gradient);
        let sum = g.sum(square);
        total = g.add(total, sum)?;
    }
    Ok(total)
}

type Loss = fn(&mut Graph, Tensor, Tensor) -> Result<Tensor, GraphError>;

fn classified(g: &mut Graph, scores: Tensor, loss: Loss) -> Result<Tensor, GraphError> {
    let [n, k] = [g.shape(scores).sizes()[0], g.shape(scores).sizes()[1]];
    let classes = g.input(&format!("classes {k}"), [n]);
    loss(g, scores, classes)
}

fn signed(g: &mut Graph, scores: Tensor, loss: Loss) -> Result<Tensor, GraphError> {
    let signs = g.input("signs", g.shape(scores));
    loss(g, scores, signs)
}
