//! `thalweg bench`: speed, measured where it is used.

mod step;
mod train;

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};

use rayon::ThreadPoolBuilder;
use serde_json::json;

use crate::Ending;
use crate::args::BenchArgs;

pub fn bench(args: BenchArgs) -> Ending {
    let threads = match &args {
        BenchArgs::Train(args) => args.threads,
        BenchArgs::Step(args) => args.threads,
    };
    let pool = ThreadPoolBuilder::new().num_threads(threads as usize).build()?;
    let run = || match &args {
        BenchArgs::Train(args) => train::train(args),
        BenchArgs::Step(args) => step::step(args),
    };
    // An error may not travel between threads, but what it says may.
    pool.install(|| run().map_err(|error| error.to_string()))?;
    Ok(())
}

/// Seconds for so many of what a line on standard input names; `None` if it names nothing known.
type Timed<'a> = dyn FnMut(&str, u64) -> Result<Option<f64>, Box<dyn Error>> + 'a;

/// One answer for every line `go N`, until the input ends, so that a driver can take turns between programs.
fn serve(timed: &mut Timed<'_>) -> Ending {
    for line in stdin().lock().lines() {
        let line = line?;
        let wrong = || format!("'{line}' is not 'go N'");
        let (what, n) = line.split_once(' ').ok_or_else(wrong)?;
        let n = n.trim().parse().map_err(|_| wrong())?;
        let seconds = timed(what, n)?.ok_or_else(wrong)?;
        println!("{}", json!({"seconds": seconds, "steps": n}));
        stdout().flush()?;
    }
    Ok(())
}
