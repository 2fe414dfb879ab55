//! What is said of a node that cannot be made: scope, operation, both shapes, and what to do.

use thalweg_graph::{
    Activation, BatchNorm, Convolution, Graph, GraphError, Padding, Pooling, Role, Shape, Start,
    Tensor,
};

type Build = fn(&mut Graph, Tensor, Tensor) -> Result<Tensor, GraphError>;

#[test]
fn errors_name_scope_operation_and_shapes() {
    let mut graph = Graph::new();
    let x = graph.input("x", [64, 784]);
    let n = graph.input("n", [64]);
    let message = |graph: &mut Graph, build: Build| {
        graph.scope("net", |g| g.scope("layer1", |g| build(g, x, n))).unwrap_err().to_string()
    };
    let table: [(Build, &str); 57] = [
        (
            |g, x, _| g.matmul(x, x),
            "matmul: cannot multiply [64, 784] by [64, 784]: the inner sizes 784 and 64 differ",
        ),
        (
            |g, x, n| g.matmul(x, n),
            "matmul: needs a matrix, got [64]; reshape it to two dimensions",
        ),
        (
            |g, x, n| g.add(x, n),
            "add: cannot combine [64, 784] with [64]: the sizes 784 and 64 differ and neither is 1",
        ),
        (
            |g, x, n| g.gate(x, n),
            "gate: needs two operands of the same shape, got [64, 784] and [64]; reshape one of them",
        ),
        (
            |g, x, _| g.reshape(x, [2, 3]),
            "reshape: cannot reshape [64, 784] to [2, 3]: 50176 values do not fit 6",
        ),
        (
            |g, x, _| {
                let several = g.reshape(x, [2, 32, 784])?;
                g.matmul(several, x)
            },
            "matmul: cannot multiply [2, 32, 784] by [64, 784]: the sizes before the last two must be the same",
        ),
        (
            |g, x, _| {
                let several = g.reshape(x, [2, 32, 784])?;
                g.matmul(several, several)
            },
            "matmul: cannot multiply [32, 784] by [32, 784]: the inner sizes 784 and 32 differ",
        ),
        (|g, x, _| g.slice(x, 1, 700..785), "slice: cannot slice 700..785 of axis 1 of [64, 784]"),
        (|g, x, _| g.slice(x, 2, 0..1), "slice: [64, 784] has no axis 2; axes count from 0"),
        (|g, _, n| g.pad(n, 1, 0, 0), "pad: [64] has no axis 1; axes count from 0"),
        (
            |g, x, n| g.concat(&[x, n], 0),
            "concat: cannot join [64, 784] and [64] along axis 0: all other sizes must be the same",
        ),
        (|g, _, _| g.concat(&[], 0), "concat: needs at least one tensor"),
        (
            |g, x, _| g.permute(x, &[1, 1]),
            "permute: [1, 1] does not name each axis of [64, 784] once",
        ),
        (
            |g, x, _| g.clamp(x, 1.0, -1.0),
            "clamp: cannot clamp between 1 and -1: the first must not be above the second",
        ),
        (|g, x, _| g.variance_axes(x, &[2]), "sum: [64, 784] has no axis 2; axes count from 0"),
        (
            |g, x, _| g.conv2d(x, x, Convolution::default()),
            "conv2d: needs images [n, height, width, channels], got [64, 784]",
        ),
        (
            |g, x, _| {
                let images = g.reshape(x, [64, 28, 28, 1])?;
                g.conv2d(images, x, Convolution::default())
            },
            "conv2d: needs weights [(kernel height,) kernel length, channels / groups, outputs], got [64, 784]",
        ),
        (
            |g, x, _| {
                convolve(g, x, [5, 5, 1, 6], Convolution { groups: 2, ..Convolution::default() })
            },
            "conv2d: cannot convolve [64, 14, 14, 4] with [5, 5, 1, 6] in 2 groups: the weights need channels / groups in place of 1, and the groups must divide the outputs",
        ),
        (
            |g, x, _| {
                convolve(g, x, [5, 5, 2, 5], Convolution { groups: 2, ..Convolution::default() })
            },
            "conv2d: cannot convolve [64, 14, 14, 4] with [5, 5, 2, 5] in 2 groups: the weights need channels / groups in place of 2, and the groups must divide the outputs",
        ),
        (
            |g, x, _| convolve(g, x, [5, 15, 4, 6], Convolution::default()),
            "conv2d: a window of [5, 15] does not fit an image that is [14, 14] with its padding",
        ),
        (
            |g, x, _| {
                let stride = [1, 0];
                convolve(g, x, [5, 5, 4, 6], Convolution { stride, ..Convolution::default() })
            },
            "conv2d: windows of size [5, 5], stride [1, 0] and dilation [1, 1] are none: each number must be at least 1",
        ),
        (
            |g, x, n| g.conv1d(n, x, Convolution::default()),
            "conv1d: needs sequences [n, length, channels], got [64]",
        ),
        (
            |g, x, _| g.convolution(x, 6, [5, 5], Convolution::default(), Activation::Relu),
            "convolution: needs images [n, height, width, channels], got [64, 784]",
        ),
        (
            |g, x, _| g.average_pool2d(x, Pooling::of([2, 2])),
            "average_pool2d: needs images [n, height, width, channels], got [64, 784]",
        ),
        (
            |g, x, _| {
                let images = g.reshape(x, [64, 28, 28, 1])?;
                let padding = Padding::Each([[0, 0], [0, 3]]);
                g.max_pool2d(images, Pooling { padding, ..Pooling::of([2, 3]) })
            },
            "max_pool2d: a window of [2, 3] may see nothing but padding [[0, 0], [0, 3]]: the padding must be less than the window, and the image not empty",
        ),
        (
            |g, x, _| g.max_pool1d(x, Pooling::of([2])),
            "max_pool1d: needs sequences [n, length, channels], got [64, 784]",
        ),
        (|g, x, _| g.max_axes(x, &[2]), "max: [64, 784] has no axis 2; axes count from 0"),
        (
            |g, x, n| g.by_mode(x, n),
            "by_mode: needs two operands of the same shape, got [64, 784] and [64]; reshape one of them",
        ),
        (
            |g, x, _| {
                let number = g.sum(x);
                g.batch_norm(number, BatchNorm::default())
            },
            "batch_norm: [] has no axis 0; axes count from 0",
        ),
        (
            |g, x, _| {
                let weights = g.parameter("factors", [64, 784], Role::Weight);
                g.assign(weights, x).map(|()| x)
            },
            "assign: cannot assign to 'net/layer1/factors': it is no statistic, which only a parameter of that role is",
        ),
        (
            |g, x, n| {
                let mean = g.parameter("mean", [64], Role::Statistic(Start::Zero));
                g.assign(mean, x).map(|()| n)
            },
            "assign: needs two operands of the same shape, got [64] and [64, 784]; reshape one of them",
        ),
        (|g, x, _| g.sum_axes(x, &[2]), "sum: [64, 784] has no axis 2; axes count from 0"),
        (
            |g, x, _| g.cross_entropy(x, x),
            "cross_entropy: needs scores [n, k] and class numbers [n], got [64, 784] and [64, 784]",
        ),
        (
            |g, x, _| g.one_hot(x, 10),
            "one_hot: needs a vector, got [64, 784]; reshape it to one dimension",
        ),
        (
            |g, _, n| g.transpose(n),
            "transpose: needs a matrix, got [64]; reshape it to two dimensions",
        ),
        (
            |g, x, _| g.sum_to(x, [64]),
            "sum_to: cannot spread [64] to [64, 784]: aligned at the last dimension, each size must be 1 or the same",
        ),
        (
            |g, _, n| g.broadcast_to(n, [64, 784]),
            "broadcast_to: cannot spread [64] to [64, 784]: aligned at the last dimension, each size must be 1 or the same",
        ),
        (
            |g, x, _| {
                let class = g.input("class", [1]);
                g.multi_margin(x, class)
            },
            "multi_margin: needs scores [n, k] and class numbers [n], got [64, 784] and [1]",
        ),
        (
            |g, x, n| g.squared_error(x, n),
            "squared_error: needs two operands of the same shape, got [64, 784] and [64]; reshape one of them",
        ),
        (
            |g, _, n| {
                let column = g.reshape(n, [64, 1])?;
                g.logistic(column, n)
            },
            "logistic: needs two operands of the same shape, got [64, 1] and [64]; reshape one of them",
        ),
        (
            |g, _, _| {
                let number = g.constant(1.0, []);
                g.softmax(number)
            },
            "softmax: [] has no axis 0; axes count from 0",
        ),
        (
            |g, x, _| g.layer_norm(x, 0.0),
            "layer_norm: epsilon is 0, but must be above 0 and finite",
        ),
        (
            |g, x, _| g.rms_norm(x, f64::INFINITY),
            "rms_norm: epsilon is inf, but must be above 0 and finite",
        ),
        (
            |g, x, n| g.embedding(n, x),
            "embedding: needs a table [rows, size] and numbers of at most three dimensions, got [64] and [64, 784]",
        ),
        (
            |g, x, _| g.gather(x, x),
            "gather: needs scores [n, k] and class numbers [n], got [64, 784] and [64, 784]",
        ),
        (
            |g, _, n| {
                let number = g.sum(n);
                g.affine_layer_norm(number, 1e-5)
            },
            "affine_layer_norm: [] has no axis 0; axes count from 0",
        ),
        (
            |g, x, _| g.attention(x, 2, true),
            "attention: needs a sequence [batch, time, features], got [64, 784]; reshape it to three dimensions",
        ),
        (
            |g, x, _| {
                let qkv = g.reshape(x, [64, 7, 112])?;
                g.attention(qkv, 4, true)
            },
            "attention: cannot divide the last size of [64, 7, 112] into queries, keys and values of 4 heads",
        ),
        (
            |g, x, _| g.lstm(x, 8),
            "lstm: needs a sequence [batch, time, features], got [64, 784]; reshape it to three dimensions",
        ),
        (
            |g, x, n| {
                let sequence = g.reshape(x, [64, 7, 112])?;
                g.lstm_recurrence(sequence, x, x, n)
            },
            "lstm_tape: needs weights of shape [112, 256], got [64, 784]",
        ),
        (
            |g, x, n| g.lstm_cell(x, n).map(|[state, _]| state),
            "lstm_cell: needs sums [batch, 4 · hidden] and a state [batch, hidden], got [64, 784] and [64]",
        ),
        (
            |g, x, _| g.gru_cell(x, x, x),
            "gru_cell: needs sums [batch, 3 · hidden] and a state [batch, hidden], got [64, 784] and [64, 784]",
        ),
        (
            |g, x, _| g.gru(x, 8),
            "gru: needs a sequence [batch, time, features], got [64, 784]; reshape it to three dimensions",
        ),
        (|g, _, n| g.huber(n, n, 0.0), "huber: delta is 0, but must be above 0 and finite"),
        (|g, _, n| g.huber(n, n, f64::NAN), "huber: delta is NaN, but must be above 0 and finite"),
        (
            |g, x, _| g.dropout(x, 1.0),
            "dropout_mask: the rate of dropout is 1, but must be at least 0 and below 1",
        ),
        (
            |g, _, n| g.dense(n, 3, Activation::Relu),
            "dense: needs a matrix, got [64]; reshape it to two dimensions",
        ),
    ];
    for (build, expected) in table {
        assert_eq!(message(&mut graph, build), format!("net/layer1/{expected}"));
    }
    let error = graph.gradients(x, &[x]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "x: has shape [64, 784], but only a single number has a gradient; take its mean or sum first"
    );
    let error = Shape::try_from(&[1; 5][..]).unwrap_err();
    assert_eq!(error.to_string(), "5 dimensions are too many; a tensor has at most four");
}

/// Images of 14 by 14 with four channels, convolved with weights of some shape.
fn convolve(
    graph: &mut Graph,
    x: Tensor,
    weights: [usize; 4],
    convolution: Convolution,
) -> Result<Tensor, GraphError> {
    let images = graph.reshape(x, [64, 14, 14, 4])?;
    let weights = graph.input("weights", weights);
    graph.conv2d(images, weights, convolution)
}

#[test]
fn names_are_scoped_and_unique() {
    let mut graph = Graph::new();
    let x = graph.input("x", [2]);
    let names: Vec<Tensor> = vec![
        graph.neg(x),
        graph.neg(x),
        graph.scope("a", |g| g.scope("b", |g| g.neg(x))),
        graph.scope("a", |g| g.scope("b", |g| g.neg(x))),
        graph.scope("a", |g| g.neg(x)),
        graph.neg(x),
        graph.scope("a", |g| g.scope("", |g| g.neg(x))),
        graph.scope("", |g| g.scope("a/b", |g| g.neg(x))),
        graph.input("a/b/neg", [2]),
    ];
    let names: Vec<&str> = names.iter().map(|&tensor| graph.node(tensor).name()).collect();
    assert_eq!(names[..6], ["neg", "neg_1", "a/b/neg", "a/b/neg_1", "a/neg", "neg_2"]);
    assert_eq!(names[6..], ["a/neg_1", "a/b/neg_2", "a/b/neg_3"]);
}
