//! Which class an example is of, by layers one behind the other.
//!
//! ```text
//! h₀ = x,  hᵢ = f(hᵢ₋₁Wᵢ + bᵢ),  z = h_k W + b
//!
//! J = −mean ln softmax(z)_y        P = share of examples with argmax z = y
//! ```
//!
//! - `fashion-softmax`, `digits-softmax`: k = 0, which is convex.
//! - `fashion-mlp`: rectified units.
//! - `deep-linear`: f(s) = s. What it can represent is linear, but J is not convex in the factors. Saxe,
//!   McClelland & Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural
//!   networks*, ICLR 2014, <https://arxiv.org/abs/1312.6120>, with squared errors; here J is as above.
//! - `deep-tanh`: Glorot & Bengio, *Understanding the difficulty of training deep feedforward neural networks*,
//!   AISTATS 2010, <https://proceedings.mlr.press/v9/glorot10a.html>.

use std::f64::consts::SQRT_2;

use thalweg_data::{Batching, Classification, Examples};
use thalweg_events::Measure;
use thalweg_graph::{Activation, Element, Graph, GraphError, Plan, Tensor};
use thalweg_optim::init::{HeNormal, Initializer, Orthogonal, XavierUniform, Zeros};

use super::{Description, Model, Set, Start, Task};

/// The data with a network on them.
pub(super) struct Classifier {
    description: Description,
    network: Layers,
    data: Classification,
}

/// What maps features to the scores of the classes.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    /// The units of each hidden layer.
    hidden: Vec<usize>,
    /// f
    activation: Activation,
    /// Units with f, in words.
    units: &'static str,
    /// Weights that keep the size of signals from layer to layer.
    init: Initializer,
    /// The share of hidden units that is dropped in training.
    dropout: f64,
}

impl Classifier {
    pub(super) fn new(name: String, network: Layers, data: Classification) -> Classifier {
        let description = Description {
            name,
            about: network.about(data.train.features(), data.classes()),
            cost: "mean cross-entropy over the training set",
            measure: accuracy(),
            data: data.provenance.to_string(),
            source: Some(data.provenance.source.clone()),
            start: Start::of(network.init),
            batching: Batching::of(64),
            epochs: 30,
        };
        Classifier { description, network, data }
    }
}

impl Layers {
    /// No hidden layer: softmax regression.
    pub(super) fn softmax() -> Layers {
        Layers { init: Zeros.into(), ..Layers::linear(vec![]) }
    }

    pub(super) fn linear(hidden: Vec<usize>) -> Layers {
        Layers {
            hidden,
            activation: Activation::Identity,
            units: "linear units",
            init: Orthogonal { gain: 1.0 }.into(),
            dropout: 0.0,
        }
    }

    pub(super) fn rectified(hidden: Vec<usize>, dropout: f64) -> Layers {
        Layers {
            activation: Activation::Relu,
            units: "rectified units",
            init: HeNormal { gain: SQRT_2 }.into(),
            dropout,
            ..Layers::linear(hidden)
        }
    }

    pub(super) fn tanh(hidden: Vec<usize>) -> Layers {
        Layers {
            activation: Activation::Tanh,
            units: "tanh units",
            init: XavierUniform { gain: 1.0 }.into(),
            ..Layers::linear(hidden)
        }
    }

    fn about(&self, features: usize, classes: usize) -> String {
        let units = self.units;
        match &self.hidden[..] {
            [] => format!("softmax regression, {features} features to {classes} classes, convex"),
            hidden if hidden.len() > 3 => {
                let (width, layers) = (hidden[0], hidden.len());
                format!("{features}-{width}-…-{classes} network of {units}, {layers} hidden layers")
            }
            hidden => {
                let hidden: String = hidden.iter().map(|units| format!("{units}-")).collect();
                format!("{features}-{hidden}{classes} network of {units}")
            }
        }
    }

    fn scores(&self, graph: &mut Graph, x: Tensor, classes: usize) -> Result<Tensor, GraphError> {
        let mut h = x;
        for (i, &units) in self.hidden.iter().enumerate() {
            h = graph.scope(&format!("layer{}", i + 1), |g| g.dense(h, units, self.activation))?;
            h = match self.dropout {
                0.0 => h,
                rate => graph.scope("dropout", |g| g.dropout(h, rate))?,
            };
        }
        let last = format!("layer{}", self.hidden.len() + 1);
        graph.scope(&last, |g| g.dense(h, classes, Activation::Identity))
    }
}

impl<T: Element> Task<T> for Classifier {
    fn description(&self) -> &Description {
        &self.description
    }

    fn examples(&self, set: Set) -> usize {
        of(&self.data, set).len()
    }

    fn model(&self, batch: usize) -> Result<Model, GraphError> {
        let mut graph = Graph::new();
        let features = graph.input("features", [batch, self.data.train.features()]);
        let scores = self.network.scores(&mut graph, features, self.data.classes())?;
        judged(graph, features, scores)
    }

    fn fill(&self, set: Set, indices: &[usize], model: &Model, plan: &mut Plan<T>) {
        fill(of(&self.data, set), indices, model, plan);
    }
}

/// The examples of a set.
pub(super) fn of(data: &Classification, set: Set) -> &Examples {
    match set {
        Set::Train => &data.train,
        Set::Test => &data.test,
    }
}

/// The share of examples whose class has the greatest score.
pub(super) fn accuracy() -> Measure {
    Measure { name: "accuracy".into(), higher_is_better: true, percent: true }
}

/// The model that gives each class a score: J and P of the scores.
pub(super) fn judged(
    mut graph: Graph,
    features: Tensor,
    scores: Tensor,
) -> Result<Model, GraphError> {
    let labels = graph.input("labels", [graph.shape(scores).sizes()[0]]);
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
    let (labels, outputs) = (Some(labels), Some(scores));
    Ok(Model { graph, features, labels, constants: vec![], outputs, cost, measure })
}

/// Writes features, and labels where the model has any.
pub(super) fn fill<T: Element>(
    examples: &Examples,
    indices: &[usize],
    model: &Model,
    plan: &mut Plan<T>,
) {
    examples.gather_features(indices, plan.input_mut(model.features));
    if let Some(labels) = model.labels {
        examples.gather_labels(indices, plan.input_mut(labels));
    }
}
