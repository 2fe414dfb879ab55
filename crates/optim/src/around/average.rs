//! Averages of the weights over the steps.
//!
//! ```text
//! a ← a + w_t(θ_t − a)     after step t, with w = 1 the first time
//! ```

use super::places::{self, Places};
use super::{bytes_of, hands_on, own_name};
use crate::saved::{Loader, Slot};
use crate::{Around, Optimizer, Segments, StepError, StepInfo, Stored};

/// How much the weights after a step count.
pub trait Weights: Send {
    /// The word of the call: `ema`.
    const WORD: &'static str;

    /// The name in a chain: `Ema`.
    const NAME: &'static str;

    /// w_t, from 0 to 1, for the steps t from 1 on; `None` if the average passes over the step. The first
    /// one that there is counts as 1.
    fn weight(&self, t: u64) -> Option<f64>;

    /// Whether a step up to t was not passed over.
    fn begun(&self, t: u64) -> bool;
}

/// An average of the weights beside them, kept in what is calculated with. The parameters are those of the
/// inner optimizer; [`Optimizer::to_iterate`] gives the average. What it averages are the parameters as they
/// are kept, also where the inner optimizer speaks of another point.
pub struct Average<T: Stored, W: Weights> {
    inner: Box<dyn Optimizer<T>>,
    weights: W,
    name: String,
    places: Places,
    /// Steps that the inner optimizer took.
    steps: u64,
    average: Vec<T::Real>,
}

impl<T: Stored, W: Weights> Average<T, W> {
    pub(super) fn with(inner: Box<dyn Optimizer<T>>, weights: W) -> Average<T, W> {
        let name = own_name(W::WORD, &*inner);
        let (places, average) = (Places::default(), Vec::new());
        Average { inner, weights, name, places, steps: 0, average }
    }

    fn begun(&self) -> bool {
        self.weights.begun(self.steps)
    }

    fn after(&mut self, segments: &mut dyn Segments<T>, steps_before: u64) {
        if self.inner.steps() == steps_before {
            return;
        }
        let first = !self.begun();
        self.steps += 1;
        let Some(weight) = self.weights.weight(self.steps) else { return };
        let starts = &self.places.starts;
        if first {
            places::copy(segments, starts, &mut self.average);
            return;
        }
        let w = T::Real::from_f64(weight);
        places::beside(
            segments,
            starts,
            &mut self.average,
            #[inline(always)]
            move |θ, a| *a = places::toward(*a, θ, w),
        );
    }

    fn begin(&mut self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        self.check(segments)?;
        self.places.settle(segments);
        self.average.resize(self.places.length(), T::Real::default());
        Ok(())
    }
}

impl<T: Stored, W: Weights> Optimizer<T> for Average<T, W> {
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError> {
        self.begin(segments)?;
        let before = self.inner.steps();
        let result = self.inner.step_within(segments, around);
        self.after(segments, before);
        result
    }

    fn flush(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<Option<StepInfo>, StepError> {
        self.begin(segments)?;
        let before = self.inner.steps();
        let result = self.inner.flush(segments, around);
        self.after(segments, before);
        result
    }

    fn check(&self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        self.places.check(segments, self.steps() + 1)?;
        self.inner.check(segments)
    }

    fn to_iterate(&self, segments: &mut dyn Segments<T>) {
        if self.begun() {
            places::put(segments, &self.places, &self.average);
        } else {
            self.inner.to_iterate(segments);
        }
    }

    fn looks_ahead(&self) -> bool {
        true
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        let mut slots = self.inner.slots();
        if self.begun() {
            slots.extend(self.places.slots(&format!("{}.average", self.name), &self.average));
        }
        slots.push(Slot::number(format!("@{}.steps", self.name), self.steps as f64));
        slots
    }

    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader) {
        self.inner.load(segments, saved);
        let steps = saved.steps(&format!("@{}.steps", self.name));
        let places = Places::of(segments);
        let average = match self.weights.begun(steps) {
            true => places.load(&format!("{}.average", self.name), saved),
            false => Vec::new(),
        };
        if saved.commits() {
            (self.steps, self.places, self.average) = (steps, places, average);
        }
    }

    fn wraps(&self, word: &str) -> usize {
        self.inner.wraps(word) + usize::from(word == W::WORD)
    }

    fn state_bytes(&self, shape: &[usize]) -> u64 {
        self.inner.state_bytes(shape) + bytes_of::<T::Real>(shape)
    }

    fn step_bytes(&self) -> f64 {
        // θ is read, the average read and written.
        self.inner.step_bytes() + (size_of::<T>() + 2 * size_of::<T::Real>()) as f64
    }

    fn chain(&self) -> String {
        format!("{}({})", W::NAME, self.inner.chain())
    }

    hands_on!(probe moved measured steps observe parts measures_first non_finite is_frozen formula);
}
