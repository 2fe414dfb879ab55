//! From a graph to a plan:
//!
//! 1. what the wanted values depend on is needed, the rest is dropped;
//! 2. nodes with the same operation on the same operands are one, and a tensor that is another one in a
//!    different shape is read where that one lies: both have the same *home*;
//! 3. homes get places in order. A buffer is free again after the last use of its value, and goes
//!    straight to the value of that very step where the operation may write over its operand.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use thalweg_matrix::Aligned;

use super::awake::Helpers;
use super::schedule::{Scheduled, along, schedule};
use super::stage::{Lies, RowPlace, Stage, Step, Written};
use super::sums::{Cut, Sum, sums};
use super::{Place, Plan};
use crate::op::{Along, Op, Operation, Reshape, Run};
use crate::parameters::Layout;
use crate::{Element, Graph, ParameterInfo, RunOptions, Shape, Tensor, Train};

pub(super) fn compile<T: Element>(
    graph: &Graph,
    fetch: &[Tensor],
    train: Option<&Train>,
) -> Plan<T> {
    let layout = Layout::of(graph);
    let gradients = train.map_or(&[][..], |train| &train.gradients);
    let assignments = train.map_or(&[][..], |_| graph.assignments());
    let assigned: Vec<Tensor> = assignments.iter().map(|(_, value)| *value).collect();
    let homes = homes(graph, &[fetch, gradients, &assigned].concat());
    let is_gradient: HashSet<Tensor> =
        gradients.iter().filter_map(|gradient| homes[gradient.0]).collect();
    let sums = sums(graph);
    // Gradients go straight to where the optimizer reads them. Those places lie in one vector, of which the rows of
    // a stage can be one part only.
    let stages = schedule(graph, &homes, &sums, |tensor| is_gradient.contains(&tensor));
    let mut compiler = Compiler {
        last_use: last_use(graph, &homes, &stages),
        graph,
        homes,
        sums,
        places: HashMap::new(),
        stages: Vec::new(),
        lengths: Vec::new(),
        free: Vec::new(),
    };
    let inputs = compiler.place_leaves(&layout);
    let copies = compiler.place_gradients(&layout, gradients);
    let kept = fetch.iter().chain(&assigned).chain(copies.iter().map(|(gradient, _)| gradient));
    let kept = kept.filter_map(|tensor| compiler.homes[tensor.0]).collect();
    compiler.place_values::<T>(&stages, kept);
    for (gradient, place) in copies {
        compiler.copy(gradient, place);
    }
    let values = fetch.iter().map(|&tensor| (tensor, compiler.public_place(tensor))).collect();
    let assignments = compiler.place_assignments(&layout, assignments);
    let work = compiler.stages.iter().map(Stage::work).sum::<u64>();
    let prepared = compiler.stages.iter().map(Stage::memory).max().unwrap_or(0);
    Plan {
        buffers: compiler.buffers(),
        gradients: Aligned::new(train.map_or(0, |_| layout.trained_length), T::constant(0.0)),
        helpers: (work >= WORTH_THREADS).then(Helpers::new),
        prepared: Aligned::new(prepared, T::constant(0.0)),
        stages: compiler.stages,
        inputs,
        values,
        assignments,
        layout: Arc::new(layout),
        runs: 0,
    }
}

/// Work, as [`Step::work`] counts it, of some 50 µs: a thread takes as long to wake up.
const WORTH_THREADS: u64 = if cfg!(test) { 1 } else { 8 << 20 };

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
pub(super) fn order(graph: &Graph, homes: &[Option<Tensor>]) -> Vec<Tensor> {
    let calculated = |tensor: &Tensor| homes[tensor.0] == Some(*tensor) && !is_leaf(graph, *tensor);
    (0..homes.len()).map(Tensor).filter(calculated).collect()
}

/// Whether the values are there before a run begins.
pub(super) fn is_leaf(graph: &Graph, tensor: Tensor) -> bool {
    use Op::{Constant, Input, Optimizer, Parameter};
    matches!(graph.node(tensor).op, Input(_) | Parameter(_) | Constant(_) | Optimizer(_))
}

/// For each home that a calculation reads, the last tensor that is calculated from it.
fn last_use(
    graph: &Graph,
    homes: &[Option<Tensor>],
    stages: &[Scheduled],
) -> HashMap<Tensor, Tensor> {
    let mut last = HashMap::new();
    for &tensor in stages.iter().flat_map(|stage| &stage.tensors) {
        let read = graph.node(tensor).inputs().iter().filter_map(|input| homes[input.0]);
        last.extend(read.map(|home| (home, tensor)));
    }
    last
}

/// The smallest free memory of a block with so many values for each unit, or else the largest, made larger,
/// or else new one: its index among what is written.
fn free_in_block(free: &mut Vec<usize>, written: &mut Vec<Written>, unit: usize) -> usize {
    let fit = |&i: &usize| {
        let found = written[free[i]].unit;
        (found < unit, found.abs_diff(unit))
    };
    let Some(best) = (0..free.len()).min_by_key(fit) else {
        written.push(Written { lies: Lies::InBlock, unit });
        return written.len() - 1;
    };
    let index = free.swap_remove(best);
    written[index].unit = written[index].unit.max(unit);
    index
}

struct Compiler<'a> {
    graph: &'a Graph,
    homes: Vec<Option<Tensor>>,
    /// For each tensor, how it is summed, if it is in parts.
    sums: Vec<Option<Sum>>,
    last_use: HashMap<Tensor, Tensor>,
    /// The place of each home.
    places: HashMap<Tensor, Place>,
    stages: Vec<Stage>,
    /// The length of each buffer.
    lengths: Vec<usize>,
    /// The buffers that hold nothing any more.
    free: Vec<usize>,
}

impl Compiler<'_> {
    /// Gives the leaves their places, and returns those of the inputs.
    fn place_leaves(&mut self, layout: &Layout) -> HashMap<Tensor, Place> {
        let parameters = self.graph.parameters().chain(self.graph.statistics());
        for (parameter, info) in parameters.zip(&layout.parameters) {
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

    /// The places of statistics among the parameters, each with that of its next value.
    fn place_assignments(
        &mut self,
        layout: &Layout,
        assignments: &[(Tensor, Tensor)],
    ) -> Vec<(Range<usize>, Place)> {
        let statistics = layout.parameters[layout.trained..].iter();
        let statistics: HashMap<Tensor, &ParameterInfo> =
            self.graph.statistics().zip(statistics).collect();
        let place = |(statistic, value): &(Tensor, Tensor)| {
            (statistics[statistic].range.clone(), self.public_place(*value))
        };
        assignments.iter().map(place).collect()
    }

    /// Gives all that is calculated its place, in order; what is `kept` keeps it until the end.
    fn place_values<T: Element>(&mut self, stages: &[Scheduled], kept: HashSet<Tensor>) {
        for stage in stages {
            match (stage.units, &stage.tensors[..]) {
                (None, &[tensor]) => self.place_whole::<T>(tensor, &kept),
                (None, _) => unreachable!("what is calculated in one is a stage by itself"),
                (Some(units), tensors) => self.place_rows::<T>(tensors, units, stage.cut, &kept),
            }
        }
    }

    /// Places the value of an operation that is calculated in one.
    fn place_whole<T: Element>(&mut self, tensor: Tensor, kept: &HashSet<Tensor>) {
        let dying = self.dying(tensor, kept);
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
        let (name, op) = (node.name().to_owned(), node.op.clone());
        let step = Step::new::<T>(name, op, operands, node.shape(), 0);
        self.stages.push(Stage::Whole { step, value: place });
    }

    /// Places the values of operations that run row by row. What nobody else reads is only there while a
    /// block runs, in memory of the thread that runs it, and goes from value to value of any size. A buffer that one block of rows has done with
    /// goes to a value of the same size only, whose rows lie at the same places: other blocks may be at
    /// another operation.
    fn place_rows<T: Element>(
        &mut self,
        tensors: &[Tensor],
        units: usize,
        cut: Option<Cut>,
        kept: &HashSet<Tensor>,
    ) {
        let mut whole: HashSet<Tensor> = HashSet::new();
        for &tensor in tensors {
            for (&input, along) in self.graph.node(tensor).inputs().iter().zip(self.along(tensor)) {
                whole.extend(self.homes[input.0].filter(|_| !along));
            }
        }
        let mut written: Vec<Written> = Vec::new();
        let mut steps = Vec::new();
        // What the stage alone reads, by its index among what is written, and the memory of a block for it
        // that is free again.
        let (mut in_block, mut free) = (HashMap::<Tensor, usize>::new(), Vec::<usize>::new());
        // Of equal length, and to be had at the end of the stage.
        let (mut equal, mut later): (Vec<(usize, usize)>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut summed = 0;
        for &tensor in tensors {
            let dying = self.dying(tensor, kept);
            let length = self.graph.shape(tensor).elements();
            let stays = self.stays(tensor, tensors, &whole, kept);
            let overwritable = dying.iter().copied().filter(|operand| {
                !whole.contains(operand) && in_block.contains_key(operand) == stays
            });
            let overwritten = self.overwritten(tensor, &overwritable.collect::<Vec<_>>());
            let value = if self.sums[tensor.0].is_some() {
                let place = match self.places.remove(&tensor) {
                    Some(gradient) => gradient,
                    None => self.free_buffer(length),
                };
                self.places.insert(tensor, place.clone());
                written.push(Written { lies: Lies::Sum { place, at: summed }, unit: length });
                summed += length;
                written.len() - 1
            } else if stays {
                let unit = length / units;
                let value = match overwritten {
                    Some(operand) => in_block[&operand],
                    None => free_in_block(&mut free, &mut written, unit),
                };
                in_block.insert(tensor, value);
                value
            } else {
                let place = match (self.places.remove(&tensor), overwritten) {
                    (Some(gradient), _) => gradient,
                    (None, Some(operand)) => self.places[&operand].clone(),
                    (None, None) => match equal.iter().position(|(_, free)| *free == length) {
                        Some(at) => Place::Buffer { index: equal.swap_remove(at).0, length },
                        None => self.free_buffer(length),
                    },
                };
                self.places.insert(tensor, place.clone());
                let rows = Lies::Rows(place);
                written.iter().position(|written| written.lies == rows).unwrap_or_else(|| {
                    written.push(Written { lies: rows, unit: length / units });
                    written.len() - 1
                })
            };
            for home in dying {
                match (in_block.get(&home), self.places.get(&home)) {
                    (Some(&index), _) if index != value => free.push(index),
                    (None, Some(place)) if written[value].lies.place() != Some(place) => {
                        let Place::Buffer { index, length } = place else { continue };
                        match whole.contains(&home) {
                            true => later.push(*index),
                            false => equal.push((*index, *length)),
                        }
                    }
                    _ => {}
                }
            }
            let node = self.graph.node(tensor);
            let operands = node.inputs().iter().zip(self.along(tensor)).map(|(&input, along)| {
                let home = self.homes[input.0].expect("operands of what is needed are needed");
                let place = match (in_block.get(&home), along) {
                    (Some(&index), _) => RowPlace::Written(index),
                    (None, true) => RowPlace::Rows(self.places[&home].clone()),
                    (None, false) => RowPlace::Whole(self.places[&home].clone()),
                };
                (self.graph.shape(input), place)
            });
            let operands = operands.collect();
            let (name, op) = (node.name().to_owned(), node.op.clone());
            steps.push(Step::new::<T>(name, op, operands, node.shape(), value));
        }
        self.free.extend(equal.into_iter().map(|(index, _)| index).chain(later));
        // Known only now: a later step may write where an earlier one reads.
        for (_, place) in steps.iter_mut().flat_map(|step: &mut Step<RowPlace>| &mut step.operands)
        {
            let RowPlace::Rows(rows) = place else { continue };
            let is_there =
                |written: &Written| matches!(&written.lies, Lies::Rows(place) if place == rows);
            if let Some(at) = written.iter().position(is_there) {
                *place = RowPlace::Written(at);
            }
        }
        self.stages.push(Stage::rows::<T>(steps, written, units, cut));
    }

    /// Whether a value of a stage, whose operations are `tensors`, need not outlive a block: these alone read it,
    /// and if one of them is written over it, that one need not either. Otherwise it is made right where that will
    /// lie. Memory that is not in the cache takes time to write, and a product, say, hides it better than the sum
    /// with biases after it.
    ///
    /// Of what is read in `whole` nothing is written over.
    fn stays(
        &self,
        tensor: Tensor,
        tensors: &[Tensor],
        whole: &HashSet<Tensor>,
        kept: &HashSet<Tensor>,
    ) -> bool {
        let last = self.last_use.get(&tensor).filter(|last| tensors.contains(last));
        let Some(&last) = last.filter(|_| !kept.contains(&tensor)) else { return false };
        let mut overwritable = self.dying(last, kept);
        overwritable.retain(|home| !whole.contains(home));
        self.overwritten(last, &overwritable) != Some(tensor)
            || self.stays(last, tensors, whole, kept)
    }

    /// The operands of which a tensor takes rows.
    fn along(&self, tensor: Tensor) -> Along {
        match self.sums[tensor.0] {
            Some(sum) => sum.along,
            None => along(self.graph, tensor).unwrap_or_default(),
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
        let name = self.graph.node(tensor).name().to_owned();
        let op = Reshape { to: shape }.into();
        let step = Step { name, op, operands, shape, value: 0, prepared: 0 };
        self.stages.push(Stage::Whole { step, value: place });
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
    fn buffers<T: Element>(&self) -> Vec<Aligned<T>> {
        let mut buffers: Vec<Aligned<T>> =
            self.lengths.iter().map(|&length| Aligned::new(length, T::constant(0.0))).collect();
        for (tensor, node) in self.graph.nodes() {
            if let (Op::Constant(constant), Some(Place::Buffer { index, .. })) =
                (&node.op, self.places.get(&tensor))
            {
                let value = &mut buffers[*index][..];
                let options = RunOptions::default();
                constant.run(Run {
                    inputs: &[],
                    shape: node.shape(),
                    prepared: &[],
                    first_row: 0,
                    value,
                    adds: false,
                    options,
                });
            }
        }
        buffers
    }
}
