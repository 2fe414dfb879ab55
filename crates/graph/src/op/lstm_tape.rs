//! What long short-term memory goes through, over all steps of time: for each example and step, h, c, i, f, g
//! and o behind each other. The formulas are those of [`Graph::lstm_cell`], with the sums aₜ + hₜ₋₁·U.
//!
//! It has no gradient: [`Lstm`](super::Lstm), which reads h from here, has that of h by a and U.

use thalweg_matrix::{Matrix, Rearranged, product_rearranged};

use super::{Along, Gradient, Operand, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, kernel};

/// How many values of each unit there are on the tape.
pub(super) const VALUES: usize = 6;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LstmTape;

impl Operation for LstmTape {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [batch, time, gates] = inputs[0].sequence()?;
        let [hidden, same] = inputs[1].matrix()?;
        if gates != same || gates != 4 * hidden {
            return Err(Problem::Recurrence { sums: inputs[0], weights: inputs[1] });
        }
        Ok([batch, time, VALUES * hidden].into())
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true, false, false, false])
    }

    /// The product with the recurrent weights at each step; for each unit four sums, five functions, three
    /// products and a sum.
    fn flops(&self, inputs: &[Shape], _value: Shape) -> u64 {
        let recurrent = 2 * inputs[0].elements() / 4 * inputs[1].sizes()[1];
        (recurrent + inputs[0].elements() / 4 * 13) as u64
    }

    fn rows_at_least(&self, _inputs: &[Shape]) -> usize {
        32
    }

    /// The recurrent weights, rearranged for the products of all steps.
    fn prepared<T: Element>(&self, inputs: &[Shape], _value: Shape) -> usize {
        let [hidden, gates] = inputs[1].matrix().expect("its shape was checked");
        Rearranged::<T>::length(hidden, gates)
    }

    fn prepare<T: Element>(&self, inputs: &[Operand<'_, T>], prepared: &mut [T]) {
        let [hidden, gates] = inputs[1].shape.matrix().expect("its shape was checked");
        Rearranged::new(Matrix::new(inputs[1].each(), hidden, gates), prepared);
    }

    fn gradient(&self, _graph: &mut Graph, _at: &Site<'_>) -> Gradient {
        Ok(None)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let sums = run.inputs[0].each();
        let [batch, time, values] = run.shape.sequence().expect("it was shaped as a sequence");
        let hidden = values / VALUES;
        let recurrent = Rearranged::lying_in(run.prepared, hidden, 4 * hidden);
        if !run.value.is_empty() {
            T::with_scratch(2 * batch * hidden, |memory| {
                lstm(sums, recurrent, [batch, time, hidden], memory, run.value);
            });
        }
    }
}

/// Writes the tape. `memory` is for h and c of all examples.
fn lstm<T: Element>(
    sums: &[T],
    recurrent: Rearranged<'_, T>,
    [batch, time, hidden]: [usize; 3],
    memory: &mut [T],
    tape: &mut [T],
) {
    let (gates, values, one) = (4 * hidden, VALUES * hidden, T::constant(1.0));
    memory.fill(T::constant(0.0));
    let (states, cells) = memory.split_at_mut(batch * hidden);
    for t in 0..time {
        let sums = sums.chunks_exact(gates).skip(t).step_by(time);
        let rows = tape.chunks_exact_mut(values).skip(t).step_by(time);
        for (tape, sums) in rows.zip(sums) {
            tape[2 * hidden..].copy_from_slice(sums);
        }
        if t > 0 {
            let states = Matrix::new(states, batch, hidden);
            let sums = &mut tape[t * values + 2 * hidden..];
            product_rearranged(one, states, recurrent, one, sums, time * values);
        }
        kernel::vectorized(
            #[inline(always)]
            || {
                let rows = tape.chunks_exact_mut(values).skip(t).step_by(time);
                let memory = states.chunks_exact_mut(hidden).zip(cells.chunks_exact_mut(hidden));
                for (tape, (state, cell)) in rows.zip(memory) {
                    step(tape, state, cell);
                }
            },
        );
    }
}

/// Writes one step of one example over its sums, and its h and c over those of the step before.
#[inline(always)]
fn step<T: Element>(tape: &mut [T], state: &mut [T], cell: &mut [T]) {
    let hidden = state.len();
    let (h, rest) = tape.split_at_mut(hidden);
    let (c, rest) = rest.split_at_mut(hidden);
    let (i_and_f, rest) = rest.split_at_mut(2 * hidden);
    let (g, o) = rest.split_at_mut(hidden);
    for gate in i_and_f.iter_mut() {
        *gate = gate.sigmoid();
    }
    for candidate in g.iter_mut() {
        *candidate = candidate.tanh();
    }
    for gate in o.iter_mut() {
        *gate = gate.sigmoid();
    }
    let (i, f) = i_and_f.split_at(hidden);
    for ((cell, &f), (&i, &g)) in cell.iter_mut().zip(f).zip(i.iter().zip(&*g)) {
        *cell = f * *cell + i * g;
    }
    for ((state, &cell), &o) in state.iter_mut().zip(&*cell).zip(&*o) {
        *state = o * cell.tanh();
    }
    h.copy_from_slice(state);
    c.copy_from_slice(cell);
}
