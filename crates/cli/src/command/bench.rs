//! `thalweg bench`: speed, measured where it is used.

mod memory;
mod newton;
mod step;
mod train;

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};

use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};

use crate::Ending;
use crate::args::BenchArgs;

pub fn bench(args: BenchArgs) -> Ending {
    let threads = match &args {
        BenchArgs::Train(args) => args.threads,
        BenchArgs::Step(args) => args.threads,
        BenchArgs::Newton(args) => args.threads,
    };
    let pool = ThreadPoolBuilder::new().num_threads(threads as usize).build()?;
    let run = || match &args {
        BenchArgs::Train(args) => train::train(args),
        BenchArgs::Step(args) => step::step(args),
        BenchArgs::Newton(args) => newton::newton_costs(args),
    };
    // An error may not travel between threads, but what it says may.
    pool.install(|| run().map_err(|error| error.to_string()))?;
    Ok(())
}

/// Seconds that a block should take at least.
const BLOCK: f64 = 0.1;
/// Blocks whose median is printed.
const BLOCKS: usize = 15;

/// What answers a line on standard input: a word, with a count behind it or without one; `None` if it means
/// nothing.
type Answer<'a> = dyn FnMut(&str, Option<u64>) -> Result<Option<Value>, Box<dyn Error>> + 'a;

/// One answer for every line, such as `go N`, until the input ends, so that a driver can take turns between
/// programs.
fn serve(answer: &mut Answer<'_>) -> Ending {
    for line in stdin().lock().lines() {
        let line = line?;
        let wrong = || format!("'{line}' is not 'go N'");
        let (what, count) = match line.trim().split_once(' ') {
            Some((what, count)) => (what, Some(count.trim().parse().map_err(|_| wrong())?)),
            None => (line.trim(), None),
        };
        println!("{}", answer(what, count)?.ok_or_else(wrong)?);
        stdout().flush()?;
    }
    Ok(())
}

/// The answer to `go N`.
fn timed(seconds: f64, steps: u64) -> Value {
    json!({"seconds": seconds, "steps": steps})
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
