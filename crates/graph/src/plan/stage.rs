//! A stage of a plan: operations that run together, and where their values are.

use std::ops::Range;

use rayon::prelude::*;
use thalweg_matrix::{Aligned, Threads};

use super::Place;
use super::sums::Cut;
use crate::op::{MAX_OPERANDS, Op, Operand, Operation, Run, Values};
use crate::{Element, RunOptions, Shape};

/// The most operations of a stage.
pub(super) const MOST_STEPS: usize = 48;

/// Operations that run together.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// One operation, calculated in one.
    Whole { step: Step<Place>, value: Place },
    /// Operations that run block of rows by block of rows.
    Rows {
        steps: Vec<Step<RowPlace>>,
        /// What they write: rows lie unit after unit.
        written: Vec<Written>,
        /// The pieces into which rows can be cut.
        units: usize,
        /// How many units make a block that fits the cache.
        units_at_once: usize,
        /// How many units are worth a thread.
        units_per_thread: usize,
        /// How units are cut, if they are summed: each part is of whole units.
        cut: Option<Cut>,
    },
}

/// One operation with the places of its operands, and its value.
#[derive(Clone, Debug)]
pub(super) struct Step<P> {
    /// The name of the node.
    pub name: String,
    pub op: Op,
    pub operands: Vec<(Shape, P)>,
    pub shape: Shape,
    /// The index among the buffers that a stage of rows writes.
    pub value: usize,
    /// How many values it makes before there are rows.
    pub prepared: usize,
}

/// Where an operand of a stage of rows is.
#[derive(Clone, Debug)]
pub(super) enum RowPlace {
    /// Rows of a buffer that the stage writes, by its index there.
    Written(usize),
    /// Rows of what was there before.
    Rows(Place),
    /// All of what was there before.
    Whole(Place),
}

/// What a stage of rows writes.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub lies: Lies,
    /// The values of a unit, or of a sum.
    pub unit: usize,
}

/// Where what a stage of rows writes lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lies {
    /// In a buffer, or among the gradients, where one stage can write one value at most.
    Rows(Place),
    /// In memory that is only there while a block runs.
    InBlock,
    /// From `at` on among what a group of rows sums, until all groups are added at the end.
    Sum { place: Place, at: usize },
}

impl Lies {
    pub(super) fn place(&self) -> Option<&Place> {
        match self {
            Lies::Rows(place) | Lies::Sum { place, .. } => Some(place),
            Lies::InBlock => None,
        }
    }
}

/// What a stage works on.
pub(super) struct Memory<'a, T> {
    pub parameters: &'a [T],
    pub buffers: &'a mut [Aligned<T>],
    pub gradients: &'a mut Aligned<T>,
    pub prepared: &'a mut [T],
}

impl Stage {
    /// Operations that run row by row, in blocks that stay in the second cache.
    pub(super) fn rows<T>(
        steps: Vec<Step<RowPlace>>,
        written: Vec<Written>,
        units: usize,
        cut: Option<Cut>,
    ) -> Stage {
        // In tests small values are cut as well.
        /// A quarter of the second cache of today's processors: weights must stay there as well.
        const BYTES: usize = if cfg!(test) { 64 } else { 512 << 10 };
        /// Work, as [`Step::work`] counts it, of some 5 µs, against one to hand it to a thread that is awake.
        const WORTH: u64 = if cfg!(test) { 1 } else { 1 << 20 };
        let is_sum = |written: &Written| matches!(written.lies, Lies::Sum { .. });
        let read = steps.iter().flat_map(|step| &step.operands);
        let read = read.filter(|(_, place)| matches!(place, RowPlace::Rows(_)));
        let read: usize = read.map(|(shape, _)| shape.elements() / units).sum();
        let rows = written.iter().filter(|written| !is_sum(written));
        let unit = read + rows.map(|written| written.unit).sum::<usize>();
        let work = steps.iter().map(Step::work).sum::<u64>() / units as u64;
        let rows = steps.iter().filter(|step| !is_sum(&written[step.value]));
        let at_least =
            rows.map(|step| step.rows_at_least().div_ceil(step.shape.sizes()[0] / units));
        let at_least = if cfg!(test) { 1 } else { at_least.max().unwrap_or(1) };
        let units_at_once = (BYTES / (unit * size_of::<T>()).max(1)).max(at_least);
        let units_at_once = units_at_once.clamp(1, units);
        let units_per_thread = WORTH.div_ceil(work.max(1)) as usize;
        Stage::Rows { steps, written, units, units_at_once, units_per_thread, cut }
    }

    /// How many values its operations make before it runs.
    fn prepared(&self) -> usize {
        match self {
            Stage::Whole { step, .. } => step.prepared,
            Stage::Rows { steps, .. } => steps.iter().map(|step| step.prepared).sum(),
        }
    }

    /// How many values of memory it takes beside buffers: for what is prepared, and for what groups of rows sum.
    pub(super) fn memory(&self) -> usize {
        match self {
            Stage::Whole { .. } => self.prepared(),
            Stage::Rows { written, cut, .. } => {
                self.prepared() + cut.map_or(0, |cut| cut.groups) * summed(written)
            }
        }
    }

    /// [`Step::work`] of all operations.
    pub(super) fn work(&self) -> u64 {
        match self {
            Stage::Whole { step, .. } => step.work(),
            Stage::Rows { steps, .. } => steps.iter().map(Step::work).sum(),
        }
    }

    /// The operations, in order.
    #[cfg(test)]
    pub(super) fn operations(&self) -> Box<dyn Iterator<Item = &Op> + '_> {
        match self {
            Stage::Whole { step, .. } => Box::new(std::iter::once(&step.op)),
            Stage::Rows { steps, .. } => Box::new(steps.iter().map(|step| &step.op)),
        }
    }

    pub(super) fn run<T: Element>(&self, memory: Memory<'_, T>, options: RunOptions) {
        match self {
            Stage::Whole { step, value } => step.run_whole(value, memory, options),
            Stage::Rows { steps, written, units, units_at_once, units_per_thread, cut } => {
                // The buffers leave their places while others are read, so that none overlap.
                let mut taken: [Aligned<T>; MOST_STEPS] =
                    std::array::from_fn(|_| Aligned::default());
                let Memory { parameters, buffers, gradients, prepared } = memory;
                let (prepared, sums) = prepared[..self.memory()].split_at_mut(self.prepared());
                prepare(steps, prepared, parameters, buffers, options.threads);
                for (taken, written) in taken.iter_mut().zip(written) {
                    if let Lies::Rows(place) = &written.lies {
                        *taken = std::mem::take(home(place, buffers, gradients));
                    }
                }
                let mut values = taken.each_mut().map(|taken| &mut taken[..]);
                for (values, written) in values.iter_mut().zip(written) {
                    if let Lies::Rows(place) = &written.lies {
                        *values = &mut std::mem::take(values)[place.range()];
                    }
                }
                let units_at_once = match options.threads {
                    // What is not worth two threads is not worth two blocks either.
                    Threads::Pool if *units >= 2 * units_per_thread => {
                        let share = units.div_ceil(rayon::current_num_threads());
                        (*units_at_once).min(share.max(*units_per_thread))
                    }
                    Threads::One | Threads::Pool => *units_at_once,
                };
                let units_of_a_part = cut.map_or(1, |cut| units / cut.parts);
                let units_at_once = (units_at_once / units_of_a_part).max(1) * units_of_a_part;
                let units_together = cut.map_or(units_at_once, |cut| units / cut.groups);
                let summed = summed(written);
                let rows = Rows {
                    steps,
                    written,
                    summed,
                    units: *units,
                    units_at_once: units_at_once.min(units_together),
                    units_together,
                    units_of_a_part,
                    units_per_thread: *units_per_thread,
                    parameters,
                    buffers: &*buffers,
                    prepared: &*prepared,
                    options: RunOptions { threads: Threads::One, ..options },
                };
                rows.run(0..*units, values, sums, options.threads);
                for (taken, written) in taken.iter_mut().zip(written) {
                    if let Lies::Rows(place) = &written.lies {
                        *home(place, buffers, gradients) = std::mem::take(taken);
                    }
                }
                for written in written {
                    if let Lies::Sum { place, at } = &written.lies {
                        let value = &mut home(place, buffers, gradients)[place.range()];
                        add_groups(&sums[*at..], summed, value, options.threads);
                    }
                }
            }
        }
    }
}

impl<P> Step<P> {
    pub(super) fn new<T: Element>(
        name: String,
        op: Op,
        operands: Vec<(Shape, P)>,
        shape: Shape,
        value: usize,
    ) -> Step<P> {
        let shapes: Vec<Shape> = operands.iter().map(|(shape, _)| *shape).collect();
        let prepared = op.prepared::<T>(&shapes, shape);
        Step { name, op, operands, shape, value, prepared }
    }

    /// The floating-point operations, or those that take as long as it does to read and write values, if these are
    /// more. What has more values than are calculated or calculated with is not read whole.
    pub(super) fn work(&self) -> u64 {
        const OF_A_VALUE: u64 = 12;
        let (flops, made) = (self.flops(), self.shape.elements() as u64);
        let read = self.operands.iter().map(|(shape, _)| shape.elements() as u64);
        let read: u64 = read.map(|values| values.min(made.max(flops))).sum();
        flops.max(OF_A_VALUE * (made + read))
    }
}

/// Has steps make what they need before there are rows, each on one thread.
fn prepare<T: Element>(
    steps: &[Step<RowPlace>],
    prepared: &mut [T],
    parameters: &[T],
    buffers: &[Aligned<T>],
    threads: Threads,
) {
    /// Values that take some 5 µs to rearrange.
    const WORTH: usize = if cfg!(test) { 1 } else { 16 << 10 };
    match steps {
        _ if prepared.is_empty() => {}
        [step] => {
            let mut operands =
                [Operand { shape: Shape::SCALAR, values: Values::Each(&[]) }; MAX_OPERANDS];
            for (operand, (shape, place)) in operands.iter_mut().zip(&step.operands) {
                let values = match place {
                    RowPlace::Whole(place) => read(place, parameters, buffers),
                    RowPlace::Written(_) | RowPlace::Rows(_) => &[],
                };
                *operand = Operand { shape: *shape, values: Values::Each(values) };
            }
            step.op.prepare(&operands[..step.operands.len()], prepared);
        }
        steps => {
            let (some, others) = steps.split_at(steps.len() / 2);
            let (left, right) = prepared.split_at_mut(some.iter().map(|step| step.prepared).sum());
            let is_worth_threads = left.len().min(right.len()) >= WORTH;
            let mut some = || prepare(some, left, parameters, buffers, threads);
            let mut others = || prepare(others, right, parameters, buffers, threads);
            match threads {
                Threads::Pool if is_worth_threads => rayon::join(some, others),
                Threads::One | Threads::Pool => (some(), others()),
            };
        }
    }
}

impl Step<Place> {
    fn run_whole<T: Element>(&self, place: &Place, memory: Memory<'_, T>, options: RunOptions) {
        let Memory { parameters, buffers, gradients, prepared } = memory;
        let prepared = &mut prepared[..self.prepared];
        // The output leaves its place while the operands are read, so that the two cannot overlap.
        let mut output = std::mem::take(home(place, buffers, gradients));
        let value = &mut output[place.range()];
        let mut operands = [Operand { shape: Shape::SCALAR, values: Values::Here }; MAX_OPERANDS];
        for (operand, (shape, from)) in operands.iter_mut().zip(&self.operands) {
            let values = if from == place {
                Values::Here
            } else {
                Values::Each(read(from, parameters, buffers))
            };
            *operand = Operand { shape: *shape, values };
        }
        let inputs = &operands[..self.operands.len()];
        self.op.prepare(inputs, prepared);
        let shape = self.shape;
        self.op.run(Run { inputs, shape, prepared, first_row: 0, value, adds: false, options });
        *home(place, buffers, gradients) = output;
    }
}

/// The vector that a value is in.
fn home<'a, T>(
    place: &Place,
    buffers: &'a mut [Aligned<T>],
    gradients: &'a mut Aligned<T>,
) -> &'a mut Aligned<T> {
    match place {
        Place::Buffer { index, .. } => &mut buffers[*index],
        Place::Gradient(_) => gradients,
        Place::Parameter(_) => unreachable!("no operation writes parameters"),
    }
}

/// A value that no step is writing.
fn read<'a, T>(place: &Place, parameters: &'a [T], buffers: &'a [Aligned<T>]) -> &'a [T] {
    match place {
        Place::Buffer { index, length } => &buffers[*index][..*length],
        Place::Parameter(range) => &parameters[range.clone()],
        Place::Gradient(_) => unreachable!("a gradient that a step reads is in a buffer"),
    }
}

/// A stage of rows that is running.
struct Rows<'a, T> {
    steps: &'a [Step<RowPlace>],
    written: &'a [Written],
    /// The values that a group sums.
    summed: usize,
    units: usize,
    units_at_once: usize,
    /// How many units stay on one thread: those of a group, or else of a block.
    units_together: usize,
    units_of_a_part: usize,
    units_per_thread: usize,
    parameters: &'a [T],
    buffers: &'a [Aligned<T>],
    prepared: &'a [T],
    options: RunOptions,
}

impl<T: Element> Rows<'_, T> {
    /// Runs some units, whose values are `values`, and what their groups sum `sums`.
    fn run(
        &self,
        units: Range<usize>,
        values: [&mut [T]; MOST_STEPS],
        sums: &mut [T],
        threads: Threads,
    ) {
        if units.len() <= self.units_at_once {
            return self.block(units, values, sums);
        }
        // Whole groups, or whole blocks of one, to the left, so that only the last one may be smaller.
        let are_apart = units.len() > self.units_together;
        let whole = if are_apart { self.units_together } else { self.units_at_once };
        let middle = units.start + units.len().div_ceil(whole) / 2 * whole;
        let (mut left, mut right) = (values, std::array::from_fn(|_| &mut [][..]));
        for ((left, right), written) in left.iter_mut().zip(&mut right).zip(self.written) {
            let unit = if let Lies::Rows(_) = written.lies { written.unit } else { 0 };
            (*left, *right) = std::mem::take(left).split_at_mut((middle - units.start) * unit);
        }
        let (first, second) = (units.start..middle, middle..units.end);
        if !are_apart {
            self.run(first, left, sums, threads);
            return self.run(second, right, sums, threads);
        }
        let (here, there) = sums.split_at_mut(first.len() / self.units_together * self.summed);
        let is_worth_threads = units.len() >= 2 * self.units_per_thread;
        let some = || self.run(first, left, here, threads);
        let others = || self.run(second, right, there, threads);
        match threads {
            Threads::Pool if is_worth_threads => rayon::join(some, others),
            Threads::One | Threads::Pool => (some(), others()),
        };
    }

    fn block(&self, units: Range<usize>, values: [&mut [T]; MOST_STEPS], sums: &mut [T]) {
        let in_block = self.written.iter().filter(|written| written.lies == Lies::InBlock);
        let length = in_block.map(|written| written.unit * units.len()).sum();
        T::with_scratch(length, |mut memory| {
            // Into a shorter life, which they share with the memory.
            let mut values = values.map(|values| &mut *values);
            for (values, written) in values.iter_mut().zip(self.written) {
                if written.lies == Lies::InBlock {
                    let length = written.unit * units.len();
                    (*values, memory) = std::mem::take(&mut memory).split_at_mut(length);
                }
            }
            self.steps(units, values, sums);
        });
    }

    fn steps(&self, units: Range<usize>, mut values: [&mut [T]; MOST_STEPS], sums: &mut [T]) {
        let (mut rest, options) = (self.prepared, self.options);
        for step in self.steps {
            let prepared;
            (prepared, rest) = rest.split_at(step.prepared);
            let Written { lies, unit } = &self.written[step.value];
            if let Lies::Sum { at, .. } = lies {
                for start in units.clone().step_by(self.units_of_a_part) {
                    let part = start..start + self.units_of_a_part;
                    let operands = self.operands(step, &values, units.start, &part);
                    let inputs = &operands[..step.operands.len()];
                    let (shape, value) = (step.shape, &mut sums[*at..][..*unit]);
                    // The first part of a group writes, the others add.
                    let adds = start % self.units_together > 0;
                    step.op.run(Run {
                        inputs,
                        shape,
                        prepared,
                        first_row: 0,
                        value,
                        adds,
                        options,
                    });
                }
            } else {
                let whole = std::mem::take(&mut values[step.value]);
                let operands = self.operands(step, &values, units.start, &units);
                let inputs = &operands[..step.operands.len()];
                let shape = self.some(step.shape, &units);
                let first_row = step.shape.sizes()[0] / self.units * units.start;
                let value = &mut whole[..shape.elements()];
                step.op.run(Run {
                    inputs,
                    shape,
                    prepared,
                    first_row,
                    value,
                    adds: false,
                    options,
                });
                values[step.value] = whole;
            }
        }
    }

    /// The operands for some units of the block that begins at `start`.
    fn operands<'v>(
        &'v self,
        step: &Step<RowPlace>,
        values: &'v [&mut [T]; MOST_STEPS],
        start: usize,
        units: &Range<usize>,
    ) -> [Operand<'v, T>; MAX_OPERANDS] {
        let mut operands = [Operand { shape: Shape::SCALAR, values: Values::Here }; MAX_OPERANDS];
        for (operand, (shape, place)) in operands.iter_mut().zip(&step.operands) {
            let unit = shape.elements() / self.units;
            let some = |values: &'v [T], start: usize| {
                let some = &values[(units.start - start) * unit..][..units.len() * unit];
                Operand { shape: self.some(*shape, units), values: Values::Each(some) }
            };
            *operand = match place {
                RowPlace::Written(index) if *index == step.value => {
                    Operand { shape: self.some(*shape, units), values: Values::Here }
                }
                RowPlace::Written(index) => some(&*values[*index], start),
                RowPlace::Rows(place) => some(read(place, self.parameters, self.buffers), 0),
                RowPlace::Whole(place) => {
                    let all = read(place, self.parameters, self.buffers);
                    Operand { shape: *shape, values: Values::Each(all) }
                }
            };
        }
        operands
    }

    /// The shape of some units of all.
    fn some(&self, shape: Shape, units: &Range<usize>) -> Shape {
        shape.with_size(0, shape.sizes()[0] / self.units * units.len())
    }
}

/// How many values a group sums.
fn summed(written: &[Written]) -> usize {
    let sums = written.iter().filter(|written| matches!(written.lies, Lies::Sum { .. }));
    sums.map(|written| written.unit).sum()
}

/// value ← the sum, in order, of what groups have summed, whose values begin `stride` apart.
fn add_groups<T: Element>(sums: &[T], stride: usize, value: &mut [T], threads: Threads) {
    /// Values that take some 5 µs to add.
    const WORTH: usize = if cfg!(test) { 1 } else { 8 << 10 };
    let add = |start: usize, value: &mut [T]| {
        for (index, group) in sums.chunks(stride).enumerate() {
            let group = &group[start..][..value.len()];
            match index {
                0 => value.copy_from_slice(group),
                _ => value.iter_mut().zip(group).for_each(|(value, more)| *value = *value + *more),
            }
        }
    };
    match threads {
        Threads::Pool if value.len() >= 2 * WORTH => {
            let share = value.len().div_ceil(rayon::current_num_threads()).max(WORTH);
            value.par_chunks_mut(share).enumerate().for_each(|(i, value)| add(i * share, value));
        }
        Threads::One | Threads::Pool => add(0, value),
    }
}
