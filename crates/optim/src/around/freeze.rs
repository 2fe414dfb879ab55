//! Parameters that are left as they are, for a while or for good.
//!
//! ```text
//! from ≤ k < until:   nothing changes          k counts the calls of step, from 0
//! else:               the inner optimizer takes its step
//! ```
//!
//! While the parameters are frozen, the state of the inner optimizer and its count of steps stay as well, so
//! that its schedules go on afterwards where they stopped.

use super::{hands_on, no_step, own_name};
use crate::saved::{Loader, Slot};
use crate::segment::check_lengths;
use crate::symbol::PARAMETERS;
use crate::{
    Around, Expression, Observe, Optimizer, Outcome, Part, Segments, StepError, StepInfo, Stored,
};

/// An optimizer that rests for some calls.
pub struct Freeze<T: Stored> {
    inner: Box<dyn Optimizer<T>>,
    from: u64,
    until: u64,
    name: String,
    calls: u64,
    /// What the inner optimizer last said that it had skipped.
    skipped: u64,
}

impl<T: Stored> Freeze<T> {
    /// `inner`, at rest for the calls `from ≤ k < until`, counted from 0.
    pub fn new(inner: Box<dyn Optimizer<T>>, from: u64, until: u64) -> Freeze<T> {
        let name = own_name("freeze", &*inner);
        Freeze { inner, from, until, name, calls: 0, skipped: 0 }
    }

    fn rests(&self) -> bool {
        (self.from..self.until).contains(&self.calls)
    }
}

impl<T: Stored> Optimizer<T> for Freeze<T> {
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError> {
        self.check(segments)?;
        let result = if self.rests() {
            Ok(no_step(self.inner.steps(), Outcome::Frozen, self.skipped))
        } else {
            self.inner.step_within(segments, around)
        };
        self.calls += 1;
        if let Ok(info) = &result {
            self.skipped = info.skipped;
        }
        result
    }

    fn probe(&mut self, segments: &mut dyn Segments<T>) -> Result<bool, StepError> {
        if self.rests() { Ok(false) } else { self.inner.probe(segments) }
    }

    fn flush(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<Option<StepInfo>, StepError> {
        if self.rests() { Ok(None) } else { self.inner.flush(segments, around) }
    }

    /// At rest nothing is touched, so that there is nothing to compare with.
    fn check(&self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        if self.rests() { check_all_lengths(segments) } else { self.inner.check(segments) }
    }

    fn measures_first(&self) -> bool {
        !self.rests() && self.inner.measures_first()
    }

    fn is_frozen(&self) -> bool {
        self.rests() || self.inner.is_frozen()
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        let mut slots = self.inner.slots();
        slots.push(Slot::number(format!("@{}.calls", self.name), self.calls as f64));
        slots
    }

    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader) {
        self.inner.load(segments, saved);
        let calls = saved.steps(&format!("@{}.calls", self.name));
        if saved.commits() {
            self.calls = calls;
        }
    }

    fn wraps(&self, word: &str) -> usize {
        self.inner.wraps(word) + usize::from(word == "freeze")
    }

    fn chain(&self) -> String {
        format!("Freeze({})", self.inner.chain())
    }

    hands_on!(moved measured steps to_iterate observe parts non_finite state_bytes step_bytes formula);
}

fn check_all_lengths<T: Stored>(segments: &mut dyn Segments<T>) -> Result<(), StepError> {
    (0..segments.count()).try_for_each(|index| check_lengths(&segments.segment(index)))
}

/// An optimizer that leaves its segments as they are and remembers nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frozen;

impl<T: Stored> Optimizer<T> for Frozen {
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        _around: &Around,
    ) -> Result<StepInfo, StepError> {
        Optimizer::<T>::check(self, segments)?;
        Ok(no_step(0, Outcome::Frozen, 0))
    }

    fn check(&self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        check_all_lengths(segments)
    }

    fn steps(&self) -> u64 {
        0
    }

    fn to_iterate(&self, _segments: &mut dyn Segments<T>) {}

    fn looks_ahead(&self) -> bool {
        false
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        Vec::new()
    }

    fn load(&mut self, _segments: &mut dyn Segments<T>, _saved: &mut Loader) {}

    fn observe(&mut self, _observe: Observe) {}

    fn parts(&self) -> Vec<Part> {
        vec![Part { name: "*".into(), last: None }]
    }

    fn measures_first(&self) -> bool {
        false
    }

    fn is_frozen(&self) -> bool {
        true
    }

    fn state_bytes(&self, _shape: &[usize]) -> u64 {
        0
    }

    fn step_bytes(&self) -> f64 {
        0.0
    }

    fn chain(&self) -> String {
        "Frozen".to_owned()
    }

    fn formula(&self) -> String {
        "θ ← θ".to_owned()
    }

    fn latex(&self) -> String {
        r"\theta &\leftarrow \theta".to_owned()
    }

    fn expressions(&self, segments: &mut dyn Segments<T>) -> Result<Vec<Expression>, StepError> {
        let [chain, formula] = [Optimizer::<T>::chain(self), Optimizer::<T>::formula(self)];
        let mut expression = Expression::start(0..segments.count(), chain, formula);
        expression.assign(PARAMETERS, PARAMETERS);
        Ok(vec![expression])
    }
}
