//! Training: tasks, the loop over epochs, and checkpoints.
//!
//! ```text
//! task ─► model, batches ─► plan ─► gradients ─► optimizer ─► parameters
//!                                                   │
//!                             measure J and P ◄─────┘  ─► events
//! ```
//!
//! A [`Task`] says what is learned, a [`Training`] learns it with one optimizer and one seed. All that is
//! random is a pure function of the seed, so that trainings with the same seed start from the same weights
//! and see the same batches whatever their optimizers, and a training that is resumed from a checkpoint
//! goes on with the same bits.
//!
//! ```
//! use thalweg_data::Source;
//! use thalweg_train::{Options, Training, task};
//!
//! let task = task::<f32>(&"fashion-softmax".parse()?, &Source::Embedded)?;
//! let options = Options { seed: 1, ..Options::of(&*task) };
//! let mut training = Training::new(&*task, &"adam(lr=0.002)".parse()?, options)?;
//! let before = training.measure()?;
//! training.epoch(&mut |_| std::ops::ControlFlow::Continue(()))?;
//! let after = training.measure()?;
//! assert!(after.test.measure > before.test.measure);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// The formulas are written in the letters of their sources.
#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]

mod compiled;
mod initialize;
mod loss;
mod mover;
mod task;
mod training;

pub use loss::{Curvature, Loss};
pub use mover::{OPTIMIZERS, formula};
pub use task::{Description, Model, Set, Start, TASKS, Task, TaskError, quadratic_deep, task};
pub use training::{Halt, Options, Progress, ResumeError, TrainError, Training};
