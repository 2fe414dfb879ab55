//! Random graphs over all operations. Their plans are judged by the naive interpreter, bit by bit; their
//! gradients by central differences.

use std::collections::{HashMap, HashSet};

use thalweg_random::Stream;

use super::naive;
use crate::op::Op;
use crate::{
    BatchNorm, Convolution, Graph, Mode, Padding, Parameters, Plan, Pooling, Role, RunOptions,
    Shape, Tensor, Threads, Train, Transposed,
};

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
            let mode = if random.below(3) == 0 { Mode::Evaluation } else { Mode::Training };
            let options = RunOptions { seed, step: run, threads, mode };
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
    |g, r, all| {
        let bounded = g.tanh(*r.pick(all));
        Some(g.gelu(bounded))
    },
    |g, r, all| Some(g.softplus(*r.pick(all))),
    |g, r, all| product(g, r, all),
    |g, r, all| product(g, r, all),
    |g, r, all| g.softmax(*r.pick(all)).ok(),
    |g, r, all| g.log_softmax(*r.pick(all)).ok(),
    |g, r, all| {
        let x = *r.pick(all);
        match r.below(3) {
            0 => g.layer_norm(x, 0.5),
            1 => g.rms_norm(x, 0.5),
            _ => {
                let bounded = g.tanh(x);
                let scale = g.sum_to(bounded, [g.shape(x).last().ok()?]).ok()?;
                let shift = g.tanh(scale);
                g.scaled_and_shifted_layer_norm(x, scale, shift, 0.5)
            }
        }
        .ok()
    },
    |g, r, all| {
        let bounded = g.tanh(*r.pick(all));
        Some(if r.below(2) == 0 { g.exp_m1(bounded) } else { g.erf(bounded) })
    },
    |g, r, all| {
        let x = *r.pick(all);
        let hidden = 1 + r.below(2);
        match r.below(3) {
            0 => g.gru(x, hidden).ok(),
            1 => g.lstm(x, hidden).ok(),
            // Its gradient, so that there are gradients of that.
            _ => {
                let states = g.lstm(x, hidden).ok()?;
                let squares = g.square(states);
                let sum = g.sum(squares);
                g.gradients(sum, &[x]).ok()?.first().copied()
            }
        }
    },
    |g, r, all| {
        let (x, heads, causal) = (*r.pick(all), 1 + r.below(2), r.below(2) == 0);
        let bounded = g.tanh(x);
        let qkv = g.concat(&[bounded; 6], 2).ok()?;
        g.attention(qkv, heads, causal).ok()
    },
    |g, r, all| {
        let mask = g.causal_mask(1 + r.below(3));
        let scores = g.add(*r.pick(all), mask).ok()?;
        g.softmax(scores).ok()
    },
    |g, r, all| {
        let table = *r.pick(all);
        g.shape(table).matrix().ok().filter(|[rows, _]| *rows >= 2)?;
        let shape = r.shape();
        let numbers = g.input("numbers", shape);
        g.embedding(table, numbers).ok()
    },
    |g, r, all| {
        let x = *r.pick(all);
        let [n, _] = g.shape(x).matrix().ok().filter(|[_, columns]| *columns >= 2)?;
        let numbers = g.input("numbers", [n]);
        g.gather(x, numbers).ok()
    },
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
    |g, r, all| {
        let x = *r.pick(all);
        let mut axes: Vec<usize> = (0..g.shape(x).rank()).collect();
        for i in (1..axes.len()).rev() {
            axes.swap(i, r.below(i + 1));
        }
        g.permute(x, &axes).ok()
    },
    |g, r, all| {
        let (x, axis) = (*r.pick(all), r.below(4));
        let size = *g.shape(x).sizes().get(axis)?;
        let start = r.below(size + 1);
        let end = start + r.below(size - start + 1);
        g.slice(x, axis, start..end).ok()
    },
    |g, r, all| g.pad(*r.pick(all), r.below(4), r.below(3), r.below(3)).ok(),
    |g, r, all| {
        let tensors: Vec<Tensor> = (0..1 + r.below(6)).map(|_| *r.pick(all)).collect();
        g.concat(&tensors, r.below(4)).ok()
    },
    |g, r, all| {
        let (x, axis) = (*r.pick(all), r.below(4));
        // Nothing has no mean.
        if g.shape(x).elements() == 0 {
            return None;
        }
        let axes = if r.below(2) == 0 { vec![axis] } else { vec![axis, r.below(4)] };
        g.variance_axes(x, &axes).ok()
    },
    |g, r, all| convolved(g, r, all),
    |g, r, all| g.by_mode(*r.pick(all), *r.pick(all)).ok(),
    |g, r, all| {
        // Nothing has no mean.
        let x = Some(*r.pick(all)).filter(|&x| g.shape(x).elements() > 0)?;
        g.batch_norm(x, BatchNorm { epsilon: 1.0, ..BatchNorm::default() }).ok()
    },
    |g, r, all| {
        let (images, pooling) = (as_images(g, *r.pick(all)), pooling(r));
        g.average_pool2d(images, pooling).ok()
    },
    |g, r, all| g.dropout(*r.pick(all), 0.5).ok(),
    |g, r, _| {
        let shape = r.shape();
        Some(g.normal_noise(shape))
    },
    |g, r, _| {
        let shape = r.shape();
        Some(g.constant(0.5, shape))
    },
];

/// Where a small step can change much.
const ROUGH: &[Build] = &[
    |g, r, all| Some(g.relu(*r.pick(all))),
    |g, r, all| Some(g.abs(*r.pick(all))),
    |g, r, all| {
        let (images, pooling) = (as_images(g, *r.pick(all)), pooling(r));
        g.max_pool2d(images, pooling).ok()
    },
    |g, r, all| {
        let (x, axes) = (*r.pick(all), [r.below(4), r.below(4)]);
        if r.below(2) == 0 { g.max_axes(x, &axes) } else { g.min_axes(x, &axes) }.ok()
    },
    |g, r, all| g.max(*r.pick(all), *r.pick(all)).ok(),
    |g, r, all| g.min(*r.pick(all), *r.pick(all)).ok(),
    |g, r, all| g.clamp(*r.pick(all), -0.5, 0.7).ok(),
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
        match r.below(4) {
            0 => g.zero_one(scores, classes),
            1 => g.cross_entropy(scores, classes),
            2 => g.embedding(scores, classes),
            _ => g.gather(scores, classes),
        }
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

/// The same values with four dimensions.
fn as_images(graph: &mut Graph, x: Tensor) -> Tensor {
    let shape = graph.shape(x);
    let sizes: [usize; 4] = std::array::from_fn(|place| shape.aligned(place));
    graph.reshape(x, sizes).expect("more dimensions of size 1 change nothing")
}

fn convolved(graph: &mut Graph, random: &mut Numbers, all: &[Tensor]) -> Option<Tensor> {
    let images = as_images(graph, *random.pick(all));
    let channels = graph.shape(images).sizes()[3];
    let groups = if channels.is_multiple_of(2) { 1 + random.below(2) } else { 1 };
    let [down, across, outputs] = [0; 3].map(|_| 1 + random.below(2));
    let sizes = [down, across, channels / groups, groups * outputs];
    let weights = graph.parameter("weights", sizes, Role::Weight);
    let convolution = Convolution {
        stride: [1 + random.below(2), 1 + random.below(2)],
        padding: padding(random),
        dilation: [1, 1 + random.below(2)],
        groups,
    };
    let y = graph.conv2d(images, weights, convolution).ok()?;
    Some(graph.tanh(y))
}

fn pooling(random: &mut Numbers) -> Pooling {
    let [size, stride] = [0; 2].map(|_| [1 + random.below(3), 1 + random.below(3)]);
    Pooling { size, stride, padding: padding(random) }
}

fn padding(random: &mut Numbers) -> Padding {
    match random.below(3) {
        0 => Padding::Valid,
        1 => Padding::Same,
        _ => Padding::Each([0; 2].map(|_| [random.below(2), random.below(2)])),
    }
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
