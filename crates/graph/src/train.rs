//! The optimizer as a node of the graph, and what a scope looks like from outside.

use std::collections::BTreeMap;

use crate::error::GraphError;
use crate::op::Optimizer;
use crate::{Graph, Shape, Tensor};

/// What [`Graph::minimize`] added.
#[derive(Clone, Debug)]
pub struct Train {
    /// The loss.
    pub loss: Tensor,
    /// The gradients of the loss, in the order of [`Graph::parameters`].
    pub gradients: Vec<Tensor>,
    /// The node of the optimizer.
    pub optimizer: Tensor,
}

/// A scope, folded into one: what it holds, takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeCard {
    /// How many nodes it holds, also in the scopes within.
    pub nodes: usize,
    /// Where its operands come from, sorted by name.
    pub inputs: Vec<Neighbour>,
    /// Where its values go to, sorted by name.
    pub outputs: Vec<Neighbour>,
}

/// Another scope, or a node outside all scopes, seen from a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name.
    pub name: String,
    /// How many tensors go from one to the other: each edge of the graph counts.
    pub tensors: usize,
}

impl Graph {
    /// Adds, in the scope `train`, the gradients of `loss` by all parameters and one node that moves the
    /// parameters against them: `train/<label>`. Its operands are all parameters and all gradients, and
    /// it has no value.
    ///
    /// # Errors
    ///
    /// If the loss is not a single number.
    pub fn minimize(&mut self, loss: Tensor, label: &str) -> Result<Train, GraphError> {
        let parameters: Vec<Tensor> = self.parameters().collect();
        self.scope("train", |graph| {
            let gradients = graph.gradients(loss, &parameters)?;
            let inputs = [parameters, gradients.clone()].concat();
            let optimizer = graph.push(Optimizer.into(), label, inputs, Shape::from([0]));
            Ok(Train { loss, gradients, optimizer })
        })
    }

    /// The nodes within a scope, folded into one, with the tensors that go in and out, counted by the
    /// outermost scope at the other end that does not hold both.
    ///
    /// ```
    /// use thalweg_graph::{Graph, Role};
    ///
    /// let mut graph = Graph::new();
    /// let x = graph.input("x", [8, 2]);
    /// let y = graph.scope("layer", |g| {
    ///     let w = g.parameter("weights", [2, 1], Role::Weight);
    ///     g.matmul(x, w)
    /// })?;
    /// let loss = graph.scope("cost", |g| { let square = g.square(y); g.mean(square) });
    /// graph.minimize(loss, "sgd")?;
    ///
    /// let card = graph.scope_card("train");
    /// let from = card.inputs.iter().map(|from| (from.name.as_str(), from.tensors));
    /// assert_eq!(from.collect::<Vec<_>>(), [("cost", 1), ("layer", 2), ("x", 1)]);
    /// assert_eq!(card.outputs, []);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    pub fn scope_card(&self, scope: &str) -> ScopeCard {
        let (mut nodes, mut inputs, mut outputs) = (0, BTreeMap::new(), BTreeMap::new());
        for (_, node) in self.nodes() {
            let inside = is_within(node.name(), scope);
            nodes += usize::from(inside);
            for &input in node.inputs() {
                let from = self.node(input).name();
                match (is_within(from, scope), inside) {
                    (false, true) => *inputs.entry(neighbour(from, scope)).or_insert(0) += 1,
                    (true, false) => {
                        *outputs.entry(neighbour(node.name(), scope)).or_insert(0) += 1
                    }
                    _ => {}
                }
            }
        }
        let list = |counts: BTreeMap<&str, usize>| {
            let neighbour =
                |(name, tensors): (&str, usize)| Neighbour { name: name.to_owned(), tensors };
            counts.into_iter().map(neighbour).collect()
        };
        ScopeCard { nodes, inputs: list(inputs), outputs: list(outputs) }
    }
}

fn is_within(name: &str, scope: &str) -> bool {
    name.strip_prefix(scope).is_some_and(|rest| rest.starts_with('/'))
}

/// The start of `name`, up to where it is no longer the start of `scope`.
fn neighbour<'a>(name: &'a str, scope: &str) -> &'a str {
    let mut end = 0;
    for (part, other) in name.split('/').zip(scope.split('/').chain(std::iter::repeat(""))) {
        end += part.len() + usize::from(end > 0);
        if part != other {
            break;
        }
    }
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;

    #[test]
    fn a_card_counts_the_edges_between_scopes() {
        let mut graph = Graph::new();
        let x = graph.input("x", [8, 3]);
        let labels = graph.input("labels", [8]);
        let hidden = graph.scope("layer1", |g| g.dense(x, 4, Activation::Relu)).unwrap();
        let scores = graph.scope("layer2", |g| g.dense(hidden, 2, Activation::Identity)).unwrap();
        let loss = graph.scope("cost", |g| g.cross_entropy(scores, labels).map(|y| g.mean(y)));
        let train = graph.minimize(loss.unwrap(), "adam").unwrap();
        assert_eq!(graph.node(train.optimizer).name(), "train/adam");
        assert_eq!(graph.node(train.optimizer).inputs().len(), 8);

        let list = |neighbours: &[Neighbour]| -> Vec<(String, usize)> {
            neighbours.iter().map(|n| (n.name.clone(), n.tensors)).collect()
        };
        let expect = |pairs: &[(&str, usize)]| -> Vec<(String, usize)> {
            pairs.iter().map(|(name, tensors)| (String::from(*name), *tensors)).collect()
        };
        let card = graph.scope_card("layer1");
        assert_eq!(card.nodes, 5);
        assert_eq!(list(&card.inputs), expect(&[("x", 1)]));
        // To train: for the gradient of layer2's weights, for the gate, and the two parameters.
        assert_eq!(list(&card.outputs), expect(&[("layer2", 1), ("train", 4)]));

        let card = graph.scope_card("train");
        assert_eq!(
            card.nodes,
            graph.nodes().filter(|(_, n)| n.name().starts_with("train/")).count()
        );
        assert_eq!(card.outputs, []);
        let gradients = graph.scope_card("train/gradients");
        assert_eq!(gradients.nodes + 1, card.nodes);
        assert_eq!(list(&gradients.outputs), expect(&[("train/adam", 4)]));
    }
}
