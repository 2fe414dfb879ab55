//! `thalweg bench step`: the step of an optimizer by itself, beside what memory allows.
//!
//! The limit is the bytes that the step has to move, θ and slots read and written and g read, at the speed
//! at which this machine reads, changes and writes as many bytes in one sweep over long vectors.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Instant;

use rayon::prelude::*;
use serde_json::json;
use thalweg_optim::{Level, Optimizer, Segment, Segments, Stored, bf16, optimizer};

use super::{BLOCK, BLOCKS, median, serve, timed};
use crate::Ending;
use crate::args::{BenchStepArgs, NumberType};

pub fn step(args: &BenchStepArgs) -> Ending {
    match args.dtype {
        NumberType::F32 => Bench::<f32>::new(args)?.run(args),
        NumberType::F64 => Bench::<f64>::new(args)?.run(args),
        NumberType::Bf16 => Bench::<bf16>::new(args)?.run(args),
    }
}

/// Parameters with fixed gradients, and an optimizer for them.
struct Bench<T: Stored> {
    optimizer: Box<dyn Optimizer<T>>,
    names: Vec<String>,
    shape: Vec<usize>,
    parameters: Vec<T>,
    gradients: Vec<T>,
    /// What the sweep goes over.
    swept: Vec<f32>,
    level: Level,
}

impl<T: Stored> Bench<T> {
    fn new(args: &BenchStepArgs) -> Result<Bench<T>, Box<dyn Error>> {
        let tensors = args.tensors as usize;
        let shape = match (&args.shape, args.params) {
            (Some(shape), _) => shape.0.clone(),
            (None, params) if params.is_multiple_of(args.tensors) => {
                vec![(params / args.tensors) as usize]
            }
            (None, params) => {
                let message = "parameters cannot be shared out evenly among";
                return Err(format!("{params} {message} {tensors} tensors").into());
            }
        };
        let length = shape.iter().product::<usize>() * tensors;
        let optimizer = optimizer::<T>(&args.optimizer, None)?;
        // Neither the time of a step nor that of a sweep depends on the values, as long as they are usual
        // numbers.
        let wave = |scale: f64, at: f64| {
            let value = move |i: usize| T::from_f64(scale * (0.7 * i as f64 + at).sin());
            (0..length).into_par_iter().map(value).collect::<Vec<T>>()
        };
        let bytes = optimizer.step_bytes() * length as f64;
        // A number read, changed and written moves eight bytes.
        let swept = vec![1.0f32; (bytes / 8.0).ceil() as usize];
        Ok(Bench {
            optimizer,
            names: (0..tensors).map(|i| format!("tensor{i}")).collect(),
            shape,
            parameters: wave(1.0, 0.1),
            gradients: wave(0.01, 0.5),
            swept,
            level: Level::widest(),
        })
    }

    fn run(mut self, args: &BenchStepArgs) -> Ending {
        let once = self.steps(3)? / 3.0;
        if args.serve {
            return serve(&mut |what, count| match (what, count) {
                ("go", Some(n)) => Ok(Some(timed(self.steps(n)?, n))),
                ("sweep", Some(n)) => Ok(Some(timed(self.sweeps(n), n))),
                _ => Ok(None),
            });
        }
        let steps = (BLOCK / once).clamp(1.0, 1e5) as u64;
        let sweeps = (BLOCK / self.sweeps(1)).clamp(1.0, 1e5) as u64;
        let (mut of_steps, mut of_sweeps) = (Vec::new(), Vec::new());
        for _ in 0..BLOCKS {
            of_steps.push(self.steps(steps)? / steps as f64);
            of_sweeps.push(self.sweeps(sweeps) / sweeps as f64);
        }
        let (step, sweep) = (median(&mut of_steps), median(&mut of_sweeps));
        self.print(args, step, sweep)
    }

    fn print(&self, args: &BenchStepArgs, step: f64, sweep: f64) -> Ending {
        let parameters = self.parameters.len() as f64;
        let bytes = self.optimizer.step_bytes();
        let (nanoseconds, speed) = (step / parameters * 1e9, bytes * parameters / step / 1e9);
        let fraction = sweep / step;
        let mut out = stdout().lock();
        if args.json {
            let row = json!({
                "optimizer": args.optimizer.to_string(),
                "parameters": self.parameters.len(),
                "tensors": self.names.len(),
                "shape": self.shape,
                "dtype": T::NAME,
                "threads": args.threads,
                "ns_per_parameter": nanoseconds,
                "bytes_per_parameter": bytes,
                "gb_per_s": speed,
                "sweep_gb_per_s": bytes * parameters / sweep / 1e9,
                "fraction_of_sweep": fraction,
            });
            writeln!(out, "{row}")?;
        } else {
            writeln!(
                out,
                "{nanoseconds:.3} ns per parameter; {speed:.1} GB/s at {bytes:.4} bytes per parameter; {:.0} % of a sweep over the same bytes",
                100.0 * fraction
            )?;
        }
        Ok(())
    }

    /// Takes `n` steps and gives the seconds.
    fn steps(&mut self, n: u64) -> Result<f64, Box<dyn Error>> {
        let Bench { optimizer, names, shape, parameters, gradients, .. } = self;
        let length = shape.iter().product::<usize>().max(1);
        let pieces = std::iter::zip(parameters.chunks_mut(length), gradients.chunks(length));
        let mut segments: Vec<Segment<'_, T>> = std::iter::zip(names, pieces)
            .map(|(name, (parameters, gradient))| Segment {
                name,
                shape,
                parameters,
                gradient: gradient.into(),
            })
            .collect();
        let segments: &mut dyn Segments<T> = &mut segments;
        let begin = Instant::now();
        for _ in 0..n {
            optimizer.step(segments)?;
        }
        Ok(begin.elapsed().as_secs_f64())
    }

    /// Reads, changes and writes as many bytes as a step must move, `n` times, and gives the seconds.
    fn sweeps(&mut self, n: u64) -> f64 {
        let level = self.level;
        let begin = Instant::now();
        for _ in 0..n {
            self.swept.par_chunks_mut(1 << 15).for_each(|chunk| {
                level.run(
                    #[inline(always)]
                    || chunk.iter_mut().for_each(|x| *x = *x * 0.999 + 0.001),
                );
            });
        }
        begin.elapsed().as_secs_f64()
    }
}
