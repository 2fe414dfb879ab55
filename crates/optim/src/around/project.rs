//! The parameters stay in a convex set: after every step they are put back to its nearest point.
//!
//! ```text
//! θ ← Π_K(θ) = argmin_{x ∈ K} ‖x − θ‖₂       after the inner optimizer's step
//! ```
//!
//! Zinkevich, *Online convex programming and generalized infinitesimal gradient ascent*, ICML 2003, section 2; the
//! sets and their projections are those of `thalweg-sets`. All parameters together are the point, inside groups
//! those of the group.
//!
//! The theory of AdaGrad (Duchi, Hazan & Singer 2011) and of AMSGrad (Reddi, Kale & Kumar 2018) projects in the norm
//! of √V instead, argmin_{x ∈ K} ‖V^¼(x − θ)‖₂. For a box that is the same point, since each coordinate has its
//! bounds for itself; for the ball and the simplex it is another one.
//!
//! The projection is calculated in f64; what is stored is the nearest number to it. What is put back are the
//! parameters as they are kept, also where the inner optimizer speaks of another point. Nothing is remembered.

use thalweg_sets::{Projection, Set};

use super::hands_on;
use crate::saved::{Loader, Slot};
use crate::{Around, Optimizer, Segments, StepError, StepInfo, Stored};

/// Coordinates that are decoded at a time.
const CHUNK: usize = 256;

/// An optimizer whose parameters stay in a set.
pub struct Project<T: Stored> {
    inner: Box<dyn Optimizer<T>>,
    onto: Set,
}

impl<T: Stored> Project<T> {
    /// `inner`, whose parameters are projected `onto` a set after every step.
    pub fn new(inner: Box<dyn Optimizer<T>>, onto: Set) -> Project<T> {
        Project { inner, onto }
    }

    fn after(&mut self, segments: &mut dyn Segments<T>, steps_before: u64) {
        if self.inner.steps() == steps_before {
            return;
        }
        let projection = self.onto.projection(&mut |see| {
            for index in 0..segments.count() {
                pieces(segments.segment(index).parameters, see);
            }
        });
        let mut changed = false;
        for index in 0..segments.count() {
            changed |= apply(projection, segments.segment(index).parameters);
        }
        if changed {
            self.inner.moved(segments);
        }
    }
}

/// Hands the parameters on in f64.
fn pieces<T: Stored>(parameters: &[T], see: &mut dyn FnMut(&[f64])) {
    let mut wide = [0.0; CHUNK];
    for parameters in parameters.chunks(CHUNK) {
        let wide = &mut wide[..parameters.len()];
        wide.iter_mut().zip(parameters).for_each(|(wide, p)| *wide = p.to_f64());
        see(wide);
    }
}

/// Whether a parameter is now another number.
fn apply<T: Stored>(projection: Projection, parameters: &mut [T]) -> bool {
    let mut changed = false;
    for p in parameters {
        let here = T::from_f64(projection.at(p.to_f64()));
        changed |= here.to_f64() != p.to_f64();
        *p = here;
    }
    changed
}

impl<T: Stored> Optimizer<T> for Project<T> {
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError> {
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
        let before = self.inner.steps();
        let result = self.inner.flush(segments, around);
        self.after(segments, before);
        result
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        self.inner.slots()
    }

    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader) {
        self.inner.load(segments, saved);
    }

    fn wraps(&self, word: &str) -> usize {
        self.inner.wraps(word) + usize::from(word == "project")
    }

    fn step_bytes(&self) -> f64 {
        // θ is read and written again, and read once before that unless the set is a box.
        let reads = if matches!(self.onto, Set::Box { .. }) { 1.0 } else { 2.0 };
        self.inner.step_bytes() + (reads + 1.0) * size_of::<T>() as f64
    }

    fn chain(&self) -> String {
        format!("Project({})", self.inner.chain())
    }

    fn formula(&self) -> String {
        format!("{}\n{}", self.inner.formula(), self.onto.formula())
    }

    fn latex(&self) -> String {
        format!("{} \\\\\n{}", self.inner.latex(), self.onto.latex())
    }

    fn expressions(
        &self,
        segments: &mut dyn Segments<T>,
    ) -> Result<Vec<crate::Expression>, StepError> {
        self.inner.expressions(segments)
    }

    hands_on!(probe check moved measured steps to_iterate observe parts measures_first non_finite is_frozen state_bytes);
}
