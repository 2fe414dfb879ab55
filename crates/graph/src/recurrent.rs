//! Cells of recurrent networks, one step of time each, and what they are when unrolled over time. Each one
//! is a file.

mod gru;
mod lstm;

use crate::{Graph, GraphError, Problem, Tensor};

impl Graph {
    /// The steps `[batch, features]` of a sequence `[batch, time, features]`.
    ///
    /// It is halved, and the halves again. The gradient of a slice is as long as what it is cut from: were
    /// all steps cut from the whole, there would be as many gradients of its length to add.
    pub(crate) fn steps(&mut self, x: Tensor) -> Result<Vec<Tensor>, GraphError> {
        let [batch, time, features] = self.sequence("steps", x)?;
        match time {
            0 => Ok(Vec::new()),
            1 => Ok(vec![self.reshape(x, [batch, features])?]),
            _ => {
                let [first, second] = [0..time / 2, time / 2..time];
                let [first, second] = [self.slice(x, 1, first)?, self.slice(x, 1, second)?];
                let mut steps = self.steps(first)?;
                steps.extend(self.steps(second)?);
                Ok(steps)
            }
        }
    }

    /// A sequence `[batch, time, features]` of its steps `[batch, features]`.
    pub(crate) fn sequence_of(&mut self, steps: &[Tensor]) -> Result<Tensor, GraphError> {
        let steps: Vec<Tensor> = steps
            .iter()
            .map(|&step| {
                let [batch, features] =
                    self.shape(step).matrix().map_err(|problem| self.error("steps", problem))?;
                self.reshape(step, [batch, 1, features])
            })
            .collect::<Result<_, _>>()?;
        self.concat(&steps, 1)
    }

    /// The sizes of a sequence `[batch, time, features]`, for the operation called `name`.
    pub(crate) fn sequence(&self, name: &str, x: Tensor) -> Result<[usize; 3], GraphError> {
        self.shape(x).sequence().map_err(|problem| self.error(name, problem))
    }

    /// Whether the sums of so many gates belong to a state, for the cell called `name`.
    fn check_gates(
        &self,
        name: &str,
        gates: usize,
        sums: Tensor,
        state: Tensor,
    ) -> Result<(), GraphError> {
        let (sums, state) = (self.shape(sums), self.shape(state));
        match (sums.sizes(), state.sizes()) {
            ([n, all], [m, hidden]) if n == m && *all == gates * hidden => Ok(()),
            _ => Err(self.error(name, Problem::Gates { gates, sums, state })),
        }
    }

    /// Equal parts of a matrix `[batch, N · size]`, side by side: N of `[batch, size]`.
    pub(crate) fn parts<const N: usize>(&mut self, x: Tensor) -> Result<[Tensor; N], GraphError> {
        let size = self.shape(x).last().map_err(|problem| self.error("parts", problem))? / N;
        let mut parts = [x; N];
        for (i, part) in parts.iter_mut().enumerate() {
            *part = self.slice(x, 1, i * size..(i + 1) * size)?;
        }
        Ok(parts)
    }
}
