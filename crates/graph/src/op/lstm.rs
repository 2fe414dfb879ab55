//! hₜ of long short-term memory, for all steps t, as a function of sums a and recurrent weights U. It is read
//! from the [tape](super::LstmTape), which is an operand for that, and as such a constant.
//!
//! ā is one node, δ; Ū = Σₜ hₜ₋₁ᵀ·δₜ, over all examples: one product.

use super::lstm_tape::VALUES;
use super::{Along, Gradient, LstmGradient, LstmTape, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Shape, Tensor, Transposed};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lstm;

impl Operation for Lstm {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [batch, time, values] = inputs[2].sequence()?;
        Ok([batch, time, values / VALUES].into())
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true, false, true, false])
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [sums, recurrent, tape] = [at.inputs[0], at.inputs[1], at.inputs[2]];
        if at.wanted == 2 {
            return Ok(None);
        }
        let δ = graph.apply(LstmGradient, &[sums, recurrent, tape, at.upstream])?;
        if at.wanted == 0 {
            return Ok(Some(δ));
        }
        let [batch, time, gates] = graph.sequence("lstm", sums)?;
        // The state before the first step is 0.
        let before = graph.slice(at.value, 1, 0..time.saturating_sub(1))?;
        let before = graph.pad(before, 1, time.min(1), 0)?;
        let before = graph.reshape(before, [batch * time, gates / 4])?;
        let δ = graph.reshape(δ, [batch * time, gates])?;
        graph.matmul_transposed(before, Transposed::Yes, δ, Transposed::No).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let hidden = run.shape.sizes()[2].max(1);
        let tape = run.inputs[2].each().chunks_exact(VALUES * hidden);
        for (h, tape) in run.value.chunks_exact_mut(hidden).zip(tape) {
            h.copy_from_slice(&tape[..hidden]);
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
        self.apply(Lstm, &[sums, recurrent_weights, tape])
    }
}
