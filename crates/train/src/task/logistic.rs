//! Logistic regression of two classes, ridge-regularised: strongly convex, with one minimum.
//!
//! ```text
//! J = mean ln(1 + exp(−t x·w)) + λ/2 ‖w‖²,    t = ±1 for the two classes
//! P = share of examples with t x·w > 0; one at 0 counts half
//! ```
//!
//! - `agaricus-logistic`: there is no bias.
//! - `breast-cancer-logistic`: standardized measurements with a 1 behind them, whose weight is the bias, regularised
//!   as all others are. There is no test set: it is measured on what it is trained on.
//!
//! The minima were calculated by Newton's method with step halving in f64 on the embedded training sets.

use thalweg_data::{Batching, Classification, Measurements, Source};
use thalweg_graph::{Element, Graph, GraphError, Plan, Role};
use thalweg_optim::init::Zeros;

use super::classification::{accuracy, fill, of};
use super::{Description, Model, Set, Start, Task, TaskError};

/// The data with λ.
pub(super) struct Logistic {
    description: Description,
    l2: f64,
    data: Data,
}

enum Data {
    Mushrooms(Classification),
    /// With the 1 behind each row.
    Tumours(Measurements),
}

/// λ, and the least J on the embedded mushrooms.
const OF_MUSHROOMS: [(f64, f64); 2] = [(1e-2, 0.142_700_743_699_33), (1e-3, 0.046_198_806_747_46)];

/// λ, and the least J on the embedded tumours.
const OF_TUMOURS: [(f64, f64); 2] = [(1e-2, 0.100_446_303_781_21), (1e-3, 0.059_829_471_881_81)];

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
        let minima = if embedded { &OF_MUSHROOMS[..] } else { &[] };
        let description = Description {
            data: data.provenance.to_string(),
            source: Some(data.provenance.source.clone()),
            ..describe(name, data.train.features(), l2, minima)
        };
        Ok(Logistic { description, l2, data: Data::Mushrooms(data) })
    }

    pub(super) fn of_tumours(name: String, l2: f64) -> Logistic {
        let mut data = thalweg_data::breast_cancer().standardized();
        let with_one = |row: &[f64]| row.iter().copied().chain([1.0]).collect::<Vec<_>>();
        data.values = data.values.chunks(data.columns).flat_map(with_one).collect();
        data.columns += 1;
        let description = describe(name, data.columns, l2, &OF_TUMOURS);
        Logistic { description, l2, data: Data::Tumours(data) }
    }

    fn features(&self) -> usize {
        match &self.data {
            Data::Mushrooms(data) => data.train.features(),
            Data::Tumours(data) => data.columns,
        }
    }
}

fn describe(name: String, features: usize, l2: f64, minima: &[(f64, f64)]) -> Description {
    let minimum = minima.iter().find(|(λ, _)| *λ == l2);
    let minimum = minimum.map_or(String::new(), |(_, j)| format!("; the least J is {j}"));
    Description {
        name,
        about: format!("logistic regression on {features} features, convex, λ = {l2}{minimum}"),
        cost: "mean logistic loss over the training set, and λ/2 ‖w‖²",
        measure: accuracy(),
        data: "embedded tumours (569, standardized; no test set: measured on the same)".into(),
        source: None,
        start: Start::of(Zeros),
        batching: Batching::full(),
        epochs: 300,
    }
}

impl<T: Element> Task<T> for Logistic {
    fn description(&self) -> &Description {
        &self.description
    }

    fn examples(&self, set: Set) -> usize {
        match &self.data {
            Data::Mushrooms(data) => of(data, set).len(),
            Data::Tumours(data) => data.labels.len(),
        }
    }

    fn model(&self, batch: usize) -> Result<Model, GraphError> {
        let n = self.features();
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
        let (labels, outputs) = (Some(labels), Some(scores));
        Ok(Model { graph, features: x, labels, constants: vec![], outputs, cost, measure })
    }

    fn fill(&self, set: Set, indices: &[usize], model: &Model, plan: &mut Plan<T>) {
        match &self.data {
            Data::Mushrooms(data) => fill(of(data, set), indices, model, plan),
            Data::Tumours(data) => {
                let rows = plan.input_mut(model.features).chunks_exact_mut(data.columns);
                for (&index, row) in indices.iter().zip(rows) {
                    let values = &data.values[index * data.columns..][..data.columns];
                    row.iter_mut().zip(values).for_each(|(to, &x)| *to = T::from_f64(x));
                }
                if let Some(labels) = model.labels {
                    let labels = plan.input_mut(labels).iter_mut();
                    for (to, &index) in labels.zip(indices) {
                        *to = T::from_f64(data.labels[index].into());
                    }
                }
            }
        }
    }
}
