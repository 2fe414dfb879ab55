//! `thalweg report`: the table and the page of a run, from its events.

use std::io::{Write, stdout};
use std::path::Path;

use thalweg_report::{Look, table, write};

use crate::Ending;
use crate::args::ReportArgs;

pub fn report(ReportArgs { folder, json }: ReportArgs) -> Ending {
    print(&folder, json)
}

/// Writes the report of a run and prints its table, or its summary as JSON.
pub fn print(folder: &Path, json: bool) -> Ending {
    let written = write(folder)?;
    let mut out = stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &written.summary)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{}", table(&written.summary, Look::stdout()))?;
        writeln!(out, "report      {}", written.html.display())?;
        writeln!(out, "run again   thalweg compare {}", folder.join("run.toml").display())?;
    }
    Ok(())
}
