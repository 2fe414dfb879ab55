//! Gradients that are not finite, anywhere in a tensor.

use half::bf16;
use thalweg_optim::{NonFinite, Outcome, StepError, Stored};

use crate::run::{Piece, Run};
use crate::table::{Line, all, ensure, for_each, varied};

const POISONS: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

/// A run of two steps, and the gradient of the third with `value` at a place.
fn before<T: Stored>(line: &Line, tensor: usize, index: usize, value: f64) -> Run<T> {
    let mut run = Run::<T>::new(line).unwrap();
    run.steps(2);
    run.differentiate();
    run.tensors[tensor].g[index] = T::from_f64(value);
    run
}

fn same_without_skipped(a: Vec<Piece>, b: Vec<Piece>) -> bool {
    let counted = |pieces: Vec<Piece>| -> Vec<_> {
        pieces.into_iter().filter(|piece| !piece.name.ends_with("skipped")).collect()
    };
    counted(a) == counted(b)
}

fn at<T: Stored>(line: &Line, tensor: usize, index: usize, poison: f64) -> Result<(), String> {
    let mut zeroed = before::<T>(line, tensor, index, 0.0);
    zeroed.step_as_is().unwrap();
    let name = zeroed.tensors[tensor].name.clone();
    let is_found = |error: &StepError| {
        matches!(error, StepError::NonFinite { step: 3, segment, index: i, value }
            if *segment == name && *i == index && value.to_string() == poison.to_string())
    };
    for policy in ["stop", "refuse", "skip", "zero"] {
        let line = line.with("nonfinite", policy);
        let mut run = before::<T>(&line, tensor, index, poison);
        let (bits, state) = (run.bits(), run.state());
        let result = run.step_as_is();
        let unchanged = run.bits() == bits && same_without_skipped(run.state(), state);
        let as_zero = run.bits() == zeroed.bits() && run.state() == zeroed.state();
        let place = format!("{policy}, {poison} at {index} of {name}");
        match policy {
            "stop" | "refuse" => {
                let Err(error) = result else { return Err(format!("{place}: takes a step")) };
                ensure!(is_found(&error), "{place}: {error}");
                let first = policy == "refuse" || run.optimizer.measures_first();
                ensure!(if first { unchanged } else { as_zero }, "{place}: leaves something else");
            }
            "skip" => {
                let info = result.map_err(|error| format!("{place}: {error}"))?;
                let told = (info.outcome, info.skipped, info.step);
                ensure!(told == (Outcome::Skipped, 1, 2), "{place}: {told:?}");
                ensure!(unchanged, "{place}: changes something");
            }
            _ => {
                let info = result.map_err(|error| format!("{place}: {error}"))?;
                let told = (info.outcome, info.non_finite, info.step);
                ensure!(told == (Outcome::Taken, 1, 3), "{place}: {told:?}");
                ensure!(as_zero, "{place}: differs from a gradient of 0 there");
            }
        }
    }
    Ok(())
}

fn everywhere<T: Stored>(line: &Line) -> Result<(), String> {
    let Some(run) = Run::<T>::new(line) else { return Ok(()) };
    let mut count = 0;
    for (tensor, n) in run.tensors.iter().map(|tensor| tensor.p.len()).enumerate() {
        for index in 0..n {
            at::<T>(line, tensor, index, POISONS[count % 3])?;
            count += 1;
        }
    }
    Ok(())
}

#[test]
fn wherever_it_is_a_gradient_that_is_not_finite_does_what_the_policy_says() {
    let lines = varied().into_iter().filter(|line| line.takes("nonfinite"));
    for_each(lines.collect(), |line| {
        everywhere::<f32>(line)?;
        // Of other types, at the edges.
        let Some(_) = Run::<bf16>::new(line) else { return Ok(()) };
        for (tensor, index) in [(0, 0), (0, 19), (1, 18), (2, 0)] {
            at::<bf16>(line, tensor, index, f64::NAN)?;
            at::<bf16>(&line.with("rounding", "stochastic"), tensor, index, f64::INFINITY)?;
        }
        Ok(())
    });
}

/// Whatever is around: nothing that is not finite comes through, and a step that was refused or skipped has
/// changed nothing.
#[test]
fn nothing_that_is_not_finite_comes_through() {
    for_each(all(), |line| {
        let Some(mut run) = Run::<f32>::new(line) else { return Ok(()) };
        for call in 0..9 {
            run.differentiate();
            if call % 2 == 1 {
                run.tensors[call % 3].g[0] = POISONS[call % 3] as f32;
            }
            let bits = run.bits();
            let result = run.step_as_is();
            let refused = run.optimizer.measures_first()
                || matches!(run.optimizer.non_finite(), NonFinite::Refuse | NonFinite::Skip);
            if result.is_err() && refused && !line.is_within("accumulate") {
                ensure!(run.bits() == bits, "refuses, but moves");
            }
            let finite = run.tensors.iter().flat_map(|tensor| &tensor.p).all(|p| p.is_finite());
            ensure!(finite, "parameters after call {call}: {result:?}");
            for slot in run.optimizer.slots() {
                let finite = |values: &[f32]| values.iter().all(|x| x.is_finite());
                let holds = slot.values.of::<f32>().is_none_or(finite);
                // What is gathered is looked at when it is used.
                let gathers = line.is_within("accumulate");
                ensure!(holds || gathers, "{} after call {call}: {result:?}", slot.name);
            }
        }
        Ok(())
    });
}
