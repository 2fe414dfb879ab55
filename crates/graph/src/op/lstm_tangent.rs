//! How long short-term memory moves when its sums a move by d, with i, f, g, o and c from its tape: for each
//! example and step, ḣ, ċ and the four parts of ṡ behind each other. From the first step to the last, with ḣ₋
//! and ċ₋ of the step before, and t = tanh c:
//!
//! ṡ = d + ḣ₋·U
//! ċ = f ⊙ ċ₋ + ḟ ⊙ c₋ + i̇ ⊙ g + i ⊙ ġ, where ḟ = f ⊙ (1 − f) ⊙ ṡ_f, i̇ alike, ġ = (1 − g²) ⊙ ṡ_g
//! ḣ = ȯ ⊙ t + o ⊙ (1 − t²) ⊙ ċ, where ȯ = o ⊙ (1 − o) ⊙ ṡₒ
//!
//! Pearlmutter, *Fast exact multiplication by the Hessian*, Neural Computation 6, 1994, section 4, has it for
//! other recurrent networks. It is linear in d, and the gradient of Σ u ⊙ (ḣ, ċ, ṡ) by d is [`LstmGradient`], so
//! that the others are those of Σ d ⊙ δ.

use thalweg_matrix::{Matrix, Rearranged, product_rearranged};

use super::lstm_tape::VALUES;
use super::{Along, Gradient, LstmGradient, Operand, Operation, Run, Site};
use crate::error::Problem;
use crate::{Element, Graph, Shape, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LstmTangent;

impl Operation for LstmTangent {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let ([_, gates], d) = (inputs[0].matrix()?, inputs[2]);
        let [batch, time, _] = inputs[1].sequence()?;
        match Shape::from([batch, time, gates]) {
            sums if sums == d => Ok(inputs[1]),
            sums => Err(Problem::Differ { left: sums, right: d }),
        }
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([false, true, true, false])
    }

    /// The product with the recurrent weights at each step; for each unit four sums, twelve for the parts of
    /// ċ and ȯ, seven for ċ and seven for ḣ.
    fn flops(&self, inputs: &[Shape], _value: Shape) -> u64 {
        (inputs[2].elements() / 4 * (2 * inputs[0].sizes()[1] + 30)) as u64
    }

    fn rows_at_least(&self, _inputs: &[Shape]) -> usize {
        32
    }

    /// The recurrent weights, rearranged for the products of all steps.
    fn prepared<T: Element>(&self, inputs: &[Shape], _value: Shape) -> usize {
        let [hidden, gates] = inputs[0].matrix().expect("its shape was checked");
        Rearranged::<T>::length(hidden, gates)
    }

    fn prepare<T: Element>(&self, inputs: &[Operand<'_, T>], prepared: &mut [T]) {
        let [hidden, gates] = inputs[0].shape.matrix().expect("its shape was checked");
        Rearranged::new(Matrix::new(inputs[0].each(), hidden, gates), prepared);
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [recurrent, tape] = [at.inputs[0], at.inputs[1]];
        let δ = graph.apply_once(LstmGradient, &[recurrent, tape, at.upstream])?;
        match at.wanted {
            0 => graph.product_with_states_before(at.value, δ),
            1 => graph.lstm_curvature([recurrent, tape], at.value, δ, at.upstream),
            _ => Ok(δ),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [tape, d] = [1, 2].map(|i| run.inputs[i].each());
        let [batch, time, values] = run.shape.sequence().expect("it was shaped as a sequence");
        let hidden = values / VALUES;
        let recurrent = Rearranged::lying_in(run.prepared, hidden, 4 * hidden);
        if !run.value.is_empty() {
            T::with_scratch((2 * batch + 1) * hidden, |memory| {
                lstm_tangent(recurrent, tape, d, [batch, time, hidden], memory, run.value);
            });
        }
    }
}

/// Writes ḣ, ċ and ṡ. `memory` is for ḣ and ċ of all examples, and for the cell of one before its first step.
fn lstm_tangent<T: Element>(
    recurrent: Rearranged<'_, T>,
    tape: &[T],
    d: &[T],
    [batch, time, hidden]: [usize; 3],
    memory: &mut [T],
    tangent: &mut [T],
) {
    let (gates, values, one) = (4 * hidden, VALUES * hidden, T::constant(1.0));
    memory.fill(T::constant(0.0));
    let (start, memory) = memory.split_at_mut(hidden);
    let (states, cells) = memory.split_at_mut(batch * hidden);
    for t in 0..time {
        let d = d.chunks_exact(gates).skip(t).step_by(time);
        let rows = tangent.chunks_exact_mut(values).skip(t).step_by(time);
        for (tangent, d) in rows.zip(d) {
            tangent[2 * hidden..].copy_from_slice(d);
        }
        if t > 0 {
            let states = Matrix::new(states, batch, hidden);
            let sums = &mut tangent[t * values + 2 * hidden..];
            product_rearranged(one, states, recurrent, one, sums, time * values);
        }
        kernel::vectorized(
            #[inline(always)]
            || {
                let tapes = tape.chunks_exact(time * values);
                let rows = tangent.chunks_exact_mut(values).skip(t).step_by(time).zip(tapes);
                let memory = states.chunks_exact_mut(hidden).zip(cells.chunks_exact_mut(hidden));
                for ((tangent, tape), (state, cell)) in rows.zip(memory) {
                    let before = match t {
                        0 => &*start,
                        _ => &tape[(t - 1) * values + hidden..][..hidden],
                    };
                    step(&tape[t * values..][..values], before, state, cell, tangent);
                }
            },
        );
    }
}

/// Writes ḣ and ċ of one step of one example in front of its ṡ, and over those of the step before.
#[inline(always)]
fn step<T: Element>(
    tape: &[T],
    before: &[T],
    state: &mut [T],
    cell: &mut [T],
    tangent: &mut [T],
) {
    let hidden = state.len();
    let (moved, sums) = tangent.split_at_mut(2 * hidden);
    let part = |i: usize| &tape[i * hidden..][..hidden];
    let sum = |i: usize| &sums[i * hidden..][..hidden];
    let [c, i, f, g, o] = [part(1), part(2), part(3), part(4), part(5)];
    let [s_i, s_f, s_g, s_o] = [sum(0), sum(1), sum(2), sum(3)];
    let (before, cell) = (&before[..hidden], &mut cell[..hidden]);
    let one = T::constant(1.0);
    for k in 0..hidden {
        let t = c[k].tanh();
        let i_moved = i[k] * (one - i[k]) * s_i[k];
        let f_moved = f[k] * (one - f[k]) * s_f[k];
        let g_moved = (one - g[k] * g[k]) * s_g[k];
        let o_moved = o[k] * (one - o[k]) * s_o[k];
        cell[k] = f[k] * cell[k] + f_moved * before[k] + i_moved * g[k] + i[k] * g_moved;
        state[k] = o_moved * t + o[k] * (one - t * t) * cell[k];
    }
    let (h, c) = moved.split_at_mut(hidden);
    h.copy_from_slice(state);
    c.copy_from_slice(cell);
}
