//! What long short-term memory goes through, over all steps of time: for each example and step, h, c, i, f, g
//! and o behind each other. The formulas are those of [`Graph::lstm_cell`], with the sums sₜ = aₜ + hₜ₋₁·U.
//!
//! ā is one node, δ, which is the gradient by s as well; Ū = Σₜ hₜ₋₁ᵀ·δₜ, over all examples: one product.

use thalweg_matrix::{Matrix, Rearranged, product_rearranged};

use super::{Along, Gradient, LstmGradient, Op, Operand, Operation, Pad, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, Transposed, kernel};

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

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [recurrent, tape] = [at.inputs[1], at.value];
        let upstream = graph.by_sums(tape, at.upstream)?;
        let δ = graph.apply_once(LstmGradient, &[recurrent, tape, upstream])?;
        match at.wanted {
            0 => Ok(Some(δ)),
            _ => graph.product_with_states_before(tape, δ).map(Some),
        }
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

impl Graph {
    /// Long short-term memory over all steps: the hidden states `[batch, time, hidden]` of sums
    /// `[batch, time, 4 · hidden]`, to which the product of the state before with the recurrent weights,
    /// `[hidden, 4 · hidden]`, is added at each step. The steps are those of [`Graph::lstm_cell`], from a
    /// hidden state and a cell of 0; [`Graph::lstm`] is the layer.
    ///
    /// # Errors
    ///
    /// If the shapes are not `[batch, time, 4 · hidden]` and `[hidden, 4 · hidden]`.
    pub fn lstm_recurrence(
        &mut self,
        sums: Tensor,
        recurrent_weights: Tensor,
    ) -> Result<Tensor, GraphError> {
        let tape = self.apply(LstmTape, &[sums, recurrent_weights])?;
        self.states(tape)
    }

    /// h, of a tape, or of what belongs to the values of one.
    pub(super) fn states(&mut self, tape: Tensor) -> Result<Tensor, GraphError> {
        let [_, _, values] = self.sequence("lstm", tape)?;
        self.slice(tape, 2, 0..values / VALUES)
    }

    /// Σₜ hₜ₋₁ᵀ·δₜ, over all examples, with h from a tape, or from what belongs to one.
    pub(super) fn product_with_states_before(
        &mut self,
        tape: Tensor,
        δ: Tensor,
    ) -> Result<Tensor, GraphError> {
        let [batch, time, gates] = self.sequence("lstm", δ)?;
        // The state before the first step is 0.
        let states = self.states(tape)?;
        let before = self.slice(states, 1, 0..time.saturating_sub(1))?;
        let before = self.pad(before, 1, time.min(1), 0)?;
        let before = self.reshape(before, [batch * time, gates / 4])?;
        let δ = self.reshape(δ, [batch * time, gates])?;
        self.matmul_transposed(before, Transposed::Yes, δ, Transposed::No)
    }

    /// A gradient by h, c and the sums of i, f, g and o, made of one by h, c, i, f, g and o; or by h alone,
    /// where that is all there is.
    fn by_sums(&mut self, tape: Tensor, upstream: Tensor) -> Result<Tensor, GraphError> {
        let [batch, time, values] = self.sequence("lstm", tape)?;
        let hidden = values / VALUES;
        let node = self.node(upstream);
        if node.op == Op::Pad(Pad { axis: 2, before: 0, after: values - hidden }) {
            return Ok(node.inputs()[0]);
        }
        let one = self.constant(1.0, []);
        let sigmoid_slope = |graph: &mut Graph, gates: [usize; 2]| {
            let y = graph.slice(tape, 2, gates[0] * hidden..gates[1] * hidden)?;
            let rest = graph.sub(one, y)?;
            graph.mul(y, rest)
        };
        let [i_and_f, o] = [sigmoid_slope(self, [2, 4])?, sigmoid_slope(self, [5, 6])?];
        let g = self.slice(tape, 2, 4 * hidden..5 * hidden)?;
        let square = self.square(g);
        let g = self.sub(one, square)?;
        let ones = self.constant(1.0, [batch, time, 2 * hidden]);
        let slopes = self.concat(&[ones, i_and_f, g, o], 2)?;
        self.mul(upstream, slopes)
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
