//! Gradients, as more of the graph.

use crate::error::{GraphError, Problem};
use crate::op::{Operation, Site};
use crate::{Graph, Tensor};

impl Graph {
    /// The gradients of `y`, which is a single number, by each of `parameters`.
    ///
    /// Reverse accumulation: nodes are visited from `y` downwards, each passes its gradient on to the
    /// operands that depend on a parameter, and what arrives at a node is summed. It only adds nodes, in
    /// scopes called `gradients/…` after the node they belong to, so that a gradient has gradients in
    /// turn: the gradient of Σ gradient ⊙ v is the Hessian times v, exactly.
    ///
    /// A parameter that `y` does not depend on, or only through operations without a gradient such as
    /// [`Graph::zero_one`], gets zeros.
    ///
    /// ```
    /// use thalweg_graph::{Graph, Parameters, Plan, Role, RunOptions};
    ///
    /// let mut graph = Graph::new();
    /// let x = graph.parameter("x", [], Role::Other);
    /// let cube = { let square = graph.square(x); graph.mul(square, x)? };
    /// let slope = graph.gradients(cube, &[x])?[0];
    /// let curvature = graph.gradients(slope, &[x])?[0];
    ///
    /// let mut parameters = Parameters::<f64>::zeros(&graph);
    /// parameters.values_mut()[0] = 5.0;
    /// let mut plan = Plan::compile(&graph, &[slope, curvature], None);
    /// plan.run(&parameters, RunOptions::default())?;
    /// assert_eq!(plan.value(slope), [75.0]); // 3 x²
    /// assert_eq!(plan.value(curvature), [30.0]); // 6 x
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `y` has more or fewer than one value.
    pub fn gradients(
        &mut self,
        y: Tensor,
        parameters: &[Tensor],
    ) -> Result<Vec<Tensor>, GraphError> {
        let shape = self.shape(y);
        if shape.elements() != 1 {
            let problem = Problem::NotScalar { shape };
            return Err(GraphError { at: self.node(y).name().into(), problem });
        }
        let depends = self.dependents(parameters, y);
        let mut upstream: Vec<Option<Tensor>> = vec![None; y.0 + 1];
        upstream[y.0] = Some(self.scope("gradients", |graph| graph.constant(1.0, shape)));
        for value in (0..=y.0).rev().map(Tensor) {
            if let (Some(gradient), true) = (upstream[value.0], depends[value.0]) {
                let scope = format!("gradients/{}", self.node(value).name());
                self.scope(&scope, |graph| {
                    graph.pass_on(value, gradient, &depends, &mut upstream)
                })?;
            }
        }
        let arrived = |parameter: Tensor| upstream.get(parameter.0).copied().flatten();
        Ok(parameters
            .iter()
            .map(|&parameter| match arrived(parameter) {
                Some(gradient) => gradient,
                None => {
                    let shape = self.shape(parameter);
                    self.scope("gradients", |graph| graph.constant(0.0, shape))
                }
            })
            .collect())
    }

    /// Adds what the gradient by `value` means for its operands to what they have `upstream`.
    fn pass_on(
        &mut self,
        value: Tensor,
        gradient: Tensor,
        depends: &[bool],
        upstream: &mut [Option<Tensor>],
    ) -> Result<(), GraphError> {
        let node = self.node(value);
        let (op, inputs) = (node.op.clone(), node.inputs().to_vec());
        for (wanted, &input) in inputs.iter().enumerate().filter(|(_, input)| depends[input.0]) {
            let site = Site { inputs: &inputs, value, upstream: gradient, wanted };
            let Some(more) = op.gradient(self, &site)? else { continue };
            upstream[input.0] = Some(match upstream[input.0] {
                Some(sum) => self.add(sum, more)?,
                None => more,
            });
        }
        Ok(())
    }

    /// For each node up to `last`, whether it is one of `sources` or depends on one.
    fn dependents(&self, sources: &[Tensor], last: Tensor) -> Vec<bool> {
        let mut depends = vec![false; last.0 + 1];
        for (tensor, node) in self.nodes().take(last.0 + 1) {
            depends[tensor.0] =
                sources.contains(&tensor) || node.inputs().iter().any(|input| depends[input.0]);
        }
        depends
    }
}
