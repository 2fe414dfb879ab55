//! Numbers that are far from ordinary, and steps that come late.

use thalweg_optim::Slot;

use crate::run::Run;
use crate::table::{Line, all, ensure, for_each};

/// The same run as if its next step were that after t.
fn late(run: &mut Run<f32>, t: u64) {
    let mut saved = run.saved();
    for slot in &mut saved {
        if slot.name.starts_with('@') && slot.name.ends_with("steps") {
            *slot = Slot::number(slot.name.clone(), t as f64);
        }
    }
    run.restore(saved).unwrap();
}

fn stays_finite(line: &Line, size: f32, t: u64) -> Result<(), String> {
    let Some(mut run) = Run::<f32>::new(line) else { return Ok(()) };
    run.differentiate();
    for tensor in &mut run.tensors {
        tensor.g.iter_mut().for_each(|g| *g = size.copysign(*g));
    }
    // Until everything that is around has begun.
    for _ in 0..if line.is_alone() { 1 } else { 6 } {
        run.step_as_is().map_err(|error| error.to_string())?;
    }
    if t > 1 {
        late(&mut run, t);
    }
    for call in 0..6 {
        for tensor in &mut run.tensors {
            tensor.g.iter_mut().for_each(|g| *g = if call % 2 == 0 { -*g } else { *g });
        }
        run.step_as_is().map_err(|error| format!("at {size:e} after {t}: {error}"))?;
        let finite = run.tensors.iter().flat_map(|tensor| &tensor.p).all(|p| p.is_finite());
        ensure!(finite, "parameters of gradients of {size:e} after step {t}");
    }
    for slot in run.optimizer.slots() {
        let finite = |values: &[f32]| values.iter().all(|x| x.is_finite());
        let ok = slot.values.of::<f32>().is_none_or(finite);
        ensure!(ok, "{} of gradients of {size:e} after step {t}", slot.name);
    }
    Ok(())
}

#[test]
fn steps_stay_finite_however_late_and_whatever_the_size_of_the_gradient() {
    for_each(all(), |line| {
        // Sums of squares, over steps or over rows, hold only some of 1e19.
        let sums = ["adagrad", "shampoo", "soap"].iter().any(|word| line.is(word));
        let large = if sums { 1e18 } else { 1e19 };
        for size in [large, 1.0, 1e-30, 0.0] {
            for t in [1, 1_000_000, 1 << 31] {
                stays_finite(line, size, t)?;
            }
        }
        Ok(())
    });
}
