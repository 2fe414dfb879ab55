//! What is measured along with a step, and that measuring changes nothing.

use half::bf16;
use thalweg_optim::{Observe, Stored};

use crate::run::{Run, Tensor};
use crate::table::{Line, all, ensure, for_each, varied};

const LEVELS: [Observe; 3] = [Observe::Nothing, Observe::Norms, Observe::Rates];

fn changes_nothing<T: Stored>(line: &Line) -> Result<(), String> {
    let mut seen = Vec::new();
    for observe in LEVELS {
        let Some(mut run) = Run::<T>::new(line) else { return Ok(()) };
        run.optimizer.observe(observe);
        run.steps(8);
        seen.push((run.bits(), run.state()));
    }
    ensure!(seen.iter().all(|bits| *bits == seen[0]), "observing changes bits");
    Ok(())
}

#[test]
fn observing_changes_no_bit() {
    for_each(all(), |line| {
        changes_nothing::<f32>(line)?;
        changes_nothing::<f64>(line)?;
        changes_nothing::<bf16>(line)?;
        changes_nothing::<bf16>(&line.with("rounding", "stochastic"))
    });
}

fn norm<'a, T: Stored>(values: impl Iterator<Item = &'a T>) -> f64 {
    values.map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt()
}

fn tells_norms<T: Stored>(line: &Line) -> Result<(), String> {
    let Some(mut run) = Run::<T>::new(line) else { return Ok(()) };
    // The vector is longer than a chunk.
    run.tensors.push(Tensor::new("long", &[700]));
    run.optimizer.observe(Observe::Rates);
    for _ in 0..5 {
        let before: Vec<T> = run.tensors.iter().flat_map(|tensor| tensor.p.clone()).collect();
        let info = run.step();
        let after = run.tensors.iter().flat_map(|tensor| &tensor.p);
        let change: Vec<f64> =
            std::iter::zip(after.clone(), &before).map(|(a, b)| a.to_f64() - b.to_f64()).collect();
        let Some(norms) = info.norms else { return Err("no norms".to_owned()) };
        for (name, told, sum) in [
            ("gradient", info.gradient_norm.unwrap_or(f64::NAN), norm(gradients(&run))),
            ("parameters", norms.parameters, norm(after)),
            ("update", norms.update, norm(change.iter())),
        ] {
            // A change is a difference of rounded numbers.
            let close = (told - sum).abs() <= 1e-6 * sum;
            ensure!(close, "{name}: told {told}, but it is {sum}");
        }
        let clipped = clipped(line, &run);
        let close = (norms.clipped - clipped).abs() < 1e-12;
        ensure!(close, "told that {} are clipped, but {clipped} are", norms.clipped);
        // Quantiles of groups are not joined, and these are two groups.
        if line.is("muon") {
            continue;
        }
        let Some(rates) = info.rates else { return Err("no rates".to_owned()) };
        let rising = rates.windows(2).all(|pair| pair[0] <= pair[1]);
        ensure!(rising && rates[0] >= 0.0, "rates {rates:?}");
        // All coordinates are in the sample, as there are few.
        let each = std::iter::zip(gradients(&run), &change);
        let each = each.filter(|(g, _)| g.to_f64() != 0.0).map(|(g, c)| (c / g.to_f64()).abs());
        let largest = each.fold(0.0, f64::max);
        let close = (rates[4] - largest).abs() <= 1e-6 * largest;
        ensure!(close, "the largest rate is {largest}, not {}", rates[4]);
    }
    Ok(())
}

fn gradients<T: Stored>(run: &Run<T>) -> impl Iterator<Item = &T> {
    run.tensors.iter().flat_map(|tensor| &tensor.g)
}

/// The share of coordinates that clipping changes, for bounds of 0.2.
fn clipped<T: Stored>(line: &Line, run: &Run<T>) -> f64 {
    let all = gradients(run).count() as f64;
    if line.has("clip_value") {
        gradients(run).filter(|g| g.to_f64().abs() > 0.2).count() as f64 / all
    } else if line.has("clip_norm") {
        let clipped = run.tensors.iter().filter(|tensor| norm(tensor.g.iter()) > 0.2);
        clipped.map(|tensor| tensor.g.iter().filter(|g| g.to_f64() != 0.0).count()).sum::<usize>()
            as f64
            / all
    } else if line.has("clip_global_norm") {
        let bound = if line.to_string().contains("clip_global_norm=1") { 1.0 } else { 0.2 };
        f64::from(norm(gradients(run)) > bound)
    } else {
        0.0
    }
}

#[test]
fn the_norms_that_are_told_are_those_of_independent_sums() {
    let lines = varied().into_iter().filter(|line| line.takes("lr"));
    for_each(lines.collect(), |line| {
        tells_norms::<f32>(line)?;
        tells_norms::<f64>(line)
    });
}
