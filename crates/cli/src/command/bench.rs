//! `thalweg bench`: speed, measured where it is used.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::ops::ControlFlow;
use std::time::Instant;

use rayon::ThreadPoolBuilder;
use serde_json::json;
use thalweg_data::{Batching, Last, Source};
use thalweg_graph::Threads;
use thalweg_train::{Halt, Options, Task, Training, task};

use crate::Ending;
use crate::args::{BenchArgs, BenchTrainArgs};

/// Steps before the clock starts: buffers are made and the processor reaches its speed.
const WARM_UP: u64 = 200;
/// Blocks whose median is printed.
const BLOCKS: usize = 25;
/// Steps of a block.
const BLOCK: u64 = 100;

pub fn bench(args: BenchArgs) -> Ending {
    let BenchArgs::Train(args) = args;
    let threads = args.threads as usize;
    let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| bench_train(&args).map_err(|error| error.to_string()))?;
    Ok(())
}

fn bench_train(args: &BenchTrainArgs) -> Ending {
    let task = task::<f32>(&args.task, &Source::Embedded)?;
    let batching = Batching { last: Last::Drop, ..Batching::of(args.batch as usize) };
    let threads = if args.threads > 1 { Threads::Pool } else { Threads::One };
    let options = Options { batching, threads, ..Options::of(&*task) };
    let mut training = Training::new(&*task, &args.optimizer, options)?;
    steps(&mut training, WARM_UP)?;
    if args.serve {
        return serve(&mut training);
    }
    let mut seconds =
        (0..BLOCKS).map(|_| steps(&mut training, BLOCK)).collect::<Result<Vec<_>, _>>()?;
    seconds.sort_by(f64::total_cmp);
    let step = seconds[BLOCKS / 2] / BLOCK as f64;
    let example = step / args.batch as f64;
    let mut out = stdout().lock();
    if args.json {
        let row = json!({
            "task": Task::description(&*task).name,
            "optimizer": args.optimizer.to_string(),
            "batch": args.batch,
            "threads": args.threads,
            "step_us": step * 1e6,
            "ns_per_example": example * 1e9,
        });
        writeln!(out, "{row}")?;
    } else {
        writeln!(out, "{:.1} µs per step, {:.0} ns per example", step * 1e6, example * 1e9)?;
    }
    Ok(())
}

/// One answer for every line `go N`, until the input ends.
fn serve(training: &mut Training<'_, f32>) -> Ending {
    for line in stdin().lock().lines() {
        let line = line?;
        let n = line.strip_prefix("go ").and_then(|n| n.trim().parse().ok());
        let n = n.ok_or_else(|| format!("'{line}' is not 'go N'"))?;
        let seconds = steps(training, n)?;
        println!("{}", json!({"seconds": seconds, "steps": n}));
        stdout().flush()?;
    }
    Ok(())
}

/// Takes `n` steps, over as many epochs as that needs, and gives the seconds.
fn steps(training: &mut Training<'_, f32>, n: u64) -> Result<f64, Box<dyn Error>> {
    let mut left = n;
    let begin = Instant::now();
    while left > 0 {
        let ending = training.epoch(&mut |_| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match ending {
            Ok(()) | Err(Halt::Stopped) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(begin.elapsed().as_secs_f64())
}
