//! One step for several gradients.
//!
//! ```text
//! Σ ← Σ + g                     at every call
//! the inner step with Σ/n       at every k-th call;   n gradients of the segment were added
//! ```
//!
//! The sum is kept in what is calculated with. A segment without a gradient in a call is not counted for it,
//! and one without any has none at the step; if all are without, none is taken. Where the inner optimizer skips gradients that are not finite,
//! such a call is left out of the sum and counted as skipped; where it puts 0 in their place, it does so to
//! the sum; where it refuses them, such a call is an error and adds nothing; where it stops, it stops at the step. Sparse gradients become dense in the sum.
//!
//! Inside groups the norm that clips a mean is that of the group; around groups it is that of the whole.

use super::places::{self, Places};
use super::{bytes_of, hands_on, no_step, own_name};
use crate::norm::{self, Measured};
use crate::saved::{Loader, Slot};
use crate::segment::WithGradients;
use crate::{
    Around, Gradient, Level, NonFinite, Optimizer, Outcome, Segments, StepError, StepInfo, Stored,
};

/// An optimizer that steps with the mean over several calls.
pub struct Accumulate<T: Stored> {
    inner: Box<dyn Optimizer<T>>,
    every: u64,
    name: String,
    places: Places,
    /// Calls since the last step.
    calls: u64,
    /// Calls that were left out since the start.
    skipped: u64,
    sums: Vec<T::Real>,
    /// How many gradients each segment's sum is of.
    counts: Vec<u64>,
    present: Vec<bool>,
    norms: Vec<f64>,
}

impl<T: Stored> Accumulate<T> {
    /// `inner`, which takes a step at every so many calls, from 1.
    ///
    /// # Panics
    ///
    /// If `every` is 0.
    pub fn new(inner: Box<dyn Optimizer<T>>, every: u64) -> Accumulate<T> {
        assert!(every > 0, "a step at every 0 calls");
        Accumulate {
            name: own_name("accumulate", &*inner),
            inner,
            every,
            places: Places::default(),
            calls: 0,
            skipped: 0,
            sums: Vec::new(),
            counts: Vec::new(),
            present: Vec::new(),
            norms: Vec::new(),
        }
    }

    /// Calls since the last step, from 0 to below their number for each step.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// The first segment whose gradient is not finite.
    fn non_finite_segment(&mut self, segments: &mut dyn Segments<T>) -> Option<usize> {
        self.norms.resize(segments.count(), 0.0);
        let norm = norm::of_segments(Level::widest(), segments, false, &mut self.norms);
        norm.err().map(|Measured { segment }| segment)
    }

    fn add(&mut self, segments: &mut dyn Segments<T>) {
        for index in 0..segments.count() {
            let segment = segments.segment(index);
            if let Gradient::Missing = segment.gradient {
                continue;
            }
            let sum = &mut self.sums[self.places.range(index)];
            if self.counts[index] == 0 {
                sum.fill(T::Real::default());
            }
            self.counts[index] += 1;
            places::with_gradient(
                &segment,
                sum,
                #[inline(always)]
                |g, sum| *sum = *sum + g,
            );
        }
    }

    /// The inner step with the means, after which nothing is there.
    fn take(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError> {
        for (index, count) in self.counts.iter().enumerate() {
            self.present[index] = *count > 0;
            if *count > 1 {
                let n = T::Real::from_f64(*count as f64);
                self.sums[self.places.range(index)].iter_mut().for_each(|sum| *sum = *sum / n);
            }
        }
        let any = self.counts.iter().any(|count| *count > 0);
        self.calls = 0;
        self.counts.fill(0);
        if !any {
            return Ok(no_step(self.inner.steps(), Outcome::Skipped, self.skipped));
        }
        let Accumulate { inner, places, sums, present, skipped, .. } = self;
        let mut means =
            WithGradients { of: segments, starts: &places.starts, gradients: sums, present };
        let around = Around { global_norm: None, ..*around };
        let info = inner.step_within(&mut means, &around)?;
        Ok(StepInfo { skipped: info.skipped + *skipped, ..info })
    }

    fn settle(&mut self, segments: &mut dyn Segments<T>) {
        self.places.settle(segments);
        self.sums.resize(self.places.length(), T::Real::default());
        self.counts.resize(segments.count(), 0);
        self.present.resize(segments.count(), false);
    }
}

impl<T: Stored> Optimizer<T> for Accumulate<T> {
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError> {
        self.check(segments)?;
        self.settle(segments);
        let bad = if self.measures_first() && around.global_norm.is_none() {
            self.non_finite_segment(segments)
        } else {
            None
        };
        let left_out = bad.is_some() && self.inner.non_finite() == NonFinite::Skip;
        if let Some(index) = bad
            && !left_out
        {
            return Err(norm::error(segments, self.inner.steps() + 1, index));
        }
        if left_out {
            self.skipped += 1;
        } else {
            self.add(segments);
        }
        self.calls += 1;
        if self.calls >= self.every {
            return self.take(segments, around);
        }
        let outcome = if left_out { Outcome::Skipped } else { Outcome::Accumulated };
        Ok(no_step(self.inner.steps(), outcome, self.skipped))
    }

    fn flush(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<Option<StepInfo>, StepError> {
        self.check(segments)?;
        if self.calls == 0 {
            return Ok(None);
        }
        self.take(segments, around).map(Some)
    }

    fn check(&self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        // What the inner optimizer gets is dense, whatever comes here.
        self.places.check(segments, self.inner.steps() + 1)
    }

    fn measures_first(&self) -> bool {
        matches!(self.inner.non_finite(), NonFinite::Skip | NonFinite::Refuse)
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        let Accumulate { name, places, counts, .. } = self;
        let mut slots = self.inner.slots();
        slots.push(Slot::number(format!("@{name}.calls"), self.calls as f64));
        slots.push(Slot::number(format!("@{name}.skipped"), self.skipped as f64));
        if self.calls > 0 {
            for (index, (segment, count)) in std::iter::zip(&places.names, counts).enumerate() {
                slots.push(Slot::number(format!("{segment}.{name}.count"), *count as f64));
                if *count > 0 {
                    slots.push(places.slot(index, &format!("{name}.sum"), &self.sums));
                }
            }
        }
        slots
    }

    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader) {
        self.inner.load(segments, saved);
        let name = &self.name;
        let calls = saved.steps(&format!("@{name}.calls"));
        let skipped = saved.steps(&format!("@{name}.skipped"));
        let places = Places::of(segments);
        let mut sums = vec![T::Real::default(); places.length()];
        let mut counts = vec![0; places.names.len()];
        if calls >= self.every {
            saved.differ(format!("{calls} calls were gathered, but {} are a step", self.every));
        }
        if calls > 0 {
            for (index, segment) in places.names.iter().enumerate() {
                counts[index] = saved.steps(&format!("{segment}.{name}.count"));
                if counts[index] > 0 {
                    let sum = &mut sums[places.range(index)];
                    saved.read(&format!("{segment}.{name}.sum"), &places.shapes[index], sum);
                }
            }
        }
        if saved.commits() {
            (self.calls, self.skipped) = (calls, skipped);
            (self.places, self.sums, self.counts) = (places, sums, counts);
        }
    }

    fn wraps(&self, word: &str) -> usize {
        self.inner.wraps(word) + usize::from(word == "accumulate")
    }

    fn state_bytes(&self, shape: &[usize]) -> u64 {
        self.inner.state_bytes(shape) + bytes_of::<T::Real>(shape)
    }

    fn step_bytes(&self) -> f64 {
        // g is read, the sum read and written; every k-th call the mean is made and the step taken.
        let (stored, real) = (size_of::<T>() as f64, size_of::<T::Real>() as f64);
        stored + 2.0 * real + (2.0 * real + self.inner.step_bytes()) / self.every as f64
    }

    fn chain(&self) -> String {
        format!("Accumulate({})", self.inner.chain())
    }

    hands_on!(moved measured steps to_iterate observe parts non_finite is_frozen formula);
}
