//! What an optimizer remembers, by name: one arena per slot, laid out as the segments of the first step.

use std::collections::HashSet;

use crate::symbol::told_apart;
use crate::{Real, SavedSlot, Segment, Segments, Slot, StateError, StepError};

/// The slots of all segments.
#[derive(Clone, Debug)]
pub(crate) struct State<T> {
    /// The names of the slots; each has an arena.
    slots: Vec<String>,
    /// Whether the first step has laid out the places.
    settled: bool,
    places: Vec<Place>,
    arenas: Vec<Vec<T>>,
}

/// Where a segment lies in the arenas.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    name: String,
    shape: Vec<usize>,
    start: usize,
    len: usize,
}

impl<T: Real> State<T> {
    /// A state for no segments yet.
    pub(crate) fn new(slots: Vec<&'static str>) -> State<T> {
        // A rule that stands twice in a chain remembers two numbers, `momentum.v` and `momentum.v2`.
        State::with_names(told_apart(&slots, |n| n.to_string()))
    }

    fn with_names(slots: Vec<String>) -> State<T> {
        let arenas = slots.iter().map(|_| Vec::new()).collect();
        State { slots, settled: false, places: Vec::new(), arenas }
    }

    /// How many segments it is laid out for; 0 before the first step.
    pub(crate) fn segments(&self) -> usize {
        self.places.len()
    }

    /// Checks that slices and shapes agree; at the first step, that each segment has a name of its own;
    /// at every other, that the segments are the same.
    pub(crate) fn check(&self, segments: &mut dyn Segments<T>, step: u64) -> Result<(), StepError> {
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
    pub(crate) fn settle(&mut self, segments: &mut dyn Segments<T>) {
        if !self.settled {
            self.lay_out(segments);
        }
    }

    /// The slots of the segment at `index`; empty slices where there are fewer than `N`.
    pub(crate) fn of_segment<const N: usize>(&mut self, index: usize) -> [&mut [T]; N] {
        let Place { start, len, .. } = self.places[index];
        let mut arenas = self.arenas.iter_mut();
        std::array::from_fn(|_| match arenas.next() {
            Some(arena) => &mut arena[start..][..len],
            None => &mut [],
        })
    }

    /// The same to look at, one slice per slot.
    pub(crate) fn arenas_of_segment(&self, index: usize) -> Vec<&[T]> {
        let Place { start, len, .. } = self.places[index];
        self.arenas.iter().map(|arena| &arena[start..][..len]).collect()
    }

    /// All slots, in the order of the segments.
    pub(crate) fn slots(&self) -> Vec<Slot<'_, T>> {
        let mut slots = Vec::with_capacity(self.places.len() * self.slots.len());
        for place in &self.places {
            for (slot, arena) in std::iter::zip(&self.slots, &self.arenas) {
                let values = &arena[place.start..][..place.len];
                slots.push(Slot { segment: &place.name, slot, shape: &place.shape, values });
            }
        }
        slots
    }

    /// The same slots for `segments`, filled from `saved` by name.
    pub(crate) fn restored(
        &self,
        segments: &mut dyn Segments<T>,
        mut saved: Vec<SavedSlot<T>>,
    ) -> Result<State<T>, StateError> {
        let mut state = State::with_names(self.slots.clone());
        state.lay_out(segments);
        let mut differences = Vec::new();
        for place in &state.places {
            for (slot, arena) in std::iter::zip(&state.slots, &mut state.arenas) {
                let name = format!("{}.{slot}", place.name);
                match saved.iter().position(|saved| saved.name == name) {
                    None => differences.push(format!("'{name}' is missing")),
                    Some(index) => {
                        let found = saved.swap_remove(index);
                        if found.shape == place.shape && found.values.len() == place.len {
                            arena[place.start..][..place.len].copy_from_slice(&found.values);
                        } else {
                            let (shape, wanted) = (found.shape, &place.shape);
                            differences.push(format!("'{name}' is {shape:?}, not {wanted:?}"));
                        }
                    }
                }
            }
        }
        let mut unknown: Vec<_> = saved.iter().map(|saved| &saved.name).collect();
        unknown.sort_unstable();
        differences.extend(unknown.iter().map(|name| format!("'{name}' is not known")));
        if differences.is_empty() { Ok(state) } else { Err(StateError { differences }) }
    }

    fn lay_out(&mut self, segments: &mut dyn Segments<T>) {
        self.settled = true;
        let mut start = 0;
        for index in 0..segments.count() {
            let Segment { name, shape, .. } = segments.segment(index);
            let len = shape.iter().product();
            self.places.push(Place { name: name.to_owned(), shape: shape.to_vec(), start, len });
            start += len;
        }
        self.arenas.iter_mut().for_each(|arena| arena.resize(start, T::default()));
    }
}

impl Place {
    fn is_of<T>(&self, segment: &Segment<'_, T>) -> bool {
        self.name == segment.name && self.shape == segment.shape
    }
}

fn check_lengths<T>(segment: &Segment<'_, T>) -> Result<(), StepError> {
    let (parameters, gradient) = (segment.parameters.len(), segment.gradient.len());
    let elements: usize = segment.shape.iter().product();
    if parameters == elements && gradient == elements {
        return Ok(());
    }
    let (segment, shape) = (segment.name.to_owned(), segment.shape.to_vec());
    Err(StepError::Length { segment, parameters, gradient, shape })
}

fn check_names<T>(segments: &mut dyn Segments<T>) -> Result<(), StepError> {
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
