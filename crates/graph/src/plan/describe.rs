//! A plan in words and numbers: what it does, in which order, where values lie, and what that costs.

use std::fmt;
use std::ops::Range;

use super::stage::{RowPlace, Stage, Step, Written};
use super::{Place, Plan};
use crate::op::Operation;
use crate::{Element, Shape};

/// What a plan does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDescription {
    /// The steps, in order.
    pub steps: Vec<PlanStep>,
    /// The bytes of each buffer.
    pub buffers: Vec<u64>,
    /// The bytes of all gradients; 0 where the plan calculates none.
    pub gradients: u64,
    /// The bytes for what operations rearrange before they run, such as weights that many rows read, and for what
    /// groups of rows sum.
    pub prepared: u64,
}

/// One step of a plan: an operation, or several that run together, block of rows by block of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    /// The names of the nodes whose values it makes, in order: `layer1/matmul`.
    pub operations: Vec<String>,
    /// Where what was there before the step lies, each place once. What one operation of the step makes for
    /// another is not among them.
    pub reads: Vec<Storage>,
    /// Where the values lie, each place once: an operation may write over an operand that nobody reads after
    /// it.
    pub writes: Vec<Storage>,
    /// The bytes of the places it reads and writes: what must be moved at least.
    pub bytes: u64,
    /// The floating-point operations: 2mkn for a product of matrices, one for each function of one element.
    pub flops: u64,
}

/// Where a value lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// In the buffer with this number.
    Buffer(usize),
    /// Among the values of the parameters.
    Parameters(Range<usize>),
    /// Among the gradients.
    Gradients(Range<usize>),
}

impl PlanDescription {
    /// The floating-point operations of all steps.
    pub fn flops(&self) -> u64 {
        self.steps.iter().map(|step| step.flops).sum()
    }

    /// The most bytes that the plan needs at once, beside the parameters: those of all buffers and gradients
    /// and of what is prepared, which live as long as the plan.
    pub fn peak_bytes(&self) -> u64 {
        self.buffers.iter().sum::<u64>() + self.gradients + self.prepared
    }
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Buffer(index) => write!(f, "buffer {index}"),
            Storage::Parameters(Range { start, end }) => write!(f, "parameters {start}..{end}"),
            Storage::Gradients(Range { start, end }) => write!(f, "gradients {start}..{end}"),
        }
    }
}

impl<T: Element> Plan<T> {
    /// What the plan does, step by step.
    ///
    /// ```
    /// use thalweg_graph::{Graph, Plan, Storage};
    ///
    /// let mut graph = Graph::new();
    /// let x = graph.input("x", [2, 3]);
    /// let y = graph.input("y", [3, 4]);
    /// let product = graph.matmul(x, y)?;
    /// let description = Plan::<f32>::compile(&graph, &[product], None).describe();
    ///
    /// let [step] = &description.steps[..] else { panic!("one node, one step") };
    /// assert_eq!(step.operations, ["matmul"]);
    /// assert_eq!(step.reads, [Storage::Buffer(0), Storage::Buffer(1)]);
    /// assert_eq!(step.writes, [Storage::Buffer(2)]);
    /// assert_eq!(step.flops, 2 * 2 * 3 * 4);
    /// assert_eq!(step.bytes, 4 * (2 * 3 + 3 * 4 + 2 * 4));
    /// assert_eq!(description.peak_bytes(), step.bytes);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    pub fn describe(&self) -> PlanDescription {
        let bytes = |values: &[T]| size_of_val(values) as u64;
        PlanDescription {
            steps: self.stages.iter().map(|stage| stage.describe(size_of::<T>())).collect(),
            buffers: self.buffers.iter().map(|buffer| bytes(buffer)).collect(),
            gradients: bytes(&self.gradients),
            prepared: bytes(&self.prepared),
        }
    }
}

impl Stage {
    /// `size` is that of a number, in bytes.
    fn describe(&self, size: usize) -> PlanStep {
        match self {
            Stage::Whole { step, value } => {
                let reads = step.operands.iter().map(|(_, place)| place);
                described(size, reads.collect(), vec![value], &[step])
            }
            Stage::Rows { steps, written, .. } => {
                let reads = read_before(steps, written);
                let writes = written.iter().filter_map(|written| written.lies.place());
                described(size, reads, writes.collect(), &steps.iter().collect::<Vec<_>>())
            }
        }
    }
}

/// The places that operations of a stage of rows read what was there before it.
fn read_before<'a>(steps: &'a [Step<RowPlace>], written: &'a [Written]) -> Vec<&'a Place> {
    let mut made = vec![false; written.len()];
    let mut reads = Vec::new();
    for step in steps {
        reads.extend(step.operands.iter().filter_map(|(_, place)| match place {
            RowPlace::Written(index) if made[*index] => None,
            RowPlace::Written(index) => written[*index].lies.place(),
            RowPlace::Rows(place) | RowPlace::Whole(place) => Some(place),
        }));
        made[step.value] = true;
    }
    reads
}

fn described<P>(
    size: usize,
    reads: Vec<&Place>,
    writes: Vec<&Place>,
    steps: &[&Step<P>],
) -> PlanStep {
    let [reads, writes] = [reads, writes].map(once_each);
    let values = |places: &[&Place]| places.iter().map(|place| place.range().len()).sum::<usize>();
    let storage = |places: Vec<&Place>| places.into_iter().map(Place::storage).collect();
    PlanStep {
        operations: steps.iter().map(|step| step.name.clone()).collect(),
        bytes: ((values(&reads) + values(&writes)) * size) as u64,
        flops: steps.iter().map(|step| step.flops()).sum(),
        reads: storage(reads),
        writes: storage(writes),
    }
}

fn once_each(places: Vec<&Place>) -> Vec<&Place> {
    let mut seen: Vec<&Place> = Vec::new();
    for place in places {
        if !seen.contains(&place) {
            seen.push(place);
        }
    }
    seen
}

impl<P> Step<P> {
    /// The floating-point operations.
    pub(super) fn flops(&self) -> u64 {
        self.op.flops(&self.operand_shapes(), self.shape)
    }

    /// [`Operation::rows_at_least`]
    pub(super) fn rows_at_least(&self) -> usize {
        self.op.rows_at_least(&self.operand_shapes())
    }

    fn operand_shapes(&self) -> Vec<Shape> {
        self.operands.iter().map(|(shape, _)| *shape).collect()
    }
}

impl Place {
    fn storage(&self) -> Storage {
        match self {
            Place::Buffer { index, .. } => Storage::Buffer(*index),
            Place::Parameter(range) => Storage::Parameters(range.clone()),
            Place::Gradient(range) => Storage::Gradients(range.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Graph, Role, Transposed};

    #[test]
    fn operations_that_run_together_are_one_step() {
        let mut graph = Graph::new();
        let x = graph.parameter("x", [4], Role::Other);
        let exp = graph.exp(x);
        let tanh = graph.tanh(exp);
        let description = Plan::<f64>::compile(&graph, &[tanh], None).describe();
        let [step] = &description.steps[..] else { panic!("one step, not {description:?}") };
        assert_eq!(step.operations, ["exp", "tanh"]);
        assert_eq!(step.reads, [Storage::Parameters(0..4)]);
        assert_eq!(step.writes, [Storage::Buffer(0)], "the second writes over the first");
        assert_eq!((step.bytes, step.flops), (64, 8));
        assert_eq!((description.peak_bytes(), description.flops()), (32, 8));
    }

    #[test]
    fn what_is_written_over_was_read() {
        let mut graph = Graph::new();
        let x = graph.parameter("x", [4], Role::Other);
        let sum = graph.sum(x);
        let negative = graph.neg(sum);
        let description = Plan::<f32>::compile(&graph, &[negative], None).describe();
        let last = description.steps.last().unwrap();
        assert_eq!(last.operations, ["neg"]);
        assert_eq!(last.reads, last.writes);
    }

    #[test]
    fn gradients_lie_among_the_gradients() {
        let mut graph = Graph::new();
        let a = graph.parameter("a", [2], Role::Other);
        let b = graph.parameter("b", [3], Role::Other);
        let squares = [a, b].map(|x| graph.square(x));
        let [c, d] = squares.map(|x| graph.sum(x));
        let loss = graph.add(c, d).unwrap();
        let train = graph.minimize(loss, "sgd").unwrap();
        let description = Plan::<f32>::compile(&graph, &[loss], Some(&train)).describe();
        let written = |range| {
            let place = Storage::Gradients(range);
            description.steps.iter().any(|step| step.writes.contains(&place))
        };
        assert!(written(0..2) && written(2..5), "{description:?}");
        assert_eq!(description.gradients, 20);
        assert_eq!(Storage::Gradients(2..5).to_string(), "gradients 2..5");
    }

    #[test]
    fn a_product_costs_the_same_however_its_factors_are_read() {
        let mut graph = Graph::new();
        let [m, k, n] = [2, 3, 5];
        use Transposed::{No, Yes};
        let products = [(No, [m, k]), (Yes, [k, m])].into_iter().flat_map(|(left, a)| {
            [(No, [k, n]), (Yes, [n, k])].map(|(right, b)| (left, a, right, b))
        });
        let products: Vec<_> = products
            .map(|(left, a, right, b)| {
                let [a, b] = [graph.input("a", a), graph.input("b", b)];
                graph.matmul_transposed(a, left, b, right).unwrap()
            })
            .collect();
        let description = Plan::<f32>::compile(&graph, &products, None).describe();
        assert_eq!(description.flops(), 4 * 60);
    }
}
