//! A computational graph: static shapes, gradients that are nodes, the optimizer as a node, and a
//! compiled plan that runs it.
//!
//! A [`Graph`] is built from inputs, [parameters](Graph::parameter) and operations, in named
//! [scopes](Graph::scope). [`Graph::minimize`] adds the gradients of a loss and the node of the optimizer
//! in the scope `train`. [`Plan::compile`] makes what is wanted ready to run, in `f32` or `f64`;
//! [`Parameters`] are kept outside, so that plans can share them.
//!
//! ```
//! use thalweg_graph::{Activation, Graph, Parameters, Plan, Role, RunOptions};
//!
//! let mut graph = Graph::new();
//! let images = graph.input("images", [2, 3]);
//! let labels = graph.input("labels", [2]);
//! let hidden = graph.scope("layer1", |g| g.dense(images, 4, Activation::Relu))?;
//! let scores = graph.scope("layer2", |g| g.dense(hidden, 2, Activation::Identity))?;
//! let losses = graph.cross_entropy(scores, labels)?;
//! let loss = graph.mean(losses);
//! let train = graph.minimize(loss, "sgd")?;
//!
//! let mut parameters = Parameters::<f64>::zeros(&graph);
//! for (info, values) in parameters.iter_mut() {
//!     if info.role == Role::Weight {
//!         values.fill(0.1);
//!     }
//! }
//!
//! let mut plan = Plan::compile(&graph, &[loss], Some(&train));
//! plan.input_mut(images).copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
//! plan.input_mut(labels).copy_from_slice(&[0.0, 1.0]);
//! plan.run(&parameters, RunOptions::default())?;
//!
//! // With equal weights both classes are as likely, so that J = ln 2.
//! assert!((plan.value(loss)[0] - 2f64.ln()).abs() < 1e-15);
//! let biases = &parameters.infos()[3];
//! assert_eq!(biases.name, "layer2/biases");
//! assert_eq!(plan.gradients()[biases.range.clone()], [0.0, 0.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// The formulas are written in the letters of their sources.
#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]

mod activation;
mod curvature;
mod diagram;
mod element;
mod error;
mod gradient;
mod graph;
mod kernel;
mod layer;
mod loss;
mod op;
mod parameters;
mod plan;
mod recurrent;
mod shape;
mod train;
mod window;

pub use activation::Activation;
pub use diagram::{Diagram, DiagramNode, MinimizeError, Neighbour, ScopeCard};
pub use element::Element;
pub use error::{GraphError, Problem};
pub use graph::{Graph, Node, Tensor};
pub use layer::BatchNorm;
pub use op::Transposed;
pub use parameters::{ParameterInfo, ParameterSegments, Parameters, Role, Start};
pub use plan::{Mode, Plan, PlanDescription, PlanStep, RunError, RunOptions, Storage};
pub use shape::{MAX_RANK, Shape};
pub use thalweg_matrix::Threads;
pub use train::Train;
pub use window::{Convolution, Padding, Pooling};
