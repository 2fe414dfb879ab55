//! `thalweg report`: the table and the page of a run, from its events.

use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;

use thalweg_report::{Look, Summary, table, write};

use super::regret;

use crate::Ending;
use crate::args::ReportArgs;

pub fn report(ReportArgs { folder, json }: ReportArgs) -> Ending {
    if !folder.join("events.jsonl").exists() {
        let folder = folder.display();
        return Err(format!("{folder} has no events.jsonl; name the folder of a run").into());
    }
    match regret::is_online(&folder)? {
        true => regret::show(&folder, json),
        false => print(&folder, json).map(drop),
    }
}

/// Writes the report of a run and prints its table, or its summary as JSON.
pub fn print(folder: &Path, json: bool) -> Result<Summary, Box<dyn Error>> {
    let written = write(folder)?;
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&written.summary)?)?;
    } else {
        writeln!(out, "{}", table(&written.summary, Look::stdout()))?;
        writeln!(out, "report      {}", written.html.display())?;
        writeln!(out, "run again   thalweg compare {}", folder.join("run.toml").display())?;
    }
    Ok(written.summary)
}
