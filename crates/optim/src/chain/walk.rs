//! The way of a stage over all segments: split in halves down to grains, which threads share among them.
//!
//! ```text
//! segments ─► halves ─► one segment ─► halves ─► grain ─► chunks of 256, where something is decoded
//! ```
//!
//! Where it splits depends on the lengths alone, so that sums have the same bits for any number of threads.

use std::iter::zip;

use half::bf16;
use thalweg_random::{Noise, Stream};

use super::stage::{Descend, Stage, Work};
use super::state::{MAX_TENSOR_SLOTS, SlotPart, split_all};
use super::sweep::{Coded, MAX_SLOTS, random_bits};
use crate::norm::{self, middle};
use crate::slots::block8::{self, BLOCK};
use crate::{
    Gradient, Level, Observe, Real, Segment, Segments, Step, Stored, Tensor, TensorRule, Wants,
};

/// Coordinates that one thread takes at a time, of so many in all: 8 Ki are some 3 to 5 µs of work, and handing
/// them over costs less than 1 µs. Where memory is the limit, what it fetches ahead wants longer stretches.
fn grain(coordinates: usize) -> usize {
    if coordinates < 1 << 20 { 1 << 13 } else { 1 << 16 }
}

/// Coordinates that are decoded at a time, which is the block of 8-bit codes.
const CHUNK: usize = BLOCK;

/// What is the same for all segments of a stage's way.
pub(super) struct Way<'a, R: Real> {
    pub(super) level: Level,
    pub(super) stage: &'a dyn Stage<R>,
    pub(super) step: Step,
    /// The norm of each segment's gradient, where the stage wants it.
    pub(super) norms: &'a [f64],
    /// Where each segment begins.
    pub(super) starts: &'a [usize],
    pub(super) block_starts: &'a [usize],
    pub(super) tensor_starts: [&'a [usize]; MAX_TENSOR_SLOTS],
    /// Whether it starts from the gradients, or from what the stage before left.
    pub(super) first: bool,
    pub(super) observe: Observe,
    /// Beyond what a coordinate of the gradient is clipped, for the segment at an index.
    pub(super) clips_above: &'a (dyn Fn(usize) -> f64 + Sync),
    /// What rounds to fewer bits at random.
    pub(super) noise: Rounding,
    /// The parameters in the numbers that are calculated with, for tensor rules where they are stored in
    /// others.
    pub(super) wide: &'a [R],
}

/// What rounds to fewer bits at random: a pure function of seed, step, use and coordinate.
pub(super) struct Rounding {
    stream: Stream,
    /// For the first 2³² coordinates.
    first: Noise,
}

impl Rounding {
    /// From the stream of a step and a stage.
    pub(super) fn new(stream: Stream) -> Rounding {
        Rounding { stream, first: stream.noise(0) }
    }

    /// The noise for the coordinates from `begin` on.
    fn at(&self, begin: usize) -> Noise {
        match (begin as u64) >> 32 {
            0 => self.first,
            block => self.stream.noise(block),
        }
    }

    /// Random bits for a number of the coordinates from `begin` on: see [`random_bits`].
    fn fill(&self, level: Level, number: usize, begin: usize, words: &mut [u32]) {
        let noise = self.at(begin);
        // Counted in 32 bits, which is what the vector code counts in.
        let begin = begin as u32;
        level.run(
            #[inline(always)]
            || {
                for (i, word) in words.iter_mut().enumerate() {
                    *word = random_bits(noise, begin.wrapping_add(i as u32), number);
                }
            },
        );
    }
}

/// What a part of the way goes over.
pub(super) struct Load<'a, T: Stored> {
    pub(super) segments: &'a mut dyn Segments<T>,
    /// The place of the first segment.
    pub(super) first: usize,
    pub(super) slots: [SlotPart<'a, T::Real>; MAX_TENSOR_SLOTS],
    pub(super) master: Option<&'a mut [T::Real]>,
    /// What goes from one stage to the next; empty in a chain of one.
    pub(super) updates: &'a mut [T::Real],
    /// One for each segment.
    pub(super) tallies: &'a mut [Tally],
}

/// What is counted and summed along the way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    /// Coordinates that were not finite.
    pub(super) bad: u64,
    /// Coordinates that were clipped.
    pub(super) clipped: u64,
    /// Σ g²
    pub(super) gradient: f64,
    /// Σ Δθ²
    pub(super) update: f64,
    /// Σ θ²
    pub(super) parameters: f64,
    /// Sums of a tensor rule that learns from all tensors.
    pub(super) sums: [f64; 2],
}

impl Tally {
    pub(super) fn and(self, other: Tally) -> Tally {
        Tally {
            bad: self.bad + other.bad,
            clipped: self.clipped + other.clipped,
            gradient: self.gradient + other.gradient,
            update: self.update + other.update,
            parameters: self.parameters + other.parameters,
            sums: [self.sums[0] + other.sums[0], self.sums[1] + other.sums[1]],
        }
    }
}

/// Two pieces of work, on two threads if they are worth it.
fn both<A: Send, B: Send>(
    worth_it: bool,
    left: impl FnOnce() -> A + Send,
    right: impl FnOnce() -> B + Send,
) -> (A, B) {
    if worth_it { rayon::join(left, right) } else { (left(), right()) }
}

impl<R: Real> Way<'_, R> {
    fn grain(&self) -> usize {
        grain(self.starts.last().copied().unwrap_or_default())
    }

    /// Goes all the way.
    pub(super) fn go<T: Stored<Real = R>>(&self, load: Load<'_, T>) {
        // A stage that is another one for each segment is asked for at each.
        if self.stage.wants() == Wants::SegmentNorm {
            return self.over(load, None);
        }
        let mut load = Some(load);
        self.stage.with(self.step, &mut |work| {
            if let Some(load) = load.take() {
                self.over(load, Some(work));
            }
        });
    }

    fn over<T: Stored<Real = R>>(&self, load: Load<'_, T>, work: Option<Work<'_, R>>) {
        let Load { segments, first, slots, master, updates, tallies } = load;
        let count = segments.count();
        if count <= 1 {
            if count == 1 {
                let Segment { name, shape, parameters, gradient } = segments.segment(0);
                let (index, begin) = (first, self.starts[first]);
                let part = Part {
                    name,
                    shape,
                    index,
                    begin,
                    parameters,
                    gradient,
                    slots,
                    master,
                    updates,
                };
                tallies[0] = tallies[0].and(self.one(part, work));
            }
            return;
        }
        let (begin, end) = (self.starts[first], self.starts[first + count]);
        let half = begin + (end - begin) / 2;
        let boundaries = &self.starts[first + 1..first + count];
        let at = 1 + boundaries.partition_point(|start| *start <= half).min(count - 2);

        let coordinates = self.starts[first + at] - begin;
        let blocks = self.block_starts[first + at] - self.block_starts[first];
        let (slots, other_slots) = split_all(slots, |slot| {
            let starts = self.tensor_starts[slot];
            (starts[first + at] - starts[first], blocks)
        });
        let (master, other_master) = match master.map(|master| master.split_at_mut(coordinates)) {
            Some((left, right)) => (Some(left), Some(right)),
            None => (None, None),
        };
        let (updates, other_updates) = updates.split_at_mut(coordinates.min(updates.len()));
        let (tallies, other_tallies) = tallies.split_at_mut(at);
        let mut left = Some((slots, master, updates, tallies));
        let mut right = Some((other_slots, other_master, other_updates, other_tallies));
        segments.split(at, &mut |segments, other_segments| {
            let (Some((slots, master, updates, tallies)), Some(right)) =
                (left.take(), right.take())
            else {
                return;
            };
            let left = Load { segments, first, slots, master, updates, tallies };
            let (slots, master, updates, tallies) = right;
            let (segments, first) = (other_segments, first + at);
            let right = Load { segments, first, slots, master, updates, tallies };
            both(end - begin > self.grain(), || self.over(left, work), || self.over(right, work));
        });
    }

    /// One segment; the stage at this step, if it is the same for all.
    fn one<T: Stored<Real = R>>(&self, part: Part<'_, T>, work: Option<Work<'_, R>>) -> Tally {
        let Some(work) = work else {
            let step = Step { segment_norm: self.norms[part.index], ..self.step };
            let (mut part, mut tally) = (Some(part), Tally::default());
            self.stage.with(step, &mut |work| {
                if let Some(part) = part.take() {
                    tally = self.one(part, Some(work));
                }
            });
            return tally;
        };
        match (part.gradient, work) {
            (Gradient::Missing, _) => Tally::default(),
            (_, Work::Tensor(rule)) => self.tensor(part, rule),
            (Gradient::Rows { rows, values }, _) => self.rows(part, rows, values, work),
            (Gradient::Dense(_) | Gradient::Wide(_), _) => self.coordinates(part, work),
        }
    }

    /// A rule that looks at a whole tensor.
    fn tensor<T: Stored<Real = R>>(&self, part: Part<'_, T>, rule: &dyn TensorRule<R>) -> Tally {
        let Part { name, shape, index, parameters, gradient, slots, updates, .. } = part;
        if self.first {
            copy_gradient(gradient, updates);
        }
        let begin = self.starts[index];
        let parameters = match T::as_reals(parameters) {
            Some(parameters) => parameters,
            None => &self.wide[begin..begin + updates.len()],
        };
        let mut slots = slots.map(|slot| match slot {
            SlotPart::Full(values) => values,
            // The slots of tensor rules are kept in full.
            SlotPart::None | SlotPart::Bf16(_) | SlotPart::Block8 { .. } => &mut [],
        });
        let mut tally = Tally::default();
        if self.first && self.observe > Observe::Nothing {
            let bound = (self.clips_above)(index);
            for updates in updates.chunks(norm::BLOCK) {
                let (squares, clipped) = self.level.run(
                    #[inline(always)]
                    || squares_and_clipped(updates, bound),
                );
                (tally.gradient, tally.clipped) =
                    (tally.gradient + squares, tally.clipped + clipped);
            }
        }
        // As in the loops over coordinates, what is not finite is taken for 0 and counted.
        let mut bad = 0;
        for u in &mut *updates {
            if !u.to_f64().is_finite() {
                (*u, bad) = (R::constant(0.0), bad + 1);
            }
        }
        let tensor = Tensor { name, shape, parameters, update: updates };
        let sums = rule.update_and_sum(self.step, tensor, &mut slots);
        Tally { bad, sums, ..tally }
    }

    /// The rows of a sparse gradient, each as a small segment of its own.
    fn rows<T: Stored<Real = R>>(
        &self,
        part: Part<'_, T>,
        rows: &[usize],
        values: &[T],
        work: Work<'_, R>,
    ) -> Tally {
        let width: usize = part.shape[1..].iter().product();
        let (mut rest, mut at, mut tally) = (part, 0, Tally::default());
        for (row, values) in zip(rows, values.chunks(width.max(1))) {
            let (_, from_row) = rest.split_at((row - at) * width);
            let (this, after) = from_row.split_at(width);
            let this = Part { gradient: Gradient::Dense(values), ..this };
            tally = tally.and(self.piece(this, work));
            (rest, at) = (after, row + 1);
        }
        tally
    }

    /// Coordinates of one segment.
    fn coordinates<T: Stored<Real = R>>(&self, part: Part<'_, T>, work: Work<'_, R>) -> Tally {
        let n = part.parameters.len();
        if n <= self.grain() {
            return self.piece(part, work);
        }
        let (left, right) = part.split_at(middle(n, norm::BLOCK));
        let (left, right) =
            rayon::join(|| self.coordinates(left, work), || self.coordinates(right, work));
        left.and(right)
    }

    /// So few coordinates that one thread takes them at once.
    fn piece<T: Stored<Real = R>>(&self, part: Part<'_, T>, work: Work<'_, R>) -> Tally {
        match work {
            Work::Descend(rule) if self.first && self.observe == Observe::Nothing => {
                self.descend(part, rule)
            }
            _ => self.one_by_one(part, work),
        }
    }

    /// The single stage of a chain, in the loop made for how things are kept, if there is one.
    fn descend<T: Stored<Real = R>>(&self, part: Part<'_, T>, rule: &dyn Descend<R>) -> Tally {
        let kept = part.slots.iter().filter(|slot| !matches!(slot, SlotPart::None));
        let (mut coded, mut halves) =
            (R::NARROW_SLOTS && part.master.is_none(), part.master.is_none());
        let mut count = 0;
        for slot in kept {
            count += 1;
            coded &= matches!(slot, SlotPart::Block8 { .. });
            halves &= matches!(slot, SlotPart::Bf16(_));
        }
        coded &= count > 0 && T::as_reals(part.parameters).is_some();
        halves &= T::as_halves(part.parameters).is_some();
        let Gradient::Dense(gradient) = part.gradient else {
            return self.one_by_one(part, Work::Descend(rule));
        };
        if coded && let Some(g) = T::as_reals(gradient) {
            self.descend_coded(part, g, rule)
        } else if halves && let Some(g) = T::as_halves(gradient) {
            self.descend_halves(part, g, rule)
        } else {
            self.one_by_one(part, Work::Descend(rule))
        }
    }

    /// Slots in 8-bit codes.
    fn descend_coded<T: Stored<Real = R>>(
        &self,
        part: Part<'_, T>,
        g: &[R],
        rule: &dyn Descend<R>,
    ) -> Tally {
        let gradient = part.gradient;
        let Some(p) = T::as_reals_mut(part.parameters) else { return Tally::default() };
        let mut slots: [Coded<'_>; MAX_SLOTS] = Default::default();
        for (slot, part) in zip(&mut slots, part.slots) {
            if let SlotPart::Block8 { codes, scales, map } = part {
                *slot = Coded { codes, scales, map };
            }
        }
        counted(rule.descend_coded(self.level, p, g, slots), gradient)
    }

    /// Parameters, gradient and slots in bfloat16.
    fn descend_halves<T: Stored<Real = R>>(
        &self,
        part: Part<'_, T>,
        g: &[bf16],
        rule: &dyn Descend<R>,
    ) -> Tally {
        let Part { begin, parameters, gradient, slots, .. } = part;
        let Some(p) = T::as_halves_mut(parameters) else { return Tally::default() };
        let slots = coordinate_slots(slots.map(|slot| match slot {
            SlotPart::Bf16(values) => values,
            SlotPart::None | SlotPart::Full(_) | SlotPart::Block8 { .. } => &mut [],
        }));
        let noise = self.noise.at(begin);
        counted(rule.descend_halves(self.level, p, g, slots, noise, begin as u32), gradient)
    }

    /// Any stage, with everything decoded that is kept in another form.
    fn one_by_one<T: Stored<Real = R>>(&self, part: Part<'_, T>, work: Work<'_, R>) -> Tally {
        let plain = self.observe == Observe::Nothing
            && part.master.is_none()
            && part.slots.iter().all(SlotPart::is_full);
        if !plain {
            return self.chunks(part, work);
        }
        let Part { parameters, gradient, slots, updates, .. } = part;
        let dense = match gradient {
            Gradient::Dense(g) => T::as_reals(g),
            Gradient::Wide(g) => Some(g),
            Gradient::Missing | Gradient::Rows { .. } => None,
        };
        let (Some(p), Some(g)) = (T::as_reals_mut(parameters), dense) else {
            let part = Part { parameters, gradient, slots, updates, ..part };
            return self.chunks(part, work);
        };
        counted(self.run(work, p, g, updates, coordinate_slots(slots.map(full))), gradient)
    }

    /// The loop itself. In a chain of one stage there are no `updates`.
    fn run(
        &self,
        work: Work<'_, R>,
        p: &mut [R],
        g: &[R],
        updates: &mut [R],
        slots: [&mut [R]; MAX_SLOTS],
    ) -> bool {
        match work {
            Work::Descend(rule) if self.first => rule.descend(self.level, p, g, slots),
            Work::Descend(rule) => rule.descend(self.level, p, updates, slots),
            Work::Transform(rule) => {
                if self.first {
                    updates.copy_from_slice(g);
                }
                rule.transform(self.level, p, updates, slots)
            }
            Work::Tensor(_) => unreachable!("tensor rules do not come by coordinate"),
        }
    }

    /// The same where something is to be decoded or observed: a chunk at a time, which stays in the cache.
    fn chunks<T: Stored<Real = R>>(&self, part: Part<'_, T>, work: Work<'_, R>) -> Tally {
        let mut tally = Tally::default();
        let mut buffers = Buffers::default();
        let mut rest = Some(part);
        while let Some(part) = rest.take().filter(|part| !part.parameters.is_empty()) {
            let n = part.parameters.len().min(CHUNK);
            let (chunk, after) = part.split_at(n);
            tally = tally.and(self.chunk(chunk, work, &mut buffers));
            rest = Some(after);
        }
        tally
    }

    fn chunk<T: Stored<Real = R>>(
        &self,
        part: Part<'_, T>,
        work: Work<'_, R>,
        buffers: &mut Buffers<R>,
    ) -> Tally {
        let Part { index, begin, parameters, gradient, mut slots, master, updates, .. } = part;
        let n = parameters.len();
        let Buffers { p: p_buffer, g: g_buffer, before, slots: slot_buffers, noise } = buffers;
        let level = self.level;
        let last = matches!(work, Work::Descend(_));

        let g = match gradient {
            Gradient::Wide(g) => g,
            Gradient::Dense(g) => T::as_reals(g).unwrap_or_else(|| {
                level.run(
                    #[inline(always)]
                    || T::load(g, &mut g_buffer[..n]),
                );
                &g_buffer[..n]
            }),
            Gradient::Missing | Gradient::Rows { .. } => &[],
        };
        let mut tally = Tally::default();
        if self.first && self.observe > Observe::Nothing {
            let bound = (self.clips_above)(index);
            let (squares, clipped) = level.run(
                #[inline(always)]
                || squares_and_clipped(g, bound),
            );
            (tally.gradient, tally.clipped) = (squares, clipped);
        }

        // Where the parameters are calculated: in place, in the master copy, or decoded.
        let stored_as_reals = T::as_reals(parameters).is_some();
        let mut master = master;
        {
            let p: &mut [R] = match &mut master {
                Some(master) => master,
                None => match T::as_reals_mut(parameters) {
                    Some(p) => p,
                    None => {
                        level.run(
                            #[inline(always)]
                            || T::load(parameters, &mut p_buffer[..n]),
                        );
                        &mut p_buffer[..n]
                    }
                },
            };
            if last && self.observe > Observe::Nothing {
                before[..n].copy_from_slice(p);
            }
            let mut at_work: [&mut [R]; MAX_SLOTS] = Default::default();
            let parts = slots.iter_mut().take(MAX_SLOTS).zip(slot_buffers.iter_mut());
            for (at_work, (slot, buffer)) in at_work.iter_mut().zip(parts) {
                *at_work = decoded(level, slot.reborrow(), buffer, n);
            }
            tally.bad = counted(self.run(work, p, g, updates, at_work), gradient).bad;
            if last && self.observe > Observe::Nothing {
                let (update, parameters) = level.run(
                    #[inline(always)]
                    || squares_of_change(&before[..n], p),
                );
                (tally.update, tally.parameters) = (update, parameters);
            }
        }

        // Back to where things are kept.
        for (k, (slot, buffer)) in slots.iter_mut().take(MAX_SLOTS).zip(slot_buffers).enumerate() {
            encode(level, slot.reborrow(), &buffer[..n], || {
                self.noise.fill(level, 1 + k, begin, &mut noise[..n]);
                &noise[..n]
            });
        }
        if last && !stored_as_reals {
            match master {
                Some(master) => level.run(
                    #[inline(always)]
                    || T::store(master, parameters),
                ),
                None => {
                    self.noise.fill(level, 0, begin, &mut noise[..n]);
                    level.run(
                        #[inline(always)]
                        || T::store_stochastically(&p_buffer[..n], &noise[..n], parameters),
                    );
                }
            }
        }
        tally
    }
}

/// How much was not finite, once it is known that anything was.
fn counted<T: Stored>(any: bool, gradient: Gradient<'_, T>) -> Tally {
    let bad = if any { norm::count_non_finite(gradient).max(1) } else { 0 };
    Tally { bad, ..Tally::default() }
}

/// A part of one segment.
struct Part<'a, T: Stored> {
    name: &'a str,
    shape: &'a [usize],
    /// The place of the segment, and that of the first coordinate among all.
    index: usize,
    begin: usize,
    parameters: &'a mut [T],
    gradient: Gradient<'a, T>,
    slots: [SlotPart<'a, T::Real>; MAX_TENSOR_SLOTS],
    master: Option<&'a mut [T::Real]>,
    updates: &'a mut [T::Real],
}

impl<'a, T: Stored> Part<'a, T> {
    /// The first `at` coordinates and the others. With 8-bit slots, `at` is a multiple of their blocks, or
    /// all there is.
    fn split_at(self, at: usize) -> (Part<'a, T>, Part<'a, T>) {
        let Part { name, shape, index, begin, parameters, gradient, slots, master, updates } = self;
        let (parameters, other_parameters) = parameters.split_at_mut(at);
        let (gradient, other_gradient) = match gradient {
            Gradient::Dense(g) => {
                let (left, right) = g.split_at(at);
                (Gradient::Dense(left), Gradient::Dense(right))
            }
            Gradient::Wide(g) => {
                let (left, right) = g.split_at(at);
                (Gradient::Wide(left), Gradient::Wide(right))
            }
            other => (other, other),
        };
        let (slots, other_slots) = split_all(slots, |_| (at, at.div_ceil(BLOCK)));
        let (master, other_master) = match master.map(|master| master.split_at_mut(at)) {
            Some((left, right)) => (Some(left), Some(right)),
            None => (None, None),
        };
        let (updates, other_updates) = updates.split_at_mut(at.min(updates.len()));
        let right = Part {
            name,
            shape,
            index,
            begin: begin + at,
            parameters: other_parameters,
            gradient: other_gradient,
            slots: other_slots,
            master: other_master,
            updates: other_updates,
        };
        (Part { name, shape, index, begin, parameters, gradient, slots, master, updates }, right)
    }
}

/// Room for the numbers of a chunk that are kept in another form.
struct Buffers<R> {
    p: [R; CHUNK],
    g: [R; CHUNK],
    before: [R; CHUNK],
    slots: [[R; CHUNK]; MAX_SLOTS],
    noise: [u32; CHUNK],
}

impl<R: Real> Default for Buffers<R> {
    fn default() -> Buffers<R> {
        let zeros = [R::default(); CHUNK];
        let (slots, noise) = ([zeros; MAX_SLOTS], [0; CHUNK]);
        Buffers { p: zeros, g: zeros, before: zeros, slots, noise }
    }
}

fn full<R>(slot: SlotPart<'_, R>) -> &mut [R] {
    match slot {
        SlotPart::Full(values) => values,
        SlotPart::None | SlotPart::Bf16(_) | SlotPart::Block8 { .. } => &mut [],
    }
}

fn coordinate_slots<R>(slots: [&mut [R]; MAX_TENSOR_SLOTS]) -> [&mut [R]; MAX_SLOTS] {
    let [a, b, c, d, ..] = slots;
    [a, b, c, d]
}

/// The numbers of a slot, decoded into `buffer` where they are kept in another form.
fn decoded<'a, R: Real>(
    level: Level,
    slot: SlotPart<'a, R>,
    buffer: &'a mut [R; CHUNK],
    n: usize,
) -> &'a mut [R] {
    match slot {
        SlotPart::None => &mut [],
        SlotPart::Full(values) => values,
        SlotPart::Bf16(values) => {
            level.run(
                #[inline(always)]
                || crate::slots::bf16::decode(values, &mut R::f32s_mut(buffer)[..n]),
            );
            &mut buffer[..n]
        }
        SlotPart::Block8 { codes, scales, map } => {
            level.run(
                #[inline(always)]
                || block8::decode(codes, scales[0], map, &mut R::f32s_mut(buffer)[..n]),
            );
            &mut buffer[..n]
        }
    }
}

/// Keeps what was decoded into `buffer`; `noise` gives random bits where they are wanted.
fn encode<'n, R: Real>(
    level: Level,
    slot: SlotPart<'_, R>,
    buffer: &[R],
    noise: impl FnOnce() -> &'n [u32],
) {
    match slot {
        SlotPart::None | SlotPart::Full(_) => {}
        SlotPart::Bf16(values) => {
            let noise = noise();
            level.run(
                #[inline(always)]
                || crate::slots::bf16::encode_stochastic(R::f32s(buffer), noise, values),
            );
        }
        SlotPart::Block8 { codes, scales, map } => {
            scales[0] = level.run(
                #[inline(always)]
                || block8::encode(R::f32s(buffer), map, codes),
            );
        }
    }
}

fn copy_gradient<T: Stored>(gradient: Gradient<'_, T>, updates: &mut [T::Real]) {
    match gradient {
        Gradient::Dense(g) => T::load(g, updates),
        Gradient::Wide(g) => updates.copy_from_slice(g),
        Gradient::Missing => {}
        Gradient::Rows { .. } => unreachable!("chains with tensor rules refuse sparse gradients"),
    }
}

#[inline(always)]
fn squares_and_clipped<R: Real>(g: &[R], bound: f64) -> (f64, u64) {
    let mut clipped = 0u64;
    for g in g {
        clipped += u64::from(g.to_f64().abs() > bound);
    }
    (norm::sum_of_squares_of(g, |g| g.to_f64()), clipped)
}

#[inline(always)]
fn squares_of_change<R: Real>(before: &[R], after: &[R]) -> (f64, f64) {
    let mut change = [R::default(); CHUNK];
    for ((change, before), after) in change.iter_mut().zip(before).zip(after) {
        *change = *after - *before;
    }
    let squares = |x: &[R]| norm::sum_of_squares_of(x, |x| x.to_f64());
    (squares(&change[..after.len()]), squares(after))
}
