//! `thalweg trace`: the path of an optimizer over a surface.

use std::io::{BufWriter, Write, stdout};

use serde_json::json;
use thalweg_study::TraceRow;
use thalweg_surfaces::surface;

use super::with_schedule;
use crate::Ending;
use crate::args::{RowsArgs, TraceArgs};

pub fn trace(args: TraceArgs) -> Ending {
    let TraceArgs { surface: call, optimizer, start, schedule, steps, rows } = args;
    let surface = surface(&call)?;
    let start = start.unwrap_or(surface.start());
    let optimizer = with_schedule(optimizer, &schedule);

    let mut out = BufWriter::new(stdout().lock());
    let mut path = Vec::new();
    let mut written = if rows.json { Ok(()) } else { writeln!(out, "step,x,y,f") };
    let ending = thalweg_study::trace(&*surface, start, &optimizer, steps, |row| {
        let TraceRow { step, x, y, f } = row;
        match rows {
            RowsArgs { json: true, .. } => path.push(json!({"step": step, "x": x, "y": y, "f": f})),
            _ if written.is_ok() => written = writeln!(out, "{step},{x:?},{y:?},{f:?}"),
            _ => {}
        }
    });
    if rows.json {
        written = writeln!(out, "{}", serde_json::to_string_pretty(&path)?);
    }
    written?;
    out.flush()?;
    Ok(ending?)
}
