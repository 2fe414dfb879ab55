//! `thalweg bench train`: a whole training step, data included.

use std::error::Error;
use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::time::Instant;

use serde_json::json;
use thalweg_data::{Batching, Last, Source};
use thalweg_graph::Threads;
use thalweg_train::{Halt, Options, Task, Training, task};

use super::memory::Memory;
use super::{BLOCK, BLOCKS, median, serve, timed};
use crate::Ending;
use crate::args::BenchTrainArgs;

pub fn train(args: &BenchTrainArgs) -> Ending {
    let task = task::<f32>(&args.task, &Source::Embedded)?;
    let batching = Batching { last: Last::Drop, ..Batching::of(args.batch as usize) };
    let threads = if args.threads > 1 { Threads::Pool } else { Threads::One };
    let options = Options { batching, threads, ..Options::of(&*task) };
    // The data are there already.
    let memory = Memory::new();
    let mut training = Training::new(&*task, &args.optimizer, options)?;
    let about = |training: &Training<'_, f32>| {
        json!({
            "task": Task::description(&*task).name,
            "optimizer": args.optimizer.to_string(),
            "batch": args.batch,
            "threads": args.threads,
            "parameters": training.parameters().values().len(),
            "memory_bytes": memory.grown(),
            "flops_per_step": flops(training, args),
            "plan_bytes": training.plan(args.batch as usize).map(|plan| plan.peak_bytes()),
        })
    };
    if args.serve {
        return serve(&mut |what, count| match (what, count) {
            ("go", Some(n)) => Ok(Some(timed(steps(&mut training, n)?, n))),
            ("about", None) => Ok(Some(about(&training))),
            _ => Ok(None),
        });
    }
    let block = steps_of_a_block(&mut training)?;
    let mut seconds =
        (0..BLOCKS).map(|_| steps(&mut training, block)).collect::<Result<Vec<_>, _>>()?;
    let step = median(&mut seconds) / block as f64;
    let example = step / args.batch as f64;
    let mut out = stdout().lock();
    if args.json {
        let mut row = about(&training);
        row["step_us"] = (step * 1e6).into();
        row["ns_per_example"] = (example * 1e9).into();
        row["flops_per_second"] = flops(&training, args).map(|flops| flops as f64 / step).into();
        writeln!(out, "{row}")?;
    } else {
        write!(out, "{:.4} ms per step, {:.0} ns per example", step * 1e3, example * 1e9)?;
        if let Some(flops) = flops(&training, args) {
            write!(out, ", {:.1} GFLOP/s", flops as f64 / step / 1e9)?;
        }
        match memory.grown() {
            Some(bytes) => writeln!(out, ", {:.1} MiB beside the data", bytes as f64 / 1048576.0)?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

/// The floating-point operations of a step without those of the optimizer.
fn flops(training: &Training<'_, f32>, args: &BenchTrainArgs) -> Option<u64> {
    training.plan(args.batch as usize).map(|plan| plan.flops())
}

/// Takes twice as many steps until they fill a block. That also warms up: buffers are made and the processor
/// reaches its speed.
fn steps_of_a_block(training: &mut Training<'_, f32>) -> Result<u64, Box<dyn Error>> {
    let mut n = 1;
    while steps(training, n)? < BLOCK {
        n *= 2;
    }
    Ok(n)
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
