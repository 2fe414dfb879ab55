//! What does not move.

use half::bf16;
use thalweg_optim::Stored;

use crate::run::{Run, bits};
use crate::table::{Line, all, ensure, for_each};

fn rests_without_rate<T: Stored>(line: &Line) -> Result<(), String> {
    let Some(mut run) = Run::<T>::new(&line.with("lr", "0").with("adam_lr", "0")) else {
        return Ok(());
    };
    let start = run.bits();
    for _ in 0..5 {
        run.step();
        ensure!(run.bits() == start, "moves at a rate of 0");
    }
    Ok(())
}

#[test]
fn a_rate_of_0_moves_nothing() {
    // Their second member has a rate of its own; what starts outside a set is put into it.
    let moves = |line: &Line| line.to_string().contains("layer1") || line.is_within("project");
    let lines = all().into_iter().filter(|line| !moves(line));
    for_each(lines.collect(), |line| {
        rests_without_rate::<f32>(line)?;
        rests_without_rate::<f64>(line)?;
        rests_without_rate::<bf16>(line)?;
        rests_without_rate::<bf16>(&line.with("rounding", "stochastic"))
    });
}

fn rests_without_gradient<T: Stored>(line: &Line) -> Result<(), String> {
    let line = line.with("weight_decay", "0").with("noise", "0").with("initial", "0");
    let Some(mut run) = Run::<T>::new(&line) else { return Ok(()) };
    let start = run.bits();
    for _ in 0..5 {
        run.step_as_is().map_err(|error| error.to_string())?;
        ensure!(run.bits() == start, "moves by a gradient of 0");
    }
    Ok(())
}

#[test]
fn a_gradient_of_0_moves_nothing_without_decay() {
    let lines = all().into_iter().filter(|line| !line.is_within("project"));
    for_each(lines.collect(), |line| {
        rests_without_gradient::<f32>(line)?;
        rests_without_gradient::<f64>(line)?;
        rests_without_gradient::<bf16>(line)?;
        rests_without_gradient::<bf16>(&line.with("rounding", "stochastic"))
    });
}

#[test]
fn yogi_that_starts_away_from_0_moves_a_little_without_a_gradient() {
    let line = all().into_iter().find(|line| line.is("yogi")).unwrap().with("lr", "0.1");
    let mut run = Run::<f64>::new(&line).unwrap();
    let start = run.tensors[0].p[0];
    for _ in 0..1000 {
        run.step_as_is().unwrap();
    }
    let moved = start - run.tensors[0].p[0];
    assert!(0.0 < moved && moved < 0.1 * 0.01, "{moved}");
}

/// Two of three steps go without one of the tensors.
fn rests_where_missing<T: Stored>(line: &Line) -> Result<(), String> {
    let Some(mut run) = Run::<T>::new(line) else { return Ok(()) };
    // What is gathered moves with the gradients of other calls.
    if line.is_within("accumulate") {
        return Ok(());
    }
    // What is averaged or pulled back is so with or without a gradient.
    let pulls = line.is_within("lookahead") || line.is_within("project");
    let averages = pulls || line.is_within("ema") || line.is_within("swa");
    for call in 0..12 {
        let missing = call % 4;
        for (i, tensor) in run.tensors.iter_mut().enumerate() {
            tensor.missing = call % 3 != 0 && i == missing;
        }
        let before = bits(&run.tensors[missing].p);
        let state = run.state();
        run.step();
        if call % 3 == 0 {
            continue;
        }
        let Run { tensors, .. } = &run;
        let name = &tensors[missing].name;
        ensure!(pulls || bits(&tensors[missing].p) == before, "moves {name} without a gradient");
        // At the first step the state of a segment begins.
        if call == 0 || averages {
            continue;
        }
        let own = |state: Vec<crate::run::Piece>| -> Vec<_> {
            state.into_iter().filter(|piece| piece.is_of(name)).collect()
        };
        ensure!(own(run.state()) == own(state), "has another state of {name} without a gradient");
    }
    Ok(())
}

#[test]
fn a_tensor_without_a_gradient_stays_and_so_does_its_state() {
    for_each(all(), |line| {
        rests_where_missing::<f32>(line)?;
        rests_where_missing::<f64>(line)?;
        rests_where_missing::<bf16>(line)?;
        rests_where_missing::<bf16>(&line.with("rounding", "stochastic"))
    });
}
