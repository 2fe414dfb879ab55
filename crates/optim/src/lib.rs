//! Optimizers for training deep models.
//!
//! ```text
//!              schedule(k) ──────────┐
//!                                    ▼
//! init ─► parameters, gradients ─► [ chain of rules ] ─► parameters
//!                                    ▲      │
//!                          slots (s, r, …)  └─► step info
//! ```
//!
//! A [`Rule`] is its equation, written once for one coordinate. Rules join into chains, and [`Chain`] runs
//! a chain in one pass over memory. A named optimizer is one such chain:
//!
//! ```
//! use thalweg_optim::{Chain, Optimizer, Rule, Segment, adam, clip_global_norm, decay, scale};
//!
//! let rule = clip_global_norm(1.0).then(adam(0.9, 0.999, 1e-8)).then(decay(0.1)).then(scale(1e-3));
//! let mut optimizer = Chain::new(rule);
//!
//! let mut weights = vec![1.0f32; 6];
//! let gradient = vec![0.5f32; 6];
//! let info = optimizer.step(&mut [Segment {
//!     name: "weights",
//!     shape: &[2, 3],
//!     parameters: &mut weights,
//!     gradient: (&gradient).into(),
//! }])?;
//! assert_eq!(info.step, 1);
//! // The first step of Adam has the size of the learning rate, and the decay adds a tenth.
//! assert!((weights[0] - (1.0 - 0.0011)).abs() < 1e-6);
//! # Ok::<(), thalweg_optim::StepError>(())
//! ```
//!
//! The same by name, as on the command line, is [`optimizer`]`("adamw(lr=1e-3, weight_decay=0.1,
//! clip_global_norm=1)")`.
//!
//! This crate opens no file, reads no clock, starts no thread pool (it uses the `rayon` pool it is called
//! in) and draws no random number that it was not given. Bits depend neither on the number of threads nor
//! on the vector width.

// The formulas are written in the letters of their sources.
#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]
#![allow(confusable_idents, reason = "Greek letters stand in formulas only")]

pub mod around;
mod chain;
mod hyper;
pub mod init;
mod lane;
mod named;
mod norm;
mod optimizer;
pub mod rule;
pub mod saved;
pub mod schedule;
mod segment;
mod simd;
mod slots;
mod stored;
mod symbol;
pub mod tensor;
mod tensor_rule;

pub use around::Evaluation;
pub use chain::{Chain, ChainOptions, Rounding, SlotFormat, Stages};
pub use half::bf16;
pub use hyper::Hyper;
pub use lane::{Lane, Real};
pub use named::{OPTIMIZERS, optimizer};
pub use optimizer::{
    Around, NonFinite, Norms, Observe, Optimizer, Outcome, Part, StepError, StepInfo,
};
pub use rule::*;
pub use saved::{Slot, StateError};
pub use segment::{Gradient, Halves, Segment, Segments, coalesce};
pub use simd::Level;
pub use stored::Stored;
pub use symbol::{Expression, Term, TermKind};
pub use tensor_rule::{FormulaLine, Tensor, TensorRule, TensorSlot};
