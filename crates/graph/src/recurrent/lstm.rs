//! Long short-term memory. With the sums a of a step, in four parts for i, f, g, o:
//!
//! i = sigmoid(aᵢ), f = sigmoid(a_f), g = tanh(a_g), o = sigmoid(aₒ)
//! c ← f ⊙ c + i ⊙ g
//! h = o ⊙ tanh(c)
//!
//! Hochreiter & Schmidhuber, *Long short-term memory*, Neural Computation 9, 1997, with the forget gate f of
//! Gers, Schmidhuber & Cummins, *Learning to forget*, Neural Computation 12, 2000, and without peepholes.
//! The order of the parts is that of PyTorch.

use crate::{Graph, GraphError, Role, Tensor};

impl Graph {
    /// One step of long short-term memory: the sums of its gates, `[batch, 4 · hidden]` in the order input,
    /// forget, candidate, output, and the cell `[batch, hidden]`, to the hidden state and the cell that
    /// follows.
    ///
    /// # Errors
    ///
    /// If the shapes are not `[batch, 4 · hidden]` and `[batch, hidden]`.
    pub fn lstm_cell(&mut self, sums: Tensor, cell: Tensor) -> Result<[Tensor; 2], GraphError> {
        self.check_gates("lstm_cell", 4, sums, cell)?;
        self.scope("lstm_cell", |g| {
            let [i, f, candidate, o] = g.parts(sums)?;
            let [i, f, o] = [i, f, o].map(|gate| g.sigmoid(gate));
            let candidate = g.tanh(candidate);
            let [kept, new] = [g.mul(f, cell)?, g.mul(i, candidate)?];
            let cell = g.add(kept, new)?;
            let bounded = g.tanh(cell);
            Ok([g.mul(o, bounded)?, cell])
        })
    }

    /// A layer of long short-term memory over sequences `[batch, time, features]`: the hidden states,
    /// `[batch, time, hidden]`. The first step finds a hidden state and a cell of 0.
    ///
    /// It makes the parameters `weights`, `[features, 4 · hidden]`, `recurrent_weights`,
    /// `[hidden, 4 · hidden]`, and `biases`, `[4 · hidden]`, for the gates input, forget, candidate, output;
    /// give it a scope of its own. PyTorch adds two biases, one of which does nothing.
    ///
    /// ```
    /// use thalweg_graph::Graph;
    ///
    /// let mut graph = Graph::new();
    /// let x = graph.input("x", [50, 20, 8]);
    /// let states = graph.scope("lstm", |g| g.lstm(x, 128))?;
    /// assert_eq!(graph.shape(states).sizes(), [50, 20, 128]);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `x` is not a sequence.
    pub fn lstm(&mut self, x: Tensor, hidden: usize) -> Result<Tensor, GraphError> {
        let [_, _, features] = self.sequence("lstm", x)?;
        let gates = 4 * hidden;
        let weights = self.parameter("weights", [features, gates], Role::Weight);
        let recurrent = self.parameter("recurrent_weights", [hidden, gates], Role::Weight);
        let biases = self.parameter("biases", [gates], Role::Bias);
        self.lstm_recurrence(x, weights, recurrent, biases)
    }

    /// The hidden states of [`Graph::lstm_recurrence`], of simple nodes.
    #[cfg(test)]
    pub(crate) fn unrolled_lstm(
        &mut self,
        x: Tensor,
        weights: Tensor,
        recurrent: Tensor,
        biases: Tensor,
    ) -> Result<Tensor, GraphError> {
        let [batch, time, features] = self.sequence("lstm", x)?;
        let gates = self.shape(biases).elements();
        let x = self.reshape(x, [batch * time, features])?;
        let product = self.matmul(x, weights)?;
        let sums = self.add(product, biases)?;
        let sums = self.reshape(sums, [batch, time, gates])?;
        let mut cell = self.constant(0.0, [batch, gates / 4]);
        let mut states: Vec<Tensor> = Vec::new();
        for mut sums in self.steps(sums)? {
            if let Some(&before) = states.last() {
                let product = self.matmul(before, recurrent)?;
                sums = self.add(sums, product)?;
            }
            let [state, next] = self.lstm_cell(sums, cell)?;
            states.push(state);
            cell = next;
        }
        self.sequence_of(&states)
    }
}
