//! Data to train on: readers, embedded sets, and batches.
//!
//! [`fashion_mnist`], [`digits`], [`agaricus`] and [`moby_dick`] find the data and say where they found them;
//! [`breast_cancer`] gives its rows in f64;
//! [`classification`] and [`text`] read those of the user, in formats that are recognised by what is there.
//! [`Batching`] says how examples are put
//! into batches; the batches themselves are a pure function of (seed, epoch). [`Examples::gather_features`] copies
//! one batch into the buffer that a model reads.
//!
//! ```
//! use thalweg_data::{Batching, Source, fashion_mnist};
//!
//! let data = fashion_mnist(&Source::Embedded)?;
//! assert_eq!((data.train.len(), data.test.len(), data.classes()), (5000, 1000, 10));
//!
//! let batches = Batching::of(64).over(data.train.len())?;
//! let mut features = vec![0.0_f32; batches.largest() * data.train.features()];
//! let mut labels = vec![0.0_f32; batches.largest()];
//! for batch in &batches.epoch(42, 0) {
//!     let features = &mut features[..batch.len() * data.train.features()];
//!     let labels = &mut labels[..batch.len()];
//!     data.train.gather_features(batch, features);
//!     data.train.gather_labels(batch, labels);
//!     assert!(features.iter().all(|x| (0.0..=1.0).contains(x)));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod agaricus;
mod batches;
mod breast_cancer;
pub mod cifar;
pub mod csv;
mod digits;
mod error;
mod examples;
mod fashion;
mod file;
pub mod idx;
pub mod libsvm;
mod moby_dick;
mod source;
mod text;

pub use agaricus::agaricus;
pub use batches::{Batches, Batching, BatchingError, Epoch, Last, Order, Size};
pub use breast_cancer::{Measurements, breast_cancer};
pub use digits::digits;
pub use error::{ContentError, DataError};
pub use examples::{Classification, Examples, ExamplesError, Provenance};
pub use fashion::fashion_mnist;
pub use moby_dick::moby_dick;
pub use source::{Source, classification, text};
pub use text::{Text, TextError};
