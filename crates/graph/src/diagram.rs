//! The graph as it is drawn: nodes by name, scopes folded into cards, and the inside of the optimizer.
//!
//! A diagram is only looked at. What the optimizer's node does is told by its own
//! [expression](thalweg_optim::Expression); those terms are nodes here and not in the graph, where a plan
//! would have to pass them by.

use std::collections::{BTreeMap, BTreeSet};

use thalweg_optim::{Expression, Optimizer, StepError, TermKind};

use crate::error::GraphError;
use crate::{Element, Graph, Parameters, Shape, Tensor, Train};

/// The nodes of a graph, to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    nodes: Vec<DiagramNode>,
}

/// A node of a [`Diagram`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagramNode {
    /// The scopes and the name: `layer1/matmul`.
    pub name: String,
    /// The operation: `matmul`.
    pub operation: String,
    /// The places of the operands among the nodes.
    pub inputs: Vec<usize>,
    /// The shape of the value; `None` within the optimizer, which works on all shapes alike.
    pub shape: Option<Shape>,
    /// Where it gives the parameters their new values: the whole formula, one line per assignment.
    pub formula: Option<String>,
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

/// A loss that cannot be minimised by an optimizer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MinimizeError {
    /// The nodes cannot be made.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The parameters cannot be shared out among the optimizer's groups.
    #[error(transparent)]
    Groups(#[from] StepError),
}

impl Diagram {
    /// The nodes of `graph`.
    pub fn of(graph: &Graph) -> Diagram {
        let node = |(_, node): (Tensor, &crate::Node)| DiagramNode {
            name: node.name().to_owned(),
            operation: node.operation().to_owned(),
            inputs: node.inputs().iter().map(|input| input.0).collect(),
            shape: Some(node.shape()),
            formula: None,
        };
        Diagram { nodes: graph.nodes().map(node).collect() }
    }

    /// The nodes of `graph`, in which each node of the optimizer is a scope that holds its expression:
    /// `train/adam/sqrt`.
    ///
    /// # Panics
    ///
    /// If there are not as many `expressions` as nodes of the optimizer.
    pub fn with_updates(graph: &Graph, train: &Train, expressions: &[Expression]) -> Diagram {
        assert_eq!(train.optimizers.len(), expressions.len(), "one expression for each group");
        let Diagram { mut nodes } = Diagram::of(graph);
        // Nobody reads them, and so they may go; those after them move up.
        let folded: Vec<DiagramNode> =
            train.optimizers.iter().map(|optimizer| nodes[optimizer.0].clone()).collect();
        let gone: BTreeSet<usize> = train.optimizers.iter().map(|optimizer| optimizer.0).collect();
        let moved: Vec<usize> = (0..nodes.len()).map(|i| i - gone.range(..i).count()).collect();
        let mut place = 0..;
        nodes.retain(|_| place.next().is_some_and(|place| !gone.contains(&place)));
        let mut diagram = Diagram { nodes };
        let all = diagram.nodes.iter_mut().flat_map(|node| &mut node.inputs);
        all.for_each(|input| *input = moved[*input]);
        for (node, expression) in folded.iter().zip(expressions) {
            let inputs: Vec<usize> = node.inputs.iter().map(|input| moved[*input]).collect();
            diagram.unfold(&node.name, &inputs, expression);
        }
        diagram
    }

    /// The nodes.
    pub fn nodes(&self) -> &[DiagramNode] {
        &self.nodes
    }

    /// All scopes, sorted, each before those within it.
    pub fn scopes(&self) -> Vec<&str> {
        let mut scopes: Vec<&str> = self
            .nodes
            .iter()
            .flat_map(|node| node.name.match_indices('/').map(|(end, _)| &node.name[..end]))
            .collect();
        scopes.sort_unstable_by(|a, b| a.split('/').cmp(b.split('/')));
        scopes.dedup();
        scopes
    }

    /// A scope, folded into one: see [`Graph::scope_card`].
    pub fn card(&self, scope: &str) -> ScopeCard {
        let (mut nodes, mut inputs, mut outputs) = (0, BTreeMap::new(), BTreeMap::new());
        for node in &self.nodes {
            let inside = is_within(&node.name, scope);
            nodes += usize::from(inside);
            for from in node.inputs.iter().map(|&input| &self.nodes[input].name) {
                match (is_within(from, scope), inside) {
                    (false, true) => *inputs.entry(neighbour(from, scope)).or_insert(0) += 1,
                    (true, false) => *outputs.entry(neighbour(&node.name, scope)).or_insert(0) += 1,
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

    /// Adds the terms of `expression` in `scope`; `inputs` are the parameters and then the gradients.
    fn unfold(&mut self, scope: &str, inputs: &[usize], expression: &Expression) {
        let start = self.nodes.len();
        let (parameters, gradients) = inputs.split_at(inputs.len() / 2);
        for (term, name) in expression.terms.iter().zip(expression.names()) {
            let within = || term.operands.iter().map(|operand| start + operand).collect();
            let (operation, inputs) = match term.kind {
                TermKind::Parameters => ("parameters", parameters.to_vec()),
                TermKind::Gradient => ("gradients", gradients.to_vec()),
                TermKind::Slot => ("slot", within()),
                TermKind::Number => ("number", within()),
                TermKind::Operation => (&*term.name, within()),
                TermKind::Assignment => ("assign", within()),
            };
            let moves = term.kind == TermKind::Assignment && term.name == "θ";
            self.nodes.push(DiagramNode {
                // A stroke is what parts scopes; this one only looks like it.
                name: format!("{scope}/{}", name.replace('/', "∕")),
                operation: operation.to_owned(),
                inputs,
                shape: None,
                formula: moves.then(|| expression.formula.clone()),
            });
        }
    }
}

impl Graph {
    /// [`Graph::minimize_in_groups`] in the groups that `optimizer` makes of the parameters, with the
    /// expression of each.
    ///
    /// # Errors
    ///
    /// If the loss is not a single number, or the parameters cannot be shared out among the groups.
    pub fn minimize_by<T: Element>(
        &mut self,
        loss: Tensor,
        label: &str,
        optimizer: &dyn Optimizer<T>,
    ) -> Result<(Train, Vec<Expression>), MinimizeError> {
        let mut parameters = Parameters::zeros(self);
        let gradients = parameters.values().to_vec();
        let expressions = optimizer.expressions(&mut parameters.segments(&gradients))?;
        let groups: Vec<Vec<usize>> =
            expressions.iter().map(|expression| expression.segments.clone()).collect();
        let train = self.minimize_in_groups(loss, label, &groups)?;
        Ok((train, expressions))
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
        Diagram::of(self).card(scope)
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
        let [optimizer] = train.optimizers[..] else { panic!("one group, one node") };
        assert_eq!(graph.node(optimizer).name(), "train/adam");
        assert_eq!(graph.node(optimizer).inputs().len(), 8);

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

    #[test]
    fn the_train_of_a_dropout_network_has_the_card_of_the_lecture() {
        let mut graph = Graph::new();
        let x = graph.input("x", [8, 3]);
        let labels = graph.input("labels", [8]);
        let h = graph.scope("layer1", |g| g.dense(x, 4, Activation::Relu)).unwrap();
        let h = graph.scope("dropout", |g| g.dropout(h, 0.5)).unwrap();
        let z = graph.scope("layer2", |g| g.dense(h, 2, Activation::Identity)).unwrap();
        let loss = graph.scope("cross_entropy", |g| g.cross_entropy(z, labels).map(|y| g.mean(y)));
        graph.minimize(loss.unwrap(), "adam").unwrap();
        let card = graph.scope_card("train");
        let from: Vec<&str> = card.inputs.iter().map(|from| from.name.as_str()).collect();
        assert_eq!(from, ["cross_entropy", "dropout", "labels", "layer1", "layer2", "x"]);
        assert!(card.outputs.is_empty());
    }

    #[test]
    fn groups_are_nodes_of_their_own() {
        let mut graph = Graph::new();
        let x = graph.input("x", [8, 3]);
        let y = graph.scope("layer", |g| g.dense(x, 4, Activation::Tanh)).unwrap();
        let loss = graph.mean(y);
        let train = graph.minimize_in_groups(loss, "muon", &[vec![0], vec![1]]).unwrap();
        let names: Vec<&str> = train.optimizers.iter().map(|t| graph.node(*t).name()).collect();
        assert_eq!(names, ["train/muon", "train/muon_1"]);
        let parameters: Vec<Tensor> = graph.parameters().collect();
        for (place, &optimizer) in train.optimizers.iter().enumerate() {
            let operands = [parameters[place], train.gradients[place]];
            assert_eq!(graph.node(optimizer).inputs(), operands);
        }
    }

    #[test]
    fn the_inside_of_an_optimizer_takes_what_its_node_took() {
        let mut graph = Graph::new();
        let x = graph.input("x", [8, 3]);
        let y = graph.scope("layer", |g| g.dense(x, 4, Activation::Tanh)).unwrap();
        let loss = graph.mean(y);
        let adam = thalweg_optim::optimizer::<f32>(&"adam".parse().unwrap(), None).unwrap();
        let (train, expressions) = graph.minimize_by(loss, "adam", &*adam).unwrap();
        let diagram = Diagram::with_updates(&graph, &train, &expressions);

        let names: Vec<&str> = diagram.nodes().iter().map(|node| &*node.name).collect();
        assert!(!names.contains(&"train/adam"));
        for name in ["parameters", "gradients", "s", "r", "ρ₁", "1∕(1−ρ₁ᵗ)", "mul₂", "assign_s"]
        {
            assert!(names.contains(&&*format!("train/adam/{name}")), "{name}: {names:?}");
        }
        let folded = graph.scope_card("train");
        let card = diagram.card("train");
        assert_eq!((&card.inputs, &card.outputs), (&folded.inputs, &folded.outputs));
        let inside = diagram.card("train/adam");
        assert_eq!(card.nodes, folded.nodes - 1 + inside.nodes);
        // The terms of the expression, and nothing else.
        assert_eq!(inside.nodes, expressions[0].terms.len());
        for node in diagram.nodes() {
            assert!(node.inputs.iter().all(|input| *input < diagram.nodes().len()));
        }
    }

    #[test]
    fn scopes_are_listed_before_those_within() {
        let mut graph = Graph::new();
        let x = graph.input("x", []);
        graph.scope("b/c", |g| g.exp(x));
        graph.scope("a", |g| g.exp(x));
        assert_eq!(Diagram::of(&graph).scopes(), ["a", "b", "b/c"]);
    }
}
