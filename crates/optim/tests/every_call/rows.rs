//! Sparse gradients: some rows of a tensor.

use std::collections::BTreeMap;

use half::bf16;
use proptest::prelude::*;
use thalweg_optim::saved::Values;
use thalweg_optim::{Gradient, Segment, Slot, StepError, StepInfo, Stored, coalesce};

use crate::run::{Piece, Run, Tensor, bits};
use crate::table::{Line, ensure, for_each, varied};

const ROWS: [usize; 4] = [0, 3, 4, 8];
const SHAPE: [usize; 2] = [9, 5];
const WIDTH: usize = SHAPE[1];

fn table<T: Stored>(line: &Line) -> Option<Run<T>> {
    Run::on(line, vec![Tensor::new("table", &SHAPE)])
}

/// A step with those rows of the gradient.
fn step<T: Stored>(run: &mut Run<T>) -> Result<StepInfo, StepError> {
    run.calls += 1;
    run.differentiate();
    let Tensor { name, shape, p, g, .. } = &mut run.tensors[0];
    let values = listed(g);
    let gradient = Gradient::Rows { rows: &ROWS, values: &values };
    run.optimizer.step(&mut [Segment { name, shape, parameters: p, gradient }])
}

fn listed<T: Copy>(of_all: &[T]) -> Vec<T> {
    ROWS.iter().flat_map(|row| &of_all[row * WIDTH..][..WIDTH]).copied().collect()
}

fn unlisted<T: Copy>(of_all: &[T]) -> Vec<T> {
    let rows = (0..SHAPE[0]).filter(|row| !ROWS.contains(row));
    rows.flat_map(|row| &of_all[row * WIDTH..][..WIDTH]).copied().collect()
}

/// Whether the rule is one of coordinates, kept so that rows can be told apart.
pub fn takes_rows<T: Stored>(line: &Line) -> bool {
    table::<T>(line).is_some_and(|mut run| step(&mut run).is_ok())
}

/// Values of a slot that has one for each coordinate.
fn values(slots: &[Slot<'static>], name: &str) -> Vec<u64> {
    let slot = slots.iter().find(|slot| slot.name == name).unwrap();
    match &slot.values {
        Values::F32(values) => bits(values),
        Values::F64(values) => bits(values),
        Values::Bf16(values) => bits(values),
        Values::U8(_) => unreachable!("8-bit slots take no rows"),
    }
}

fn is_lazy<T: Stored>(line: &Line) -> Result<(), String> {
    let Some(mut run) = table::<T>(line) else { return Ok(()) };
    // Rows that have a state, then some steps for a few of them.
    run.steps(3);
    let (p, state, slots) = (run.tensors[0].p.clone(), run.state(), run.saved());
    let of_rows = |tensor: &Tensor<T>| {
        let mut rows = Tensor::new("table", &[ROWS.len(), WIDTH]);
        rows.p = listed(&tensor.p);
        rows
    };
    let mut alone = Run::on(line, vec![of_rows(&run.tensors[0])]).unwrap();
    match step(&mut run) {
        Ok(_) => {}
        Err(error @ StepError::Rows { .. }) => {
            let refused = ["make it dense", "8-bit slots are kept in blocks across rows"];
            let error = error.to_string();
            ensure!(refused.iter().any(|why| error.contains(why)), "{error}");
            ensure!(run.tensors[0].p == p && run.state() == state, "refused, but changed");
            return Ok(());
        }
        Err(error) => return Err(error.to_string()),
    }
    // The state of those rows is the start of a run of theirs.
    let own = |slot: &Slot<'static>| {
        let mut slot = slot.clone();
        if slot.name.starts_with("table.") {
            slot.shape = vec![ROWS.len(), WIDTH].into();
            slot.values = match &slot.values {
                Values::F32(values) => Values::F32(listed(values).into()),
                Values::F64(values) => Values::F64(listed(values).into()),
                Values::Bf16(values) => Values::Bf16(listed(values).into()),
                Values::U8(_) => unreachable!("8-bit slots take no rows"),
            };
        }
        slot
    };
    alone.restore(slots.iter().map(own).collect())?;
    alone.tensors[0].g = listed(&run.tensors[0].g);
    alone.step_as_is().map_err(|error| error.to_string())?;
    for _ in 0..2 {
        step(&mut run).unwrap();
        alone.tensors[0].g = listed(&run.tensors[0].g);
        alone.step_as_is().unwrap();
    }
    let after = run.saved();
    let names = slots.iter().map(|slot| &slot.name).filter(|name| name.starts_with("table."));
    ensure!(unlisted(&bits(&run.tensors[0].p)) == unlisted(&bits(&p)), "moves other rows");
    for name in names.clone() {
        let (before, now) = (values(&slots, name), values(&after, name));
        ensure!(unlisted(&before) == unlisted(&now), "changes {name} of other rows");
    }
    // Random rounding goes by the place, which is another in a tensor of these rows alone.
    if line.has("slots") || line.has("rounding") {
        return Ok(());
    }
    ensure!(bits(&listed(&run.tensors[0].p)) == bits(&alone.tensors[0].p), "other listed rows");
    let alone = alone.saved();
    for name in names {
        let same = listed(&values(&after, name)) == values(&alone, name);
        ensure!(same, "another {name} of listed rows");
    }
    Ok(())
}

#[test]
fn rows_that_are_not_listed_stay_and_those_that_are_step_as_if_alone() {
    for_each(varied(), |line| {
        is_lazy::<f32>(line)?;
        is_lazy::<f64>(line)?;
        is_lazy::<bf16>(line)?;
        is_lazy::<bf16>(&line.with("rounding", "stochastic"))
    });
    let taken = varied().iter().filter(|line| takes_rows::<f32>(line)).count();
    assert!(2 * taken > varied().len(), "only {taken} of {} take rows", varied().len());
}

#[test]
fn whole_tensor_rules_and_8_bit_slots_refuse_rows() {
    for line in varied() {
        let whole = ["lars", "lamb", "adafactor", "prodigy"].iter().any(|word| line.is(word));
        let whole = whole || line.has("clip_adaptive") || line.has("cautious");
        if whole && table::<f32>(&line).is_some() {
            assert!(!takes_rows::<f32>(&line), "{line}");
        }
        if line.to_string().starts_with("adam(lr=0.05, slots=int8") {
            assert!(!takes_rows::<f32>(&line), "{line}");
        }
    }
}

/// Where a gradient of 0 changes nothing, sparse is dense.
fn is_dense<T: Stored>(line: &Line) -> Result<(), String> {
    let (mut sparse, mut dense) = (table::<T>(line).unwrap(), table::<T>(line).unwrap());
    for _ in 0..5 {
        step(&mut sparse).map_err(|error| error.to_string())?;
        dense.tensors[0].g.clone_from(&sparse.tensors[0].g);
        for (i, g) in dense.tensors[0].g.iter_mut().enumerate() {
            if !ROWS.contains(&(i / WIDTH)) {
                *g = T::default();
            }
        }
        dense.step_as_is().unwrap();
    }
    ensure!(sparse.bits() == dense.bits(), "other parameters than with a dense gradient");
    let state: Vec<Piece> = dense.state();
    ensure!(sparse.state() == state, "another state than with a dense gradient");
    Ok(())
}

#[test]
fn sgd_and_adagrad_without_decay_do_not_tell_sparse_from_dense() {
    let takes = |line: &Line| {
        (line.is("sgd") || line.is("adagrad"))
            && !line.has("weight_decay")
            && ["slots", "clip_adaptive", "cautious"].iter().all(|name| !line.has(name))
    };
    let lines: Vec<Line> = varied().into_iter().filter(takes).collect();
    assert!(lines.len() > 8, "{}", lines.len());
    for_each(lines, |line| {
        is_dense::<f32>(line)?;
        is_dense::<f64>(line)?;
        is_dense::<bf16>(line)
    });
}

#[test]
fn rows_that_do_not_rise_or_are_not_there_are_errors() {
    let mut run = table::<f32>(&varied()[0]).unwrap();
    let start = run.bits();
    for (rows, width, message) in [
        (&[3, 9][..], WIDTH, "row 9 is not one of 9"),
        (&[3, 3], WIDTH, "row 3 follows row 3; sort and add them up first"),
        (&[3, 1], WIDTH, "row 1 follows row 3; sort and add them up first"),
        (&[1, 3], WIDTH - 1, "45 parameters and 8 gradients"),
    ] {
        let values = vec![1.0; rows.len() * width];
        let Tensor { name, shape, p, .. } = &mut run.tensors[0];
        let gradient = Gradient::Rows { rows, values: &values };
        let step = run.optimizer.step(&mut [Segment { name, shape, parameters: p, gradient }]);
        let error = step.unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        assert_eq!(run.bits(), start);
    }
}

proptest! {
    #[test]
    fn coalesced_rows_are_sums_in_rising_order(
        rows in prop::collection::vec(0usize..6, 0..20),
        width in 0usize..4,
    ) {
        // Whole numbers, so that sums do not depend on their order.
        let values: Vec<f64> = (0..rows.len() * width).map(|i| (i * i % 17) as f64).collect();
        let mut sums: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (k, row) in rows.iter().enumerate() {
            let sum = sums.entry(*row).or_insert_with(|| vec![0.0; width]);
            for (sum, x) in sum.iter_mut().zip(&values[k * width..]) {
                *sum += x;
            }
        }
        let (unique, summed) = coalesce(&rows, &values);
        prop_assert_eq!(unique, sums.keys().copied().collect::<Vec<_>>());
        prop_assert_eq!(summed, sums.into_values().flatten().collect::<Vec<_>>());
    }
}
