//! The gradient of Σ d ⊙ δ by the tape of long short-term memory, with δ for an upstream u, and the tangent ḣ, ċ,
//! ṡ for d. From the last step to the first, with the gradients h̄ and c̄ of a step, those of the next one, b = δ·Uᵀ,
//! and t = tanh c:
//!
//! h̄ = u_h + b₊, c̄ = u_c + c̄₊ ⊙ f₊ + h̄ ⊙ o ⊙ (1 − t²)
//! by c: h̄ ⊙ (1 − t²) ⊙ (o ⊙ (1 − o) ⊙ ṡₒ − 2 t ⊙ o ⊙ ċ) + c̄₊ ⊙ f₊ ⊙ (1 − f₊) ⊙ ṡ_f₊
//! by i: c̄ ⊙ (g ⊙ (1 − 2i) ⊙ ṡᵢ + (1 − g²) ⊙ ṡ_g), by g: c̄ ⊙ (i ⊙ (1 − i) ⊙ ṡᵢ − 2 i ⊙ g ⊙ ṡ_g)
//! by f: c̄ ⊙ (c₋ ⊙ (1 − 2f) ⊙ ṡ_f + ċ₋), by o: h̄ ⊙ (t ⊙ (1 − 2o) ⊙ ṡₒ + (1 − t²) ⊙ ċ)
//!
//! They are the derivatives of what [`LstmGradient`](super::LstmGradient) does in each step, where ṡ, ċ and ḣ are
//! the gradients of Σ d ⊙ δ by δ, c̄ and h̄. There is none by h. Its own gradients are those of the same steps,
//! made of simple nodes.

use super::lstm_tape::VALUES;
use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, kernel};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LstmCurvature;

impl Operation for LstmCurvature {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0], inputs[1]) {
            (tape, tangent) if tape == tangent => Ok(tape),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    /// For each unit six for t, h̄ and slopes, four for c̄ and one to pass it on, thirteen by c, seven by i, six by
    /// f, eight by g and seven by o.
    fn flops(&self, inputs: &[Shape], _value: Shape) -> u64 {
        52 * inputs[3].elements() as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.gradient_of_composed(at, |graph, inputs| {
            let [tape, tangent, u, back] = [inputs[0], inputs[1], inputs[2], inputs[3]];
            let [_, _, values] = graph.sequence("lstm", tangent)?;
            let moved = graph.slice(tangent, 2, values / 3..values)?;
            graph.slope(tape, moved, |graph, tape| graph.composed_lstm_gradient(tape, u, back))
        })
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [tape, tangent, u, back] = [0, 1, 2, 3].map(|i| run.inputs[i].each());
        let [batch, time, values] = run.shape.sequence().expect("it was shaped as a sequence");
        let hidden = values / VALUES;
        if run.value.is_empty() {
            return;
        }
        let width = u.len() / (batch * time);
        let examples = tape.chunks_exact(time * values).zip(tangent.chunks_exact(time * values));
        let given = u.chunks_exact(time * width).zip(back.chunks_exact(time * hidden));
        let examples = examples.zip(given).zip(run.value.chunks_exact_mut(time * values));
        T::with_scratch(3 * hidden, |memory| {
            for (((tape, tangent), (u, back)), gradient) in examples {
                lstm_curvature([tape, tangent, u, back], [time, hidden], memory, gradient);
            }
        });
    }
}

impl Graph {
    /// δ of a tape, but for what u adds to it, with the products b = δ·Uᵀ given: of simple nodes.
    fn composed_lstm_gradient(
        &mut self,
        tape: Tensor,
        u: Tensor,
        back: Tensor,
    ) -> Result<Tensor, GraphError> {
        let [batch, time, hidden] = self.sequence("lstm", back)?;
        let [tape, u, back] = [self.steps(tape)?, self.steps(u)?, self.steps(back)?];
        let one = self.constant(1.0, []);
        let start = self.constant(0.0, [batch, hidden]);
        let mut later = start;
        let mut steps = Vec::new();
        for at in (0..time).rev() {
            let [_, c, i, f, g, o] = self.parts(tape[at])?;
            let before = match at {
                0 => start,
                _ => self.slice(tape[at - 1], 1, hidden..2 * hidden)?,
            };
            let mut state = self.slice(u[at], 1, 0..hidden)?;
            if at + 1 < time {
                state = self.add(state, back[at + 1])?;
            }
            let t = self.tanh(c);
            let [slope_t, slope_g] = [t, g].map(|y| self.square(y));
            let [slope_t, slope_g] = [self.sub(one, slope_t)?, self.sub(one, slope_g)?];
            let mut sigmoid_slope = |y| {
                let rest = self.sub(one, y)?;
                self.mul(y, rest)
            };
            let [slope_i, slope_f, slope_o] = [sigmoid_slope(i)?, sigmoid_slope(f)?, sigmoid_slope(o)?];
            let reached = self.products(&[state, o, slope_t])?;
            let mut cell = self.add(later, reached)?;
            if self.shape(u[at]) == self.shape(tape[at]) {
                let given = self.slice(u[at], 1, hidden..2 * hidden)?;
                cell = self.add(cell, given)?;
            }
            let δ = [
                self.products(&[cell, g, slope_i])?,
                self.products(&[cell, before, slope_f])?,
                self.products(&[cell, i, slope_g])?,
                self.products(&[state, t, slope_o])?,
            ];
            steps.push(self.concat(&δ, 1)?);
            later = self.mul(cell, f)?;
        }
        steps.reverse();
        self.sequence_of(&steps)
    }

    /// The product of three, elementwise.
    fn products(&mut self, [a, b, c]: &[Tensor; 3]) -> Result<Tensor, GraphError> {
        let product = self.mul(*a, *b)?;
        self.mul(product, *c)
    }
}

/// Writes the gradient of one example. `memory` is for c̄₊ ⊙ f₊, for what the next step adds to the gradient by
/// c, and for what is 0 at the ends.
fn lstm_curvature<T: Element>(
    [tape, tangent, u, back]: [&[T]; 4],
    [time, hidden]: [usize; 2],
    memory: &mut [T],
    gradient: &mut [T],
) {
    let (values, width) = (VALUES * hidden, u.len() / time);
    memory.fill(T::constant(0.0));
    let (zeros, memory) = memory.split_at_mut(hidden);
    let (cell, later) = memory.split_at_mut(hidden);
    let zeros = &*zeros;
    kernel::vectorized(
        #[inline(always)]
        || {
            for t in (0..time).rev() {
                let here = t * values..(t + 1) * values;
                let [c_before, c_before_moved] = match t {
                    0 => [zeros, zeros],
                    _ => [tape, tangent].map(|x| &x[here.start - values + hidden..][..hidden]),
                };
                let back = if t + 1 < time { &back[(t + 1) * hidden..][..hidden] } else { zeros };
                let u = &u[t * width..][..width];
                let u_c = if width > hidden { &u[hidden..2 * hidden] } else { zeros };
                step(
                    [&tape[here.clone()], &tangent[here.clone()]],
                    [c_before, c_before_moved, &u[..hidden], u_c, back],
                    [cell, later],
                    &mut gradient[here],
                );
            }
        },
    );
}

/// Writes the gradient of one step of one example. `cell` is c̄₊ ⊙ f₊, and becomes c̄ ⊙ f; `later` is
/// c̄₊ ⊙ f₊ ⊙ (1 − f₊) ⊙ ṡ_f₊, and becomes that of this step.
#[inline(always)]
fn step<T: Element>(
    [tape, tangent]: [&[T]; 2],
    others: [&[T]; 5],
    [cell, later]: [&mut [T]; 2],
    gradient: &mut [T],
) {
    let hidden = cell.len();
    let [c_before, c_before_moved, u_h, u_c, back] = others.map(|x| &x[..hidden]);
    let [_, c, i, f, g, o] = std::array::from_fn(|part| &tape[part * hidden..][..hidden]);
    let [_, c_moved, s_i, s_f, s_g, s_o] =
        std::array::from_fn(|part| &tangent[part * hidden..][..hidden]);
    let (by_h, rest) = gradient.split_at_mut(hidden);
    let (by_c, rest) = rest.split_at_mut(hidden);
    let (by_i, rest) = rest.split_at_mut(hidden);
    let (by_f, rest) = rest.split_at_mut(hidden);
    let (by_g, by_o) = rest.split_at_mut(hidden);
    let (by_o, later) = (&mut by_o[..hidden], &mut later[..hidden]);
    let [one, two] = [1.0, 2.0].map(T::constant);
    by_h.fill(T::constant(0.0));
    for k in 0..hidden {
        let t = c[k].tanh();
        let [slope_t, slope_g] = [one - t * t, one - g[k] * g[k]];
        let h = u_h[k] + back[k];
        let δ_c = u_c[k] + cell[k] + h * o[k] * slope_t;
        let bent = o[k] * (one - o[k]) * s_o[k] - two * t * o[k] * c_moved[k];
        by_c[k] = h * slope_t * bent + later[k];
        by_i[k] = δ_c * (g[k] * (one - two * i[k]) * s_i[k] + slope_g * s_g[k]);
        by_f[k] = δ_c * (c_before[k] * (one - two * f[k]) * s_f[k] + c_before_moved[k]);
        by_g[k] = δ_c * (i[k] * (one - i[k]) * s_i[k] - two * i[k] * g[k] * s_g[k]);
        by_o[k] = h * (t * (one - two * o[k]) * s_o[k] + slope_t * c_moved[k]);
        cell[k] = δ_c * f[k];
        later[k] = cell[k] * (one - f[k]) * s_f[k];
    }
}
