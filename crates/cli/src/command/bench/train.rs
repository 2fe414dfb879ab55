//! `thalweg bench train`: a whole training step, data included.

use std::error::Error;
use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::time::Instant;

use serde_json::json;
use thalweg_data::{Batching, Last, Source};
use thalweg_graph::Threads;
use thalweg_train::{Halt, Options, Task, Training, task};

use super::serve;
use crate::Ending;
use crate::args::BenchTrainArgs;

/// Steps before the clock starts: buffers are made and the processor reaches its speed.
const WARM_UP: u64 = 200;
/// Blocks whose median is printed.
const BLOCKS: usize = 25;
/// Steps of a block.
const BLOCK: u64 = 100;

pub fn train(args: &BenchTrainArgs) -> Ending {
    let task = task::<f32>(&args.task, &Source::Embedded)?;
    let batching = Batching { last: Last::Drop, ..Batching::of(args.batch as usize) };
    let threads = if args.threads > 1 { Threads::Pool } else { Threads::One };
    let options = Options { batching, threads, ..Options::of(&*task) };
    let mut training = Training::new(&*task, &args.optimizer, options)?;
    steps(&mut training, WARM_UP)?;
    if args.serve {
        return serve(&mut |what, n| match what {
            "go" => Ok(Some(steps(&mut training, n)?)),
            _ => Ok(None),
        });
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
