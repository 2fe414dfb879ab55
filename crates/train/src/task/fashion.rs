//! Fashion-MNIST: which of ten kinds of clothing is in a picture of 28 × 28 pixels.
//!
//! ```text
//! softmax   z = xW + b
//! mlp       h = relu(xW₁ + b₁),  z = hW₂ + b₂
//!
//! J = −mean ln softmax(z)_y        P = share of examples with argmax z = y
//! ```
//!
//! Xiao, Rasul & Vollgraf 2017, <https://arxiv.org/abs/1708.07747>.

use std::f64::consts::SQRT_2;

use thalweg_data::{Batching, Classification, Examples, Source};
use thalweg_events::Measure;
use thalweg_graph::{Activation, Element, Graph, GraphError, Plan, Tensor};
use thalweg_optim::init::{HeNormal, Initializer, Zeros};

use super::{Description, Model, Set, Start, Task};

/// The data with a network on them.
pub(super) struct Fashion {
    description: Description,
    network: Network,
    data: Classification,
}

/// What maps pixels to the scores of the classes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Network {
    /// One linear layer.
    Softmax,
    /// A hidden layer of rectified units, some of them dropped in training.
    Mlp { hidden: usize, dropout: f64 },
}

impl Fashion {
    pub(super) fn new(
        name: String,
        network: Network,
        data: Classification,
        source: Source,
    ) -> Fashion {
        let (pixels, classes) = (data.train.features(), data.classes());
        let (about, start) = match network {
            Network::Softmax => (
                format!("softmax regression, {pixels} pixels to {classes} classes, convex"),
                Initializer::from(Zeros),
            ),
            Network::Mlp { hidden, .. } => (
                format!("{pixels}-{hidden}-{classes} network of rectified units"),
                Initializer::from(HeNormal { gain: SQRT_2 }),
            ),
        };
        let description = Description {
            name,
            about,
            cost: "mean cross-entropy over the training set",
            measure: Measure { name: "accuracy".into(), higher_is_better: true, percent: true },
            data: data.provenance.to_string(),
            source: Some(source),
            start: Start::Weights(start),
            batching: Batching::of(64),
            epochs: 30,
        };
        Fashion { description, network, data }
    }

    fn set(&self, set: Set) -> &Examples {
        match set {
            Set::Train => &self.data.train,
            Set::Test => &self.data.test,
        }
    }
}

impl Network {
    fn scores(self, graph: &mut Graph, x: Tensor, classes: usize) -> Result<Tensor, GraphError> {
        match self {
            Network::Softmax => {
                graph.scope("layer1", |g| g.dense(x, classes, Activation::Identity))
            }
            Network::Mlp { hidden, dropout } => {
                let h = graph.scope("layer1", |g| g.dense(x, hidden, Activation::Relu))?;
                let h = match dropout {
                    0.0 => h,
                    rate => graph.scope("dropout", |g| g.dropout(h, rate))?,
                };
                graph.scope("layer2", |g| g.dense(h, classes, Activation::Identity))
            }
        }
    }
}

impl<T: Element> Task<T> for Fashion {
    fn description(&self) -> &Description {
        &self.description
    }

    fn examples(&self, set: Set) -> usize {
        self.set(set).len()
    }

    fn model(&self, batch: usize) -> Result<Model, GraphError> {
        let mut graph = Graph::new();
        let features = graph.input("features", [batch, self.data.train.features()]);
        let labels = graph.input("labels", [batch]);
        let scores = self.network.scores(&mut graph, features, self.data.classes())?;
        let cost = graph.scope("cross_entropy", |g| {
            let each = g.cross_entropy(scores, labels)?;
            Ok(g.mean(each))
        })?;
        let measure = graph.scope("accuracy", |g| {
            let wrong = g.zero_one(scores, labels)?;
            let one = g.constant(1.0, []);
            let error = g.mean(wrong);
            g.sub(one, error)
        })?;
        Ok(Model { graph, features, labels: Some(labels), constants: vec![], cost, measure })
    }

    fn fill(&self, set: Set, indices: &[usize], model: &Model, plan: &mut Plan<T>) {
        let examples = self.set(set);
        examples.gather_features(indices, plan.input_mut(model.features));
        if let Some(labels) = model.labels {
            examples.gather_labels(indices, plan.input_mut(labels));
        }
    }
}
