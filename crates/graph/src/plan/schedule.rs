//! Which operations run together, block of rows by block of rows, so that what one writes is still in cache
//! when the next one reads it, and blocks can go to different threads.
//!
//! A stage of rows is a list of operations each of which makes rows i to j of its value from rows i to j of
//! what others of the list made (see [`Operation::by_rows`]). Everything else is a stage by itself.
//!
//! A sum over such rows joins as well (see [`sums`](super::sums)): it is there when the stage is done.
//!
//! Operations are taken in the order of their making. Each joins the stage of its latest operand where it
//! can, and begins a new one otherwise.

use std::collections::HashMap;

use super::compile::{is_leaf, order};
use super::stage::MOST_STEPS;
use super::sums::{Cut, Sum};
use crate::op::{Along, Op, Operation};
use crate::{Graph, Shape, Tensor};

/// The values that a block of a stage may have, where its operations want it to have many rows: 2 MiB of
/// `f32`.
const MOST_VALUES: f64 = (512 << 10) as f64;

/// The values that each block of a stage may read whole, such as weights, or sum: 1 MiB of `f32`, half of the second
/// cache. Where there are more of them, a block finds none there from the block before.
const MOST_READ: usize = 256 << 10;

/// Operations that run together.
pub(super) struct Scheduled {
    pub tensors: Vec<Tensor>,
    /// Into how many parts the rows can be cut, the same for all; `None` if the only operation is calculated
    /// in one.
    pub units: Option<usize>,
    /// Whether others may join.
    open: bool,
    /// The values of all rows.
    values: usize,
    /// The values that all rows read, or sum.
    read: usize,
    /// The share of the rows that makes a block worth its while.
    block: f64,
    /// How rows are cut, if they are summed.
    pub cut: Option<Cut>,
}

/// The stages in order. What is to be `alone` gets a stage by itself, unless it is one of the `sums`: these are
/// written where they are to be at the end of a stage.
pub(super) fn schedule(
    graph: &Graph,
    homes: &[Option<Tensor>],
    sums: &[Option<Sum>],
    alone: impl Fn(Tensor) -> bool,
) -> Vec<Scheduled> {
    let mut stages: Vec<Scheduled> = Vec::new();
    let mut stage_of: HashMap<Tensor, usize> = HashMap::new();
    for tensor in order(graph, homes) {
        let inputs = graph.node(tensor).inputs();
        let made_in: Vec<Option<usize>> = inputs
            .iter()
            .map(|input| homes[input.0].and_then(|home| stage_of.get(&home).copied()))
            .collect();
        let sum = sums[tensor.0];
        let rows = match sum {
            Some(sum) => Some((sum.rows, sum.along)),
            None => rows(graph, tensor),
        };
        let cut = sum.map(|sum| sum.cut);
        let latest = made_in.iter().copied().flatten().max();
        let open = sum.is_some() || !alone(tensor);
        let elements = graph.shape(tensor).elements();
        let values = if sum.is_some() { 0 } else { elements };
        let read = rows.map_or(0, |(_, along)| {
            let whole = inputs.iter().zip(along).filter(|(_, along)| !along);
            whole.map(|(&input, _)| graph.shape(input).elements()).sum::<usize>()
        });
        let read = read + elements - values;
        let block = rows.map_or(1.0, |(count, _)| {
            if let Some(cut) = cut {
                return 1.0 / cut.parts as f64;
            }
            let shapes: Vec<Shape> = inputs.iter().map(|&input| graph.shape(input)).collect();
            let at_least = graph.node(tensor).op.rows_at_least(&shapes);
            (at_least as f64 / count as f64).min(1.0)
        });
        let joins = rows.filter(|_| open).and_then(|(count, along)| {
            let mut fit = stages.iter().enumerate().filter_map(|(index, stage)| {
                let units = common(stage.units?, count)?;
                let has_rows = |input: &Tensor, along| {
                    along && homes[input.0].is_some_and(|home| sums[home.0].is_none())
                };
                let is_row_by_row =
                    made_in.iter().zip(inputs).zip(along).all(|((made, input), along)| {
                        *made != Some(index) || has_rows(input, along)
                    });
                let together = stage.cut.or(cut);
                let is_cut = together.is_none_or(|cut| units.is_multiple_of(cut.parts));
                let is_cut = is_cut && (cut.is_none() || cut == together);
                let stays_in_cache =
                    stage.block.max(block) * (stage.values + values) as f64 <= MOST_VALUES;
                let stays_in_cache = stays_in_cache && stage.read + read <= MOST_READ;
                let fits = stage.open && stage.tensors.len() < MOST_STEPS;
                let fits = fits && is_row_by_row && is_cut && stays_in_cache;
                fits.then_some((index, units))
            });
            match latest {
                // A sum of what is there anyhow gains nothing. What else needs no other operation goes to the first
                // stage that it fits.
                None if sum.is_some() => None,
                None => fit.next(),
                Some(latest) => fit.find(|(index, _)| *index == latest),
            }
        });
        let index = match joins {
            Some((index, units)) => {
                stages[index].tensors.push(tensor);
                stages[index].units = Some(units);
                stages[index].values += values;
                stages[index].read += read;
                stages[index].block = stages[index].block.max(block);
                stages[index].cut = stages[index].cut.or(cut);
                index
            }
            None => {
                let units = cut.map(|cut| cut.parts).or(rows.map(|(count, _)| count));
                stages.push(Scheduled {
                    tensors: vec![tensor],
                    units,
                    open,
                    values,
                    read,
                    block,
                    cut,
                });
                stages.len() - 1
            }
        };
        stage_of.insert(tensor, index);
    }
    stages
}

/// The rows of a value that can be calculated apart, if it has several, and the operands that give rows.
pub(super) fn rows(graph: &Graph, tensor: Tensor) -> Option<(usize, Along)> {
    let node = graph.node(tensor);
    let count = *node.shape().sizes().first()?;
    let along = along(graph, tensor)?;
    (count > 1 && node.shape().elements() > 0).then_some((count, along))
}

/// The operands that give rows.
pub(super) fn along(graph: &Graph, tensor: Tensor) -> Option<Along> {
    let node = graph.node(tensor);
    let shapes: Vec<Shape> = node.inputs().iter().map(|&input| graph.shape(input)).collect();
    match is_leaf(graph, tensor) || matches!(node.op, Op::Reshape(_)) {
        true => None,
        false => node.op.by_rows(&shapes),
    }
}

/// The parts into which so many rows and so many rows can both be cut: one number divides the other.
fn common(m: usize, n: usize) -> Option<usize> {
    let (less, more) = (m.min(n), m.max(n));
    more.is_multiple_of(less).then_some(less)
}
