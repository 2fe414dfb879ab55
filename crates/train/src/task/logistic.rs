//! Logistic regression of two classes, ridge-regularised: strongly convex, with one minimum.
//!
//! ```text
//! J = mean ln(1 + exp(−t x·w)) + λ/2 ‖w‖²,    t = ±1 for the two classes
//! P = share of examples with t x·w > 0; one at 0 counts half
//! ```
//!
//! There is no bias. For `agaricus-logistic` the minima were calculated by Newton's method with step halving in
//! f64 on the embedded training set.

use thalweg_data::{Batching, Classification, Source};
use thalweg_graph::{Element, Graph, GraphError, Plan, Role};
use thalweg_optim::init::Zeros;

use super::classification::{accuracy, fill, of};
use super::{Description, Model, Set, Start, Task, TaskError};

/// The data with λ.
pub(super) struct Logistic {
    description: Description,
    l2: f64,
    data: Classification,
}

/// λ, and the least J on the embedded mushrooms.
const MINIMA: [(f64, f64); 2] = [(1e-2, 0.142_700_743_699_33), (1e-3, 0.046_198_806_747_46)];

impl Logistic {
    pub(super) fn new(
        task: &'static str,
        name: String,
        l2: f64,
        data: Classification,
    ) -> Result<Logistic, TaskError> {
        if data.classes() != 2 {
            let reason = format!("{} has {} classes", data.provenance, data.classes());
            return Err(TaskError::Unfit { task, reason, needs: "two classes" });
        }
        let embedded = data.provenance.source == Source::Embedded;
        let minimum = MINIMA.iter().find(|(λ, _)| embedded && *λ == l2);
        let minimum = minimum.map_or(String::new(), |(_, j)| format!("; the least J is {j}"));
        let features = data.train.features();
        let description = Description {
            name,
            about: format!("logistic regression on {features} features, convex, λ = {l2}{minimum}"),
            cost: "mean logistic loss over the training set, and λ/2 ‖w‖²",
            measure: accuracy(),
            data: data.provenance.to_string(),
            source: Some(data.provenance.source.clone()),
            start: Start::of(Zeros),
            batching: Batching::full(),
            epochs: 300,
        };
        Ok(Logistic { description, l2, data })
    }
}

impl<T: Element> Task<T> for Logistic {
    fn description(&self) -> &Description {
        &self.description
    }

    fn examples(&self, set: Set) -> usize {
        of(&self.data, set).len()
    }

    fn model(&self, batch: usize) -> Result<Model, GraphError> {
        let n = self.data.train.features();
        let mut graph = Graph::new();
        let x = graph.input("features", [batch, n]);
        let labels = graph.input("labels", [batch]);
        let w = graph.parameter("weights", [n, 1], Role::Weight);
        let t = graph.scope("signs", |g| {
            let (one, two) = (g.constant(1.0, []), g.constant(2.0, []));
            let doubled = g.mul(two, labels)?;
            g.sub(doubled, one)
        })?;
        let scores = graph.matmul(x, w)?;
        let scores = graph.reshape(scores, [batch])?;
        let cost = graph.scope("cost", |g| {
            let each = g.logistic(scores, t)?;
            let loss = g.mean(each);
            let squares = g.square(w);
            let (sum, weight) = (g.sum(squares), g.constant(self.l2 / 2.0, []));
            let ridge = g.mul(weight, sum)?;
            g.add(loss, ridge)
        })?;
        let measure = graph.scope("accuracy", |g| {
            let margins = g.mul(t, scores)?;
            let signs = g.sign(margins);
            let (mean, one, half) = (g.mean(signs), g.constant(1.0, []), g.constant(0.5, []));
            let sum = g.add(one, mean)?;
            g.mul(half, sum)
        })?;
        let labels = Some(labels);
        Ok(Model { graph, features: x, labels, constants: vec![], cost, measure })
    }

    fn fill(&self, set: Set, indices: &[usize], model: &Model, plan: &mut Plan<T>) {
        fill(of(&self.data, set), indices, model, plan);
    }
}
