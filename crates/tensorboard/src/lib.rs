//! Event files as TensorBoard reads them, with a graph in them.
//!
//! ```text
//! file     record, record, …                    a folder is a run; the name has `tfevents` in it
//! record   length, check(length), data, check(data)
//! data     Event { wall_time, file_version | graph_def }
//! ```
//!
//! Lengths are 8 bytes and checks 4, least significant first; a check is a masked CRC-32C. The data
//! are [protocol buffers](https://protobuf.dev/programming-guides/encoding/) of the messages
//! [Event](https://github.com/tensorflow/tensorboard/blob/2.21.0/tensorboard/compat/proto/event.proto),
//! [GraphDef](https://github.com/tensorflow/tensorboard/blob/2.21.0/tensorboard/compat/proto/graph.proto) and
//! [NodeDef](https://github.com/tensorflow/tensorboard/blob/2.21.0/tensorboard/compat/proto/node_def.proto),
//! written by hand: seven fields of three messages need no library.
//!
//! ```
//! use thalweg_tensorboard::{EventFile, GraphNode};
//!
//! let node = |name: &str, operation: &str, inputs: &[&str]| GraphNode {
//!     name: name.into(),
//!     operation: operation.into(),
//!     inputs: inputs.iter().map(|input| (*input).into()).collect(),
//!     shape: Some(vec![2, 3]),
//!     attributes: Vec::new(),
//! };
//! let mut file = EventFile::new(Vec::new(), 1.7e9)?;
//! file.graph(&[node("x", "Placeholder", &[]), node("layer/exp", "Exp", &["x"])], 1.7e9)?;
//! assert_eq!(file.into_inner().len(), 174);
//! # Ok::<(), std::io::Error>(())
//! ```

mod event;
mod message;
mod record;

pub use event::{EventFile, GraphNode};
