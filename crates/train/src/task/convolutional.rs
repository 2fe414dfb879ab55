//! DeepOBS's `fmnist_2c2d`: two convolutions and two dense layers.
//!
//! ```text
//! conv 5 × 5, 32, relu → max pool 2 × 2 → conv 5 × 5, 64, relu → max pool 2 × 2 → dense 1024, relu → dense
//!
//! J = −mean ln softmax(z)_y        P = share of examples with argmax z = y
//! ```
//!
//! Schneider, Balles & Hennig 2019, <https://openreview.net/forum?id=rJg6ssC5Y7>; the network is
//! `deepobs/tensorflow/testproblems/_2c2d.py`, after TensorFlow's tutorial for MNIST: convolutions and pools keep
//! the size, up to the stride ("same"), weights start truncated normal with deviation 0.05 and biases at 0.05,
//! pixels are over 255, batches are of 128 with the last one dropped, 100 epochs.

use thalweg_data::{Batching, Classification, Last};
use thalweg_graph::{
    Activation, Convolution, Element, Graph, GraphError, Padding, Plan, Pooling, Tensor,
};
use thalweg_optim::init::{Constant, TruncatedNormal};

use super::classification::{accuracy, fill, judged, of};
use super::{Description, Model, Set, Start, Task};

/// The data with the network on them.
pub(super) struct Convolutional {
    description: Description,
    data: Classification,
}

impl Convolutional {
    pub(super) fn new(name: String, data: Classification) -> Convolutional {
        let ([height, width, channels], classes) = (data.train.shape(), data.classes());
        let description = Description {
            name,
            about: format!(
                "two convolutions and two dense layers on {height} × {width} × {channels}, {classes} classes"
            ),
            cost: "mean cross-entropy over the training set",
            measure: accuracy(),
            data: data.provenance.to_string(),
            source: Some(data.provenance.source.clone()),
            start: Start::Weights {
                weights: TruncatedNormal { std: 0.05, mean: 0.0 }.into(),
                biases: Constant { value: 0.05 }.into(),
            },
            batching: Batching { last: Last::Drop, ..Batching::of(128) },
            epochs: 100,
        };
        Convolutional { description, data }
    }
}

/// The scores of images `[batch, height, width, channels]`.
fn scores(g: &mut Graph, images: Tensor, classes: usize) -> Result<Tensor, GraphError> {
    let mut x = images;
    for (scope, outputs) in [("conv1", 32), ("conv2", 64)] {
        x = g.scope(scope, |g| {
            let same = Convolution { padding: Padding::Same, ..Convolution::default() };
            let x = g.convolution(x, outputs, [5, 5], same, Activation::Relu)?;
            g.max_pool2d(x, Pooling { padding: Padding::Same, ..Pooling::of([2, 2]) })
        })?;
    }
    let batch = g.shape(x).sizes()[0];
    let features = g.shape(x).sizes()[1..].iter().product();
    let x = g.reshape(x, [batch, features])?;
    let h = g.scope("dense1", |g| g.dense(x, 1024, Activation::Relu))?;
    g.scope("dense2", |g| g.dense(h, classes, Activation::Identity))
}

impl<T: Element> Task<T> for Convolutional {
    fn description(&self) -> &Description {
        &self.description
    }

    fn examples(&self, set: Set) -> usize {
        of(&self.data, set).len()
    }

    fn model(&self, batch: usize) -> Result<Model, GraphError> {
        let [height, width, channels] = self.data.train.shape();
        let mut graph = Graph::new();
        let features = graph.input("features", [batch, height, width, channels]);
        let scores = scores(&mut graph, features, self.data.classes())?;
        judged(graph, features, scores)
    }

    fn fill(&self, set: Set, indices: &[usize], model: &Model, plan: &mut Plan<T>) {
        fill(of(&self.data, set), indices, model, plan);
    }
}
