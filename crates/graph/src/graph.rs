//! The graph: nodes with scoped names, each made once and never changed.

use std::collections::HashMap;

use crate::error::{GraphError, Problem};
use crate::op::{Constant, Input, Op, Operation, Parameter};
use crate::{Role, Shape};

/// A computational graph with static shapes.
///
/// Nodes are only ever added, and only on top of nodes that exist, so that the order of making is an
/// order of calculation. Each operation is a method, which stands in that operation's own file.
///
/// ```
/// use thalweg_graph::Graph;
///
/// let mut graph = Graph::new();
/// let x = graph.input("x", [64, 784]);
/// let w = graph.input("w", [785, 128]);
/// let error = graph.scope("layer1", |g| g.matmul(x, w)).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "layer1/matmul: cannot multiply [64, 784] by [785, 128]: the inner sizes 784 and 785 differ"
/// );
/// ```
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    scope: String,
    /// The names taken, each with the number to try next where it is wanted again.
    names: HashMap<String, usize>,
    /// Statistics, each with the value that it takes after a run of training.
    assignments: Vec<(Tensor, Tensor)>,
}

/// A handle of a node's value. It is for the graph that made it, and for copies of that graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tensor(pub(crate) usize);

/// One operation in a graph, with its operands.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) op: Op,
    name: String,
    inputs: Vec<Tensor>,
    shape: Shape,
}

impl Graph {
    /// A graph without nodes.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// Calls `build`; the nodes it makes are named within `name`: `layer1/matmul`. Scopes nest, and one
    /// that is opened again goes on. An empty name opens none.
    pub fn scope<R>(&mut self, name: &str, build: impl FnOnce(&mut Graph) -> R) -> R {
        let outside = self.scope.len();
        if outside > 0 && !name.is_empty() {
            self.scope.push('/');
        }
        self.scope.push_str(name);
        let result = build(self);
        self.scope.truncate(outside);
        result
    }

    /// A tensor that is given anew for each run.
    pub fn input(&mut self, name: &str, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        self.push(Input { shape }.into(), name, Vec::new(), shape)
    }

    /// A tensor that training changes. Its values are in [`Parameters`](crate::Parameters).
    pub fn parameter(&mut self, name: &str, shape: impl Into<Shape>, role: Role) -> Tensor {
        let shape = shape.into();
        self.push(Parameter { shape, role }.into(), name, Vec::new(), shape)
    }

    /// A tensor with the same value everywhere.
    pub fn constant(&mut self, value: f64, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        self.push(Constant::new(value, shape).into(), "constant", Vec::new(), shape)
    }

    /// All nodes, each after its operands.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (Tensor, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (Tensor(index), node))
    }

    /// The node of a tensor.
    pub fn node(&self, tensor: Tensor) -> &Node {
        &self.nodes[tensor.0]
    }

    /// The shape of a tensor.
    pub fn shape(&self, tensor: Tensor) -> Shape {
        self.node(tensor).shape
    }

    /// The parameters that an optimizer moves, in the order they were made: all but the statistics.
    pub fn parameters(&self) -> impl Iterator<Item = Tensor> {
        self.of_role(|role| !matches!(role, Role::Statistic(_)))
    }

    /// The parameters that are statistics, in the order they were made.
    pub fn statistics(&self) -> impl Iterator<Item = Tensor> {
        self.of_role(|role| matches!(role, Role::Statistic(_)))
    }

    /// Has [`Plan::train`](crate::Plan::train) give `statistic` this value after each step's run: one
    /// that was calculated from what the statistic was in that run. A later value for the same statistic
    /// takes the place of the earlier one.
    ///
    /// # Errors
    ///
    /// If `statistic` is not a parameter with the role [`Role::Statistic`], or the shapes differ.
    pub fn assign(&mut self, statistic: Tensor, value: Tensor) -> Result<(), GraphError> {
        let node = self.node(statistic);
        if !matches!(node.role(), Some(Role::Statistic(_))) {
            let name = node.name().to_owned();
            return Err(self.error("assign", Problem::NotStatistic { name }));
        }
        let (left, right) = (node.shape(), self.shape(value));
        if left != right {
            return Err(self.error("assign", Problem::Differ { left, right }));
        }
        self.assignments.retain(|(other, _)| *other != statistic);
        self.assignments.push((statistic, value));
        Ok(())
    }

    /// Statistics, each with its value after a run of training.
    pub(crate) fn assignments(&self) -> &[(Tensor, Tensor)] {
        &self.assignments
    }

    fn of_role(&self, is_wanted: fn(Role) -> bool) -> impl Iterator<Item = Tensor> {
        self.nodes()
            .filter(move |(_, node)| node.role().is_some_and(is_wanted))
            .map(|(tensor, _)| tensor)
    }

    /// The node of `op` on `inputs`, of the shape that the operation's rule gives.
    pub(crate) fn apply(
        &mut self,
        op: impl Into<Op>,
        inputs: &[Tensor],
    ) -> Result<Tensor, GraphError> {
        let op = op.into();
        let shapes: Vec<Shape> = inputs.iter().map(|&input| self.shape(input)).collect();
        let shape = op.shape(&shapes).map_err(|problem| self.error(op.name(), problem))?;
        let name = op.name();
        Ok(self.push(op, name, inputs.to_vec(), shape))
    }

    /// The node of `op` on `inputs`, which is made only where there is none yet: gradients by several operands
    /// that are made of one node are then summed up there when they are differentiated themselves.
    pub(crate) fn apply_once(
        &mut self,
        op: impl Into<Op>,
        inputs: &[Tensor],
    ) -> Result<Tensor, GraphError> {
        let op = op.into();
        let earliest = inputs.iter().map(|input| input.0 + 1).max().unwrap_or(0);
        let is_same = |(_, node): &(Tensor, &Node)| node.op == op && node.inputs == inputs;
        let found = self.nodes().skip(earliest).find(is_same).map(|(tensor, _)| tensor);
        found.map_or_else(|| self.apply(op, inputs), Ok)
    }

    /// The node of an operation on one tensor that keeps its shape.
    pub(crate) fn elementwise(&mut self, op: impl Into<Op>, x: Tensor) -> Tensor {
        let op = op.into();
        let (name, shape) = (op.name(), self.shape(x));
        self.push(op, name, vec![x], shape)
    }

    pub(crate) fn error(&self, operation: &str, problem: Problem) -> GraphError {
        GraphError { at: self.path(operation).into(), problem }
    }

    /// The name that a node called `name` gets here: the first of `name`, `name_1`, … that is free.
    pub(crate) fn free_name(&self, name: &str) -> String {
        let path = self.path(name);
        let Some(&next) = self.names.get(&path) else { return path };
        let mut numbered = (next..).map(|i| format!("{path}_{i}"));
        numbered.find(|name| !self.names.contains_key(name)).unwrap_or(path)
    }

    fn path(&self, name: &str) -> String {
        if self.scope.is_empty() { name.to_owned() } else { format!("{}/{name}", self.scope) }
    }

    pub(crate) fn push(&mut self, op: Op, name: &str, inputs: Vec<Tensor>, shape: Shape) -> Tensor {
        let path = self.path(name);
        let name = self.free_name(name);
        *self.names.entry(path).or_insert(0) += 1;
        self.names.entry(name.clone()).or_insert(1);
        self.nodes.push(Node { op, name, inputs, shape });
        Tensor(self.nodes.len() - 1)
    }
}

impl Node {
    /// The scopes and the name: `layer1/matmul`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operation: `matmul`.
    pub fn operation(&self) -> &'static str {
        self.op.name()
    }

    /// The operands, in order.
    pub fn inputs(&self) -> &[Tensor] {
        &self.inputs
    }

    /// The shape of the value.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether its value is drawn anew in each step of training.
    pub fn is_random(&self) -> bool {
        matches!(self.op, Op::DropoutMask(_) | Op::NormalNoise(_))
    }

    /// What the parameter is for, where the node is one.
    pub fn role(&self) -> Option<Role> {
        match &self.op {
            Op::Parameter(parameter) => Some(parameter.role),
            _ => None,
        }
    }
}
