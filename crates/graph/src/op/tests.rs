//! One table over all operations. Each row is judged by central differences, first and second order, and
//! by the naive interpreter, bit by bit.

use std::collections::{BTreeSet, HashMap};

use thalweg_random::Stream;

use crate::op::Op;
use crate::plan::naive;
use crate::{Graph, GraphError, Parameters, Plan, Role, RunOptions, Shape, Tensor, Transposed};

type Build = fn(&mut Graph, &[Tensor], Tensor) -> Result<Tensor, GraphError>;

/// An expression of operands and class numbers, on operands of some shapes with values in a range.
struct Row {
    name: &'static str,
    shapes: &'static [&'static [&'static [usize]]],
    range: [f64; 2],
    build: Build,
}

const ANY: [f64; 2] = [-2.0, 2.0];
const POSITIVE: [f64; 2] = [0.5, 2.0];

const ELEMENTWISE: &[&[&[usize]]] = &[&[&[]], &[&[5]], &[&[3, 1, 4]]];
const BROADCAST: &[&[&[usize]]] = &[
    &[&[], &[]],
    &[&[3], &[3]],
    &[&[2, 3], &[3]],
    &[&[3], &[2, 3]],
    &[&[2, 3], &[2, 1]],
    &[&[2, 1], &[1, 3]],
    &[&[1, 1], &[2, 3]],
    &[&[], &[2, 3]],
    &[&[2, 3, 4], &[3, 1]],
    &[&[2, 1, 4, 1], &[3, 1, 5]],
];

const TABLE: &[Row] = &[
    row("parameter", ELEMENTWISE, ANY, |_, p, _| Ok(p[0])),
    row("constant", ELEMENTWISE, ANY, |g, p, _| {
        let three = g.constant(3.0, [2, 1, 1, 1]);
        g.mul(p[0], three)
    }),
    row("input", &[&[&[4]], &[&[1]]], ANY, |g, p, classes| g.mul(p[0], classes)),
    row("add", BROADCAST, ANY, |g, p, _| g.add(p[0], p[1])),
    row("add the same", ELEMENTWISE, ANY, |g, p, _| g.add(p[0], p[0])),
    row("sub", BROADCAST, ANY, |g, p, _| g.sub(p[0], p[1])),
    row("mul", BROADCAST, ANY, |g, p, _| g.mul(p[0], p[1])),
    row("mul the same", ELEMENTWISE, ANY, |g, p, _| g.mul(p[0], p[0])),
    row("div", BROADCAST, POSITIVE, |g, p, _| g.div(p[0], p[1])),
    row("neg", ELEMENTWISE, ANY, |g, p, _| Ok(g.neg(p[0]))),
    row("abs", ELEMENTWISE, ANY, |g, p, _| Ok(g.abs(p[0]))),
    row("sign", ELEMENTWISE, ANY, |g, p, _| Ok(g.sign(p[0]))),
    row("square", ELEMENTWISE, ANY, |g, p, _| Ok(g.square(p[0]))),
    row("sqrt", ELEMENTWISE, POSITIVE, |g, p, _| Ok(g.sqrt(p[0]))),
    row("exp", ELEMENTWISE, ANY, |g, p, _| Ok(g.exp(p[0]))),
    row("ln", ELEMENTWISE, POSITIVE, |g, p, _| Ok(g.ln(p[0]))),
    row("relu", ELEMENTWISE, ANY, |g, p, _| Ok(g.relu(p[0]))),
    row("gate", &[&[&[5], &[5]], &[&[2, 3], &[2, 3]]], ANY, |g, p, _| g.gate(p[0], p[1])),
    row("tanh", ELEMENTWISE, ANY, |g, p, _| Ok(g.tanh(p[0]))),
    row("sigmoid", ELEMENTWISE, ANY, |g, p, _| Ok(g.sigmoid(p[0]))),
    row("softplus", ELEMENTWISE, ANY, |g, p, _| Ok(g.softplus(p[0]))),
    row(
        "matmul",
        &[&[&[2, 3], &[3, 4]], &[&[1, 5], &[5, 1]], &[&[3, 1], &[1, 2]]],
        ANY,
        |g, p, _| g.matmul(p[0], p[1]),
    ),
    row("matmul, left", &[&[&[3, 2], &[3, 4]], &[&[5, 1], &[5, 1]]], ANY, |g, p, _| {
        g.matmul_transposed(p[0], Transposed::Yes, p[1], Transposed::No)
    }),
    row("matmul, right", &[&[&[2, 3], &[4, 3]], &[&[1, 5], &[1, 5]]], ANY, |g, p, _| {
        g.matmul_transposed(p[0], Transposed::No, p[1], Transposed::Yes)
    }),
    row("matmul, both", &[&[&[3, 2], &[4, 3]], &[&[5, 1], &[1, 5]]], ANY, |g, p, _| {
        g.matmul_transposed(p[0], Transposed::Yes, p[1], Transposed::Yes)
    }),
    row("softmax", &[&[&[2, 3]], &[&[1, 4]], &[&[3, 1]]], ANY, |g, p, _| g.softmax(p[0])),
    row("cross_entropy", SCORES, ANY, |g, p, classes| g.cross_entropy(p[0], classes)),
    row("cross_entropy, twice over", SCORES, ANY, |g, p, classes| {
        let losses = g.cross_entropy(p[0], classes)?;
        let squares = g.square(losses);
        let sum = g.sum(squares);
        g.gradients(sum, &p[..1]).map(|gradients| gradients[0])
    }),
    row("zero_one", SCORES, ANY, |g, p, classes| g.zero_one(p[0], classes)),
    row("one_hot", SCORES, ANY, |g, p, classes| {
        let class = g.one_hot(classes, g.shape(p[0]).sizes()[1])?;
        g.mul(p[0], class)
    }),
    row("sum_to", &[&[&[4]], &[&[3, 4]], &[&[2, 3, 4]], &[&[2, 3, 2, 4]]], ANY, |g, p, _| {
        g.sum_to(p[0], [4])
    }),
    row("sum_to, keeping", &[&[&[3, 4]], &[&[2, 3, 4]]], ANY, |g, p, _| g.sum_to(p[0], [3, 1])),
    row("sum", ELEMENTWISE, ANY, |g, p, _| Ok(g.sum(p[0]))),
    row("sum, axes", &[&[&[2, 3, 4]]], ANY, |g, p, _| g.sum_axes(p[0], &[0, 2])),
    row("mean", ELEMENTWISE, ANY, |g, p, _| Ok(g.mean(p[0]))),
    row("mean, axes", &[&[&[2, 3, 4, 2]]], ANY, |g, p, _| g.mean_axes(p[0], &[1])),
    row(
        "broadcast_to",
        &[&[&[]], &[&[4]], &[&[3, 1]], &[&[2, 1, 4]], &[&[1, 1, 1]]],
        ANY,
        |g, p, _| g.broadcast_to(p[0], [2, 3, 4]),
    ),
    row("reshape", &[&[&[6]], &[&[1, 6]], &[&[3, 2]]], ANY, |g, p, _| g.reshape(p[0], [2, 3])),
    row("reshape, between", &[&[&[2, 3]]], ANY, |g, p, _| {
        let square = g.square(p[0]);
        let flat = g.reshape(square, [6])?;
        let back = g.reshape(flat, [2, 3])?;
        g.add(square, back)
    }),
    row("transpose", &[&[&[2, 3]], &[&[1, 4]], &[&[3, 1]]], ANY, |g, p, _| g.transpose(p[0])),
    row("dropout_mask", ELEMENTWISE, ANY, |g, p, _| g.dropout(p[0], 0.4)),
    row("hinge", TARGETS, ANY, |g, p, _| g.hinge(p[0], p[1])),
    row("squared_hinge", TARGETS, ANY, |g, p, _| g.squared_hinge(p[0], p[1])),
    row("logistic", TARGETS, ANY, |g, p, _| g.logistic(p[0], p[1])),
    row("exponential", TARGETS, ANY, |g, p, _| g.exponential(p[0], p[1])),
    row("squared_error", TARGETS, ANY, |g, p, _| g.squared_error(p[0], p[1])),
    row("huber", TARGETS, ANY, |g, p, _| g.huber(p[0], p[1], 0.7)),
    row("multi_margin", SCORES, ANY, |g, p, classes| g.multi_margin(p[0], classes)),
];

const SCORES: &[&[&[usize]]] = &[&[&[4, 3]], &[&[4, 5]]];
const TARGETS: &[&[&[usize]]] = &[&[&[6], &[6]], &[&[3, 2], &[3, 2]]];

/// The operations that have no gradient to test, with the reason.
const WITHOUT: &[(&str, &str)] = &[("optimizer", "it has no value")];

const fn row(
    name: &'static str,
    shapes: &'static [&'static [&'static [usize]]],
    range: [f64; 2],
    build: Build,
) -> Row {
    Row { name, shapes, range, build }
}

#[test]
fn the_table_holds_every_operation() {
    let in_table: BTreeSet<&str> = problems()
        .flat_map(|problem| {
            problem.graph.nodes().map(|(_, node)| node.operation()).collect::<Vec<_>>()
        })
        .collect();
    for name in Op::NAMES {
        let reason = WITHOUT.iter().find(|(without, _)| without == name);
        assert!(in_table.contains(name) != reason.is_some(), "give {name} a row in the table");
    }
}

#[test]
fn gradients_agree_with_central_differences() {
    for problem in problems() {
        problem.check(problem.sum, &problem.gradients, "first order");
    }
}

#[test]
fn gradients_of_gradients_agree_with_central_differences() {
    for problem in problems() {
        problem.check(problem.product, &problem.second, "second order");
    }
}

#[test]
fn plans_give_the_bits_of_the_naive_interpreter() {
    for problem in problems() {
        let all = [problem.gradients.clone(), problem.second.clone(), vec![problem.sum]].concat();
        let naive = naive::evaluate(&problem.graph, &problem.inputs, &problem.parameters, OPTIONS);
        let values = problem.values(&all, &problem.parameters);
        for (tensor, value) in all.iter().zip(values) {
            assert_eq!(bits(&value), bits(&naive[tensor.0]), "{}", problem.name);
        }
    }
}

const OPTIONS: RunOptions =
    RunOptions { seed: 3, step: 5, mode: crate::Mode::Training, threads: crate::Threads::One };

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// A row on operands of certain shapes: the sum of its values with random weights, the gradients of that,
/// the sum of those with random weights, and the gradients of that.
struct Problem {
    name: String,
    graph: Graph,
    inputs: HashMap<Tensor, Vec<f64>>,
    parameters: Parameters<f64>,
    sum: Tensor,
    gradients: Vec<Tensor>,
    product: Tensor,
    second: Vec<Tensor>,
}

fn problems() -> impl Iterator<Item = Problem> {
    let cases = TABLE.iter().flat_map(|row| row.shapes.iter().map(move |shapes| (row, shapes)));
    cases.map(|(row, shapes)| {
        let name = format!("{} of {shapes:?}", row.name);
        Problem::new(row, shapes, &name).unwrap_or_else(|error| panic!("{name}: {error}"))
    })
}

impl Problem {
    fn new(row: &Row, shapes: &[&[usize]], name: &str) -> Result<Problem, GraphError> {
        let mut graph = Graph::new();
        let mut inputs = HashMap::new();
        let operands: Vec<Tensor> = shapes
            .iter()
            .map(|&shape| graph.parameter("p", Shape::try_from(shape).unwrap(), Role::Other))
            .collect();
        let classes = graph.input("classes", [shapes[0].first().copied().unwrap_or(1)]);
        inputs.insert(
            classes,
            (0..graph.shape(classes).elements()).map(|i| (i * 2 % 3) as f64).collect(),
        );

        let value = (row.build)(&mut graph, &operands, classes)?;
        let sum = weighted_sum(&mut graph, &mut inputs, &[value])?;
        let gradients = graph.gradients(sum, &operands)?;
        let product = weighted_sum(&mut graph, &mut inputs, &gradients)?;
        let second = graph.gradients(product, &operands)?;

        let mut parameters = Parameters::zeros(&graph);
        let [low, high] = row.range;
        let stream = Stream::new(0, name);
        for (i, value) in (0..).zip(parameters.values_mut()) {
            *value = low + (high - low) * stream.uniform(i);
        }
        Ok(Problem {
            name: name.to_owned(),
            graph,
            inputs,
            parameters,
            sum,
            gradients,
            product,
            second,
        })
    }

    /// Compares `gradients` with the central differences of `y`.
    fn check(&self, y: Tensor, gradients: &[Tensor], order: &str) {
        let exact = self.values(gradients, &self.parameters).concat();
        let h = 1e-5;
        for (i, exact) in exact.iter().enumerate() {
            let [above, below] = [h, -h].map(|h| {
                let mut moved = self.parameters.clone();
                moved.values_mut()[i] += h;
                self.values(&[y], &moved)[0][0]
            });
            let difference = (above - below) / (2.0 * h);
            assert!(
                (exact - difference).abs() < 1e-7 * (1.0 + exact.abs()),
                "{}, {order}, by parameter {i}: {exact}, but central differences say {difference}",
                self.name
            );
        }
    }

    fn values(&self, fetch: &[Tensor], parameters: &Parameters<f64>) -> Vec<Vec<f64>> {
        let mut plan = Plan::compile(&self.graph, fetch, None);
        for (&input, values) in &self.inputs {
            plan.input_mut(input).copy_from_slice(values);
        }
        plan.run(parameters, OPTIONS).unwrap();
        fetch.iter().map(|&tensor| plan.value(tensor).to_vec()).collect()
    }
}

/// Σ y ⊙ w with random w, over all of `values`.
fn weighted_sum(
    graph: &mut Graph,
    inputs: &mut HashMap<Tensor, Vec<f64>>,
    values: &[Tensor],
) -> Result<Tensor, GraphError> {
    let mut total = graph.constant(0.0, []);
    for &value in values {
        let weights = graph.input("w", graph.shape(value));
        let stream = Stream::new(1, graph.node(weights).name());
        let uniform = |i| 2.0 * stream.uniform(i as u64) - 1.0;
        inputs.insert(weights, (0..graph.shape(value).elements()).map(uniform).collect());
        let product = graph.mul(value, weights)?;
        let sum = graph.sum(product);
        total = graph.add(total, sum)?;
    }
    Ok(total)
}
