//! Lookahead.
//!
//! ```text
//! after every k steps of the inner optimizer:   φ ← φ + α(θ − φ),   θ ← φ
//! ```
//!
//! φ, the slow weights, begin where θ, the fast weights, were before the first step. Zhang, Lucas, Hinton,
//! Ba, *Lookahead Optimizer: k steps forward, 1 step back*, NeurIPS 2019, algorithm 1,
//! <https://arxiv.org/abs/1907.08610>. The state of the inner optimizer goes on as it is, which is the
//! paper's default.
//!
//! A departure: the paper evaluates at φ, and this at θ, as people do with PyTorch, so that between two
//! synchronisations [`Optimizer::to_iterate`] is that of the inner optimizer.

use super::places::{self, Places};
use super::{bytes_of, hands_on, own_name};
use crate::saved::{Loader, Slot};
use crate::{Around, Optimizer, Segments, StepError, StepInfo, Stored};

/// Slow weights that follow the fast ones.
pub struct Lookahead<T: Stored> {
    inner: Box<dyn Optimizer<T>>,
    k: u64,
    α: f64,
    name: String,
    places: Places,
    /// Steps that the inner optimizer took.
    steps: u64,
    slow: Vec<T::Real>,
    /// Whether the slow weights have been set before the first step.
    begun: bool,
}

impl<T: Stored> Lookahead<T> {
    /// Slow weights that move the part `alpha`, from 0 to 1, of the way after every `k` steps, from 1.
    ///
    /// # Panics
    ///
    /// If `k` is 0.
    pub fn new(inner: Box<dyn Optimizer<T>>, k: u64, alpha: f64) -> Lookahead<T> {
        assert!(k > 0, "lookahead after every 0 steps");
        let name = own_name("lookahead", &*inner);
        let (places, slow) = (Places::default(), Vec::new());
        Lookahead { inner, k, α: alpha, name, places, steps: 0, slow, begun: false }
    }

    /// Before the first step, the slow weights are the parameters.
    fn begin(&mut self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        self.check(segments)?;
        self.places.settle(segments);
        if self.steps == 0 && !self.begun {
            self.slow.resize(self.places.length(), T::Real::default());
            places::copy(segments, &self.places.starts, &mut self.slow);
        }
        Ok(())
    }

    fn after(&mut self, segments: &mut dyn Segments<T>, steps_before: u64) {
        self.begun = false;
        if self.inner.steps() == steps_before {
            return;
        }
        self.steps += 1;
        if self.steps.is_multiple_of(self.k) {
            let α = T::Real::from_f64(self.α);
            places::each(
                segments,
                &self.places.starts,
                &mut self.slow,
                #[inline(always)]
                move |θ, φ| {
                    *φ = places::toward(*φ, *θ, α);
                    *θ = *φ;
                },
            );
            self.inner.moved(segments);
        }
    }
}

impl<T: Stored> Optimizer<T> for Lookahead<T> {
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

    fn probe(&mut self, segments: &mut dyn Segments<T>) -> Result<bool, StepError> {
        self.begin(segments)?;
        let moved = self.inner.probe(segments)?;
        self.begun |= moved;
        Ok(moved)
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

    fn slots(&self) -> Vec<Slot<'_>> {
        let mut slots = self.inner.slots();
        if self.steps > 0 {
            slots.extend(self.places.slots(&format!("{}.slow", self.name), &self.slow));
        }
        slots.push(Slot::number(format!("@{}.steps", self.name), self.steps as f64));
        slots
    }

    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader) {
        self.inner.load(segments, saved);
        let steps = saved.steps(&format!("@{}.steps", self.name));
        let places = Places::of(segments);
        let slow = match steps {
            0 => Vec::new(),
            _ => places.load(&format!("{}.slow", self.name), saved),
        };
        if saved.commits() {
            (self.steps, self.places, self.slow, self.begun) = (steps, places, slow, false);
        }
    }

    fn wraps(&self, word: &str) -> usize {
        self.inner.wraps(word) + usize::from(word == "lookahead")
    }

    fn state_bytes(&self, shape: &[usize]) -> u64 {
        self.inner.state_bytes(shape) + bytes_of::<T::Real>(shape)
    }

    fn step_bytes(&self) -> f64 {
        // Every k steps θ and φ are read and written.
        let both = 2.0 * (size_of::<T>() + size_of::<T::Real>()) as f64;
        self.inner.step_bytes() + both / self.k as f64
    }

    fn chain(&self) -> String {
        format!("Lookahead({})", self.inner.chain())
    }

    hands_on!(moved measured steps to_iterate observe parts measures_first non_finite is_frozen formula);
}
