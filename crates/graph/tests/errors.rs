//! What is said of a node that cannot be made: scope, operation, both shapes, and what to do.

use thalweg_graph::{Graph, GraphError, Shape, Tensor};

type Build = fn(&mut Graph, Tensor, Tensor) -> Result<Tensor, GraphError>;

#[test]
fn errors_name_scope_operation_and_shapes() {
    let mut graph = Graph::new();
    let x = graph.input("x", [64, 784]);
    let n = graph.input("n", [64]);
    let message = |graph: &mut Graph, build: Build| {
        graph.scope("net", |g| g.scope("layer1", |g| build(g, x, n))).unwrap_err().to_string()
    };
    let table: [(Build, &str); 18] = [
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
        (|g, _, n| g.huber(n, n, 0.0), "huber: delta is 0, but must be above 0 and finite"),
        (|g, _, n| g.huber(n, n, f64::NAN), "huber: delta is NaN, but must be above 0 and finite"),
        (
            |g, x, _| g.dropout(x, 1.0),
            "dropout_mask: the rate of dropout is 1, but must be at least 0 and below 1",
        ),
        (
            |g, _, n| g.dense(n, 3, thalweg_graph::Activation::Relu),
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
