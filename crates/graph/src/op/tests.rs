//! One table over all operations. Each row is judged by central differences, first and second order, and
//! by the naive interpreter, bit by bit.

use std::collections::{BTreeSet, HashMap};
use std::iter::zip;

use thalweg_random::Stream;

use crate::op::layer_norm::Epsilon;
use crate::op::{
    AffineLayerNorm, Attention, AttentionGradient, EmbeddingGradient, Gelu, LayerNormGradient,
    LayerNormScaleGradient, Op, Operand, Operation, RmsNormGradient, Run, Scatter, Values,
};
use crate::plan::naive;
use crate::{
    BatchNorm, Convolution, Graph, GraphError, Padding, Parameters, Plan, Pooling, Role,
    RunOptions, Shape, Tensor, Transposed,
};

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
    row(
        "matmul, several",
        &[&[&[2, 2, 3], &[2, 3, 4]], &[&[2, 1, 2, 3], &[2, 1, 3, 2]], &[&[3, 1, 1], &[3, 1, 1]]],
        ANY,
        |g, p, _| g.matmul(p[0], p[1]),
    ),
    row("matmul, several, both", &[&[&[2, 3, 2], &[2, 4, 3]]], ANY, |g, p, _| {
        g.matmul_transposed(p[0], Transposed::Yes, p[1], Transposed::Yes)
    }),
    row("max", BROADCAST, ANY, |g, p, _| g.max(p[0], p[1])),
    row("max, of the same", ELEMENTWISE, ANY, |g, p, _| g.max(p[0], p[0])),
    row("min", BROADCAST, ANY, |g, p, _| g.min(p[0], p[1])),
    row("clamp", ELEMENTWISE, ANY, |g, p, _| g.clamp(p[0], -0.9, 0.7)),
    row("exp_m1", ELEMENTWISE, ANY, |g, p, _| Ok(g.exp_m1(p[0]))),
    row("erf", ELEMENTWISE, ANY, |g, p, _| Ok(g.erf(p[0]))),
    row("elu", ELEMENTWISE, ANY, |g, p, _| Ok(g.elu(p[0], 0.7))),
    row("leaky_relu", ELEMENTWISE, ANY, |g, p, _| Ok(g.leaky_relu(p[0], 0.1))),
    row("gelu", ELEMENTWISE, ANY, |g, p, _| Ok(g.gelu(p[0]))),
    row("gelu again", ROW_PAIRS, ANY, |g, p, _| g.apply(Gelu, p)),
    row("gelu_tanh", ELEMENTWISE, ANY, |g, p, _| Ok(g.gelu_tanh(p[0]))),
    row("silu", ELEMENTWISE, ANY, |g, p, _| Ok(g.silu(p[0]))),
    row("softsign", ELEMENTWISE, ANY, |g, p, _| Ok(g.softsign(p[0]))),
    row("softmax", ROWS, ANY, |g, p, _| g.softmax(p[0])),
    row("softmax_gradient", ROW_PAIRS, ANY, |g, p, _| g.softmax_gradient(p[0], p[1])),
    row("log_softmax", ROWS, ANY, |g, p, _| g.log_softmax(p[0])),
    row("layer_norm", ROWS, ANY, |g, p, _| g.layer_norm(p[0], 0.1)),
    row(
        "affine_layer_norm",
        &[&[&[5], &[5], &[5]], &[&[2, 3], &[3], &[3]], &[&[32, 2], &[2], &[2]]],
        ANY,
        |g, p, _| g.scaled_and_shifted_layer_norm(p[0], p[1], p[2], 0.1),
    ),
    row("affine_layer_norm again", &[&[&[2, 3], &[3], &[3], &[2, 3]]], ANY, |g, p, _| {
        g.apply(AffineLayerNorm { epsilon: Epsilon::new(0.1) }, p)
    }),
    row("layer_norm_gradient", ROW_PAIRS, ANY, |g, p, _| {
        g.apply(LayerNormGradient { epsilon: Epsilon::new(0.1) }, p)
    }),
    row("layer_norm_scale_gradient", ROW_PAIRS, ANY, |g, p, _| {
        g.apply(LayerNormScaleGradient { epsilon: Epsilon::new(0.1) }, p)
    }),
    row("rms_norm", ROWS, ANY, |g, p, _| g.rms_norm(p[0], 0.1)),
    row("rms_norm_gradient", ROW_PAIRS, ANY, |g, p, _| {
        g.apply(RmsNormGradient { epsilon: Epsilon::new(0.1) }, p)
    }),
    row("attention", QKV, ANY, |g, p, _| g.attention(p[0], 2, false)),
    row("attention, causal", QKV, ANY, |g, p, _| g.attention(p[0], 1, true)),
    row("attention_gradient", &[&[&[2, 3, 12], &[2, 3, 4]]], ANY, |g, p, _| {
        let attention = Attention { heads: 2, causal: true };
        g.apply(AttentionGradient { attention }, p)
    }),
    row("causal_mask", &[&[&[3, 3]]], ANY, |g, p, _| {
        let mask = g.causal_mask(3);
        let scores = g.add(p[0], mask)?;
        g.softmax(scores)
    }),
    row("lstm_cell", &[&[&[2, 8], &[2, 2]], &[&[1, 4], &[1, 1]]], ANY, |g, p, _| {
        let [state, cell] = g.lstm_cell(p[0], p[1])?;
        g.add(state, cell)
    }),
    row("lstm", LSTM, ANY, |g, p, _| g.lstm_recurrence(p[0], p[1], p[2], p[3])),
    row("lstm, twice over", LSTM, ANY, |g, p, _| {
        let states = g.lstm_recurrence(p[0], p[1], p[2], p[3])?;
        let squares = g.square(states);
        let sum = g.sum(squares);
        let flat = g.gradients(sum, p)?.into_iter().map(|x| g.reshape(x, [g.shape(x).elements()]));
        let flat: Vec<Tensor> = flat.collect::<Result<_, _>>()?;
        g.concat(&flat, 0)
    }),
    row("lstm, unrolled", LSTM, ANY, |g, p, _| g.unrolled_lstm(p[0], p[1], p[2], p[3])),
    row("gru_cell", &[&[&[2, 6], &[2, 6], &[2, 2]]], ANY, |g, p, _| g.gru_cell(p[0], p[1], p[2])),
    row("gru", GRU, ANY, |g, p, _| g.gru_recurrence(p[0], p[1], p[2])),
    row("embedding", &[&[&[4, 3]], &[&[3, 2]]], ANY, |g, p, classes| g.embedding(p[0], classes)),
    row("embedding_gradient", &[&[&[4, 3]], &[&[5, 1]]], ANY, |g, p, classes| {
        g.apply(EmbeddingGradient { rows: 3 }, &[classes, p[0]])
    }),
    row("gather", SCORES, ANY, |g, p, classes| g.gather(p[0], classes)),
    row("scatter", &[&[&[4]], &[&[1]]], ANY, |g, p, classes| {
        g.apply(Scatter { columns: 3 }, &[classes, p[0]])
    }),
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
    row("permute", &[&[&[2, 3, 4]]], ANY, |g, p, _| g.permute(p[0], &[2, 0, 1])),
    row("permute, of four", &[&[&[2, 3, 4, 2]]], ANY, |g, p, _| g.permute(p[0], &[0, 3, 1, 2])),
    row("slice", &[&[&[5]], &[&[5, 2]], &[&[4, 3]]], ANY, |g, p, _| g.slice(p[0], 0, 1..4)),
    row("slice, within", &[&[&[2, 5, 3]], &[&[1, 4]]], ANY, |g, p, _| g.slice(p[0], 1, 2..4)),
    row("pad", &[&[&[3]], &[&[2, 3]]], ANY, |g, p, _| g.pad(p[0], 0, 2, 1)),
    row("pad, within", &[&[&[2, 3, 4]]], ANY, |g, p, _| g.pad(p[0], 1, 0, 3)),
    row("concat", &[&[&[2], &[3]], &[&[2, 3], &[1, 3]]], ANY, |g, p, _| g.concat(p, 0)),
    row("concat, within", &[&[&[2, 3, 2], &[2, 1, 2]]], ANY, |g, p, _| {
        g.concat(&[p[0], p[1], p[0], p[0], p[1], p[1], p[0], p[1], p[0], p[1], p[0]], 1)
    }),
    row("variance", &[&[&[2, 3, 4]], &[&[3, 1, 2]]], ANY, |g, p, _| g.variance_axes(p[0], &[0, 2])),
    row("conv2d", CONVOLVED, ANY, |g, p, _| g.conv2d(p[0], p[1], Convolution::default())),
    row("conv2d, same", CONVOLVED, ANY, |g, p, _| {
        let padding = Padding::Same;
        g.conv2d(p[0], p[1], Convolution { stride: [2, 1], padding, ..Convolution::default() })
    }),
    row("conv2d, dilated", CONVOLVED, ANY, |g, p, _| {
        let padding = Padding::Each([[0, 3], [2, 2]]);
        let (stride, dilation) = ([1, 2], [2, 3]);
        g.conv2d(p[0], p[1], Convolution { stride, padding, dilation, ..Convolution::default() })
    }),
    row(
        "conv2d, groups",
        &[&[&[2, 3, 3, 4], &[2, 2, 2, 6]], &[&[1, 3, 2, 2], &[1, 1, 1, 2]]],
        ANY,
        |g, p, _| {
            let padding = Padding::Same;
            g.conv2d(p[0], p[1], Convolution { groups: 2, padding, ..Convolution::default() })
        },
    ),
    row("conv2d, of each channel", &[&[&[2, 3, 4, 3], &[2, 3, 1, 3]]], ANY, |g, p, _| {
        let padding = Padding::Same;
        g.conv2d(p[0], p[1], Convolution { groups: 3, padding, ..Convolution::default() })
    }),
    row("conv1d", &[&[&[2, 6, 3], &[3, 3, 2]]], ANY, |g, p, _| {
        let padding = Padding::Each([[2, 0]]);
        g.conv1d(p[0], p[1], Convolution { padding, ..Convolution::default() })
    }),
    row("max_pool2d", IMAGES, ANY, |g, p, _| g.max_pool2d(p[0], Pooling::of([2, 2]))),
    row("max_pool2d, overlapping", IMAGES, ANY, |g, p, _| {
        let (size, stride, padding) = ([3, 2], [2, 1], Padding::Same);
        g.max_pool2d(p[0], Pooling { size, stride, padding })
    }),
    row("max_pool1d", &[&[&[2, 6, 3]]], ANY, |g, p, _| g.max_pool1d(p[0], Pooling::of([3]))),
    row("max, axes", &[&[&[3, 2, 4, 2]], &[&[1, 5, 1, 3]]], ANY, |g, p, _| {
        let first = g.max_axes(p[0], &[1])?;
        let second = g.max_axes(p[0], &[3, 0])?;
        let all = g.max_axes(p[0], &[0, 1, 2, 3])?;
        let product = g.mul(second, all)?;
        let product = g.sum(product);
        g.mul(first, product)
    }),
    row("min, axes", &[&[&[3, 4]]], ANY, |g, p, _| g.min_axes(p[0], &[1])),
    row("average_pool2d", IMAGES, ANY, |g, p, _| g.average_pool2d(p[0], Pooling::of([2, 2]))),
    row("average_pool2d, overlapping", IMAGES, ANY, |g, p, _| {
        let (size, stride, padding) = ([3, 2], [2, 1], Padding::Same);
        g.average_pool2d(p[0], Pooling { size, stride, padding })
    }),
    row("average_pool1d", &[&[&[2, 6, 3]]], ANY, |g, p, _| {
        g.average_pool1d(p[0], Pooling { stride: [2], ..Pooling::of([3]) })
    }),
    row("by_mode", &[&[&[], &[]], &[&[3, 2], &[3, 2]]], ANY, |g, p, _| g.by_mode(p[0], p[1])),
    row("batch_norm", &[&[&[4, 3]], &[&[2, 2, 3, 2]], &[&[3]]], ANY, |g, p, _| {
        g.batch_norm(p[0], BatchNorm { epsilon: 0.01, ..BatchNorm::default() })
    }),
    row("dropout_mask", ELEMENTWISE, ANY, |g, p, _| g.dropout(p[0], 0.4)),
    row("normal_noise", ELEMENTWISE, ANY, |g, p, _| {
        let noise = g.normal_noise(g.shape(p[0]));
        g.mul(p[0], noise)
    }),
    row("hinge", TARGETS, ANY, |g, p, _| g.hinge(p[0], p[1])),
    row("squared_hinge", TARGETS, ANY, |g, p, _| g.squared_hinge(p[0], p[1])),
    row("logistic", TARGETS, ANY, |g, p, _| g.logistic(p[0], p[1])),
    row("exponential", TARGETS, ANY, |g, p, _| g.exponential(p[0], p[1])),
    row("sigmoid_cross_entropy", TARGETS, ANY, |g, p, _| g.sigmoid_cross_entropy(p[0], p[1])),
    row("squared_error", TARGETS, ANY, |g, p, _| g.squared_error(p[0], p[1])),
    row("huber", TARGETS, ANY, |g, p, _| g.huber(p[0], p[1], 0.7)),
    row("multi_margin", SCORES, ANY, |g, p, classes| g.multi_margin(p[0], classes)),
];

const ROWS: &[&[&[usize]]] = &[&[&[5]], &[&[2, 3]], &[&[1, 4]], &[&[3, 1]], &[&[2, 2, 3]]];
const ROW_PAIRS: &[&[&[usize]]] =
    &[&[&[5], &[5]], &[&[2, 3], &[2, 3]], &[&[3, 1], &[3, 1]], &[&[2, 1, 4], &[2, 1, 4]]];
const QKV: &[&[&[usize]]] = &[&[&[2, 3, 6]], &[&[1, 4, 12]], &[&[2, 1, 6]]];
const LSTM: &[&[&[usize]]] = &[
    &[&[2, 3, 3], &[3, 8], &[2, 8], &[8]],
    &[&[1, 4, 2], &[2, 4], &[1, 4], &[4]],
    &[&[3, 1, 1], &[1, 4], &[1, 4], &[4]],
];
const GRU: &[&[&[usize]]] = &[&[&[2, 3, 6], &[2, 6], &[6]], &[&[1, 4, 3], &[1, 3], &[3]]];
const CONVOLVED: &[&[&[usize]]] = &[
    &[&[2, 4, 5, 3], &[3, 2, 3, 2]],
    &[&[1, 3, 4, 1], &[1, 1, 1, 2]],
    &[&[3, 2, 3, 1], &[2, 3, 1, 1]],
];
const IMAGES: &[&[&[usize]]] = &[&[&[2, 4, 5, 3]], &[&[1, 3, 2, 1]]];
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

/// What is calculated in one node, and the same of simple nodes.
#[test]
fn values_are_those_of_simple_nodes() {
    type Build = fn(&mut Graph, &[Tensor]) -> Result<[Tensor; 2], GraphError>;
    let table: [(&[&[usize]], Build); 3] = [
        (&[&[3, 7, 5], &[5, 24], &[6, 24], &[24]], |g, p| {
            Ok([
                g.lstm_recurrence(p[0], p[1], p[2], p[3])?,
                g.unrolled_lstm(p[0], p[1], p[2], p[3])?,
            ])
        }),
        // More than one block of queries.
        (&[&[2, 150, 12]], |g, p| {
            let attention = Attention { heads: 2, causal: true };
            Ok([g.attention(p[0], 2, true)?, g.composed_attention(p[0], attention)?])
        }),
        (&[&[2, 150, 12]], |g, p| {
            let attention = Attention { heads: 2, causal: false };
            Ok([g.attention(p[0], 2, false)?, g.composed_attention(p[0], attention)?])
        }),
    ];
    for (shapes, build) in table {
        let mut graph = Graph::new();
        let mut parameters_of = |name: &str| -> Vec<Tensor> {
            let shapes = shapes.iter().map(|&shape| Shape::try_from(shape).unwrap());
            shapes.map(|shape| graph.parameter(name, shape, Role::Other)).collect()
        };
        let [operands, vector] = ["p", "v"].map(&mut parameters_of);
        let values = build(&mut graph, &operands).unwrap();
        let mut all = values.to_vec();
        for value in values {
            let weights = graph.parameter("weights", graph.shape(value), Role::Other);
            let product = graph.mul(value, weights).unwrap();
            let product = graph.square(product);
            let sum = graph.sum(product);
            all.extend(graph.gradients(sum, &operands).unwrap());
            all.extend(graph.hessian_vector_product(sum, &operands, &vector).unwrap());
        }
        let mut parameters = Parameters::<f64>::zeros(&graph);
        let stream = Stream::new(0, "operands");
        for (_, values) in parameters.iter_mut() {
            for (i, x) in (0..).zip(values) {
                *x = stream.normal(i);
            }
        }
        let mut plan = Plan::compile(&graph, &all, None);
        plan.run(&parameters, OPTIONS).unwrap();
        let (values, derivatives) = all.split_at(2);
        let (of_one, of_other) = derivatives.split_at(2 * operands.len());
        for (&one, &other) in zip(&values[..1], &values[1..]).chain(zip(of_one, of_other)) {
            for (x, y) in zip(plan.value(one), plan.value(other)) {
                assert!((x - y).abs() < 1e-12 * (1.0 + x.abs()), "{shapes:?}: {x} {y}");
            }
        }
    }
}

#[test]
fn products_with_the_hessian_and_the_jacobian_agree_with_gradients_and_are_symmetric() {
    for problem in problems() {
        let values = |tensors: &[Tensor]| problem.values(tensors, &problem.parameters).concat();
        let by_gradients = values(&problem.second);
        for (product, expected) in zip(values(&problem.hessian_v), &by_gradients) {
            let difference = (product - expected).abs();
            assert!(difference < 1e-12 * (1.0 + expected.abs()), "{}", problem.name);
        }
        let dot = |a: &[Tensor], b: &[Tensor]| -> f64 {
            zip(values(a), values(b)).map(|(a, b)| a * b).sum()
        };
        // wᵀ·(H·v) = vᵀ·(H·w), and uᵀ·(J·w) = wᵀ·(Jᵀ·u)
        let [u, v, w] = [&problem.u, &problem.v, &problem.w];
        for [left, right] in [
            [dot(w, &problem.hessian_v), dot(v, &problem.hessian_w)],
            [dot(u, &[problem.jacobian_w]), dot(w, &problem.gradients)],
        ] {
            assert!((left - right).abs() < 1e-10 * (1.0 + left.abs()), "{}", problem.name);
        }
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

/// Every operation that says so is calculated row by row, and in one.
#[test]
fn rows_are_the_same_one_by_one_and_in_one() {
    let mut seen = BTreeSet::new();
    for Problem { name, graph, inputs, parameters, .. } in problems() {
        let values = naive::evaluate(&graph, &inputs, &parameters, OPTIONS);
        for (tensor, node) in graph.nodes() {
            let shapes: Vec<Shape> = node.inputs().iter().map(|&x| graph.shape(x)).collect();
            let Some(along) = node.op.by_rows(&shapes) else { continue };
            seen.insert(node.operation());
            let rows = node.shape().sizes()[0];
            for i in 0..rows {
                let row = |tensor: Tensor, whole: Shape| {
                    let length = whole.inner(0);
                    (whole.with_size(0, 1), &values[tensor.0][i * length..][..length])
                };
                let operands: Vec<Operand<'_, f64>> = (0..)
                    .zip(node.inputs())
                    .map(|(place, &input)| {
                        let (shape, values) = match along[place] {
                            true => row(input, graph.shape(input)),
                            false => (graph.shape(input), &values[input.0][..]),
                        };
                        Operand { shape, values: Values::Each(values) }
                    })
                    .collect();
                let (shape, expected) = row(tensor, node.shape());
                let mut value = vec![f64::NAN; expected.len()];
                let (inputs, options) = (&operands[..], OPTIONS);
                let mut prepared = vec![f64::NAN; node.op.prepared::<f64>(&shapes, node.shape())];
                node.op.prepare(inputs, &mut prepared);
                let (prepared, value) = (&prepared[..], &mut value[..]);
                node.op.run(Run {
                    inputs,
                    shape,
                    prepared,
                    first_row: i,
                    value,
                    adds: false,
                    options,
                });
                for (got, expected) in value.iter().zip(expected) {
                    // Two infinities are equal, but have no distance.
                    let close =
                        got == expected || (got - expected).abs() < 1e-14 * (1.0 + expected.abs());
                    assert!(close, "{name}: row {i} of {}: {got}, not {expected}", node.name());
                }
            }
        }
    }
    assert!(seen.contains("matmul"), "{seen:?}");
}

const OPTIONS: RunOptions =
    RunOptions { seed: 3, step: 5, mode: crate::Mode::Training, threads: crate::Threads::One };

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// A row on operands of certain shapes: the sum of its values with random weights u, the gradients of that,
/// the sum of those with random weights v, and the gradients of that. Beside them, the products of the Hessian
/// with v and another vector w, and of the Jacobian with w.
struct Problem {
    name: String,
    graph: Graph,
    inputs: HashMap<Tensor, Vec<f64>>,
    parameters: Parameters<f64>,
    sum: Tensor,
    gradients: Vec<Tensor>,
    product: Tensor,
    second: Vec<Tensor>,
    u: Vec<Tensor>,
    v: Vec<Tensor>,
    w: Vec<Tensor>,
    hessian_v: Vec<Tensor>,
    hessian_w: Vec<Tensor>,
    jacobian_w: Tensor,
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
        let u = graph.inputs_like("u", &[value]);
        let v = graph.inputs_like("v", &operands);
        let w = graph.inputs_like("w", &operands);
        for &vector in [&u, &v, &w].into_iter().flatten() {
            let stream = Stream::new(1, graph.node(vector).name());
            let uniform = |i| 2.0 * stream.uniform(i as u64) - 1.0;
            let values = (0..graph.shape(vector).elements()).map(uniform).collect();
            inputs.insert(vector, values);
        }
        let sum = weighted_sum(&mut graph, &[value], &u)?;
        let gradients = graph.gradients(sum, &operands)?;
        let product = weighted_sum(&mut graph, &gradients, &v)?;
        let second = graph.gradients(product, &operands)?;
        let hessian_v = graph.hessian_vector_product(sum, &operands, &v)?;
        let hessian_w = graph.hessian_vector_product(sum, &operands, &w)?;
        let jacobian_w = graph.jacobian_vector_product(value, &operands, &w)?;

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
            u,
            v,
            w,
            hessian_v,
            hessian_w,
            jacobian_w,
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

/// Σ y ⊙ w, over all of `values`.
fn weighted_sum(
    graph: &mut Graph,
    values: &[Tensor],
    weights: &[Tensor],
) -> Result<Tensor, GraphError> {
    let mut total = graph.constant(0.0, []);
    for (&value, &weights) in zip(values, weights) {
        let product = graph.mul(value, weights)?;
        let sum = graph.sum(product);
        total = graph.add(total, sum)?;
    }
    Ok(total)
}
