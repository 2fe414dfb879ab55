//! The cliff: a recurrent network of one unit, whose cost is flat, and then a wall.
//!
//! ```text
//! x₀ = ½,  x_t = w σ(x_{t−1}) + b,  t = 1 … 50
//! J = P = (σ(x₅₀) − 0.7)²
//! ```
//!
//! Pascanu, Mikolov & Bengio, *On the difficulty of training recurrent neural networks*, ICML 2013, figure 6,
//! <https://arxiv.org/abs/1211.5063>. Training starts at w = 5, b = −2.2, on the wall's edge: without clipping,
//! one step throws the parameters far off.

use thalweg_data::Batching;
use thalweg_events::Measure;
use thalweg_graph::{Element, Graph, GraphError, Plan, Role};
use thalweg_optim::init::Constant;

use super::{Description, Model, Set, Start, Task};

/// Steps in time.
const STEPS: usize = 50;
/// x₀
const STATE: f64 = 0.5;
const TARGET: f64 = 0.7;

/// The unit, with its one example.
pub(super) struct TinyRnn {
    description: Description,
}

impl TinyRnn {
    pub(super) fn new() -> TinyRnn {
        TinyRnn {
            description: Description {
                name: "tiny-rnn".into(),
                about: "one recurrent unit over 50 steps, two parameters at the edge of a cliff"
                    .into(),
                cost: "(σ(x₅₀) − 0.7)²",
                measure: Measure { name: "loss".into(), higher_is_better: false, percent: false },
                data: "one state, x₀ = 0.5, with the target 0.7".into(),
                source: None,
                start: Start::Weights {
                    weights: Constant { value: 5.0 }.into(),
                    biases: Constant { value: -2.2 }.into(),
                },
                batching: Batching::full(),
                epochs: 200,
            },
        }
    }
}

impl<T: Element> Task<T> for TinyRnn {
    fn description(&self) -> &Description {
        &self.description
    }

    fn examples(&self, _set: Set) -> usize {
        1
    }

    fn model(&self, batch: usize) -> Result<Model, GraphError> {
        let mut graph = Graph::new();
        let start = graph.input("states", [batch]);
        let targets = graph.input("targets", [batch]);
        let w = graph.parameter("w", [1], Role::Weight);
        let b = graph.parameter("b", [1], Role::Bias);
        let mut x = start;
        for _ in 0..STEPS {
            x = graph.scope("unit", |g| {
                let out = g.sigmoid(x);
                let product = g.mul(w, out)?;
                g.add(product, b)
            })?;
        }
        let out = graph.sigmoid(x);
        let each = graph.squared_error(out, targets)?;
        let cost = graph.mean(each);
        let (labels, outputs) = (Some(targets), Some(out));
        let constants = vec![];
        Ok(Model { graph, features: start, labels, constants, outputs, cost, measure: cost })
    }

    fn fill(&self, _set: Set, _indices: &[usize], model: &Model, plan: &mut Plan<T>) {
        plan.input_mut(model.features).fill(T::from_f64(STATE));
        if let Some(targets) = model.labels {
            plan.input_mut(targets).fill(T::from_f64(TARGET));
        }
    }
}
