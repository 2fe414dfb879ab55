//! Where the segments lie in what is remembered beside them, and the way over both.

use std::borrow::Cow;
use std::collections::HashSet;
use std::iter::zip;

use crate::saved::{Loader, Slot};
use crate::segment::check_lengths;
use crate::{Gradient, Level, Real, Segment, Segments, StepError, Stored};

/// Coordinates that one thread takes at a time; see the way of a chain.
const GRAIN: usize = 1 << 14;

/// Coordinates that are decoded at a time.
const CHUNK: usize = 256;

/// The segments of the first step, one after another.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    settled: bool,
    pub(super) names: Vec<String>,
    pub(super) shapes: Vec<Vec<usize>>,
    /// Where each segment begins, and at the end how many coordinates there are.
    pub(super) starts: Vec<usize>,
}

impl Places {
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// How many coordinates there are.
    pub(super) fn length(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    /// Checks that slices and shapes agree; before the first step, that each segment has a name of its own;
    /// then, that the segments are the same.
    pub(super) fn check<T: Stored>(
        &self,
        segments: &mut dyn Segments<T>,
        step: u64,
    ) -> Result<(), StepError> {
        for index in 0..segments.count() {
            check_lengths(&segments.segment(index))?;
        }
        if !self.settled {
            let mut names = HashSet::new();
            for index in 0..segments.count() {
                let segment = segments.segment(index).name.to_owned();
                if !names.insert(segment.clone()) {
                    return Err(StepError::Namesakes { segment });
                }
            }
            return Ok(());
        }
        let describe = |name: &str, shape: &[usize]| format!("'{name}' {shape:?}");
        for index in 0..segments.count().max(self.names.len()) {
            let found = (index < segments.count()).then(|| segments.segment(index));
            let expected = self.names.get(index).zip(self.shapes.get(index));
            if let (Some(found), Some((name, shape))) = (&found, expected)
                && found.name == name
                && found.shape == shape
            {
                continue;
            }
            let nothing = || "nothing".to_owned();
            return Err(StepError::Changed {
                step,
                index,
                found: found.map_or_else(nothing, |found| describe(found.name, found.shape)),
                expected: expected.map_or_else(nothing, |(name, shape)| describe(name, shape)),
            });
        }
        Ok(())
    }

    /// Notes the places at the first step.
    pub(super) fn settle<T: Stored>(&mut self, segments: &mut dyn Segments<T>) {
        if self.settled {
            return;
        }
        self.settled = true;
        self.starts.push(0);
        for index in 0..segments.count() {
            let Segment { name, shape, .. } = segments.segment(index);
            self.names.push(name.to_owned());
            self.shapes.push(shape.to_vec());
            self.starts.push(self.starts[index] + shape.iter().product::<usize>());
        }
    }

    /// The places of these segments.
    pub(super) fn of<T: Stored>(segments: &mut dyn Segments<T>) -> Places {
        let mut places = Places::default();
        places.settle(segments);
        places
    }

    /// The part of a segment in what lies along all.
    pub(super) fn range(&self, index: usize) -> std::ops::Range<usize> {
        self.starts[index]..self.starts[index + 1]
    }

    /// What lies along all segments, as one slot called `name` for each.
    pub(super) fn slots<'a, X: Stored>(&'a self, name: &str, values: &'a [X]) -> Vec<Slot<'a>> {
        (0..self.names.len()).map(|index| self.slot(index, name, values)).collect()
    }

    /// The slot of one segment.
    pub(super) fn slot<'a, X: Stored>(
        &'a self,
        index: usize,
        name: &str,
        values: &'a [X],
    ) -> Slot<'a> {
        Slot {
            name: format!("{}.{name}", self.names[index]),
            shape: Cow::Borrowed(&self.shapes[index]),
            values: X::values(&values[self.range(index)]),
        }
    }

    /// Reads what [`Places::slots`] gave.
    pub(super) fn load<X: Stored>(&self, name: &str, saved: &mut Loader) -> Vec<X> {
        let mut values = vec![X::default(); self.length()];
        for (index, segment) in self.names.iter().enumerate() {
            let part = &mut values[self.range(index)];
            saved.read(&format!("{segment}.{name}"), &self.shapes[index], part);
        }
        values
    }
}

/// Calls `work` for each segment with its part of `values`, which lie along all, on several threads.
pub(super) fn along<T: Stored, X: Send>(
    segments: &mut dyn Segments<T>,
    starts: &[usize],
    values: &mut [X],
    work: &(impl Fn(Segment<'_, T>, &mut [X]) + Sync),
) {
    let count = segments.count();
    if count <= 1 {
        if count == 1 {
            work(segments.segment(0), values);
        }
        return;
    }
    let at = count / 2;
    let (left_starts, right_starts) = (&starts[..=at], &starts[at..]);
    let mut halves = Some(values.split_at_mut(starts[at] - starts[0]));
    segments.split(at, &mut |left, right| {
        let Some((left_values, right_values)) = halves.take() else { return };
        let worth_it = left_values.len() + right_values.len() > GRAIN;
        let mut left = || along(left, left_starts, left_values, work);
        let mut right = || along(right, right_starts, right_values, work);
        if worth_it {
            rayon::join(left, right);
        } else {
            left();
            right();
        }
    });
}

/// Calls `work` for each coordinate: the parameter, in the numbers that are calculated with, and its
/// neighbour in `values`. Parameters that it changes are rounded to the nearest that can be stored.
pub(super) fn each<T: Stored>(
    segments: &mut dyn Segments<T>,
    starts: &[usize],
    values: &mut [T::Real],
    work: impl Fn(&mut T::Real, &mut T::Real) + Copy + Sync,
) {
    let level = Level::widest();
    along(segments, starts, values, &|segment, values| {
        each_of(level, segment.parameters, values, work);
    });
}

fn each_of<T: Stored>(
    level: Level,
    parameters: &mut [T],
    values: &mut [T::Real],
    work: impl Fn(&mut T::Real, &mut T::Real) + Copy + Sync,
) {
    if values.len() > GRAIN {
        let at = crate::norm::middle(values.len(), CHUNK);
        let (left, right) = parameters.split_at_mut(at);
        let (left_values, right_values) = values.split_at_mut(at);
        rayon::join(
            || each_of(level, left, left_values, work),
            || each_of(level, right, right_values, work),
        );
        return;
    }
    if let Some(reals) = T::as_reals_mut(parameters) {
        return level.run(
            #[inline(always)]
            || zip(reals, values).for_each(|(p, x)| work(p, x)),
        );
    }
    let mut buffer = [T::Real::default(); CHUNK];
    for (parameters, values) in zip(parameters.chunks_mut(CHUNK), values.chunks_mut(CHUNK)) {
        let reals = &mut buffer[..values.len()];
        T::load(parameters, reals);
        level.run(
            #[inline(always)]
            || zip(&mut *reals, values).for_each(|(p, x)| work(p, x)),
        );
        T::store(reals, parameters);
    }
}

/// Writes the parameters to `values`, which lie along all segments.
pub(super) fn copy<T: Stored>(
    segments: &mut dyn Segments<T>,
    starts: &[usize],
    values: &mut [T::Real],
) {
    along(segments, starts, values, &|segment, values| T::load(segment.parameters, values));
}

/// Writes `values`, which lie along all segments, to the parameters.
pub(super) fn put<T: Stored>(segments: &mut dyn Segments<T>, places: &Places, values: &[T::Real]) {
    for index in 0..places.names.len() {
        T::store(&values[places.range(index)], segments.segment(index).parameters);
    }
}

/// a + b·(x − a): from a part of the way to x.
#[inline(always)]
pub(super) fn toward<R: Real>(a: R, x: R, b: R) -> R {
    a + b * (x - a)
}

/// Calls `work` for each coordinate: the parameter, which stays, and its neighbour in `values`.
pub(super) fn beside<T: Stored>(
    segments: &mut dyn Segments<T>,
    starts: &[usize],
    values: &mut [T::Real],
    work: impl Fn(T::Real, &mut T::Real) + Copy + Sync,
) {
    let level = Level::widest();
    along(segments, starts, values, &|segment, values| {
        beside_of(level, segment.parameters, values, work);
    });
}

fn beside_of<X: Stored>(
    level: Level,
    others: &[X],
    values: &mut [X::Real],
    work: impl Fn(X::Real, &mut X::Real) + Copy + Sync,
) {
    if values.len() > GRAIN {
        let at = crate::norm::middle(values.len(), CHUNK);
        let (left, right) = others.split_at(at);
        let (left_values, right_values) = values.split_at_mut(at);
        rayon::join(
            || beside_of(level, left, left_values, work),
            || beside_of(level, right, right_values, work),
        );
        return;
    }
    if let Some(reals) = X::as_reals(others) {
        return level.run(
            #[inline(always)]
            || zip(reals, values).for_each(|(p, x)| work(*p, x)),
        );
    }
    let mut buffer = [X::Real::default(); CHUNK];
    for (others, values) in zip(others.chunks(CHUNK), values.chunks_mut(CHUNK)) {
        let reals = &mut buffer[..values.len()];
        X::load(others, reals);
        level.run(
            #[inline(always)]
            || zip(&*reals, values).for_each(|(p, x)| work(*p, x)),
        );
    }
}

/// Calls `work` for each coordinate that has a gradient: that, and its neighbour in `values`.
pub(super) fn with_gradient<T: Stored>(
    segment: &Segment<'_, T>,
    values: &mut [T::Real],
    work: impl Fn(T::Real, &mut T::Real) + Copy + Sync,
) {
    let level = Level::widest();
    match segment.gradient {
        Gradient::Missing => {}
        Gradient::Dense(g) => beside_of(level, g, values, work),
        Gradient::Wide(g) => beside_of(level, g, values, work),
        Gradient::Rows { rows, values: g } => {
            let width = segment.shape.iter().skip(1).product::<usize>();
            for (i, row) in rows.iter().enumerate() {
                let (g, values) = (&g[i * width..][..width], &mut values[row * width..][..width]);
                beside_of(level, g, values, work);
            }
        }
    }
}
