//! `thalweg schedule`: how a learning rate moves.

use std::io::{BufWriter, Write, stdout};

use thalweg_optim::Hyper;
use thalweg_optim::schedule::schedule as read;

use super::rows::Rows;
use crate::Ending;
use crate::args::ScheduleArgs;

const COLUMNS: u64 = 72;
const ROWS: usize = 16;

pub fn schedule(args: ScheduleArgs) -> Ending {
    let ScheduleArgs { schedule, steps, lr, steps_per_epoch, rows } = args;
    let schedule = read(&schedule, steps_per_epoch.map(|n| n as f64))?;
    let rate = Hyper::new(lr, schedule.clone());
    let at = |k| rate.after(k);

    let mut out = BufWriter::new(stdout().lock());
    if rows.json || rows.csv {
        let mut rows = Rows::begin(out, rows.json, &["lr"])?;
        (0..steps).try_for_each(|k| rows.row(k, &[at(k)]))?;
        rows.end()?;
    } else {
        writeln!(out, "{schedule}")?;
        plot(&mut out, steps, at)?;
        if schedule.plateau().is_some() {
            writeln!(
                out,
                "The plateau moves only when a measurement stops improving; here none does."
            )?;
        }
        out.flush()?;
    }
    Ok(())
}

/// The rate over the steps, one mark for each column of the terminal.
fn plot(out: &mut impl Write, steps: u64, at: impl Fn(u64) -> f64) -> std::io::Result<()> {
    let columns = COLUMNS.min(steps);
    // The first column is step 0 and the last one the last step.
    let step = |column: u64| if columns < 2 { 0 } else { column * (steps - 1) / (columns - 1) };
    let rates: Vec<f64> = (0..columns).map(|column| at(step(column))).collect();
    let most = rates.iter().copied().fold(0.0, f64::max);
    let scale = if most > 0.0 { most } else { 1.0 };
    let row_of = |rate: f64| ((rate / scale) * (ROWS - 1) as f64).round() as usize;
    for row in (0..ROWS).rev() {
        let label = if row % 5 == 0 {
            short(scale * row as f64 / (ROWS - 1) as f64)
        } else {
            String::new()
        };
        let marks: String =
            rates.iter().map(|&rate| if row_of(rate) == row { '•' } else { ' ' }).collect();
        writeln!(out, "{label:>10} │{}", marks.trim_end())?;
    }
    writeln!(out, "{:>10} └{}", "", "─".repeat(columns as usize))?;
    let last = (steps - 1).to_string();
    writeln!(out, "{:>10}  0{last:>1$} step", "", (columns as usize).saturating_sub(1))
}

/// Three digits, with an exponent where that is shorter.
fn short(x: f64) -> String {
    if x != 0.0 && !(1e-3..1e4).contains(&x.abs()) { format!("{x:.2e}") } else { format!("{x:.4}") }
}
