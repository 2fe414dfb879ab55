//! Parameters in bfloat16: beside a copy in `f32`, or rounded at random.

use half::bf16;
use thalweg_optim::{Gradient, Segment, Stored};

use crate::run::{Run, Tensor, bits};
use crate::table::{Line, all, bare, ensure, for_each, varied};

/// Tensors whose numbers are those of bfloat16.
fn exact<T: Stored>(line: &Line) -> Option<Run<T>> {
    let mut run = Run::<T>::new(line)?;
    for tensor in &mut run.tensors {
        let round = |p: &mut T| *p = T::from_f64(bf16::from_f64(p.to_f64()).to_f64());
        tensor.p.iter_mut().for_each(round);
    }
    Some(run)
}

/// Gradients that are the same wherever the parameters are, and numbers of bfloat16.
fn set_gradient<T: Stored>(run: &mut Run<T>, t: u32) {
    for tensor in &mut run.tensors {
        for (i, g) in tensor.g.iter_mut().enumerate() {
            *g = T::from_f64(bf16::from_f64(f64::from(t * 7 + i as u32).sin()).to_f64());
        }
    }
}

#[test]
fn beside_a_copy_parameters_are_the_nearest_to_those_in_f32() {
    // The slow weights of lookahead come back in the numbers that are stored, and so do projections.
    let comes_back = |line: &Line| line.is_within("lookahead") || line.is_within("project");
    let lines = all().into_iter().filter(|line| !comes_back(line));
    for_each(lines.collect(), |line| {
        let Some(mut single) = exact::<f32>(line) else { return Ok(()) };
        let mut half = exact::<bf16>(line).unwrap();
        for t in 0..12 {
            set_gradient(&mut single, t);
            set_gradient(&mut half, t);
            single.step_as_is().map_err(|error| error.to_string())?;
            half.step_as_is().map_err(|error| error.to_string())?;
            for (half, single) in std::iter::zip(&half.tensors, &single.tensors) {
                let nearest: Vec<bf16> = single.p.iter().map(|p| bf16::from_f32(*p)).collect();
                ensure!(bits(&half.p) == bits(&nearest), "step {t}: {} differs", half.name);
            }
        }
        Ok(())
    });
}

#[test]
fn gradients_in_f32_are_those_in_bf16_if_they_are_the_same_numbers() {
    for_each(varied(), |line| {
        let Some(mut half) = exact::<bf16>(line) else { return Ok(()) };
        let mut wide = exact::<bf16>(line).unwrap();
        for t in 0..5 {
            set_gradient(&mut half, t);
            half.step_as_is().map_err(|error| error.to_string())?;
            let gradients: Vec<Vec<f32>> = half
                .tensors
                .iter()
                .map(|tensor| tensor.g.iter().map(|g| g.to_f32()).collect())
                .collect();
            let mut segments: Vec<_> = std::iter::zip(&mut wide.tensors, &gradients)
                .map(|(Tensor { name, shape, p, .. }, g)| Segment {
                    name,
                    shape,
                    parameters: p,
                    gradient: Gradient::Wide(g),
                })
                .collect();
            wide.optimizer.step(&mut segments).map_err(|error| error.to_string())?;
            ensure!(half.bits() == wide.bits(), "other parameters at step {t}");
            ensure!(half.state() == wide.state(), "another state at step {t}");
        }
        Ok(())
    });
}

/// Eight steps that are large enough to show how they are rounded.
fn rounded(line: &Line, seed: u64) -> Option<Run<bf16>> {
    let line = line.with("rounding", "stochastic").with("seed", &seed.to_string());
    let mut run = exact(&line.with("d0", "0.01"))?;
    for t in 0..8 {
        set_gradient(&mut run, t);
        run.step_as_is().unwrap();
    }
    Some(run)
}

#[test]
fn random_rounding_is_the_same_for_the_same_seed_and_another_for_another() {
    for_each(varied(), |line| {
        let Some(run) = rounded(line, 3).filter(|_| line.takes("rounding")) else { return Ok(()) };
        let again = rounded(line, 3).unwrap();
        ensure!(run.bits() == again.bits() && run.state() == again.state(), "the seed is not all");
        ensure!(run.bits() != rounded(line, 4).unwrap().bits(), "the seed does nothing");
        Ok(())
    });
}

#[test]
fn random_rounding_has_the_right_mean() {
    const SEEDS: u32 = 600;
    let rounds = bare().into_iter().filter(|line| line.takes("rounding"));
    for_each(rounds.collect(), |line| {
        let mut single = exact::<f32>(line).unwrap();
        set_gradient(&mut single, 1);
        single.step_as_is().unwrap();
        let expected: Vec<f32> =
            single.tensors.iter().flat_map(|tensor| tensor.p.iter().copied()).collect();
        let mut sums = vec![0.0; expected.len()];
        for seed in 0..SEEDS {
            let line = line.with("rounding", "stochastic").with("seed", &seed.to_string());
            let mut half = exact::<bf16>(&line).unwrap();
            set_gradient(&mut half, 1);
            half.step_as_is().unwrap();
            let p = half.tensors.iter().flat_map(|tensor| &tensor.p);
            std::iter::zip(&mut sums, p).for_each(|(sum, p)| *sum += f64::from(p.to_f32()));
        }
        let mut off = 0.0;
        for (sum, expected) in std::iter::zip(sums, expected) {
            // It lies between two neighbours, the share x of the way from the lower to the upper.
            let lower = f32::from_bits(expected.to_bits() & 0xffff_0000);
            let upper = f32::from_bits(lower.to_bits() + 0x1_0000);
            let (lower, width) = (f64::from(lower), f64::from(upper) - f64::from(lower));
            let x = (f64::from(expected) - lower) / width;
            let deviation = width.abs() * (x * (1.0 - x) / f64::from(SEEDS)).sqrt();
            let error = sum / f64::from(SEEDS) - f64::from(expected);
            // Where one in hundreds is rounded the other way, a mean is seldom near a Gaussian: Bernstein's
            // inequality has the second term. The noise has 16 bits, so that a mean may be off by that.
            let bound =
                4.0 * deviation + (16.0 / 3.0 / f64::from(SEEDS) + 1.0 / 65536.0) * width.abs();
            ensure!(
                error.abs() <= bound,
                "the mean of {expected} is off by {error}, deviation = {deviation}"
            );
            off += error / width;
        }
        ensure!(off.abs() < 4.0 * (40.0 * 0.25 / f64::from(SEEDS)).sqrt(), "off by {off} in all");
        Ok(())
    });
}
