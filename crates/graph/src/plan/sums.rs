//! Sums over rows, such as gradients of weights, that are made where their rows are:
//!
//! ```text
//! value = Σ over groups ( Σ over parts of a group ( Σ over rows of a part ) )
//! ```
//!
//! A stage makes the rows of a part, adds what they give while they are in cache, and goes on to the next ones.
//! Threads share out groups, each of which has a sum of its own; these are added at the end, in order.
//!
//! Which rows make a part, and which parts a group, depends on nothing but what the sum is made of. So no bit
//! depends on threads, nor on what else a plan calculates or which operations it runs together.

use super::compile::is_leaf;
use super::schedule::rows;
use crate::op::{Along, Op, Operation};
use crate::{Graph, Node, Shape};

/// About how many rows a part has: with fewer, the sum is read and written more often. As many as are summed first
/// where rows are summed to biases, so that the two fit each other.
const ROWS_OF_A_PART: usize = if cfg!(test) { 1 } else { 64 };

/// The fewest and the most rows of a part: more do not stay in cache until they are summed.
const LEAST_ROWS: usize = if cfg!(test) { 1 } else { 48 };
const MOST_ROWS: usize = 256;

/// The fewest rows of a group: the sum of a group is written, and read once more to be added.
const ROWS_OF_A_GROUP: usize = if cfg!(test) { 1 } else { 512 };

/// The fewest groups that are worth it, as each is for one thread.
const GROUPS: usize = if cfg!(test) { 1 } else { 2 };

/// The most.
const MOST_GROUPS: usize = 8;

/// The most values of a sum: more do not stay in cache from part to part.
const MOST_VALUES: usize = 128 << 10;

/// A sum over rows that is made in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// The operands whose rows are summed.
    pub along: Along,
    /// How many rows these have.
    pub rows: usize,
    pub cut: Cut,
}

/// How rows are cut for a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Into how many parts of as many rows.
    pub parts: usize,
    /// Into how many groups of as many parts.
    pub groups: usize,
}

/// For each node, how it is summed, if that is in parts.
pub(super) fn sums(graph: &Graph) -> Vec<Option<Sum>> {
    let (mut sums, mut made) = (Vec::new(), Vec::new());
    for (tensor, node) in graph.nodes() {
        let shapes: Vec<Shape> = node.inputs().iter().map(|&input| graph.shape(input)).collect();
        let (rows_of_it, sum) = match &node.op {
            Op::Reshape(_) => (made[node.inputs()[0].0], None),
            _ if is_leaf(graph, tensor) => (Made::AT_ONCE, None),
            op => match rows(graph, tensor) {
                Some((count, along)) => {
                    let block = (op.rows_at_least(&shapes) as f64 / count as f64).min(1.0);
                    (Made { units: count, block }.with(node, along, &made), None)
                }
                None => (Made::AT_ONCE, sum_of(node, &shapes, &made)),
            },
        };
        sums.push(sum);
        made.push(rows_of_it);
    }
    sums
}

/// How a node is summed, if that is in parts, of operands of these shapes.
fn sum_of(node: &Node, shapes: &[Shape], made: &[Made]) -> Option<Sum> {
    let along = node.op.sums_rows(shapes)?;
    let (summed, _) = shapes.iter().zip(along).find(|(_, along)| *along)?;
    let rows = *summed.sizes().first()?;
    let made = Made { units: rows, ..Made::AT_ONCE }.with(node, along, made);
    Some(Sum { along, rows, cut: cut(rows, made, node.shape())? })
}

/// How to cut so many rows, if that pays.
fn cut(rows: usize, made: Made, value: Shape) -> Option<Cut> {
    if !(1..=MOST_VALUES).contains(&value.elements()) {
        return None;
    }
    let halves = |groups: &usize| Some(groups / 2).filter(|&groups| groups >= GROUPS);
    let in_groups = |parts: usize| {
        let pays =
            |groups: &usize| parts.is_multiple_of(*groups) && rows / groups >= ROWS_OF_A_GROUP;
        let groups = std::iter::successors(Some(MOST_GROUPS), halves).find(pays)?;
        Some(Cut { parts, groups })
    };
    let is_block = |parts: usize| made.block * parts as f64 <= 1.0;
    (rows.div_ceil(MOST_ROWS)..=rows / LEAST_ROWS)
        .filter(|&parts| parts > 0 && made.units.is_multiple_of(parts) && is_block(parts))
        .filter_map(in_groups)
        .min_by_key(|cut| (rows / cut.parts).abs_diff(ROWS_OF_A_PART))
}

/// How the rows of a value are made: in units, of which each is made of nothing but the same unit of other values.
#[derive(Clone, Copy)]
struct Made {
    /// The most units; 0 for any number.
    units: usize,
    /// The share of the rows that makes a block worth its while.
    block: f64,
}

impl Made {
    /// Before any row is read.
    const AT_ONCE: Made = Made { units: 0, block: 0.0 };

    /// In units of which all operands that give rows are made as well.
    fn with(self, node: &Node, along: Along, made: &[Made]) -> Made {
        let operands = node.inputs().iter().zip(along).filter(|(_, along)| *along);
        operands.fold(self, |all, (input, _)| {
            let Made { units, block } = made[input.0];
            Made { units: common_divisor(all.units, units), block: all.block.max(block) }
        })
    }
}

/// The greatest divisor of both; every number divides 0.
fn common_divisor(m: usize, n: usize) -> usize {
    if n == 0 { m } else { common_divisor(n, m % n) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn parts_are_of_the_rows_that_are_made_together() {
        let mut graph = Graph::new();
        let x = graph.input("x", [6, 4, 12]);
        let y = graph.attention(x, 2, false).unwrap();
        let y = graph.reshape(y, [24, 4]).unwrap();
        let z = graph.parameter("z", [24, 5], Role::Other);
        let product = graph.matmul_transposed(y, crate::Transposed::Yes, z, crate::Transposed::No);
        let sums = sums(&graph);
        let sum = sums[product.unwrap().0].expect("it is a sum over rows");
        assert_eq!((sum.rows, sum.along), (24, [true, true, false, false]));
        assert_eq!(sum.cut, Cut { parts: 6, groups: 2 }, "6 examples are apart, and 2 divides 6");
        assert_eq!(sums.iter().flatten().count(), 1);
    }

    #[test]
    fn rows_are_cut_where_they_can_be() {
        let value = Shape::from([4, 4]);
        let cut = |rows, units| cut(rows, Made { units, block: 0.0 }, value);
        assert_eq!(cut(12, 12), Some(Cut { parts: 12, groups: 4 }));
        assert_eq!(cut(12, 6), Some(Cut { parts: 6, groups: 2 }));
        assert_eq!(cut(7, 7), Some(Cut { parts: 7, groups: 1 }));
        assert_eq!(cut(0, 0), None);
    }
}
