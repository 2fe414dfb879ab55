//! The report of a run, put into its folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::csv::csv_of_run;
use crate::html::html_of_run;
use crate::regret::{OnlineRun, csv_of_online, html_of_online};
use crate::run::Run;
use crate::{RunError, Summary};

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The page, `report.html`.
    pub html: PathBuf,
    /// Every measurement, `results.csv`.
    pub csv: PathBuf,
    /// The summary, `summary.json`.
    pub json: PathBuf,
    /// The same, to print.
    pub summary: Summary,
}

/// The report of a run cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Its events cannot be read.
    #[error(transparent)]
    Read(#[from] thalweg_events::ReadError),
    /// Its events do not make a run.
    #[error("{}: {source}", path.display())]
    Run {
        /// The file of events.
        path: PathBuf,
        /// What is wrong.
        source: RunError,
    },
    /// A file of the report cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Reads `events.jsonl` in the folder of a run and writes `report.html`, `results.csv` and `summary.json`
/// beside it. Each file appears whole or not at all, and replaces an earlier one.
pub fn write(folder: &Path) -> Result<Written, ReportError> {
    let path = folder.join("events.jsonl");
    let events = thalweg_events::read(&path)?;
    let run = Run::of(&events).map_err(|source| ReportError::Run { path, source })?;
    let summary = Summary::of_run(&run);
    Ok(Written {
        html: replace(folder, "report.html", &html_of_run(&run, &summary))?,
        csv: replace(folder, "results.csv", &csv_of_run(&run))?,
        json: replace(folder, "summary.json", &json(&summary))?,
        summary,
    })
}

/// What was written of a run of online losses.
#[derive(Debug)]
pub struct WrittenOnline {
    /// The page, `report.html`.
    pub html: PathBuf,
    /// Every measurement, `results.csv`.
    pub csv: PathBuf,
}

/// Reads `events.jsonl` in the folder of a run of online losses and writes `report.html` and `results.csv` beside it;
/// `None` if the run is of another kind.
pub fn write_online(folder: &Path) -> Result<Option<WrittenOnline>, ReportError> {
    let events = thalweg_events::read(&folder.join("events.jsonl"))?;
    let Some(run) = OnlineRun::of(&events) else { return Ok(None) };
    Ok(Some(WrittenOnline {
        html: replace(folder, "report.html", &html_of_online(&run))?,
        csv: replace(folder, "results.csv", &csv_of_online(&run))?,
    }))
}

fn json(summary: &Summary) -> String {
    serde_json::to_string_pretty(summary).expect("a summary has only string keys") + "\n"
}

/// Writes a file under another name first, so that nobody reads half of it.
fn replace(folder: &Path, name: &str, text: &str) -> Result<PathBuf, ReportError> {
    let path = folder.join(name);
    let unfinished = folder.join(format!(".{name}.{}", std::process::id()));
    std::fs::write(&unfinished, text).and_then(|()| std::fs::rename(&unfinished, &path)).map_err(
        |source| {
            // The error to report is the first one.
            let _ = std::fs::remove_file(&unfinished);
            ReportError::Write { path: path.clone(), source }
        },
    )?;
    Ok(path)
}
