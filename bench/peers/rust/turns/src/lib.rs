//! The side of a peer in `bench/turns.py`: for each line `go N` on the input, N steps and one line with
//! the seconds they took.

use std::env;
use std::error::Error;
use std::io::{BufRead, stdin};
use std::time::Instant;

/// What a peer is asked to step.
pub struct Task {
    /// The optimizer by its name in `bench/optimizer_step.py`: `adamw`, `lion`, …
    pub optimizer: String,
    /// The shape of each tensor: of one dimension by `--params`, of two by `--shape`.
    pub shape: Vec<usize>,
    /// How many tensors of that shape.
    pub tensors: usize,
}

/// Reads `--optimizer NAME (--params N | --shape RxC) --tensors K`, where N is over all tensors.
pub fn task() -> Result<Task, Box<dyn Error>> {
    let (mut optimizer, mut params, mut shape, mut tensors) = ("adamw".to_string(), 0, vec![], 1);
    let mut arguments = env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--optimizer" => optimizer = value,
            "--params" => params = value.parse()?,
            "--tensors" => tensors = value.parse()?,
            "--shape" => shape = value.split('x').map(str::parse).collect::<Result<_, _>>()?,
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    if shape.is_empty() {
        if tensors == 0 || params == 0 || params % tensors != 0 {
            return Err(format!("{params} parameters cannot fill {tensors} equal tensors").into());
        }
        shape = vec![params / tensors];
    }
    Ok(Task { optimizer, shape, tensors })
}

/// Answers every line until the input ends; `step` takes one step.
pub fn serve(mut step: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    for line in stdin().lock().lines() {
        let line = line?;
        let steps = line.strip_prefix("go ").and_then(|n| n.trim().parse::<u64>().ok());
        let steps = steps.ok_or_else(|| format!("'{line}' is not 'go N'"))?;
        let begin = Instant::now();
        for _ in 0..steps {
            step()?;
        }
        let seconds = begin.elapsed().as_secs_f64();
        println!("{{\"seconds\": {seconds}, \"steps\": {steps}}}");
    }
    Ok(())
}
