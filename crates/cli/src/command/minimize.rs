//! `thalweg minimize`: a method on a problem, a line for each iteration while it runs, and the verdict.

use std::io::{self, BufWriter, Write, stdout};
use std::ops::ControlFlow;
use std::time::Instant;

use serde_json::json;
use thalweg_calls::Call;
use thalweg_minimize::{Iteration, Options, Solution, Stop, method};
use thalweg_surfaces::problem;

use crate::Ending;
use crate::args::{MinimizeArgs, Point};

/// The coordinates of a point that are printed: more than these are for `--json`.
const MOST_PRINTED: usize = 12;

pub fn minimize(args: MinimizeArgs) -> Ending {
    let MinimizeArgs { problem: of, method: by, start, gradient, evaluations, seconds, json } =
        args;
    let problem = problem(&of)?;
    let by = method::<f64>(&by)?.call().clone();
    let n = problem.dimension();
    let start = start.map_or_else(|| problem.start(), |Point(start)| start);
    if start.len() != n {
        let found = start.len();
        return Err(format!("--start: {of} has {n} coordinates, not {found}").into());
    }
    let begin = Instant::now();
    let clock = || begin.elapsed().as_secs_f64();
    let mut out = BufWriter::new(stdout().lock());
    let head = format!("f = {}, n = {n}, by {by}", problem.formula());
    let mut written = Ok(());
    let mut observe = |row: &Iteration| {
        if !json && row.iteration == 0 {
            written = write_head(&mut out, &head);
        }
        if !json && written.is_ok() {
            written = write_row(&mut out, row);
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let options = Options {
        stop: Stop {
            gradient,
            evaluations: evaluations as usize,
            seconds: seconds.unwrap_or(f64::INFINITY),
            ..Stop::default()
        },
        clock: Some(&clock),
        observe: Some(&mut observe),
        ..Options::default()
    };
    let solution = thalweg_study::minimize(&*problem, &by, &start, options)?;
    written?;
    if json {
        write_json(&mut out, &of, &by, &solution)?;
    } else {
        write_end(&mut out, &solution, begin.elapsed().as_secs_f64())?;
    }
    out.flush()?;
    match solution.is_solved() {
        true => Ok(()),
        false => Err(format!("{of} by {by}: {}", solution.verdict).into()),
    }
}

fn write_head(out: &mut impl Write, head: &str) -> io::Result<()> {
    writeln!(out, "{head}")?;
    writeln!(
        out,
        "{:>9}  {:>22}  {:>10}  {:>10}  {:>11}",
        "iteration", "f", "‖∇f‖∞", "step", "evaluations"
    )
}

/// Written at once: whoever watches sees each iteration when it is done.
fn write_row(out: &mut impl Write, row: &Iteration) -> io::Result<()> {
    let Iteration { iteration, value, gradient_norm, step, evaluations } = row;
    writeln!(
        out,
        "{iteration:>9}  {value:>22.15e}  {gradient_norm:>10.3e}  {step:>10.3e}  {evaluations:>11}"
    )?;
    out.flush()
}

fn write_end(out: &mut impl Write, solution: &Solution<f64>, seconds: f64) -> io::Result<()> {
    let counts = solution.counts;
    writeln!(out, "\n{}: {}", solution.verdict.name(), solution.verdict)?;
    writeln!(out, "f       {:?}", solution.value)?;
    writeln!(out, "‖∇f‖∞   {:.3e}", solution.gradient_norm)?;
    if solution.x.len() <= MOST_PRINTED {
        let x: Vec<String> = solution.x.iter().map(|x| format!("{x:?}")).collect();
        writeln!(out, "x       {}", x.join(", "))?;
    }
    writeln!(
        out,
        "cost    {} iterations, {} values, {} gradients, {} products, {} Hessians, {seconds:.3} s",
        solution.iterations, counts.values, counts.gradients, counts.products, counts.hessians
    )
}

fn write_json(
    out: &mut impl Write,
    problem: &Call,
    method: &Call,
    solution: &Solution<f64>,
) -> io::Result<()> {
    let history: Vec<_> = solution
        .history
        .iter()
        .map(|row| {
            json!({
                "iteration": row.iteration,
                "value": row.value,
                "gradient_norm": row.gradient_norm,
                "step": row.step,
                "evaluations": row.evaluations,
            })
        })
        .collect();
    let counts = solution.counts;
    let all = json!({
        "problem": problem.to_string(),
        "method": method.to_string(),
        "verdict": solution.verdict.name(),
        "sentence": solution.verdict.to_string(),
        "solved": solution.is_solved(),
        "value": solution.value,
        "gradient_norm": solution.gradient_norm,
        "x": solution.x,
        "iterations": solution.iterations,
        "values": counts.values,
        "gradients": counts.gradients,
        "products": counts.products,
        "hessians": counts.hessians,
        "history": history,
    });
    writeln!(out, "{all:#}")
}
