//! Studies: several optimizers on one task, one optimizer on a surface, and one method on a problem.
//!
//! An [`Experiment`] says what is compared: it is read from TOML or put together from the command line.
//! [`compare`] runs all its trials over the processor's cores and writes what happens into a
//! [`RunFolder`], line by line, so that a run that is killed can be gone on with. [`trace`] follows one
//! optimizer over a surface; [`minimize()`] lets one method minimize a problem; [`Online`] lets optimizers play against
//! losses that come one at a time, and [`regret()`] does so in a [`RunFolder`].
//!
//! Nothing here draws a table or a page; that is made from the events.

// The formulas are written in the letters of their sources.
#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]
#![allow(confusable_idents, reason = "Greek letters stand in formulas only")]

mod compare;
mod experiment;
mod folder;
mod minimize;
mod regret;
mod trace;

pub use compare::{CompareError, Ending, Watch, compare};
pub use experiment::{
    Batch, Contender, Experiment, ExperimentError, MOST, MOST_SEEDS, Precision, Resolved,
    parse_last, parse_order,
};
pub use folder::{FolderError, RunFolder, Unfinished, replace_file};
pub use minimize::minimize;
pub use regret::{Online, OnlineError, OnlineExperiment, Played, RegretError, regret};
pub use trace::{TraceError, TraceRow, trace};
