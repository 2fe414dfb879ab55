//! Random graphs over all operations. Their plans are judged by the naive interpreter, bit by bit; their
//! gradients by central differences.

use std::collections::{HashMap, HashSet};

use thalweg_random::Stream;

use super::naive;
use crate::op::Op;
use crate::{Graph, Parameters, Plan, Role, RunOptions, Shape, Tensor, Threads, Train, Transposed};

const GRAPHS: u64 = 400;

#[test]
fn plans_of_random_graphs_give_the_bits_of_the_naive_interpreter() {
    let mut operations = HashSet::new();
    for seed in 0..GRAPHS {
        let Random { graph, train, mut random, .. } = Random::new(seed, &[SMOOTH, ROUGH].concat());
        let tensors: Vec<Tensor> = graph.nodes().map(|(tensor, _)| tensor).collect();
        let mut fetch: Vec<Tensor> = (0..random.below(6)).map(|_| *random.pick(&tensors)).collect();
        // Also the same tensor twice, and a gradient.
        fetch.extend(fetch.first().copied());
        fetch.extend(train.gradients.iter().take(random.below(2)));
        let train = (random.below(4) > 0).then_some(&train);
        let mut plan = Plan::compile(&graph, &fetch, train);
        // What a run leaves behind must not show in the next one.
        for run in 0..3 {
            let (inputs, parameters) = random.values(&graph);
            for (&input, values) in &inputs {
                plan.input_mut(input).copy_from_slice(values);
            }
            let threads = if run == 0 { Threads::One } else { Threads::Pool };
            let options = RunOptions { seed, step: run, threads, ..RunOptions::default() };
            plan.run(&parameters, options).unwrap();
            let naive = naive::evaluate(&graph, &inputs, &parameters, options);
            for tensor in &fetch {
                let name = graph.node(*tensor).name();
                assert_eq!(bits(plan.value(*tensor)), bits(&naive[tensor.0]), "{seed}: {name}");
            }
            let gradients = train.iter().flat_map(|train| &train.gradients);
            let gradients: Vec<f64> = gradients.flat_map(|g| naive[g.0].clone()).collect();
            assert_eq!(bits(plan.gradients()), bits(&gradients), "graph {seed}");
        }
        operations.extend(graph.nodes().map(|(_, node)| node.operation()));
    }
    let missing: Vec<_> = Op::NAMES.iter().filter(|name| !operations.contains(*name)).collect();
    assert!(missing.is_empty(), "no graph has {missing:?}");
}

#[test]
fn gradients_of_random_graphs_agree_with_central_differences() {
    let mut moved = 0;
    for seed in 0..GRAPHS {
        let Random { graph, train, mut random } = Random::new(seed, SMOOTH);
        let (inputs, parameters) = random.values(&graph);
        let loss = |parameters: &Parameters<f64>| {
            naive::evaluate(&graph, &inputs, parameters, RunOptions::default())[train.loss.0][0]
        };
        let naive = naive::evaluate(&graph, &inputs, &parameters, RunOptions::default());
        let gradients = train.gradients.iter().flat_map(|gradient| &naive[gradient.0]);
        for (i, exact) in gradients.enumerate() {
            let h = 1e-5;
            let [above, below] = [h, -h].map(|h| {
                let mut moved = parameters.clone();
                moved.values_mut()[i] += h;
                loss(&moved)
            });
            let difference = (above - below) / (2.0 * h);
            let close = (exact - difference).abs() < 1e-6 * (1.0 + exact.abs());
            assert!(close, "graph {seed}, parameter {i}: {exact}, not {difference}");
            moved += usize::from(exact.abs() > 1e-3);
        }
    }
    assert!(moved > 1000, "{moved} gradients that are not zero are too few to mean anything");
}

/// The bits, with one pattern for all that is not a number.
fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() }).collect()
}

/// A random graph with a loss to train.
struct Random {
    graph: Graph,
    train: Train,
    random: Numbers,
}

/// An operation on tensors drawn at random; `None` where their shapes do not allow it.
type Build = fn(&mut Graph, &mut Numbers, &[Tensor]) -> Option<Tensor>;

/// Differentiable everywhere, with values and slopes of moderate size.
const SMOOTH: &[Build] = &[
    |g, r, all| g.add(*r.pick(all), *r.pick(all)).ok(),
    |g, r, all| g.sub(*r.pick(all), *r.pick(all)).ok(),
    |g, r, all| {
        let product = g.mul(*r.pick(all), *r.pick(all)).ok()?;
        Some(g.tanh(product))
    },
    |g, r, all| {
        let below = at_least_one(g, *r.pick(all));
        g.div(*r.pick(all), below).ok()
    },
    |g, r, all| Some(g.neg(*r.pick(all))),
    |g, r, all| {
        let bounded = g.tanh(*r.pick(all));
        Some(if r.below(2) == 0 { g.square(bounded) } else { g.exp(bounded) })
    },
    |g, r, all| {
        let x = at_least_one(g, *r.pick(all));
        Some(if r.below(2) == 0 { g.sqrt(x) } else { g.ln(x) })
    },
    |g, r, all| Some(g.sigmoid(*r.pick(all))),
    |g, r, all| Some(g.softplus(*r.pick(all))),
    |g, r, all| product(g, r, all),
    |g, r, all| product(g, r, all),
    |g, r, all| g.softmax(*r.pick(all)).ok(),
    |g, r, all| {
        let scores = *r.pick(all);
        let [n, _] = g.shape(scores).matrix().ok().filter(|[_, classes]| *classes >= 2)?;
        let classes = g.input("classes", [n]);
        g.cross_entropy(scores, classes).ok()
    },
    |g, r, _| {
        let classes = g.input("classes", [r.below(4)]);
        g.one_hot(classes, 2 + r.below(2)).ok()
    },
    |g, r, all| {
        let (x, to) = (*r.pick(all), r.shape());
        g.sum_to(x, to).ok()
    },
    |g, r, all| {
        let (x, axis) = (*r.pick(all), r.below(4));
        g.sum_axes(x, &[axis]).ok()
    },
    |g, r, all| Some(g.sum(*r.pick(all))),
    |g, r, all| {
        let (x, to) = (*r.pick(all), r.shape());
        g.broadcast_to(x, to).ok()
    },
    |g, r, all| {
        let x = *r.pick(all);
        g.reshape(x, [g.shape(x).elements(), 1]).ok()
    },
    |g, r, all| {
        let (x, to) = (*r.pick(all), g.shape(*r.pick(all)));
        g.reshape(x, to).ok()
    },
    |g, r, all| g.transpose(*r.pick(all)).ok(),
    |g, r, all| g.dropout(*r.pick(all), 0.5).ok(),
    |g, r, _| {
        let shape = r.shape();
        Some(g.constant(0.5, shape))
    },
];

/// Where a small step can change much.
const ROUGH: &[Build] = &[
    |g, r, all| Some(g.relu(*r.pick(all))),
    |g, r, all| Some(g.abs(*r.pick(all))),
    |g, r, all| Some(g.sign(*r.pick(all))),
    |g, r, all| g.gate(*r.pick(all), *r.pick(all)).ok(),
    |g, r, all| g.mul(*r.pick(all), *r.pick(all)).ok(),
    |g, r, all| g.div(*r.pick(all), *r.pick(all)).ok(),
    |g, r, all| Some(g.ln(*r.pick(all))),
    |g, r, all| {
        let scores = *r.pick(all);
        let [n, _] = g.shape(scores).matrix().ok()?;
        // There may be one class only, or none, so that some numbers are of no class.
        let classes = g.input("classes", [n]);
        if r.below(2) == 0 { g.zero_one(scores, classes) } else { g.cross_entropy(scores, classes) }
            .ok()
    },
    // A gradient in the midst of what it is the gradient of.
    |g, r, all| {
        let (y, x) = (g.mean(*r.pick(all)), *r.pick(all));
        g.gradients(y, &[x]).ok().map(|gradients| gradients[0])
    },
];

fn at_least_one(graph: &mut Graph, x: Tensor) -> Tensor {
    let (square, one) = (graph.square(x), graph.constant(1.0, []));
    graph.add(one, square).expect("every shape broadcasts with that of a number")
}

fn product(graph: &mut Graph, random: &mut Numbers, all: &[Tensor]) -> Option<Tensor> {
    let flags = [Transposed::No, Transposed::Yes];
    let [left, right] = [*random.pick(&flags), *random.pick(&flags)];
    let product =
        graph.matmul_transposed(*random.pick(all), left, *random.pick(all), right).ok()?;
    Some(graph.tanh(product))
}

impl Random {
    fn new(seed: u64, builds: &[Build]) -> Random {
        let mut random = Numbers { stream: Stream::new(seed, "random graph"), next: 0 };
        let mut graph = Graph::new();
        let mut all: Vec<Tensor> = (0..4)
            .map(|i| match (i, random.shape()) {
                (0, shape) => graph.input("x", shape),
                (_, shape) => graph.parameter("p", shape, Role::Other),
            })
            .collect();
        for _ in 0..10 + random.below(60) {
            let build = *random.pick(builds);
            let scope = *random.pick(&["", "a", "a/b"]);
            all.extend(graph.scope(scope, |graph| build(graph, &mut random, &all)));
        }
        let mut loss = graph.constant(0.0, []);
        for _ in 0..3 {
            let bounded = graph.tanh(*random.pick(&all));
            let sum = graph.sum(bounded);
            loss = graph.add(loss, sum).expect("both are numbers");
        }
        let train = graph.minimize(loss, "sgd").expect("the loss is a number");
        Random { graph, train, random }
    }
}

/// Random numbers, one after another.
struct Numbers {
    stream: Stream,
    next: u64,
}

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.next += 1;
        self.stream.below(self.next, n as u64) as usize
    }

    fn pick<'a, X>(&mut self, choices: &'a [X]) -> &'a X {
        &choices[self.below(choices.len())]
    }

    /// Few sizes, so that shapes often fit; seldom an empty one.
    fn shape(&mut self) -> Shape {
        let rank = *self.pick(&[0, 1, 2, 2, 2, 2, 3, 4]);
        let sizes: Vec<usize> = (0..rank).map(|_| *self.pick(&[1, 2, 2, 3, 3, 3, 3])).collect();
        let mut sizes = sizes;
        if rank > 0 && self.below(20) == 0 {
            sizes[0] = 0;
        }
        Shape::try_from(&sizes[..]).expect("at most four dimensions")
    }

    /// Values for all inputs and parameters: class numbers and their like where they are wanted.
    fn values(&mut self, graph: &Graph) -> (HashMap<Tensor, Vec<f64>>, Parameters<f64>) {
        let mut parameters = Parameters::zeros(graph);
        for x in parameters.values_mut() {
            self.next += 1;
            *x = self.stream.normal(self.next);
        }
        let inputs = graph.nodes().filter(|(_, node)| node.operation() == "input");
        let inputs = inputs.map(|(tensor, node)| {
            let n = node.shape().elements();
            (tensor, (0..n).map(|_| self.below(2) as f64).collect())
        });
        (inputs.collect(), parameters)
    }
}
