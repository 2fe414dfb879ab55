//! The judge of `bench/minimize.py`: it holds the problem that all methods work on, and counts for all of them.
//!
//! Lines come in, and each is answered with a line of JSON:
//!
//! ```text
//! problems                          {"problems": ["rosenbrock", …]}
//! open wood 10                      {"start": […]}               from 10 times the start of the problem
//! at X                              {"value": f, "gradient": […], "over": false}
//! product X V                       {"product": […], "over": false}
//! thalweg lbfgs(memory=10)          {"evaluations": …, …}        what it took from the start of the problem
//! argmin lbfgs more-thuente 10      the same
//! result                            the same, of what was asked with `at` and `product` since `open`
//! overhead 1000000 10 20            {"seconds": …, "steps": 20, …}, see `overhead.rs`
//! ```

mod argmin_methods;
mod judge;
mod overhead;

use std::error::Error;
use std::io::{BufRead, stdin};

use thalweg_minimize::{Options, method};
use thalweg_surfaces::PROBLEMS;

use judge::{Judge, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut judge: Option<Judge> = None;
    for line in stdin().lock().lines() {
        println!("{}", answer(&line?, &mut judge)?);
    }
    Ok(())
}

fn answer(line: &str, judge: &mut Option<Judge>) -> Result<String, Box<dyn Error>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["problems"] => {
            let names = PROBLEMS.words.iter().map(|word| format!("{:?}", word.name));
            return Ok(format!("{{\"problems\": [{}]}}", names.collect::<Vec<_>>().join(", ")));
        }
        ["open", problem, factor] => {
            let opened = judge.insert(Judge::new(problem, factor.parse()?)?);
            return Ok(format!("{{\"start\": {}}}", json(opened.start())));
        }
        ["overhead", n, memory, steps] => {
            return Ok(overhead::of(n.parse()?, memory.parse()?, steps.parse()?)?);
        }
        _ => {}
    }
    let judge = judge.as_mut().ok_or_else(|| format!("no problem is open for '{line}'"))?;
    Ok(match words[..] {
        ["at", ref x @ ..] => {
            let x = numbers(x, judge.start().len())?;
            let (value, gradient) = judge.at(&x);
            let (value, gradient) = (json(&[value]), json(gradient));
            format!(
                "{{\"value\": {}, \"gradient\": {gradient}, \"over\": {}}}",
                &value[1..value.len() - 1],
                judge.is_over()
            )
        }
        ["product", ref both @ ..] => {
            let n = judge.start().len();
            let both = numbers(both, 2 * n)?;
            let mut product = vec![0.0; n];
            judge.product(&both[..n], &both[n..], &mut product);
            format!("{{\"product\": {}, \"over\": {}}}", json(&product), judge.is_over())
        }
        ["thalweg", ref call @ ..] => {
            judge.restart();
            let mut method = method::<f64>(&call.concat().parse()?)?;
            let start = judge.start().to_vec();
            match method.minimize(judge, &start, Options::default()) {
                Ok(solution) => judge.result(solution.verdict.name()),
                // The problem does not offer what the method needs.
                Err(error) => judge.result(&error.to_string()),
            }
        }
        ["argmin", direction, search, memory] => {
            judge.restart();
            let end = argmin_methods::run(direction, search, memory.parse()?, judge)?;
            judge.result(&end)
        }
        ["result"] => judge.result(""),
        _ => return Err(format!("'{line}' is not understood").into()),
    })
}

fn numbers(words: &[&str], count: usize) -> Result<Vec<f64>, Box<dyn Error>> {
    let numbers: Vec<f64> = words.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    if numbers.len() != count {
        return Err(format!("{} numbers where {count} belong", numbers.len()).into());
    }
    Ok(numbers)
}
