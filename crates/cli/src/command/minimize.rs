//! `thalweg minimize`: a method on a problem or on J of a task, a line for each iteration while it runs, and the
//! verdict.

use std::error::Error;
use std::io::{self, BufWriter, Write, stdout};
use std::ops::ControlFlow;
use std::time::Instant;

use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};
use thalweg_calls::{Call, CallError};
use thalweg_data::Source;
use thalweg_events::Measured;
use thalweg_graph::{Element, Threads};
use thalweg_minimize::{Iteration, Options, Solution, Stop, method};
use thalweg_optim::init::initializer;
use thalweg_study::Precision;
use thalweg_surfaces::problem;
use thalweg_train::{Curvature, Loss, Options as TrainOptions, Set, Task, task};

use super::runs::source;
use crate::Ending;
use crate::args::{CurvatureName, MinimizeArgs, OfTaskArgs, Point};

/// The coordinates of a point that are printed: more than these are for `--json`.
const MOST_PRINTED: usize = 12;

pub fn minimize(args: MinimizeArgs) -> Ending {
    match (&args.task, args.of_task.precision) {
        (None, _) => of_problem(&args),
        (Some(call), Some(Precision::F32)) => in_pool::<f32>(call, &args),
        (Some(call), _) => in_pool::<f64>(call, &args),
    }
}

fn of_problem(args: &MinimizeArgs) -> Ending {
    let of = &args.problem;
    let problem = problem(of)?;
    let n = problem.dimension();
    let start = args.start.as_ref().map_or_else(|| problem.start(), |Point(start)| start.clone());
    if start.len() != n {
        let found = start.len();
        return Err(format!("--start: {of} has {n} coordinates, not {found}").into());
    }
    let head = format!("f = {}, n = {n}", problem.formula());
    let (by, solution, seconds) = watched(args, &head, |by, options| {
        thalweg_study::minimize(&*problem, by, &start, options)
    })?;
    if args.json {
        let all = json!({"problem": of.to_string(), "x": solution.x});
        write_json(&by, &solution, all)?;
    } else {
        let few = solution.x.len() <= MOST_PRINTED;
        let x: Vec<String> = solution.x.iter().map(|x| format!("{x:?}")).collect();
        let x = few.then(|| format!("x       {}", x.join(", ")));
        write_end(&solution, x.as_deref(), seconds)?;
    }
    solved(of, &by, &solution)
}

/// On as many threads as were asked for.
fn in_pool<T: Element>(call: &Call, args: &MinimizeArgs) -> Ending {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.of_task.threads.map_or(cores, |n| n as usize);
    let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
    let threads = if threads > 1 { Threads::Pool } else { Threads::One };
    // An error may not travel between threads, but what it says may.
    pool.install(|| of_task::<T>(call, args, threads).map_err(|error| error.to_string()))?;
    Ok(())
}

fn of_task<T: Element>(call: &Call, args: &MinimizeArgs, threads: Threads) -> Ending {
    let OfTaskArgs { init, bias, seed, data, curvature, .. } = &args.of_task;
    let data = data.as_deref().map(source).transpose()?.unwrap_or(Source::Search);
    let task = task::<T>(call, &data)?;
    let mut options = TrainOptions { seed: *seed, threads, ..TrainOptions::of(&*task) };
    if let Some(init) = init {
        options.init = initializer(init)?;
    }
    if let Some(bias) = bias {
        options.bias = initializer(bias)?;
    }
    let curvature = match curvature {
        CurvatureName::Hessian => Curvature::Hessian,
        CurvatureName::GaussNewton => Curvature::GaussNewton,
    };
    let mut loss = Loss::new(&*task, &options, curvature)?;
    let start = loss.start().to_vec();
    let description = Task::description(&*task);
    let examples = task.examples(Set::Train);
    let head = format!(
        "J of {}: {}, over {examples} examples, n = {}",
        description.name,
        description.about,
        start.len()
    );
    let (by, solution, seconds) =
        watched(args, &head, |by, options| method::<T>(by)?.minimize(&mut loss, &start, options))?;
    let [train, test] = [Set::Train, Set::Test].map(|set| loss.measure(&solution.x, set));
    let (train, test) = (train?, test?);
    if args.json {
        let all = json!({
            "task": description.name,
            "data": description.data,
            "parameters": start.len(),
            "train": train,
            "test": test,
        });
        write_json(&by, &solution, all)?;
    } else {
        let p = |measured: Measured| measured.measure.unwrap_or(f64::NAN);
        let name = &description.measure.name;
        let p = format!("P       {name} {:.6} train, {:.6} test", p(train), p(test));
        write_end(&solution, Some(&p), seconds)?;
    }
    solved(call, &by, &solution)
}

/// Minimizes, with a line for each iteration; the method as it was understood, the solution, and the seconds.
fn watched<T>(
    args: &MinimizeArgs,
    head: &str,
    minimize: impl FnOnce(&Call, Options<'_>) -> Result<Solution<T>, CallError>,
) -> Result<(Call, Solution<T>, f64), Box<dyn Error>> {
    let by = method::<f64>(&args.method)?.call().clone();
    let begin = Instant::now();
    let clock = || begin.elapsed().as_secs_f64();
    let mut out = BufWriter::new(stdout().lock());
    let mut written = Ok(());
    let mut observe = |row: &Iteration| {
        if !args.json && row.iteration == 0 {
            written = write_head(&mut out, &format!("{head}, by {by}"));
        }
        if !args.json && written.is_ok() {
            written = write_row(&mut out, row);
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let options = Options {
        stop: Stop {
            gradient: args.gradient,
            evaluations: args.evaluations as usize,
            seconds: args.seconds.unwrap_or(f64::INFINITY),
            ..Stop::default()
        },
        clock: Some(&clock),
        observe: Some(&mut observe),
        ..Options::default()
    };
    let solution = minimize(&by, options)?;
    written?;
    Ok((by.clone(), solution, begin.elapsed().as_secs_f64()))
}

/// Anything but a solution is an error, which says why.
fn solved<T>(of: &Call, by: &Call, solution: &Solution<T>) -> Ending {
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

/// `more` is a line of what else is to be told.
fn write_end<T>(solution: &Solution<T>, more: Option<&str>, seconds: f64) -> io::Result<()> {
    let mut out = stdout().lock();
    let counts = solution.counts;
    writeln!(out, "\n{}: {}", solution.verdict.name(), solution.verdict)?;
    writeln!(out, "f       {:?}", solution.value)?;
    writeln!(out, "‖∇f‖∞   {:.3e}", solution.gradient_norm)?;
    if let Some(more) = more {
        writeln!(out, "{more}")?;
    }
    writeln!(
        out,
        "cost    {} iterations, {} values, {} gradients, {} products, {} Hessians, {seconds:.3} s",
        solution.iterations, counts.values, counts.gradients, counts.products, counts.hessians
    )
}

/// `all` with what any solution has.
fn write_json<T>(method: &Call, solution: &Solution<T>, mut all: Value) -> io::Result<()> {
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
    for (name, value) in [
        ("method", json!(method.to_string())),
        ("verdict", json!(solution.verdict.name())),
        ("sentence", json!(solution.verdict.to_string())),
        ("solved", json!(solution.is_solved())),
        ("value", json!(solution.value)),
        ("gradient_norm", json!(solution.gradient_norm)),
        ("iterations", json!(solution.iterations)),
        ("values", json!(counts.values)),
        ("gradients", json!(counts.gradients)),
        ("products", json!(counts.products)),
        ("hessians", json!(counts.hessians)),
        ("history", json!(history)),
    ] {
        all[name] = value;
    }
    writeln!(stdout().lock(), "{all:#}")
}
