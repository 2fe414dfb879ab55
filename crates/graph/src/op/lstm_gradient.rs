//! δ, the gradient of Σ u ⊙ h by the sums a of long short-term memory, with i, f, g, o, c and h from its tape.
//! From the last step to the first, with the gradients h̄ and c̄ of a step, δ and f of the next one, and t = tanh c:
//!
//! h̄ = u + δ₊·Uᵀ, c̄ = c̄₊ ⊙ f₊ + h̄ ⊙ o ⊙ (1 − t²)
//! δᵢ = c̄ ⊙ g ⊙ i ⊙ (1 − i), δ_f = c̄ ⊙ c₋ ⊙ f ⊙ (1 − f), δ_g = c̄ ⊙ i ⊙ (1 − g²), δₒ = h̄ ⊙ t ⊙ o ⊙ (1 − o)
//!
//! Werbos, *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78, 1990.
//! Where what is differentiated depends on more of the tape than h, as a gradient does, u has six parts: by h, by
//! c, and by the sums of i, f, g and o. The others are then added to c̄ and to δ.
//!
//! It is linear in u, and the gradient of Σ d ⊙ δ by u is the tangent of the tape, [`LstmTangent`]. That by U is
//! Σₜ ḣₜ₋₁ᵀ·δₜ, and the one by the tape [`LstmCurvature`].

use thalweg_matrix::{Matrix, Rearranged, product_rearranged};

use super::lstm_tape::VALUES;
use super::{Along, Gradient, LstmCurvature, LstmTangent, Operand, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, Transposed, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LstmGradient;

impl Operation for LstmGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let ([hidden, gates], u) = (inputs[0].matrix()?, inputs[2]);
        let [batch, time, _] = inputs[1].sequence()?;
        match Shape::from([batch, time, hidden]) {
            states if states == u || inputs[1] == u => Ok([batch, time, gates].into()),
            states => Err(Problem::Differ { left: states, right: u }),
        }
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([false, true, true, false])
    }

    /// The product with the recurrent weights at each step, eight for h̄ and c̄ and four for each δ of a unit,
    /// and the other parts of u.
    fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
        let units = value.elements() / 4;
        let others = inputs[2].elements() - units;
        (units * (2 * inputs[0].sizes()[1] + 24) + others) as u64
    }

    fn rows_at_least(&self, _inputs: &[Shape]) -> usize {
        32
    }

    /// The transpose of the recurrent weights, rearranged for the products of all steps.
    fn prepared<T: Element>(&self, inputs: &[Shape], _value: Shape) -> usize {
        let [hidden, gates] = inputs[0].matrix().expect("its shape was checked");
        Rearranged::<T>::length(gates, hidden)
    }

    fn prepare<T: Element>(&self, inputs: &[Operand<'_, T>], prepared: &mut [T]) {
        let [hidden, gates] = inputs[0].shape.matrix().expect("its shape was checked");
        Rearranged::new(Matrix::new(inputs[0].each(), hidden, gates).transposed(), prepared);
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [recurrent, tape, u] = [at.inputs[0], at.inputs[1], at.inputs[2]];
        let tangent = graph.apply_once(LstmTangent, &[recurrent, tape, at.upstream])?;
        match at.wanted {
            0 => graph.product_with_states_before(tangent, at.value),
            1 => graph.lstm_curvature([recurrent, tape], tangent, at.value, u),
            _ if graph.shape(u) == graph.shape(tape) => Ok(tangent),
            _ => graph.states(tangent),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [tape, u] = [1, 2].map(|i| run.inputs[i].each());
        let [batch, time, gates] = run.shape.sequence().expect("it was shaped as a sequence");
        let hidden = gates / 4;
        let recurrent = Rearranged::lying_in(run.prepared, gates, hidden);
        if !run.value.is_empty() {
            T::with_scratch((2 * batch + 1) * hidden, |memory| {
                lstm_gradient(recurrent, tape, u, [batch, time, hidden], memory, run.value);
            });
        }
    }
}

impl Graph {
    /// The gradient of Σ d ⊙ δ by the tape, where `tangent` belongs to d, and δ to u.
    pub(super) fn lstm_curvature(
        &mut self,
        [recurrent, tape]: [Tensor; 2],
        tangent: Tensor,
        δ: Tensor,
        u: Tensor,
    ) -> Result<Tensor, GraphError> {
        let [batch, time, gates] = self.sequence("lstm", δ)?;
        let δ = self.reshape(δ, [batch * time, gates])?;
        let back = self.matmul_transposed(δ, Transposed::No, recurrent, Transposed::Yes)?;
        let back = self.reshape(back, [batch, time, gates / 4])?;
        self.apply(LstmCurvature, &[tape, tangent, u, back])
    }
}

/// Writes δ. `recurrent` is the transpose of the recurrent weights, and `memory` is for h̄ and c̄ of all
/// examples, and for the cell of one before its first step.
fn lstm_gradient<T: Element>(
    recurrent: Rearranged<'_, T>,
    tape: &[T],
    u: &[T],
    [batch, time, hidden]: [usize; 3],
    memory: &mut [T],
    δ: &mut [T],
) {
    let (gates, values, one) = (4 * hidden, VALUES * hidden, T::constant(1.0));
    memory.fill(T::constant(0.0));
    let (start, memory) = memory.split_at_mut(hidden);
    let (states, cells) = memory.split_at_mut(batch * hidden);
    let width = u.len() / (batch * time);
    for t in (0..time).rev() {
        let u = || u.chunks_exact(width).skip(t).step_by(time);
        for (state, u) in states.chunks_exact_mut(hidden).zip(u()) {
            state.copy_from_slice(&u[..hidden]);
        }
        if width > hidden {
            for (cell, u) in cells.chunks_exact_mut(hidden).zip(u()) {
                add(cell, &u[hidden..2 * hidden]);
            }
        }
        if t + 1 < time {
            let next = Matrix::with_row_stride(&δ[(t + 1) * gates..], batch, gates, time * gates);
            product_rearranged(one, next, recurrent, one, states, hidden);
        }
        kernel::vectorized(
            #[inline(always)]
            || {
                let tapes = tape.chunks_exact(time * values);
                let rows = δ.chunks_exact_mut(gates).skip(t).step_by(time).zip(tapes);
                let memory = states.chunks_exact(hidden).zip(cells.chunks_exact_mut(hidden));
                for ((δ, tape), (state, cell)) in rows.zip(memory) {
                    let before = match t {
                        0 => &*start,
                        _ => &tape[(t - 1) * values + hidden..][..hidden],
                    };
                    step(&tape[t * values..][..values], before, state, cell, δ);
                }
            },
        );
        if width > hidden {
            for (δ, u) in δ.chunks_exact_mut(gates).skip(t).step_by(time).zip(u()) {
                add(δ, &u[2 * hidden..]);
            }
        }
    }
}

/// y ← y + x
fn add<T: Element>(y: &mut [T], x: &[T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = *y + x;
    }
}

/// Writes δ of one step of one example. `cell` is c̄₊ ⊙ f₊, and becomes c̄ ⊙ f.
#[inline(always)]
fn step<T: Element>(tape: &[T], before: &[T], state: &[T], cell: &mut [T], δ: &mut [T]) {
    let hidden = state.len();
    let part = |i: usize| &tape[i * hidden..][..hidden];
    let [c, i, f, g, o] = [part(1), part(2), part(3), part(4), part(5)];
    let (δ_i, rest) = δ.split_at_mut(hidden);
    let (δ_f, rest) = rest.split_at_mut(hidden);
    let (δ_g, δ_o) = rest.split_at_mut(hidden);
    let (before, cell, δ_o) = (&before[..hidden], &mut cell[..hidden], &mut δ_o[..hidden]);
    let one = T::constant(1.0);
    for k in 0..hidden {
        let t = c[k].tanh();
        let δ_c = cell[k] + state[k] * o[k] * (one - t * t);
        δ_i[k] = δ_c * g[k] * i[k] * (one - i[k]);
        δ_f[k] = δ_c * before[k] * f[k] * (one - f[k]);
        δ_g[k] = δ_c * i[k] * (one - g[k] * g[k]);
        δ_o[k] = state[k] * t * o[k] * (one - o[k]);
        cell[k] = δ_c * f[k];
    }
}
