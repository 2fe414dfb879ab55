//! The factor of a plateau on the learning rate of what is inside.
//!
//! ```text
//! ε = f · ε_k         f falls when a measure stops improving
//! ```
//!
//! What improves and falls is said where the schedule [`Plateau`] is; here its state is kept, fed by
//! [`Optimizer::measured`] and saved.

use super::{hands_on, own_name};
use crate::saved::{Loader, Slot};
use crate::schedule::{Plateau, PlateauState};
use crate::{Around, Optimizer, Segments, StepError, StepInfo, Stored};

/// An optimizer whose learning rate falls when a measure stops improving.
pub struct OnPlateau<T: Stored> {
    inner: Box<dyn Optimizer<T>>,
    plateau: Plateau,
    name: String,
    state: PlateauState,
}

impl<T: Stored> OnPlateau<T> {
    /// `inner`, whose schedule has `plateau` in it.
    pub fn new(inner: Box<dyn Optimizer<T>>, plateau: Plateau) -> OnPlateau<T> {
        let name = own_name("plateau", &*inner);
        OnPlateau { inner, plateau, name, state: plateau.start() }
    }

    /// What is known of the measurements so far.
    pub fn state(&self) -> PlateauState {
        self.state
    }

    fn names(&self) -> [String; 4] {
        ["best", "bad", "cooldown", "factor"].map(|letter| format!("@{}.{letter}", self.name))
    }

    fn within(&self, around: &Around) -> Around {
        Around { rate: around.rate * self.state.factor, ..*around }
    }
}

impl<T: Stored> Optimizer<T> for OnPlateau<T> {
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError> {
        let around = self.within(around);
        self.inner.step_within(segments, &around)
    }

    fn flush(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<Option<StepInfo>, StepError> {
        let around = self.within(around);
        self.inner.flush(segments, &around)
    }

    fn measured(&mut self, measure: f64) {
        self.plateau.measured(&mut self.state, measure);
        self.inner.measured(measure);
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        let mut slots = self.inner.slots();
        let numbers = std::iter::zip(self.names(), self.state.to_numbers());
        slots.extend(numbers.map(|(name, x)| Slot::number(name, x)));
        slots
    }

    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader) {
        self.inner.load(segments, saved);
        let numbers = self.names().map(|name| saved.number(&name));
        match PlateauState::from_numbers(numbers) {
            Some(state) if saved.commits() => self.state = state,
            Some(_) => {}
            None => saved.differ(format!("{numbers:?} are not the state of a plateau")),
        }
    }

    fn wraps(&self, word: &str) -> usize {
        self.inner.wraps(word) + usize::from(word == "plateau")
    }

    fn chain(&self) -> String {
        format!("OnPlateau({})", self.inner.chain())
    }

    hands_on!(
        probe check moved steps to_iterate observe parts measures_first non_finite is_frozen
        state_bytes step_bytes formula
    );
}
