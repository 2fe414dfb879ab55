//! Values and gradients against PyTorch, in f64. `torch/make.py` writes the fixtures.

use serde::Deserialize;
use thalweg_graph::{
    Graph, GraphError, Parameters, Plan, Role, RunOptions, Shape, Tensor, Transposed,
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
        "softmax" => g.softmax(x[0]),
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
        "broadcast_to" => g.broadcast_to(x[0], [3, 4, 5]),
        "reshape" => g.reshape(x[0], [6, 2]),
        "transpose" => g.transpose(x[0]),
        "hinge" => signed(g, x[0], Graph::hinge),
        "squared_hinge" => signed(g, x[0], Graph::squared_hinge),
        "logistic" => signed(g, x[0], Graph::logistic),
        "exponential" => signed(g, x[0], Graph::exponential),
        "squared_error" => g.squared_error(x[0], x[1]),
        "huber" => g.huber(x[0], x[1], 0.7),
        "multi_margin" => classified(g, x[0], Graph::multi_margin),
        _ => panic!("{name} is not known here"),
    }
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
