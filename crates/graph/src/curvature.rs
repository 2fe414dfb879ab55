//! Products with the matrices of second order: H·v, G·v and F·v, exact, without the matrices.
//!
//! With J the Jacobian of some values by the parameters, reverse accumulation gives Jᵀ·u, and the rest is
//! made of that alone, since gradients are nodes:
//!
//! - H·v = ∇(∇L·v): Pearlmutter, *Fast exact multiplication by the Hessian*, Neural Computation 6, 1994
//!   (<https://doi.org/10.1162/neco.1994.6.1.147>). He carries v forwards, with the operator R{·}; here the
//!   gradient is pulled back once more, which costs the same order: at most three gradients.
//! - J·v: Jᵀ·u is linear in u, with the matrix Jᵀ, so that pulling v back through it to u gives J·v; what u
//!   is never matters.
//! - G·v = Jᵀ·(H_z·(J·v)), with J the Jacobian of the outputs z and H_z the Hessian of the loss by them:
//!   Schraudolph, *Fast curvature matrix-vector products for second-order gradient descent*, Neural
//!   Computation 14, 2002 (<https://doi.org/10.1162/08997660260028683>); Martens, *Deep learning via
//!   Hessian-free optimization*, ICML 2010 (<https://icml.cc/Conferences/2010/papers/458.pdf>). They carry v
//!   forwards as well.
//! - F·v = Σᵢ ∇ℓᵢ (∇ℓᵢ·v) / n, the empirical Fisher: J of the n losses, no gradient by itself.

use std::iter::zip;

use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Plan, Tensor};

impl Graph {
    /// The Hessian of `loss`, a single number, by `parameters`, times `vector`: exact, one tensor for each
    /// parameter. `vector` has a tensor of the same shape for each parameter, and is held fixed where it
    /// depends on them.
    ///
    /// ```
    /// use thalweg_graph::{Graph, Parameters, Plan, Role, RunOptions};
    ///
    /// // L = (x₀² + x₁²)², so that H = 4 (x₀² + x₁²) I + 8 x xᵀ
    /// let mut graph = Graph::new();
    /// let x = graph.parameter("x", [2], Role::Other);
    /// let squares = graph.square(x);
    /// let sum = graph.sum(squares);
    /// let loss = graph.square(sum);
    /// let v = graph.inputs_like("v", &[x]);
    /// let product = graph.hessian_vector_product(loss, &[x], &v)?;
    ///
    /// let mut parameters = Parameters::<f64>::zeros(&graph);
    /// parameters.values_mut().copy_from_slice(&[1.0, 2.0]);
    /// let mut plan = Plan::compile(&graph, &product, None);
    /// plan.write(&v, &[1.0, 0.0]);
    /// plan.run(&parameters, RunOptions::default())?;
    /// let mut column = [0.0; 2];
    /// plan.read(&product, &mut column);
    /// assert_eq!(column, [28.0, 16.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `loss` has more or fewer than one value, or `vector` has not the shapes of `parameters`.
    pub fn hessian_vector_product(
        &mut self,
        loss: Tensor,
        parameters: &[Tensor],
        vector: &[Tensor],
    ) -> Result<Vec<Tensor>, GraphError> {
        self.scope("hessian_vector_product", |graph| {
            let gradients = graph.gradients(loss, parameters)?;
            graph.vector_jacobian_product(&gradients, vector, parameters)
        })
    }

    /// The generalized Gauss-Newton matrix of `loss`, a single number, by `parameters`, times `vector`: Jᵀ H J
    /// v, with J the Jacobian of `outputs` by the parameters and H the Hessian of the loss by `outputs`. It is
    /// never indefinite where the loss is convex in the outputs. What the loss owes to the parameters by
    /// another way than `outputs`, such as a penalty of weights, has no part in it.
    ///
    /// Where the loss is the mean negative log-likelihood of a model whose natural parameters are the
    /// outputs, as it is for [`Graph::cross_entropy`] of scores, [`Graph::logistic`] of log-odds and
    /// [`Graph::squared_error`] (of a Gaussian with variance 1/2), this is also the Fisher matrix, with the
    /// expectation over the model's own distribution: the Hessian by the outputs does not depend on what was
    /// observed. See Martens, *New insights and perspectives on the natural gradient method*, JMLR 21, 2020
    /// (<https://jmlr.org/papers/v21/17-678.html>).
    ///
    /// # Errors
    ///
    /// If `loss` has more or fewer than one value, or `vector` has not the shapes of `parameters`.
    pub fn gauss_newton_vector_product(
        &mut self,
        loss: Tensor,
        outputs: Tensor,
        parameters: &[Tensor],
        vector: &[Tensor],
    ) -> Result<Vec<Tensor>, GraphError> {
        self.scope("gauss_newton_vector_product", |graph| {
            let moved = graph.jacobian_vector_product(outputs, parameters, vector)?;
            let bent = graph.hessian_vector_product(loss, &[outputs], &[moved])?;
            graph.vector_jacobian_product(&[outputs], &bent, parameters)
        })
    }

    /// The empirical Fisher matrix, the mean over examples of ∇ℓᵢ ∇ℓᵢᵀ, times `vector`: `losses` has one value
    /// for each example. It is made of the observed gradients, and is the Fisher matrix only where the model
    /// is right: Kunstner, Balles & Hennig, *Limitations of the empirical Fisher approximation for natural
    /// gradient descent*, NeurIPS 2019 (<https://arxiv.org/abs/1905.12558>). For the Fisher matrix itself, see
    /// [`Graph::gauss_newton_vector_product`].
    ///
    /// # Errors
    ///
    /// If `vector` has not the shapes of `parameters`.
    pub fn empirical_fisher_vector_product(
        &mut self,
        losses: Tensor,
        parameters: &[Tensor],
        vector: &[Tensor],
    ) -> Result<Vec<Tensor>, GraphError> {
        self.scope("empirical_fisher_vector_product", |graph| {
            let moved = graph.jacobian_vector_product(losses, parameters, vector)?;
            let count = graph.constant(graph.shape(losses).elements() as f64, []);
            let share = graph.div(moved, count)?;
            graph.vector_jacobian_product(&[losses], &[share], parameters)
        })
    }

    /// J·v, with J the Jacobian of `outputs` by `parameters`: how `outputs` move when the parameters move by
    /// `vector`. It has the shape of `outputs`.
    ///
    /// # Errors
    ///
    /// If `vector` has not the shapes of `parameters`.
    pub fn jacobian_vector_product(
        &mut self,
        outputs: Tensor,
        parameters: &[Tensor],
        vector: &[Tensor],
    ) -> Result<Tensor, GraphError> {
        self.scope("jacobian_vector_product", |graph| {
            let anything = graph.constant(0.0, graph.shape(outputs));
            let pulled = graph.vector_jacobian_product(&[outputs], &[anything], parameters)?;
            graph.vector_jacobian_product(&pulled, vector, &[anything]).map(|product| product[0])
        })
    }

    /// Jᵀ·u, with J the Jacobian of `values` by `sources`, one tensor for each source: how Σ u ⊙ values moves
    /// with each of them. `vector` is u, and is held fixed where it depends on the sources.
    ///
    /// # Errors
    ///
    /// If `vector` has not the shapes of `values`.
    pub fn vector_jacobian_product(
        &mut self,
        values: &[Tensor],
        vector: &[Tensor],
        sources: &[Tensor],
    ) -> Result<Vec<Tensor>, GraphError> {
        self.fit(values, vector).map_err(|problem| self.error("vector", problem))?;
        self.pull_back(values, vector, sources)
    }

    /// An input called `name` in the shape of each of `tensors`: a vector of their space, which
    /// [`Plan::write`] fills.
    pub fn inputs_like(&mut self, name: &str, tensors: &[Tensor]) -> Vec<Tensor> {
        tensors.iter().map(|&tensor| self.input(name, self.shape(tensor))).collect()
    }

    /// Whether `vector` has a tensor of the same shape for each of `tensors`.
    fn fit(&self, tensors: &[Tensor], vector: &[Tensor]) -> Result<(), Problem> {
        let [expected, given] = [tensors.len(), vector.len()];
        if expected != given {
            return Err(Problem::Count { expected, given });
        }
        for (&tensor, &vector) in zip(tensors, vector) {
            let (shape, vector) = (self.shape(tensor), self.shape(vector));
            if shape != vector {
                let tensor = self.node(tensor).name().into();
                return Err(Problem::Vector { tensor, shape, vector });
            }
        }
        Ok(())
    }
}

impl<T: Element> Plan<T> {
    /// Fills `inputs` with `values`, one input after the other.
    ///
    /// # Panics
    ///
    /// If one is not an input of the graph, or there are more or fewer values than the inputs hold.
    pub fn write(&mut self, inputs: &[Tensor], values: &[T]) {
        let mut rest = values;
        for &input in inputs {
            let place = self.input_mut(input);
            let (values, after) = rest.split_at(place.len());
            place.copy_from_slice(values);
            rest = after;
        }
        assert!(rest.is_empty(), "{} values are left over", rest.len());
    }

    /// Copies the values of `tensors`, which were named to [`Plan::compile`], one after the other, after a
    /// run.
    ///
    /// # Panics
    ///
    /// If one was not named, or `values` is longer or shorter than all of them.
    pub fn read(&self, tensors: &[Tensor], values: &mut [T]) {
        let mut rest = values;
        for &tensor in tensors {
            let value = self.value(tensor);
            let (values, after) = rest.split_at_mut(value.len());
            values.copy_from_slice(value);
            rest = after;
        }
        assert!(rest.is_empty(), "{} values are left over", rest.len());
    }
}
