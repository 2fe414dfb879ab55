//! From a graph to a plan:
//!
//! 1. what the wanted values depend on is needed, the rest is dropped;
//! 2. nodes with the same operation on the same operands are one, and a tensor that is another one in a
//!    different shape is read where that one lies: both have the same *home*;
//! 3. homes get places in order. A buffer is free again after the last use of its value, and goes
//!    straight to the value of that very step where the operation may write over its operand.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Place, Plan, Step};
use crate::op::{Op, Operation, Reshape, Run};
use crate::parameters::Layout;
use crate::{Element, Graph, RunOptions, Shape, Tensor, Train};

pub(super) fn compile<T: Element>(
    graph: &Graph,
    fetch: &[Tensor],
    train: Option<&Train>,
) -> Plan<T> {
    let layout = Layout::of(graph);
    let gradients = train.map_or(&[][..], |train| &train.gradients);
    let homes = homes(graph, &[fetch, gradients].concat());
    let mut compiler = Compiler {
        last_use: last_use(graph, &homes),
        graph,
        homes,
        places: HashMap::new(),
        steps: Vec::new(),
        lengths: Vec::new(),
        free: Vec::new(),
    };
    let inputs = compiler.place_leaves(&layout);
    let copies = compiler.place_gradients(&layout, gradients);
    let kept = fetch.iter().chain(copies.iter().map(|(gradient, _)| gradient));
    let kept = kept.filter_map(|tensor| compiler.homes[tensor.0]).collect();
    compiler.place_values(kept);
    for (gradient, place) in copies {
        compiler.copy(gradient, place);
    }
    let values = fetch.iter().map(|&tensor| (tensor, compiler.public_place(tensor))).collect();
    Plan {
        buffers: compiler.buffers(),
        gradients: vec![T::constant(0.0); if train.is_some() { layout.length } else { 0 }],
        steps: compiler.steps,
        inputs,
        values,
        layout: Arc::new(layout),
    }
}

/// For each tensor that `roots` need, and each input, the tensor in whose place its values are.
fn homes(graph: &Graph, roots: &[Tensor]) -> Vec<Option<Tensor>> {
    let needed = needed(graph, roots);
    let mut known: HashMap<(&Op, Vec<Tensor>), Tensor> = HashMap::new();
    let mut same: Vec<Tensor> = Vec::new();
    let mut homes: Vec<Option<Tensor>> = Vec::new();
    for (tensor, node) in graph.nodes() {
        let inputs: Vec<Tensor> = node.inputs().iter().map(|input| same[input.0]).collect();
        let home = match (&node.op, needed[tensor.0]) {
            (_, false) => None,
            (Op::Reshape(_), true) => homes[inputs[0].0],
            (_, true) => Some(tensor),
        };
        let first = match node.op {
            // Two of these are never the same, whatever their shapes.
            Op::Input(_) | Op::Parameter(_) => tensor,
            _ if home.is_none() => tensor,
            _ => *known.entry((&node.op, inputs)).or_insert(tensor),
        };
        homes.push(if first == tensor { home } else { homes[first.0] });
        same.push(first);
    }
    homes
}

/// For each tensor, whether `roots` depend on it. Inputs always are needed, so that they can be filled.
fn needed(graph: &Graph, roots: &[Tensor]) -> Vec<bool> {
    let nodes: Vec<_> = graph.nodes().collect();
    let mut needed: Vec<bool> =
        nodes.iter().map(|(_, node)| matches!(node.op, Op::Input(_))).collect();
    for root in roots {
        needed[root.0] = true;
    }
    for (tensor, node) in nodes.iter().rev() {
        if needed[tensor.0] {
            for input in node.inputs() {
                needed[input.0] = true;
            }
        }
    }
    needed
}

/// The homes that are calculated, in order.
fn order(graph: &Graph, homes: &[Option<Tensor>]) -> Vec<Tensor> {
    let calculated = |tensor: &Tensor| homes[tensor.0] == Some(*tensor) && !is_leaf(graph, *tensor);
    (0..homes.len()).map(Tensor).filter(calculated).collect()
}

/// For each home that a calculation reads, the last tensor that is calculated from it.
fn last_use(graph: &Graph, homes: &[Option<Tensor>]) -> HashMap<Tensor, Tensor> {
    let mut last = HashMap::new();
    for tensor in order(graph, homes) {
        let read = graph.node(tensor).inputs().iter().filter_map(|input| homes[input.0]);
        last.extend(read.map(|home| (home, tensor)));
    }
    last
}

/// Whether the values are there before a run begins.
fn is_leaf(graph: &Graph, tensor: Tensor) -> bool {
    use Op::{Constant, Input, Optimizer, Parameter};
    matches!(graph.node(tensor).op, Input(_) | Parameter(_) | Constant(_) | Optimizer(_))
}

struct Compiler<'a> {
    graph: &'a Graph,
    homes: Vec<Option<Tensor>>,
    last_use: HashMap<Tensor, Tensor>,
    /// The place of each home.
    places: HashMap<Tensor, Place>,
    steps: Vec<Step>,
    /// The length of each buffer.
    lengths: Vec<usize>,
    /// The buffers that hold nothing any more.
    free: Vec<usize>,
}

impl Compiler<'_> {
    /// Gives the leaves their places, and returns those of the inputs.
    fn place_leaves(&mut self, layout: &Layout) -> HashMap<Tensor, Place> {
        for (parameter, info) in self.graph.parameters().zip(&layout.parameters) {
            self.places.insert(parameter, Place::Parameter(info.range.clone()));
        }
        let mut inputs = HashMap::new();
        for (tensor, node) in self.graph.nodes() {
            let needed = self.homes[tensor.0] == Some(tensor);
            if needed && is_leaf(self.graph, tensor) && node.role().is_none() {
                let place = self.new_buffer(node.shape().elements());
                self.places.insert(tensor, place.clone());
                if let Op::Input(_) = node.op {
                    inputs.insert(tensor, place);
                }
            }
        }
        inputs
    }

    /// Has the gradients written where the optimizer reads them, and returns those that must be copied
    /// there, since they are something else as well.
    fn place_gradients(&mut self, layout: &Layout, gradients: &[Tensor]) -> Vec<(Tensor, Place)> {
        let homes: Vec<_> = gradients.iter().map(|gradient| self.homes[gradient.0]).collect();
        let mut copies = Vec::new();
        for ((&gradient, &home), info) in gradients.iter().zip(&homes).zip(&layout.parameters) {
            let place = Place::Gradient(info.range.clone());
            let of_one_parameter = homes.iter().filter(|other| **other == home).count() == 1;
            match home {
                Some(home)
                    if of_one_parameter
                        && !is_leaf(self.graph, home)
                        && !self.last_use.contains_key(&home) =>
                {
                    self.places.insert(home, place);
                }
                _ => copies.push((gradient, place)),
            }
        }
        copies
    }

    /// Gives all that is calculated its place, in order; what is `kept` keeps it until the end.
    fn place_values(&mut self, kept: HashSet<Tensor>) {
        for tensor in order(self.graph, &self.homes) {
            let dying = self.dying(tensor, &kept);
            let place = match (self.places.remove(&tensor), self.overwritten(tensor, &dying)) {
                (Some(gradient), _) => gradient,
                (None, Some(operand)) => self.places[&operand].clone(),
                (None, None) => self.free_buffer(self.graph.shape(tensor).elements()),
            };
            let left = dying.iter().map(|home| &self.places[home]).filter(|left| **left != place);
            self.free.extend(left.filter_map(Place::buffer));
            self.places.insert(tensor, place.clone());
            let node = self.graph.node(tensor);
            let operands = node.inputs().iter().map(|&input| self.operand(input)).collect();
            self.steps.push(Step {
                op: node.op.clone(),
                operands,
                shape: node.shape(),
                value: place,
            });
        }
    }

    /// The homes that nobody reads after `tensor` is calculated.
    fn dying(&self, tensor: Tensor, kept: &HashSet<Tensor>) -> Vec<Tensor> {
        let inputs = self.graph.node(tensor).inputs().iter();
        let mut homes: Vec<Tensor> = inputs.filter_map(|input| self.homes[input.0]).collect();
        homes.sort_unstable();
        homes.dedup();
        homes.retain(|home| {
            self.last_use[home] == tensor && !kept.contains(home) && !is_leaf(self.graph, *home)
        });
        homes
    }

    /// The home among `dying` in whose place `tensor` may be calculated. Wherever it is an operand, it
    /// must be one of the same shape.
    fn overwritten(&self, tensor: Tensor, dying: &[Tensor]) -> Option<Tensor> {
        let node = self.graph.node(tensor);
        let fits = |home: &Tensor| {
            let mut operands =
                node.inputs().iter().filter(|input| self.homes[input.0] == Some(*home));
            operands.all(|&input| self.graph.shape(input) == node.shape())
        };
        dying.iter().copied().find(|home| node.op.in_place() && fits(home))
    }

    /// Adds a step that copies a tensor's values to `place`.
    fn copy(&mut self, tensor: Tensor, place: Place) {
        let shape = self.graph.shape(tensor);
        let operands = vec![self.operand(tensor)];
        self.steps.push(Step { op: Reshape { to: shape }.into(), operands, shape, value: place });
    }

    /// Where a value can be read after a run. Parameters are not the plan's, so that they are copied.
    fn public_place(&mut self, tensor: Tensor) -> Place {
        let (_, place) = self.operand(tensor);
        if !matches!(place, Place::Parameter(_)) {
            return place;
        }
        let copy = self.free_buffer(self.graph.shape(tensor).elements());
        self.copy(tensor, copy.clone());
        copy
    }

    /// The shape of a tensor and the place of its home.
    fn operand(&self, tensor: Tensor) -> (Shape, Place) {
        let home = self.homes[tensor.0].expect("operands of what is needed are needed");
        (self.graph.shape(tensor), self.places[&home].clone())
    }

    /// The smallest free buffer that is long enough, or else the longest one, made longer, or else a new
    /// one.
    fn free_buffer(&mut self, length: usize) -> Place {
        let fit = |&i: &usize| {
            let found = self.lengths[self.free[i]];
            (found < length, found.abs_diff(length))
        };
        let Some(best) = (0..self.free.len()).min_by_key(fit) else {
            return self.new_buffer(length);
        };
        let index = self.free.swap_remove(best);
        self.lengths[index] = self.lengths[index].max(length);
        Place::Buffer { index, length }
    }

    fn new_buffer(&mut self, length: usize) -> Place {
        self.lengths.push(length);
        Place::Buffer { index: self.lengths.len() - 1, length }
    }

    /// The buffers, with the constants filled in.
    fn buffers<T: Element>(&self) -> Vec<Vec<T>> {
        let mut buffers: Vec<Vec<T>> =
            self.lengths.iter().map(|&length| vec![T::constant(0.0); length]).collect();
        for (tensor, node) in self.graph.nodes() {
            if let (Op::Constant(constant), Some(Place::Buffer { index, .. })) =
                (&node.op, self.places.get(&tensor))
            {
                let value = &mut buffers[*index][..];
                let options = RunOptions::default();
                constant.run(Run { inputs: &[], shape: node.shape(), value, options });
            }
        }
        buffers
    }
}
