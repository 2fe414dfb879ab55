//! What long short-term memory goes through, over all steps of time: for each example and step, h, c, i, f, g
//! and o behind each other. The formulas are those of [`Graph::lstm_cell`], with the sums sₜ = xₜ·W + hₜ₋₁·U + b.
//!
//! s̄ is one node, δ: x̄ = δ·Wᵀ, W̄ = Σₜ xₜᵀ·δₜ, b̄ = Σₜ δₜ, Ū = Σₜ hₜ₋₁ᵀ·δₜ, over all examples, each in one.

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
        let [batch, time, features] = inputs[0].sequence()?;
        let [hidden, _] = inputs[2].matrix()?;
        let gates = 4 * hidden;
        let expected = [
            ("weights", Shape::from([features, gates])),
            ("recurrent weights", [hidden, gates].into()),
            ("biases", [gates].into()),
        ];
        for ((name, expected), &got) in expected.into_iter().zip(&inputs[1..]) {
            if expected != got {
                return Err(Problem::Recurrence { name, expected, got });
            }
        }
        Ok([batch, time, VALUES * hidden].into())
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true, false, false, false])
    }

    /// The products with both weights at each step; for each unit eight sums, five functions, three products
    /// and a sum.
    fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
        let products = 8 * (inputs[1].sizes()[0] + inputs[2].sizes()[0]);
        (value.elements() / VALUES * (products + 17)) as u64
    }

    fn rows_at_least(&self, _inputs: &[Shape]) -> usize {
        32
    }

    /// Both weights, rearranged for the products of all steps.
    fn prepared<T: Element>(&self, inputs: &[Shape], _value: Shape) -> usize {
        let length = |weights: Shape| {
            let [rows, gates] = weights.matrix().expect("its shape was checked");
            Rearranged::<T>::length(rows, gates)
        };
        length(inputs[1]) + length(inputs[2])
    }

    fn prepare<T: Element>(&self, inputs: &[Operand<'_, T>], prepared: &mut [T]) {
        let mut rest = prepared;
        for weights in &inputs[1..3] {
            let [rows, gates] = weights.shape.matrix().expect("its shape was checked");
            let (memory, others) = rest.split_at_mut(Rearranged::<T>::length(rows, gates));
            Rearranged::new(Matrix::new(weights.each(), rows, gates), memory);
            rest = others;
        }
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        use Transposed::{No, Yes};
        let [x, weights, recurrent, biases] = [0, 1, 2, 3].map(|i| at.inputs[i]);
        let upstream = graph.by_sums(at.value, at.upstream)?;
        let δ = graph.apply_once(LstmGradient, &[recurrent, at.value, upstream])?;
        let [batch, time, features] = graph.sequence("lstm", x)?;
        let rows = [batch * time, graph.shape(biases).elements()];
        match at.wanted {
            0 => {
                let δ = graph.reshape(δ, rows)?;
                let gradient = graph.matmul_transposed(δ, No, weights, Yes)?;
                graph.reshape(gradient, [batch, time, features])
            }
            1 => {
                let x = graph.reshape(x, [batch * time, features])?;
                let δ = graph.reshape(δ, rows)?;
                graph.matmul_transposed(x, Yes, δ, No)
            }
            2 => graph.product_with_states_before(at.value, δ),
            _ => graph.sum_to(δ, graph.shape(biases)),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [x, biases] = [0, 3].map(|i| run.inputs[i].each());
        let [batch, time, values] = run.shape.sequence().expect("it was shaped as a sequence");
        let [features, gates] = run.inputs[1].shape.matrix().expect("its shape was checked");
        let hidden = values / VALUES;
        let (weights, recurrent) = run.prepared.split_at(Rearranged::<T>::length(features, gates));
        let weights = Rearranged::lying_in(weights, features, gates);
        let recurrent = Rearranged::lying_in(recurrent, hidden, gates);
        if !run.value.is_empty() {
            T::with_scratch(2 * batch * hidden, |memory| {
                lstm(x, [weights, recurrent], biases, [batch, time, hidden], memory, run.value);
            });
        }
    }
}

impl Graph {
    /// Long short-term memory over all steps: the hidden states `[batch, time, hidden]` of a sequence
    /// `[batch, time, features]`. The sums of a step are the products of its features with the weights,
    /// `[features, 4 · hidden]`, and of the state before with the recurrent weights, `[hidden, 4 · hidden]`,
    /// and the biases, `[4 · hidden]`. The steps are those of [`Graph::lstm_cell`], from a hidden state and a
    /// cell of 0; [`Graph::lstm`] is the layer.
    ///
    /// # Errors
    ///
    /// If the shapes are not these.
    pub fn lstm_recurrence(
        &mut self,
        x: Tensor,
        weights: Tensor,
        recurrent_weights: Tensor,
        biases: Tensor,
    ) -> Result<Tensor, GraphError> {
        let tape = self.apply(LstmTape, &[x, weights, recurrent_weights, biases])?;
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
    x: &[T],
    [weights, recurrent]: [Rearranged<'_, T>; 2],
    biases: &[T],
    [batch, time, hidden]: [usize; 3],
    memory: &mut [T],
    tape: &mut [T],
) {
    let (values, features) = (VALUES * hidden, x.len() / (batch * time));
    let [zero, one] = [0.0, 1.0].map(T::constant);
    memory.fill(zero);
    let (states, cells) = memory.split_at_mut(batch * hidden);
    for t in 0..time {
        // The sums of a step are made where it needs them: those of all steps do not stay in the cache.
        let sums = &mut tape[t * values + 2 * hidden..];
        let x = Matrix::with_row_stride(&x[t * features..], batch, features, time * features);
        product_rearranged(one, x, weights, zero, sums, time * values);
        if t > 0 {
            let states = Matrix::new(states, batch, hidden);
            product_rearranged(one, states, recurrent, one, sums, time * values);
        }
        kernel::vectorized(
            #[inline(always)]
            || {
                let rows = tape.chunks_exact_mut(values).skip(t).step_by(time);
                let memory = states.chunks_exact_mut(hidden).zip(cells.chunks_exact_mut(hidden));
                for (tape, (state, cell)) in rows.zip(memory) {
                    step(tape, biases, state, cell);
                }
            },
        );
    }
}

/// Writes one step of one example over its sums, and its h and c over those of the step before.
#[inline(always)]
fn step<T: Element>(tape: &mut [T], biases: &[T], state: &mut [T], cell: &mut [T]) {
    let hidden = state.len();
    let (h, rest) = tape.split_at_mut(hidden);
    let (c, rest) = rest.split_at_mut(hidden);
    let (i_and_f, rest) = rest.split_at_mut(2 * hidden);
    let (g, o) = rest.split_at_mut(hidden);
    let (b_i_and_f, rest) = biases.split_at(2 * hidden);
    let (b_g, b_o) = rest.split_at(hidden);
    for (gate, &b) in i_and_f.iter_mut().zip(b_i_and_f) {
        *gate = (*gate + b).sigmoid();
    }
    for (candidate, &b) in g.iter_mut().zip(b_g) {
        *candidate = (*candidate + b).tanh();
    }
    for (gate, &b) in o.iter_mut().zip(b_o) {
        *gate = (*gate + b).sigmoid();
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
