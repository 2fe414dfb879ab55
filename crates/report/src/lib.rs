//! What people see of a comparison, made from its events alone.
//!
//! [`Summary`] holds the numbers, and everything else shows them: [`table`] in a terminal, [`html`] as one
//! page that needs no network, [`csv`] as rows for other programs; a summary is also the JSON that
//! `--json` prints. [`write`](fn@write) puts all of them beside `events.jsonl` in a run's folder. A run
//! that is still going on, was killed, or diverged everywhere has a report like any other; it says so.
//!
//! ```no_run
//! # use std::path::Path;
//! let written = thalweg_report::write(Path::new("runs/fashion"))?;
//! print!("{}", thalweg_report::table(&written.summary, thalweg_report::Look::stdout()));
//! println!("{}", written.html.display());
//! # Ok::<(), thalweg_report::ReportError>(())
//! ```

mod compare;
mod csv;
mod estimate;
mod html;
mod regret;
mod summary;
mod table;
mod write;

mod curves;
mod grid;
mod run;
mod student;
mod words;

pub use compare::{Comparison, Difference, Verdict};
pub use csv::csv;
pub use estimate::Estimate;
pub use html::html;
pub use regret::OnlineLines;
pub use run::RunError;
pub use summary::{ContenderSummary, Seeds, Summary, ToTarget, TrialEnd, TrialSummary};
pub use table::{Look, table};
pub use write::{ReportError, Written, WrittenOnline, write, write_online};
