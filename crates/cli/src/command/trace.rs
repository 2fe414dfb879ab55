//! `thalweg trace`: the path of an optimizer over a surface.

use std::io::{BufWriter, stdout};
use std::ops::ControlFlow;

use thalweg_study::TraceRow;
use thalweg_surfaces::surface;

use super::rows::Rows;
use super::with_schedule;
use crate::Ending;
use crate::args::TraceArgs;

pub fn trace(args: TraceArgs) -> Ending {
    let TraceArgs { surface: call, optimizer, start, schedule, steps, rows } = args;
    let surface = surface(&call)?;
    let start = start.unwrap_or(surface.start());
    let optimizer = with_schedule(optimizer, &schedule);
    // A mistake in the call must come to light before anything is printed.
    thalweg_study::trace(&*surface, start, &optimizer, 0, |_| ControlFlow::Break(()))?;

    let mut rows = Rows::begin(BufWriter::new(stdout().lock()), rows.json, &["x", "y", "f"])?;
    let mut written = Ok(());
    let ending = thalweg_study::trace(&*surface, start, &optimizer, steps, |row| {
        let TraceRow { step, x, y, f } = row;
        written = rows.row(step, &[x, y, f]);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    written?;
    rows.end()?;
    Ok(ending?)
}
