//! What a chain remembers, by name: one arena per slot, laid out as the segments of the first step.

use std::borrow::Cow;
use std::collections::HashSet;
use std::iter::zip;

use half::bf16;

use super::stage::Stage;
use super::sweep::MAX_SLOTS;
use crate::saved::{Loader, Slot, Values};
use crate::segment::check_lengths;
use crate::slots::block8::{self, BLOCK, Map};
use crate::symbol::told_apart;
use crate::{Real, Remembered, Segment, Segments, SlotFormat, StepError, Stored, TensorSlot};

/// The slots of one stage that a tensor may have.
pub(super) const MAX_TENSOR_SLOTS: usize = 8;

/// The slots of all segments.
#[derive(Debug)]
pub(super) struct State<R> {
    /// Whether the first step has laid out the places.
    settled: bool,
    pub(super) places: Vec<Place>,
    /// Where each segment begins among all coordinates, and at the end how many there are.
    pub(super) starts: Vec<usize>,
    /// The same in blocks of 8-bit codes.
    pub(super) block_starts: Vec<usize>,
    /// The slots of the stages, stage after stage.
    arenas: Vec<Arena<R>>,
    /// The range of arenas that each stage has.
    ranges: Vec<std::ops::Range<usize>>,
    /// Parameters in the numbers that are calculated with, where they are stored in fewer bits.
    pub(super) master: Option<Vec<R>>,
}

/// A segment that the state is laid out for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

#[derive(Debug)]
struct Arena<R> {
    name: String,
    kind: ArenaKind,
    values: ArenaValues<R>,
}

#[derive(Debug)]
enum ArenaKind {
    /// One number for each coordinate.
    Coordinate(Remembered),
    /// The slot of this number of a tensor rule: where each segment's begins, and the shapes.
    Tensor { index: usize, starts: Vec<usize>, shapes: Vec<Vec<usize>> },
}

#[derive(Debug)]
enum ArenaValues<R> {
    Full(Vec<R>),
    Bf16(Vec<bf16>),
    Block8 { codes: Vec<u8>, scales: Vec<f32>, map: Map },
}

/// Slots, where segments begin in them, and the master copy of the parameters.
type Parts<'a, R> =
    ([SlotPart<'a, R>; MAX_TENSOR_SLOTS], [&'a [usize]; MAX_TENSOR_SLOTS], Option<&'a mut [R]>);

/// A part of a slot, to be read and written.
#[derive(Debug, Default)]
pub(super) enum SlotPart<'a, R> {
    /// There is no such slot.
    #[default]
    None,
    Full(&'a mut [R]),
    Bf16(&'a mut [bf16]),
    Block8 {
        codes: &'a mut [u8],
        scales: &'a mut [f32],
        map: Map,
    },
}

impl<R: Real> State<R> {
    /// A state for no segments yet.
    pub(super) fn new(stages: &[Box<dyn Stage<R>>], format: SlotFormat) -> State<R> {
        let (mut arenas, mut ranges) = (Vec::new(), Vec::new());
        for stage in stages {
            let begin = arenas.len();
            arenas.extend(stage.slots().into_iter().map(|slot| Arena::of(slot, format)));
            // Of which shape a tensor's slots are is known when there is one; how many, before.
            for (index, slot) in stage.tensor_slots(&[]).into_iter().enumerate() {
                let kind = ArenaKind::Tensor { index, starts: vec![0], shapes: Vec::new() };
                let (name, values) = (slot.name.to_owned(), ArenaValues::Full(Vec::new()));
                arenas.push(Arena { name, kind, values });
            }
            assert!(arenas.len() - begin <= MAX_TENSOR_SLOTS, "too many slots in a stage");
            ranges.push(begin..arenas.len());
        }
        // A rule that stands twice in a chain remembers two numbers, `momentum.v` and `momentum.v2`.
        let names: Vec<&str> = arenas.iter().map(|arena| arena.name.as_str()).collect();
        let names = told_apart(&names, |n| n.to_string());
        zip(&mut arenas, names).for_each(|(arena, name)| arena.name = name);
        State {
            settled: false,
            places: Vec::new(),
            starts: vec![0],
            block_starts: vec![0],
            arenas,
            ranges,
            master: None,
        }
    }

    /// Checks that slices and shapes agree; at the first step, that each segment has a name of its own;
    /// at every other, that the segments are the same.
    pub(super) fn check<T: Stored<Real = R>>(
        &self,
        segments: &mut dyn Segments<T>,
        step: u64,
    ) -> Result<(), StepError> {
        for index in 0..segments.count() {
            check_lengths(&segments.segment(index))?;
        }
        if !self.settled {
            return check_names(segments);
        }
        for index in 0..segments.count().max(self.places.len()) {
            let found = (index < segments.count()).then(|| segments.segment(index));
            let expected = self.places.get(index);
            match (found, expected) {
                (Some(found), Some(expected)) if expected.is_of(&found) => {}
                (found, expected) => {
                    let found = found.map(|found| describe(found.name, found.shape));
                    let expected = expected.map(|place| describe(&place.name, &place.shape));
                    let or_nothing = |text: Option<String>| text.unwrap_or("nothing".to_owned());
                    let (found, expected) = (or_nothing(found), or_nothing(expected));
                    return Err(StepError::Changed { step, index, found, expected });
                }
            }
        }
        Ok(())
    }

    /// Makes room at the first step.
    pub(super) fn settle<T: Stored<Real = R>>(
        &mut self,
        segments: &mut dyn Segments<T>,
        stages: &[Box<dyn Stage<R>>],
        with_master: bool,
    ) {
        if self.settled {
            return;
        }
        self.settled = true;
        for index in 0..segments.count() {
            let Segment { name, shape, .. } = segments.segment(index);
            let len = shape.iter().product::<usize>();
            self.places.push(Place { name: name.to_owned(), shape: shape.to_vec() });
            self.starts.push(self.starts[index] + len);
            self.block_starts.push(self.block_starts[index] + len.div_ceil(BLOCK));
        }
        let (length, blocks) =
            (self.starts[self.places.len()], self.block_starts[self.places.len()]);
        for (stage, range) in zip(stages, &self.ranges) {
            for arena in &mut self.arenas[range.clone()] {
                arena.lay_out(&**stage, &self.places, &self.block_starts, length, blocks);
            }
        }
        if with_master {
            let mut master = vec![R::default(); length];
            for index in 0..segments.count() {
                let part = &mut master[self.starts[index]..self.starts[index + 1]];
                T::load(segments.segment(index).parameters, part);
            }
            self.master = Some(master);
        }
    }

    /// The slots of a stage, whole, and where each segment begins in each: for those of coordinates, that
    /// is `starts`.
    pub(super) fn parts<'a>(&'a mut self, stage: usize, starts: &'a [usize]) -> Parts<'a, R> {
        let mut parts: [SlotPart<'_, R>; MAX_TENSOR_SLOTS] = Default::default();
        let mut all_starts = [starts; MAX_TENSOR_SLOTS];
        let arenas = &mut self.arenas[self.ranges[stage].clone()];
        for ((part, starts), arena) in zip(zip(&mut parts, &mut all_starts), arenas) {
            let Arena { kind, values, .. } = arena;
            if let ArenaKind::Tensor { starts: own, .. } = kind {
                *starts = own;
            }
            *part = match values {
                ArenaValues::Full(values) => SlotPart::Full(values),
                ArenaValues::Bf16(values) => SlotPart::Bf16(values),
                ArenaValues::Block8 { codes, scales, map } => {
                    SlotPart::Block8 { codes, scales, map: *map }
                }
            };
        }
        (parts, all_starts, self.master.as_deref_mut())
    }

    /// The slots of a stage's coordinates of a segment, decoded.
    pub(super) fn decoded(&self, stage: usize, segment: usize) -> [Vec<R>; MAX_SLOTS] {
        let (begin, end) = (self.starts[segment], self.starts[segment + 1]);
        let mut decoded = std::array::from_fn(|_| Vec::new());
        for (out, arena) in zip(&mut decoded, &self.arenas[self.ranges[stage].clone()]) {
            if let ArenaKind::Coordinate(_) = arena.kind {
                out.resize(end - begin, R::default());
                arena.decode(begin, self.block_starts[segment], out);
            }
        }
        decoded
    }

    /// All slots, in the order of the segments.
    pub(super) fn slots(&self) -> Vec<Slot<'_>> {
        let mut slots = Vec::new();
        for (index, place) in self.places.iter().enumerate() {
            let range = self.starts[index]..self.starts[index + 1];
            let blocks = self.block_starts[index]..self.block_starts[index + 1];
            for arena in &self.arenas {
                let name = arena.name_of(place);
                let (shape, range) = arena.part_of(index, place, range.clone());
                match &arena.values {
                    _ if shape == [0] && place.shape != [0] => {}
                    ArenaValues::Full(values) => {
                        let values = R::values(&values[range]);
                        slots.push(Slot { name, shape: Cow::Borrowed(shape), values });
                    }
                    ArenaValues::Bf16(values) => {
                        let values = bf16::values(&values[range]);
                        slots.push(Slot { name, shape: Cow::Borrowed(shape), values });
                    }
                    ArenaValues::Block8 { codes, scales, .. } => {
                        let scales = &scales[blocks.clone()];
                        slots.push(Slot {
                            name: format!("{name}.scale"),
                            shape: vec![scales.len()].into(),
                            values: f32::values(scales),
                        });
                        let values = Values::U8(codes[range].into());
                        slots.push(Slot { name, shape: Cow::Borrowed(shape), values });
                    }
                }
            }
            if let Some(master) = &self.master {
                let (name, values) = (master_name(place), R::values(&master[range]));
                slots.push(Slot { name, shape: Cow::Borrowed(&place.shape), values });
            }
        }
        slots
    }

    /// Fills a state that is laid out for the segments from what was saved.
    pub(super) fn load(&mut self, saved: &mut Loader) {
        for (index, place) in self.places.iter().enumerate() {
            let range = self.starts[index]..self.starts[index + 1];
            let blocks = self.block_starts[index]..self.block_starts[index + 1];
            for arena in &mut self.arenas {
                let name = arena.name_of(place);
                let (shape, range) = arena.part_of(index, place, range.clone());
                let shape = shape.to_vec();
                match &mut arena.values {
                    _ if shape == [0] && place.shape != [0] => {}
                    ArenaValues::Full(values) => saved.read(&name, &shape, &mut values[range]),
                    ArenaValues::Bf16(values) => saved.read(&name, &shape, &mut values[range]),
                    ArenaValues::Block8 { codes, scales, .. } => {
                        let scales = &mut scales[blocks.clone()];
                        let scale_name = format!("{name}.scale");
                        saved.read(&scale_name, &[blocks.len()], scales);
                        saved.read_bytes(&name, &shape, &mut codes[range]);
                    }
                }
            }
            if let Some(master) = &mut self.master {
                saved.read(&master_name(place), &place.shape, &mut master[range]);
            }
        }
    }

    /// Whether `saved` has any piece of these segments.
    pub(super) fn is_in(&self, saved: &Loader) -> bool {
        let mut names = self.places.iter().flat_map(|place| {
            let slots = self.arenas.iter().map(|arena| arena.name_of(place));
            slots.chain(self.master.as_ref().map(|_| master_name(place)))
        });
        names.any(|name| saved.has(&name))
    }
}

impl<R: Real> Arena<R> {
    fn of(slot: Remembered, format: SlotFormat) -> Arena<R> {
        let values = match format {
            SlotFormat::Full => ArenaValues::Full(Vec::new()),
            SlotFormat::Bf16 => ArenaValues::Bf16(Vec::new()),
            SlotFormat::Int8 => {
                let map = if slot.square { Map::Unsigned } else { Map::Signed };
                ArenaValues::Block8 { codes: Vec::new(), scales: Vec::new(), map }
            }
        };
        Arena { name: slot.name.to_owned(), kind: ArenaKind::Coordinate(slot), values }
    }

    fn lay_out(
        &mut self,
        stage: &dyn Stage<R>,
        places: &[Place],
        block_starts: &[usize],
        length: usize,
        blocks: usize,
    ) {
        match (&mut self.kind, &mut self.values) {
            (ArenaKind::Coordinate(slot), ArenaValues::Full(values)) => {
                values.resize(length, R::from_f64(slot.start));
            }
            (ArenaKind::Coordinate(slot), ArenaValues::Bf16(values)) => {
                values.resize(length, bf16::from_f64(slot.start));
            }
            (ArenaKind::Coordinate(slot), ArenaValues::Block8 { codes, scales, map }) => {
                // Every block starts with the same number, which is its own scale.
                let mut code = [0];
                let scale = block8::encode(&[slot.start as f32], *map, &mut code);
                codes.resize(length, code[0]);
                scales.resize(blocks, scale);
                debug_assert_eq!(block_starts.last(), Some(&blocks));
            }
            (ArenaKind::Tensor { index, starts, shapes }, ArenaValues::Full(values)) => {
                for place in places {
                    let slot = stage.tensor_slots(&place.shape).swap_remove(*index);
                    let len = slot.shape.iter().product::<usize>();
                    values.resize(values.len() + len, R::from_f64(slot.start));
                    starts.push(values.len());
                    shapes.push(slot.shape);
                }
            }
            (ArenaKind::Tensor { .. }, _) => unreachable!("tensor slots are kept in full"),
        }
    }

    fn name_of(&self, place: &Place) -> String {
        format!("{}.{}", place.name, self.name)
    }

    /// Shape and place of a segment's part.
    fn part_of<'a>(
        &'a self,
        index: usize,
        place: &'a Place,
        range: std::ops::Range<usize>,
    ) -> (&'a [usize], std::ops::Range<usize>) {
        match &self.kind {
            ArenaKind::Coordinate(_) => (&place.shape, range),
            ArenaKind::Tensor { starts, shapes, .. } => {
                (&shapes[index], starts[index]..starts[index + 1])
            }
        }
    }

    fn decode(&self, begin: usize, first_block: usize, out: &mut [R]) {
        let range = begin..begin + out.len();
        match &self.values {
            ArenaValues::Full(values) => out.copy_from_slice(&values[range]),
            ArenaValues::Bf16(values) => {
                for (out, x) in zip(out, &values[range]) {
                    *out = R::from_f64(x.to_f64());
                }
            }
            ArenaValues::Block8 { codes, scales, map } => {
                let chunks = zip(out.chunks_mut(BLOCK), codes[range].chunks(BLOCK));
                for ((out, codes), scale) in zip(chunks, &scales[first_block..]) {
                    let mut wide = [0.0; BLOCK];
                    block8::decode(codes, *scale, *map, &mut wide[..codes.len()]);
                    for (out, x) in zip(out, wide) {
                        *out = R::from_f64(x.into());
                    }
                }
            }
        }
    }
}

impl<'a, R> SlotPart<'a, R> {
    /// The first `at` numbers, which are `blocks` blocks of codes, and the others.
    pub(super) fn split_at(self, at: usize, blocks: usize) -> (SlotPart<'a, R>, SlotPart<'a, R>) {
        match self {
            SlotPart::None => (SlotPart::None, SlotPart::None),
            SlotPart::Full(values) => {
                let (left, right) = values.split_at_mut(at);
                (SlotPart::Full(left), SlotPart::Full(right))
            }
            SlotPart::Bf16(values) => {
                let (left, right) = values.split_at_mut(at);
                (SlotPart::Bf16(left), SlotPart::Bf16(right))
            }
            SlotPart::Block8 { codes, scales, map } => {
                let (codes, others) = codes.split_at_mut(at);
                let (scales, other_scales) = scales.split_at_mut(blocks);
                let right = SlotPart::Block8 { codes: others, scales: other_scales, map };
                (SlotPart::Block8 { codes, scales, map }, right)
            }
        }
    }

    /// The same part again, for a shorter time.
    pub(super) fn reborrow(&mut self) -> SlotPart<'_, R> {
        match self {
            SlotPart::None => SlotPart::None,
            SlotPart::Full(values) => SlotPart::Full(values),
            SlotPart::Bf16(values) => SlotPart::Bf16(values),
            SlotPart::Block8 { codes, scales, map } => {
                SlotPart::Block8 { codes, scales, map: *map }
            }
        }
    }

    /// Whether it is kept as it is calculated with, or not there.
    pub(super) fn is_full(&self) -> bool {
        matches!(self, SlotPart::None | SlotPart::Full(_))
    }
}

/// Each slot in two: `at` gives the numbers of the first part, and the blocks of codes.
pub(super) fn split_all<'a, R>(
    slots: [SlotPart<'a, R>; MAX_TENSOR_SLOTS],
    at: impl Fn(usize) -> (usize, usize),
) -> ([SlotPart<'a, R>; MAX_TENSOR_SLOTS], [SlotPart<'a, R>; MAX_TENSOR_SLOTS]) {
    let (mut left, mut right): ([_; MAX_TENSOR_SLOTS], [_; MAX_TENSOR_SLOTS]) = Default::default();
    for (slot, part) in slots.into_iter().enumerate() {
        // A slot that is not there has no starts either.
        if !matches!(part, SlotPart::None) {
            let (numbers, blocks) = at(slot);
            (left[slot], right[slot]) = part.split_at(numbers, blocks);
        }
    }
    (left, right)
}

impl Place {
    fn is_of<T: Stored>(&self, segment: &Segment<'_, T>) -> bool {
        self.name == segment.name && self.shape == segment.shape
    }
}

fn master_name(place: &Place) -> String {
    format!("{}.master.θ", place.name)
}

fn check_names<T: Stored>(segments: &mut dyn Segments<T>) -> Result<(), StepError> {
    let mut names = HashSet::new();
    for index in 0..segments.count() {
        let segment = segments.segment(index).name.to_owned();
        if !names.insert(segment.clone()) {
            return Err(StepError::Namesakes { segment });
        }
    }
    Ok(())
}

fn describe(name: &str, shape: &[usize]) -> String {
    format!("'{name}' {shape:?}")
}

/// The bytes of state of a stage for a tensor.
pub(super) fn state_bytes<R: Real>(
    stage: &dyn Stage<R>,
    shape: &[usize],
    format: SlotFormat,
) -> u64 {
    let coordinates: usize = shape.iter().product();
    let full = size_of::<R>() as u64;
    let each = match format {
        SlotFormat::Full => full * coordinates as u64,
        SlotFormat::Bf16 => 2 * coordinates as u64,
        SlotFormat::Int8 => (coordinates + 4 * coordinates.div_ceil(BLOCK)) as u64,
    };
    let tensor =
        |TensorSlot { shape, .. }: TensorSlot| full * shape.iter().product::<usize>() as u64;
    let tensors: u64 = stage.tensor_slots(shape).into_iter().map(tensor).sum();
    each * stage.slots().len() as u64 + tensors
}
