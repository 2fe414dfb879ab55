//! A run that was saved goes on; what does not fit is refused.

use half::bf16;
use thalweg_optim::saved::{STEPS, Values};
use thalweg_optim::{Slot, Stored};

use crate::run::Run;
use crate::table::{Line, all, ensure, for_each};

const CALLS: u64 = 20;

fn goes_on<T: Stored>(line: &Line) -> Result<(), String> {
    let Some(mut through) = Run::<T>::new(line) else { return Ok(()) };
    let mut stops = Vec::new();
    for _ in 0..CALLS {
        stops.push((through.saved(), through.tensors.clone(), through.calls));
        through.step();
    }
    for (saved, tensors, calls) in stops {
        let mut run = Run { calls, ..Run::on(line, tensors).unwrap() };
        let mut shuffled = saved;
        shuffled.reverse();
        if !depends_on_order(line) {
            run.tensors.reverse();
        }
        run.restore(shuffled)?;
        run.steps(CALLS - calls);
        ensure!(run.bits() == through.bits(), "other parameters when resumed after {calls}");
        ensure!(run.state() == through.state(), "another state when resumed after {calls}");
    }
    Ok(())
}

/// Whether the order of the segments shows in the last bit: sums over all, and random rounding, which goes
/// by the place among all coordinates.
fn depends_on_order(line: &Line) -> bool {
    let text = line.to_string();
    let sums = ["clip_global_norm", "prodigy", "sam(", "project("];
    let rounds = ["slots=bf16", "rounding=stochastic"];
    sums.iter().chain(&rounds).any(|of| text.contains(of))
}

#[test]
fn a_run_goes_on_bit_for_bit_wherever_it_was_cut() {
    for_each(all(), |line| {
        goes_on::<f32>(line)?;
        goes_on::<f64>(line)?;
        goes_on::<bf16>(line)?;
        goes_on::<bf16>(&line.with("rounding", "stochastic"))
    });
}

/// A way to spoil a state, and what the error has to say of the piece.
type Damage = (fn(&mut Vec<Slot<'static>>, usize), &'static [&'static str]);

const DAMAGES: [Damage; 5] = [
    (|slots, i| slots[i].name.push('x'), &["'{}' is missing", "'{}x' is not known"]),
    (|slots, i| drop(slots.remove(i)), &["'{}' is missing"]),
    (
        |slots, i| {
            let name = format!("{}2", slots[i].name);
            slots.push(Slot { name, ..slots[i].clone() });
        },
        &["'{}2' is not known"],
    ),
    (
        |slots, i| {
            let shape = [&[1], &*slots[i].shape].concat();
            slots[i].shape = shape.into();
        },
        &["'{}' is [1"],
    ),
    (
        |slots, i| {
            let n = slots[i].values.len();
            slots[i].values = match slots[i].values {
                Values::U8(_) => Values::F32(vec![0.0; n].into()),
                _ => Values::U8(vec![0; n].into()),
            };
        },
        &["'{}' is kept in"],
    ),
];

#[test]
fn a_piece_that_is_renamed_missing_extra_reshaped_or_retyped_is_named_and_changes_nothing() {
    for_each(all(), |line| {
        let Some(mut saved) = Run::<f32>::new(line) else { return Ok(()) };
        saved.steps(3);
        let saved = saved.saved();
        let mut run = Run::<f32>::new(line).unwrap();
        run.step();
        let (bits, state) = (run.bits(), run.state());
        for (damage, messages) in DAMAGES {
            for i in 0..saved.len() {
                let name = &saved[i].name;
                // States of version 1 knew of no skipped steps.
                if name.ends_with("skipped") && messages[0].ends_with("missing") {
                    continue;
                }
                let mut damaged = saved.clone();
                damage(&mut damaged, i);
                let error = match run.restore(damaged) {
                    Ok(()) => return Err(format!("takes a state with another '{name}'")),
                    Err(error) => error,
                };
                for message in messages {
                    let message = message.replace("{}", name);
                    ensure!(error.contains(&message), "no \"{message}\" in \"{error}\"");
                }
                ensure!(run.bits() == bits && run.state() == state, "'{name}' has changed it");
            }
        }
        // Two differences are two messages.
        let mut damaged = saved;
        damaged.retain(|slot| slot.name != STEPS);
        damaged.push(Slot::number("@nothing".to_owned(), 0.0));
        let error = run.restore(damaged).unwrap_err();
        ensure!(error.contains("'@nothing' is not known"), "no @nothing in \"{error}\"");
        Ok(())
    });
}
