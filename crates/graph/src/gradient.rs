//! Gradients, as more of the graph.

use crate::error::{GraphError, Problem};
use crate::op::{Gradient, Op, Operation, Reshape, Site};
use crate::{Graph, Tensor};

impl Graph {
    /// The gradients of `y`, which is a single number, by each of `parameters`.
    ///
    /// Reverse accumulation: nodes are visited from `y` downwards, each passes its gradient on to the
    /// operands that depend on a parameter, and what arrives at a node is summed. It only adds nodes, in
    /// scopes called `gradients/…` after the node they belong to, so that a gradient has gradients in
    /// turn: see [`Graph::hessian_vector_product`].
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
        let one = self.scope("gradients", |graph| graph.constant(1.0, shape));
        self.pull_back(&[y], &[one], parameters)
    }

    /// The gradients of Σ `upstream` ⊙ `values` by each of `sources`, with all of `upstream` held fixed: each
    /// of them has the shape of its value.
    pub(crate) fn pull_back(
        &mut self,
        values: &[Tensor],
        upstream: &[Tensor],
        sources: &[Tensor],
    ) -> Result<Vec<Tensor>, GraphError> {
        let length = values.iter().map(|value| value.0 + 1).max().unwrap_or(0);
        let depends = self.dependents(sources, length);
        let mut arrived: Vec<Option<Tensor>> = vec![None; length];
        for (&value, &gradient) in values.iter().zip(upstream) {
            self.arrive(&mut arrived, value, gradient)?;
        }
        for value in (0..length).rev().map(Tensor) {
            if let (Some(gradient), true) = (arrived[value.0], depends[value.0]) {
                let scope = format!("gradients/{}", self.node(value).name());
                self.scope(&scope, |graph| graph.pass_on(value, gradient, &depends, &mut arrived))?;
            }
        }
        let gradient = |&source: &Tensor| match arrived.get(source.0).copied().flatten() {
            Some(gradient) => gradient,
            None => {
                let shape = self.shape(source);
                self.scope("gradients", |graph| graph.constant(0.0, shape))
            }
        };
        Ok(sources.iter().map(gradient).collect())
    }

    /// The gradient of Σ upstream ⊙ value by the wanted operand, where `build` makes that value again, of
    /// nodes that have gradients, from operands in the same order.
    ///
    /// The wanted operand is given as a node of its own, so that whatever else depends on it stands still.
    pub(crate) fn gradient_of_composed(
        &mut self,
        at: &Site<'_>,
        build: impl FnOnce(&mut Graph, &[Tensor]) -> Result<Tensor, GraphError>,
    ) -> Gradient {
        let mut operands = at.inputs.to_vec();
        let alone = self.alone(operands[at.wanted])?;
        operands[at.wanted] = alone;
        let value = build(self, &operands)?;
        let product = self.mul(value, at.upstream)?;
        let sum = self.sum(product);
        Ok(self.gradients(sum, &[alone])?.first().copied())
    }

    /// The gradient of Σ u ⊙ f(x) by x, for an f of nodes that have gradients, where u and whatever else f
    /// reads stand still.
    pub(crate) fn slope(
        &mut self,
        x: Tensor,
        u: Tensor,
        f: impl FnOnce(&mut Graph, Tensor) -> Result<Tensor, GraphError>,
    ) -> Result<Tensor, GraphError> {
        let x = self.alone(x)?;
        let y = f(self, x)?;
        let product = self.mul(u, y)?;
        let sum = self.sum(product);
        self.gradients(sum, &[x]).map(|gradients| gradients[0])
    }

    /// The value of `y` for a gradient, made of the same operands where `slope`, the gradient by `y`, is made, if it is
    /// a value that takes little time to make and whose own gradient reads those operands there; or else `y`.
    ///
    /// So it need not be kept from the way forwards to the way back, and what it is made of is in cache. That it
    /// is made where `slope` is, is all that `slope` is an operand for.
    pub(crate) fn again(
        &mut self,
        y: Tensor,
        slope: impl FnOnce(&mut Graph) -> Result<Tensor, GraphError>,
    ) -> Result<Tensor, GraphError> {
        let node = self.node(y);
        let operands = match node.op {
            Op::Gelu(_) => 1,
            Op::AffineLayerNorm(_) => 3,
            _ => return Ok(y),
        };
        let (op, mut inputs) = (node.op.clone(), node.inputs()[..operands].to_vec());
        inputs.push(slope(self)?);
        self.apply(op, &inputs)
    }

    /// A node of the value of `x` that nothing depends on yet.
    fn alone(&mut self, x: Tensor) -> Result<Tensor, GraphError> {
        let to = self.shape(x);
        self.apply(Reshape { to }, &[x])
    }

    /// Adds what the gradient by `value` means for its operands to what has `arrived` at them.
    fn pass_on(
        &mut self,
        value: Tensor,
        gradient: Tensor,
        depends: &[bool],
        arrived: &mut [Option<Tensor>],
    ) -> Result<(), GraphError> {
        let node = self.node(value);
        let (op, inputs) = (node.op.clone(), node.inputs().to_vec());
        for (wanted, &input) in inputs.iter().enumerate().filter(|(_, input)| depends[input.0]) {
            let site = Site { inputs: &inputs, value, upstream: gradient, wanted };
            if let Some(more) = op.gradient(self, &site)? {
                self.arrive(arrived, input, more)?;
            }
        }
        Ok(())
    }

    /// Adds `more` to what has arrived at `value`.
    fn arrive(
        &mut self,
        arrived: &mut [Option<Tensor>],
        value: Tensor,
        more: Tensor,
    ) -> Result<(), GraphError> {
        arrived[value.0] = Some(match arrived[value.0] {
            Some(sum) => self.add(sum, more)?,
            None => more,
        });
        Ok(())
    }

    /// For each of the first `count` nodes, whether it is one of `sources` or depends on one.
    fn dependents(&self, sources: &[Tensor], count: usize) -> Vec<bool> {
        let mut depends = vec![false; count];
        for (tensor, node) in self.nodes().take(count) {
            depends[tensor.0] =
                sources.contains(&tensor) || node.inputs().iter().any(|input| depends[input.0]);
        }
        depends
    }
}
