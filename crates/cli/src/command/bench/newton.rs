//! `thalweg bench newton`: what a Newton step costs as a network grows, beside a gradient and a step of L-BFGS.
//!
//! ```text
//! H: n products H·eᵢ          factor: LDLᵀ, n³/3 multiplications          bytes: 8n² for H, as many for the factors
//! ```
//!
//! Networks are 784-h-10 of rectified units on Fashion-MNIST, J is over the whole training set, numbers are `f64`. H
//! is made in full for the smallest of them; what is factored are its leading principal parts, Hessians by some of
//! the parameters, since the time depends on the size alone. Times are then fitted by c·nᵏ and read at the sizes of
//! the networks that are tasks here.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Instant;

use serde_json::json;
use thalweg_calls::Call;
use thalweg_data::Source;
use thalweg_graph::Threads;
use thalweg_minimize::direction::{Direction, Point, newton};
use thalweg_minimize::{Counted, Gradient, Hessian, Products, function, steps};
use thalweg_train::{Curvature, Loss, Options, Set, Task, task};

use super::median;
use crate::Ending;
use crate::args::BenchNewtonArgs;

/// The hidden units of the networks. In the first, whose H is made in full, reading the examples is what takes time;
/// it is in no fit.
const HIDDEN: [usize; 5] = [1, 64, 128, 256, 512];
/// Sizes of what is factored, parts of the first network's parameters.
const FACTORED: [usize; 4] = [200, 400, 600, 800];
/// The networks that are asked about.
const ASKED: [&str; 4] = ["fashion-mlp", "fashion-2c2d", "char-lstm", "char-gpt"];
/// How often each is timed.
const ROUNDS: usize = 5;

/// The times of one network, in seconds.
struct Row {
    n: usize,
    gradient: f64,
    lbfgs: f64,
    product: f64,
}

pub fn newton_costs(args: &BenchNewtonArgs) -> Ending {
    let threads = if args.threads > 1 { Threads::Pool } else { Threads::One };
    let mut rows = Vec::new();
    let (mut hessian, mut built, mut factored) = (Vec::new(), 0.0, Vec::new());
    let mut examples = 0;
    for hidden in HIDDEN {
        let call = format!("fashion-mlp(hidden={hidden})").parse()?;
        let task = task::<f64>(&call, &Source::Embedded)?;
        let options = Options { threads, seed: 1, ..Options::of(&*task) };
        let mut loss = Loss::new(&*task, &options, Curvature::Hessian)?;
        let start = loss.start().to_vec();
        examples = task.examples(Set::Train);
        rows.push(row(&mut loss, &start)?);
        if hessian.is_empty() {
            let n = start.len();
            hessian = vec![0.0; n * n];
            let begin = Instant::now();
            loss.hessian(&start, &mut hessian);
            built = begin.elapsed().as_secs_f64();
            factored = FACTORED.iter().map(|&part| (part, factor(&hessian, n, part))).collect();
        }
    }
    let of = |time: fn(&Row) -> f64| {
        fit(&rows[1..].iter().map(|row| (row.n as f64, time(row))).collect::<Vec<_>>())
    };
    let gradient = of(|row| row.gradient);
    let whole = of(|row| row.n as f64 * row.product);
    let points: Vec<_> = factored.iter().map(|&(n, seconds)| (n as f64, seconds)).collect();
    let factor = fit(&points);
    let asked = ASKED.map(|name| parameters(name).map(|n| (name, n)));
    let asked = asked.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut out = stdout().lock();
    if args.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|Row { n, gradient, lbfgs, product }| {
                json!({
                    "n": n, "gradient_seconds": gradient, "lbfgs_step_seconds": lbfgs,
                    "product_seconds": product, "hessian_seconds": *n as f64 * product,
                    "hessian_bytes": bytes(*n),
                })
            })
            .collect();
        let asked: Vec<_> = asked
            .iter()
            .map(|&(name, n)| {
                json!({
                    "task": name, "n": n, "hessian_seconds": whole.at(n), "factor_seconds": factor.at(n),
                    "gradient_seconds": gradient.at(n), "hessian_bytes": bytes(n),
                })
            })
            .collect();
        let all = json!({
            "examples": examples, "threads": args.threads, "networks": rows,
            "built": {"n": rows[0]["n"], "seconds": built},
            "factored": points,
            "exponents": {"gradient": gradient.power, "hessian": whole.power, "factor": factor.power},
            "extrapolated": asked,
        });
        writeln!(out, "{all:#}")?;
        return Ok(());
    }
    writeln!(
        out,
        "A Newton step on J of a 784-h-10 network over {examples} examples, f64, threads: {}\n",
        args.threads
    )?;
    writeln!(
        out,
        "{:>10}  {:>10}  {:>11}  {:>10}  {:>14}  {:>10}",
        "n", "gradient", "L-BFGS step", "product", "H: n products", "H in bytes"
    )?;
    for Row { n, gradient, lbfgs, product } in &rows {
        writeln!(
            out,
            "{n:>10}  {:>10}  {:>11}  {:>10}  {:>14}  {:>10.3e}",
            duration(*gradient),
            duration(*lbfgs),
            duration(*product),
            duration(*n as f64 * product),
            bytes(*n)
        )?;
    }
    writeln!(out, "\nall of H for n = {}: {}", rows[0].n, duration(built))?;
    for (n, seconds) in &factored {
        writeln!(out, "factors for n = {n}: {}", duration(*seconds))?;
    }
    writeln!(
        out,
        "\nfitted: gradient ~ n^{:.2}, H ~ n^{:.2}, factors ~ n^{:.2}; extrapolated:\n",
        gradient.power, whole.power, factor.power
    )?;
    writeln!(
        out,
        "{:<14}{:>10}  {:>10}  {:>12}  {:>12}  {:>10}  {:>18}",
        "task", "n", "gradient", "H", "factors", "H in bytes", "a step in gradients"
    )?;
    for (name, n) in asked {
        let (first, second) = (whole.at(n), factor.at(n));
        writeln!(
            out,
            "{name:<14}{n:>10}  {:>10}  {:>12}  {:>12}  {:>10.3e}  {:>19.2e}",
            duration(gradient.at(n)),
            duration(first),
            duration(second),
            bytes(n),
            (first + second) / gradient.at(n)
        )?;
    }
    Ok(())
}

fn row(loss: &mut Loss<'_, f64>, start: &[f64]) -> Result<Row, Box<dyn Error>> {
    let n = start.len();
    let (mut g, mut hv, v) = (vec![0.0; n], vec![0.0; n], vec![1.0; n]);
    let gradient = timed(|| {
        loss.value_and_gradient(start, &mut g);
    });
    let product = timed(|| loss.product(start, &v, &mut hv));
    let mut lbfgs = steps::<f64>(&"lbfgs".parse()?, start)?;
    let mut is_new = true;
    // Until the memory is full, a step is cheaper.
    for _ in 0..10 {
        lbfgs.step(loss, is_new);
        is_new = false;
    }
    let lbfgs = timed(|| {
        lbfgs.step(loss, false);
    });
    Ok(Row { n, gradient, lbfgs, product })
}

/// The seconds of Newton's direction by the first `part` of `n` parameters, once H is known.
fn factor(hessian: &[f64], n: usize, part: usize) -> f64 {
    let rows = hessian.chunks_exact(n).take(part);
    let h: Vec<f64> = rows.flat_map(|row| &row[..part]).copied().collect();
    let zeros = vec![0.0; part];
    let objective = function(part, |_: &[f64], _: &mut [f64]| 0.0);
    let mut objective = objective.with_hessian(|_: &[f64], to: &mut [f64]| to.copy_from_slice(&h));
    let (mut direction, mut d) = (newton::<f64>(), vec![0.0; part]);
    type Known<'a> = dyn Hessian<f64> + 'a;
    Direction::<f64, Known<'_>>::start(&mut direction, part);
    let point = Point { x: &zeros, g: &zeros, value: 0.0 };
    let mut counted = Counted::new(&mut objective as &mut Known<'_>);
    timed(|| {
        direction.next(None, point, &mut counted, &mut d);
    })
}

/// The median of some rounds, after one that warms up.
fn timed(mut work: impl FnMut()) -> f64 {
    work();
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed().as_secs_f64()
        })
        .collect();
    median(&mut seconds)
}

/// c·nᵏ
struct Power {
    /// ln c
    ln_factor: f64,
    /// k
    power: f64,
}

impl Power {
    fn at(&self, n: usize) -> f64 {
        (self.ln_factor + self.power * (n as f64).ln()).exp()
    }
}

/// Least squares in logarithms.
fn fit(points: &[(f64, f64)]) -> Power {
    let count = points.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(&|(n, _)| n.ln()), mean(&|(_, t)| t.ln()));
    let with = mean(&|(n, t)| (n.ln() - x) * (t.ln() - y));
    let power = with / mean(&|(n, _)| (n.ln() - x).powi(2));
    Power { ln_factor: y - power * x, power }
}

/// Of H in `f64`.
fn bytes(n: usize) -> f64 {
    8.0 * (n as f64).powi(2)
}

fn parameters(name: &str) -> Result<usize, Box<dyn Error>> {
    let task = task::<f64>(&Call::bare(name), &Source::Embedded)?;
    let graph = Task::model(&*task, 1)?.graph;
    Ok(graph.parameters().map(|tensor| graph.shape(tensor).elements()).sum())
}

/// Seconds with a unit that people can imagine.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 2.0 * 86_400.0 => format!("{:.1} h", s / 3600.0),
        s if s < 2.0 * 31_557_600.0 => format!("{:.0} days", s / 86_400.0),
        s => format!("{:.0} years", s / 31_557_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_is_found_again() {
        let points: Vec<_> = [2.0, 5.0, 11.0].map(|n: f64| (n, 0.3 * n.powf(2.5))).into();
        let found = fit(&points);
        assert!((found.power - 2.5).abs() < 1e-12);
        assert!((found.at(100) / 0.3e5 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn durations_have_units_of_their_size() {
        let written = [2e-5, 0.25, 30.0, 1800.0, 36_000.0, 1e6, 1e9].map(duration);
        assert_eq!(
            written,
            ["20.0 µs", "250.00 ms", "30.0 s", "30 min", "10.0 h", "12 days", "32 years"]
        );
    }
}
