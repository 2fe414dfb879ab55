//! The gated recurrent unit. With the sums a of what comes in and b of the hidden state h, each in three
//! parts for r, z, n:
//!
//! r = sigmoid(aᵣ + bᵣ), z = sigmoid(a_z + b_z), n = tanh(aₙ + r ⊙ bₙ)
//! h ← (1 − z) ⊙ n + z ⊙ h
//!
//! Cho et al., *Learning phrase representations using RNN encoder–decoder*, 2014, section 2.3,
//! <https://arxiv.org/abs/1406.1078>. There r scales h before the product; here, as in PyTorch and cuDNN,
//! behind it, so that it is one product. The order of the parts is that of PyTorch.

use crate::{Graph, GraphError, Role, Tensor};

impl Graph {
    /// One step of the gated recurrent unit: the sums of what comes in and those of the hidden state, both
    /// `[batch, 3 · hidden]` in the order reset, update, candidate, and the hidden state `[batch, hidden]`,
    /// to the hidden state that follows.
    ///
    /// # Errors
    ///
    /// If the shapes are not these.
    pub fn gru_cell(
        &mut self,
        incoming: Tensor,
        recurrent: Tensor,
        state: Tensor,
    ) -> Result<Tensor, GraphError> {
        for sums in [incoming, recurrent] {
            self.check_gates("gru_cell", 3, sums, state)?;
        }
        self.scope("gru_cell", |g| {
            let [a_r, a_z, a_n] = g.parts(incoming)?;
            let [b_r, b_z, b_n] = g.parts(recurrent)?;
            let [r, z] = [g.add(a_r, b_r)?, g.add(a_z, b_z)?].map(|sum| g.sigmoid(sum));
            let reset = g.mul(r, b_n)?;
            let sum = g.add(a_n, reset)?;
            let n = g.tanh(sum);
            // (1 − z) ⊙ n + z ⊙ h
            let way = g.sub(state, n)?;
            let way = g.mul(z, way)?;
            g.add(n, way)
        })
    }

    /// A layer of gated recurrent units over sequences `[batch, time, features]`: the hidden states,
    /// `[batch, time, hidden]`. The first step finds a hidden state of 0.
    ///
    /// It makes the parameters `weights`, `[features, 3 · hidden]`, `recurrent_weights`,
    /// `[hidden, 3 · hidden]`, `biases` and `recurrent_biases`, `[3 · hidden]`, for the gates reset, update,
    /// candidate; give it a scope of its own.
    ///
    /// ```
    /// use thalweg_graph::Graph;
    ///
    /// let mut graph = Graph::new();
    /// let x = graph.input("x", [50, 20, 8]);
    /// let states = graph.scope("gru", |g| g.gru(x, 128))?;
    /// assert_eq!(graph.shape(states).sizes(), [50, 20, 128]);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `x` is not a sequence, or has no step.
    pub fn gru(&mut self, x: Tensor, hidden: usize) -> Result<Tensor, GraphError> {
        let [batch, time, features] = self.sequence("gru", x)?;
        let gates = 3 * hidden;
        let weights = self.parameter("weights", [features, gates], Role::Weight);
        let recurrent = self.parameter("recurrent_weights", [hidden, gates], Role::Weight);
        let biases = self.parameter("biases", [gates], Role::Bias);
        let recurrent_biases = self.parameter("recurrent_biases", [gates], Role::Bias);
        let x = self.reshape(x, [batch * time, features])?;
        let product = self.matmul(x, weights)?;
        let sums = self.add(product, biases)?;
        let sums = self.reshape(sums, [batch, time, gates])?;
        self.gru_recurrence(sums, recurrent, recurrent_biases)
    }

    /// Gated recurrent units over all steps: the hidden states `[batch, time, hidden]` of sums
    /// `[batch, time, 3 · hidden]`, recurrent weights `[hidden, 3 · hidden]` and recurrent biases
    /// `[3 · hidden]`. The steps are those of [`Graph::gru_cell`], from a hidden state of 0; [`Graph::gru`] is
    /// the layer.
    ///
    /// # Errors
    ///
    /// If the shapes are not these, or there is no step.
    pub fn gru_recurrence(
        &mut self,
        sums: Tensor,
        recurrent_weights: Tensor,
        recurrent_biases: Tensor,
    ) -> Result<Tensor, GraphError> {
        let [batch, _, gates] = self.sequence("gru", sums)?;
        let mut state = self.constant(0.0, [batch, gates / 3]);
        let mut states = Vec::new();
        for incoming in self.steps(sums)? {
            let product = self.matmul(state, recurrent_weights)?;
            let recurrent = self.add(product, recurrent_biases)?;
            state = self.gru_cell(incoming, recurrent, state)?;
            states.push(state);
        }
        self.sequence_of(&states)
    }
}
