//! Images through a narrow code and back: as they were, or drawn from what the code says of them.
//!
//! ```text
//! deep         x-w-w/2-w/4-30-w/4-w/2-w-x of sigmoid units, the code linear, z the scores of the pixels
//!              J = mean over examples and pixels of −x ln σ(z) − (1 − x) ln(1 − σ(z))
//!              P = mean over examples and pixels of (σ(z) − x)²
//!
//! variational  h = tanh(xW₁ + b₁),  μ = hW₂ + b₂,  ln σ² = hW₃ + b₃,  c = μ + σ ⊙ ε,  ε ~ N(0, I)
//!              z = tanh(cW₄ + b₄)W₅ + b₅
//!              J = P = mean over examples of Σ −x ln σ(z) − (1 − x) ln(1 − σ(z)) + ½ Σ (σ² + μ² − 1 − ln σ²)
//! ```
//!
//! Deep: Hinton & Salakhutdinov, *Reducing the dimensionality of data with neural networks*, Science 313, 2006,
//! on digits, with w = 1000; trained from scratch by Sutskever, Martens, Dahl & Hinton, *On the importance of
//! initialization and momentum in deep learning*, ICML 2013,
//! <https://proceedings.mlr.press/v28/sutskever13.html>, from sparse weights, 15 for each unit. Here w = 250
//! unless something else is said, which trains six times as fast.
//!
//! Variational: Kingma & Welling, *Auto-encoding variational Bayes*, ICLR 2014, equation 10 with one draw,
//! <https://arxiv.org/abs/1312.6114>; pixels are judged as if they were 0 or 1, as there. What is measured is
//! the cost at ε = 0, without chance.

use thalweg_data::{Batching, Classification, Examples};
use thalweg_events::Measure;
use thalweg_graph::{Activation, Element, Graph, GraphError, Plan, Tensor};
use thalweg_optim::init::{Sparse, XavierUniform};

use super::classification::{fill, of};
use super::{Description, Model, Set, Start, Task, TaskError};

/// The data with a network on them.
pub(super) struct Autoencoder {
    description: Description,
    network: Network,
    data: Classification,
}

/// What maps examples to examples.
#[derive(Clone, Copy, Debug)]
pub(super) enum Network {
    /// Four layers down to a code and four back.
    Deep { width: usize },
    /// One hidden layer to each side of a Gaussian code.
    Variational { hidden: usize, code: usize },
}

/// Units of the code of the deep network.
const CODE: usize = 30;

impl Autoencoder {
    pub(super) fn new(
        task: &'static str,
        name: String,
        network: Network,
        data: Classification,
    ) -> Result<Autoencoder, TaskError> {
        for examples in [&data.train, &data.test] {
            check_range(task, &data, examples)?;
        }
        let n = data.train.features();
        let description = match network {
            Network::Deep { width: w } => Description {
                name,
                about: format!(
                    "{n}-{w}-{}-{}-{CODE} autoencoder of sigmoid units and back",
                    w / 2,
                    w / 4
                ),
                cost: "mean sigmoid cross-entropy of a pixel over the training set",
                measure: lower("squared error"),
                data: data.provenance.to_string(),
                source: Some(data.provenance.source.clone()),
                start: Start::of(Sparse { k: 15, std: 1.0 }),
                batching: Batching::of(200),
                epochs: 50,
            },
            Network::Variational { hidden, code } => Description {
                name,
                about: format!(
                    "{n}-{hidden}-{code} variational autoencoder of tanh units and back"
                ),
                cost: "mean over the training set of cross-entropy and divergence of the code, in nats",
                measure: lower("loss"),
                data: data.provenance.to_string(),
                source: Some(data.provenance.source.clone()),
                start: Start::of(XavierUniform { gain: 1.0 }),
                batching: Batching::of(100),
                epochs: 50,
            },
        };
        Ok(Autoencoder { description, network, data })
    }
}

fn lower(name: &str) -> Measure {
    Measure { name: name.into(), higher_is_better: false, percent: false }
}

/// A target of the cross-entropy is a share.
fn check_range(
    task: &'static str,
    data: &Classification,
    examples: &Examples,
) -> Result<(), TaskError> {
    let mut row = vec![0.0_f32; examples.features()];
    for example in 0..examples.len() {
        examples.gather_features(&[example], &mut row);
        if let Some(place) = row.iter().position(|x| !(0.0..=1.0).contains(x)) {
            let reason = format!(
                "feature {place} of example {example} (from 0) of {} is {}",
                data.provenance, row[place]
            );
            return Err(TaskError::Unfit { task, reason, needs: "features from 0 to 1" });
        }
    }
    Ok(())
}

/// The scores of the pixels.
fn deep(graph: &mut Graph, x: Tensor, width: usize) -> Result<Tensor, GraphError> {
    let pixels = graph.shape(x).sizes()[1];
    let down = [width, width / 2, width / 4];
    let up = [width / 4, width / 2, width];
    let mut h = x;
    for (i, units) in down.into_iter().enumerate() {
        let scope = format!("encoder{}", i + 1);
        h = graph.scope(&scope, |g| g.dense(h, units, Activation::Sigmoid))?;
    }
    h = graph.scope("code", |g| g.dense(h, CODE, Activation::Identity))?;
    for (i, units) in up.into_iter().enumerate() {
        let scope = format!("decoder{}", i + 1);
        h = graph.scope(&scope, |g| g.dense(h, units, Activation::Sigmoid))?;
    }
    graph.scope("pixels", |g| g.dense(h, pixels, Activation::Identity))
}

/// J and P of the deep network.
fn deep_model(mut graph: Graph, x: Tensor, width: usize) -> Result<Model, GraphError> {
    let scores = deep(&mut graph, x, width)?;
    let cost = graph.scope("cost", |g| {
        let each = g.sigmoid_cross_entropy(scores, x)?;
        Ok(g.mean(each))
    })?;
    let measure = graph.scope("measure", |g| {
        let pixels = g.sigmoid(scores);
        let each = g.squared_error(pixels, x)?;
        Ok(g.mean(each))
    })?;
    let outputs = Some(scores);
    Ok(Model { graph, features: x, labels: None, constants: vec![], outputs, cost, measure })
}

/// J, which is also P, of the variational network.
fn variational_model(
    mut graph: Graph,
    x: Tensor,
    hidden: usize,
    code: usize,
) -> Result<Model, GraphError> {
    let [batch, pixels] = [graph.shape(x).sizes()[0], graph.shape(x).sizes()[1]];
    let h = graph.scope("encoder", |g| g.dense(x, hidden, Activation::Tanh))?;
    let mean = graph.scope("mean", |g| g.dense(h, code, Activation::Identity))?;
    let ln_variance = graph.scope("ln_variance", |g| g.dense(h, code, Activation::Identity))?;
    let c = graph.scope("code", |g| {
        let half = g.constant(0.5, []);
        let ln_deviation = g.mul(half, ln_variance)?;
        let deviation = g.exp(ln_deviation);
        let noise = g.normal_noise([batch, code]);
        let spread = g.mul(deviation, noise)?;
        g.add(mean, spread)
    })?;
    let h = graph.scope("decoder", |g| g.dense(c, hidden, Activation::Tanh))?;
    let scores = graph.scope("pixels", |g| g.dense(h, pixels, Activation::Identity))?;
    let cost = graph.scope("cost", |g| {
        let each = g.sigmoid_cross_entropy(scores, x)?;
        let (reconstruction, divergence) = (g.sum(each), divergence(g, mean, ln_variance)?);
        let sum = g.add(reconstruction, divergence)?;
        let share = g.constant(1.0 / batch as f64, []);
        g.mul(share, sum)
    })?;
    let (constants, outputs) = (vec![], None);
    Ok(Model { graph, features: x, labels: None, constants, outputs, cost, measure: cost })
}

/// ½ Σ (σ² + μ² − 1 − ln σ²): the Kullback-Leibler divergence of N(μ, σ²) from N(0, I), over all examples.
fn divergence(g: &mut Graph, mean: Tensor, ln_variance: Tensor) -> Result<Tensor, GraphError> {
    let (variance, square) = (g.exp(ln_variance), g.square(mean));
    let (one, half) = (g.constant(1.0, []), g.constant(0.5, []));
    let sum = g.add(variance, square)?;
    let sum = g.sub(sum, one)?;
    let each = g.sub(sum, ln_variance)?;
    let sum = g.sum(each);
    g.mul(half, sum)
}

impl<T: Element> Task<T> for Autoencoder {
    fn description(&self) -> &Description {
        &self.description
    }

    fn examples(&self, set: Set) -> usize {
        of(&self.data, set).len()
    }

    fn model(&self, batch: usize) -> Result<Model, GraphError> {
        let mut graph = Graph::new();
        let x = graph.input("features", [batch, self.data.train.features()]);
        match self.network {
            Network::Deep { width } => deep_model(graph, x, width),
            Network::Variational { hidden, code } => variational_model(graph, x, hidden, code),
        }
    }

    fn fill(&self, set: Set, indices: &[usize], model: &Model, plan: &mut Plan<T>) {
        fill(of(&self.data, set), indices, model, plan);
    }
}
