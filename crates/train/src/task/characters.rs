//! Which character comes next, by a recurrent network or by attention.
//!
//! An example is a window of T characters c₁ … c_T, which follow each other without overlap; an epoch goes
//! once over the training part. Each network starts anew with each window and knows nothing from before it.
//!
//! ```text
//! lstm  h⁰ = E[c],  hˡ = LSTM(hˡ⁻¹),  z = hᴸW + b
//! gpt   x = E[c] + p,  x ← x + attention(norm(x)),  x ← x + gelu(norm(x)W₁ + b₁)W₂ + b₂,  z = norm(x)W
//!
//! J = −mean ln softmax(z_t)_{c_{t+1}}, in nats for each character
//! P = J / ln 2, in bits for each character; 6.4 for 83 that are equally likely
//! ```
//!
//! LSTM: as in DeepOBS's `tolstoi_char_rnn` (Schneider, Balles & Hennig 2019,
//! <https://openreview.net/forum?id=rJg6ssC5Y7>): two layers of 128 on 50 characters, batches of 50; there states
//! are carried from window to window, and some of them are dropped.
//!
//! GPT: Radford et al., *Language models are unsupervised multitask learners*, 2019: norms in front of each part
//! and behind the last, positions learned, hidden layers of four times the width, weights normal with deviation
//! 0.02. Here the head is no copy of E, has no biases, and what is added to x does not start smaller with depth.

use std::f64::consts::LN_2;

use thalweg_data::{Batching, Text};
use thalweg_events::Measure;
use thalweg_graph::{Activation, Element, Graph, GraphError, Plan, Role, Tensor};
use thalweg_optim::init::{Initializer, Normal, XavierUniform};

use super::{Description, Model, Set, Start, Task, TaskError};

/// The text with a network on it.
pub(super) struct Characters {
    description: Description,
    network: Network,
    /// T
    time: usize,
    text: Text,
}

/// What gives each character a score, at each place of a window.
#[derive(Clone, Copy, Debug)]
pub(super) enum Network {
    /// Layers of long short-term memory.
    Lstm { hidden: usize, layers: usize },
    /// Layers of causal attention; `heads` divides `width`.
    Gpt { layers: usize, width: usize, heads: usize },
}

impl Characters {
    pub(super) fn new(
        task: &'static str,
        name: String,
        network: Network,
        time: usize,
        text: Text,
    ) -> Result<Characters, TaskError> {
        if text.test().len() <= time {
            let (used, n) = (&text.provenance.used, text.test().len());
            let reason =
                format!("of {used} {n} characters are kept for the test, and time is {time}");
            return Err(TaskError::Unfit {
                task,
                reason,
                needs: "a window and one more character",
            });
        }
        let symbols = text.vocabulary().len();
        let (about, init, batch, epochs) = match network {
            Network::Lstm { hidden, layers } => (
                format!("{layers} LSTM layers of {hidden} units on {time} of {symbols} characters"),
                Initializer::from(XavierUniform { gain: 1.0 }),
                50,
                10,
            ),
            Network::Gpt { layers, width, heads } => (
                format!(
                    "GPT of {layers} layers, {width} wide with {heads} heads, on {time} of {symbols} characters"
                ),
                Initializer::from(Normal { std: 0.02, mean: 0.0 }),
                32,
                5,
            ),
        };
        let description = Description {
            name,
            about,
            cost: "mean cross-entropy of a character of the training part, in nats",
            measure: Measure {
                name: "bits per character".into(),
                higher_is_better: false,
                percent: false,
            },
            data: text.provenance.to_string(),
            source: Some(text.provenance.source.clone()),
            start: Start::of(init),
            batching: Batching::of(batch),
            epochs,
        };
        Ok(Characters { description, network, time, text })
    }

    fn part(&self, set: Set) -> &[u16] {
        match set {
            Set::Train => self.text.train(),
            Set::Test => self.text.test(),
        }
    }
}

impl Network {
    /// Characters `[batch, time]` to scores `[batch · time, symbols]`.
    fn scores(self, g: &mut Graph, c: Tensor, symbols: usize) -> Result<Tensor, GraphError> {
        match self {
            Network::Lstm { hidden, layers } => lstm(g, c, symbols, hidden, layers),
            Network::Gpt { layers, width, heads } => gpt(g, c, symbols, [layers, width, heads]),
        }
    }
}

fn embedded(g: &mut Graph, c: Tensor, symbols: usize, size: usize) -> Result<Tensor, GraphError> {
    g.scope("embedding", |g| {
        let table = g.parameter("table", [symbols, size], Role::Weight);
        g.embedding(table, c)
    })
}

fn lstm(
    g: &mut Graph,
    c: Tensor,
    symbols: usize,
    hidden: usize,
    layers: usize,
) -> Result<Tensor, GraphError> {
    let [batch, time] = sizes(g, c);
    let mut h = embedded(g, c, symbols, hidden)?;
    for layer in 1..=layers {
        h = g.scope(&format!("lstm{layer}"), |g| g.lstm(h, hidden))?;
    }
    let h = g.reshape(h, [batch * time, hidden])?;
    g.scope("head", |g| g.dense(h, symbols, Activation::Identity))
}

fn gpt(
    g: &mut Graph,
    c: Tensor,
    symbols: usize,
    [layers, width, heads]: [usize; 3],
) -> Result<Tensor, GraphError> {
    let [batch, time] = sizes(g, c);
    let x = embedded(g, c, symbols, width)?;
    let x = g.scope("embedding", |g| {
        let places = g.parameter("positions", [time, width], Role::Weight);
        g.add(x, places)
    })?;
    let mut x = g.reshape(x, [batch * time, width])?;
    for layer in 1..=layers {
        x = g.scope(&format!("layer{layer}"), |g| {
            let attended = attention(g, x, [batch, time, width], heads)?;
            let x = g.add(x, attended)?;
            let more = perceptron(g, x, width)?;
            g.add(x, more)
        })?;
    }
    let x = g.scope("norm", |g| g.affine_layer_norm(x, EPSILON))?;
    g.scope("head", |g| {
        let weights = g.parameter("weights", [width, symbols], Role::Weight);
        g.matmul(x, weights)
    })
}

const EPSILON: f64 = 1e-5;

/// The attention of a layer, with the products before and behind it.
fn attention(
    g: &mut Graph,
    x: Tensor,
    [batch, time, width]: [usize; 3],
    heads: usize,
) -> Result<Tensor, GraphError> {
    let x = g.scope("norm1", |g| g.affine_layer_norm(x, EPSILON))?;
    let qkv = g.scope("qkv", |g| g.dense(x, 3 * width, Activation::Identity))?;
    let qkv = g.reshape(qkv, [batch, time, 3 * width])?;
    let y = g.attention(qkv, heads, true)?;
    let y = g.reshape(y, [batch * time, width])?;
    g.scope("projection", |g| g.dense(y, width, Activation::Identity))
}

/// The hidden layer of a layer.
fn perceptron(g: &mut Graph, x: Tensor, width: usize) -> Result<Tensor, GraphError> {
    let x = g.scope("norm2", |g| g.affine_layer_norm(x, EPSILON))?;
    let h = g.scope("hidden", |g| g.dense(x, 4 * width, Activation::Gelu))?;
    g.scope("output", |g| g.dense(h, width, Activation::Identity))
}

fn sizes(g: &Graph, c: Tensor) -> [usize; 2] {
    let shape = g.shape(c);
    [shape.sizes()[0], shape.sizes()[1]]
}

impl<T: Element> Task<T> for Characters {
    fn description(&self) -> &Description {
        &self.description
    }

    fn examples(&self, set: Set) -> usize {
        (self.part(set).len() - 1) / self.time
    }

    fn model(&self, batch: usize) -> Result<Model, GraphError> {
        let mut graph = Graph::new();
        let c = graph.input("characters", [batch, self.time]);
        let next = graph.input("next", [batch * self.time]);
        let scores = self.network.scores(&mut graph, c, self.text.vocabulary().len())?;
        let cost = graph.scope("cross_entropy", |g| {
            let each = g.cross_entropy(scores, next)?;
            Ok(g.mean(each))
        })?;
        let measure = graph.scope("bits", |g| {
            let bits_of_a_nat = g.constant(1.0 / LN_2, []);
            g.mul(bits_of_a_nat, cost)
        })?;
        let (labels, outputs) = (Some(next), Some(scores));
        Ok(Model { graph, features: c, labels, constants: vec![], outputs, cost, measure })
    }

    fn fill(&self, set: Set, indices: &[usize], model: &Model, plan: &mut Plan<T>) {
        let part = self.part(set);
        let mut write = |input: Tensor, shift: usize| {
            let windows = plan.input_mut(input).chunks_exact_mut(self.time);
            for (&index, window) in indices.iter().zip(windows) {
                let characters = &part[index * self.time + shift..][..self.time];
                for (number, &character) in window.iter_mut().zip(characters) {
                    *number = T::from(f32::from(character));
                }
            }
        };
        write(model.features, 0);
        if let Some(next) = model.labels {
            write(next, 1);
        }
    }
}
