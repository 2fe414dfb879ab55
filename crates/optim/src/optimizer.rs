//! What every optimizer offers outside: a step over named segments, and its state by name.

use std::sync::Arc;

use crate::saved::{Loader, Slot, StateError};
use crate::{Expression, Segments, Stored};

/// Something that moves parameters against their gradients.
///
/// The trait is object-safe, so that `Box<dyn Optimizer<f32>>` holds any of them; chains of rules and
/// everything that goes around one ([`around`](crate::around)) look the same from outside.
pub trait Optimizer<T: Stored>: Send {
    /// Takes one step: changes the parameters of all `segments` in place.
    ///
    /// The segments must have the same names and shapes, in the same order, at every step.
    ///
    /// # Errors
    ///
    /// If a gradient is not finite ([`NonFinite`] says what has happened to the parameters then), or a
    /// segment is not the one that was there before, in which case nothing has changed.
    fn step(&mut self, segments: &mut dyn Segments<T>) -> Result<StepInfo, StepError> {
        self.step_within(segments, &Around::default())
    }

    /// A step that is a part of a larger one, which knows what is `around`.
    ///
    /// # Errors
    ///
    /// As [`Optimizer::step`].
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError>;

    /// Before a step: moves the parameters to the point at which the gradient of the step is wanted, given
    /// the gradient where they are. `true` if it moved them; the caller then works out the gradient there,
    /// and the step moves them back and on. Only sharpness-aware minimisation does it.
    ///
    /// # Errors
    ///
    /// As [`Optimizer::step`].
    fn probe(&mut self, _segments: &mut dyn Segments<T>) -> Result<bool, StepError> {
        Ok(false)
    }

    /// Takes the step for which gradients were gathered but that is not due yet, with what there is, at the
    /// end of an epoch say; `None` if none were. The gradients of `segments` are not looked at.
    ///
    /// # Errors
    ///
    /// As [`Optimizer::step`].
    fn flush(
        &mut self,
        _segments: &mut dyn Segments<T>,
        _around: &Around,
    ) -> Result<Option<StepInfo>, StepError> {
        Ok(None)
    }

    /// Checks that a step on these segments can be taken, so that a step of several optimizers is taken by
    /// all or by none. Whether gradients are finite is not part of it.
    ///
    /// # Errors
    ///
    /// If a segment is not the one that was there before, or its gradient is of a kind that cannot be.
    fn check(&self, _segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        Ok(())
    }

    /// Tells that the parameters were changed between two steps, so that a copy of them in more bits follows.
    fn moved(&mut self, _segments: &mut dyn Segments<T>) {}

    /// Tells the measure P, at the end of an epoch say: a rate that waits for a plateau looks at it.
    fn measured(&mut self, _measure: f64) {}

    /// How many steps have been taken.
    fn steps(&self) -> u64;

    /// Changes the parameters of all `segments` to the iterate θ that the algorithm speaks of, where it
    /// keeps another point: Nesterov's momentum keeps the point looked ahead to, an average of weights is
    /// kept beside them. Everything else leaves them as they are.
    ///
    /// The change is one way; [`Evaluation`](crate::Evaluation) keeps a copy and swaps back.
    ///
    /// # Panics
    ///
    /// If the segments are not those of the steps.
    fn to_iterate(&self, segments: &mut dyn Segments<T>);

    /// Whether [`Optimizer::to_iterate`] changes anything.
    fn looks_ahead(&self) -> bool;

    /// What is remembered, by name: the slots of each segment, and numbers of the whole, such as the count
    /// of steps, whose names begin with `@`.
    fn slots(&self) -> Vec<Slot<'_>>;

    /// Takes over what `saved` has for this optimizer on these segments; what is missing or differs is
    /// noted there. Changes nothing unless the loader [`commits`](Loader::commits).
    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader);

    /// Takes over a saved state for these segments, whose pieces may come in any order.
    ///
    /// # Errors
    ///
    /// If a piece is missing, unknown, or of another shape or type, or there were more than 2⁵³ steps; the
    /// error lists each difference, and the optimizer is then as it was.
    fn restore(
        &mut self,
        segments: &mut dyn Segments<T>,
        saved: Vec<Slot<'static>>,
    ) -> Result<(), StateError> {
        let mut loader = Loader::new(saved);
        self.load(segments, &mut loader);
        loader.commit()?;
        self.load(segments, &mut loader);
        Ok(())
    }

    /// What [`StepInfo`] should hold from now on, beyond what costs nothing.
    fn observe(&mut self, observe: Observe);

    /// The parts that take steps of their own, with what their last step was like: one for each group of
    /// parameters, and without groups one for all.
    fn parts(&self) -> Vec<Part>;

    /// Whether the step wants the norm of the whole gradient, or has to know before it that the gradient
    /// is finite.
    fn measures_first(&self) -> bool;

    /// What happens at a gradient that is not finite.
    fn non_finite(&self) -> NonFinite {
        NonFinite::default()
    }

    /// Whether the next step will leave everything as it is.
    fn is_frozen(&self) -> bool {
        false
    }

    /// How many of the [`around`](crate::around) that `word` names it has one inside of another: those are
    /// told apart by it in a saved state.
    fn wraps(&self, _word: &str) -> usize {
        0
    }

    /// Bytes of state for a tensor of this shape, beyond the parameters and the gradient themselves.
    fn state_bytes(&self, shape: &[usize]) -> u64;

    /// Bytes that a step must move for each coordinate of one large vector: the limit of its speed.
    fn step_bytes(&self) -> f64;

    /// The chain of rules in words: `L2 → Adam → Scale`.
    fn chain(&self) -> String;

    /// The update as a formula, one line per assignment, made by the function that runs.
    fn formula(&self) -> String;

    /// The same in LaTeX, for an `aligned` environment.
    fn latex(&self) -> String;

    /// The same as terms that are made of each other, for each group of these segments; without groups there
    /// is one.
    ///
    /// # Errors
    ///
    /// If the segments cannot be shared out among the groups.
    fn expressions(&self, segments: &mut dyn Segments<T>) -> Result<Vec<Expression>, StepError>;
}

/// What a step that is a part of a larger one has to know of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Around {
    /// The norm of the whole gradient, if it is known; it is then known to be finite too.
    pub global_norm: Option<f64>,
    /// A factor on the learning rate.
    pub rate: f64,
}

impl Default for Around {
    fn default() -> Around {
        Around { global_norm: None, rate: 1.0 }
    }
}

/// What happens at a gradient that is NaN or infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonFinite {
    /// The step ends in an error. It is found on the way, without reading the gradient twice: the step has
    /// then been taken with 0 in place of what is not finite, so that everything is still finite and can be
    /// saved. Where the gradient is measured first, to clip it by its norm, nothing has changed at all.
    #[default]
    Stop,
    /// The step ends in an error, and nothing has changed. For that the gradient is read before the step, a
    /// fifth more time where memory is the limit.
    Refuse,
    /// The gradient is read before the step, and the step does not take place: parameters, state and step
    /// count stay as they are, and the step counts as skipped.
    Skip,
    /// 0 stands in place of it, and it is counted.
    Zero,
}

/// What is measured along with a step, beyond what costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observe {
    /// Nothing more.
    #[default]
    Nothing,
    /// [`Norms`], gathered while the coordinates are in the cache, without another pass over memory.
    Norms,
    /// The norms, and quantiles of the effective rate over a fixed sample of the coordinates.
    Rates,
}

/// What is known of a step once it is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepInfo {
    /// The number of the last step that was taken, from 1; 0 before the first.
    pub step: u64,
    /// What became of the call.
    pub outcome: Outcome,
    /// The learning rate it was taken with; 0 if none was taken.
    pub learning_rate: f64,
    /// The Euclidean norm of the whole gradient before clipping, where it was measured: always if something
    /// clips by it, else if asked for with [`Optimizer::observe`].
    pub gradient_norm: Option<f64>,
    /// Coordinates of the gradient that were not finite.
    pub non_finite: u64,
    /// Steps that were skipped since the start.
    pub skipped: u64,
    /// Norms, if they were asked for.
    pub norms: Option<Norms>,
    /// The effective rate |Δθ|/|g| of coordinates, if it was asked for: the least, the quartiles, the
    /// greatest.
    pub rates: Option<[f64; 5]>,
}

/// What became of a call of [`Optimizer::step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The step was taken.
    Taken,
    /// The gradient was not finite, and nothing has changed.
    Skipped,
    /// The gradient was added to others; the step comes later.
    Accumulated,
    /// The parameters are frozen.
    Frozen,
}

/// Euclidean norms over all segments of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norms {
    /// ‖θ_t − θ_(t−1)‖
    pub update: f64,
    /// ‖θ_t‖
    pub parameters: f64,
    /// The share of coordinates whose gradient was clipped, from 0 to 1.
    pub clipped: f64,
}

impl Norms {
    /// ‖Δθ‖ / ‖θ‖: about 1e-3 in a healthy run. Infinite if all parameters are 0.
    pub fn ratio(&self) -> f64 {
        self.update / self.parameters
    }
}

/// A part of an optimizer that takes steps of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The pattern of names that it was given, or `*`.
    pub name: Arc<str>,
    /// What its last step was like; `None` before the first.
    pub last: Option<StepInfo>,
}

/// A step that was not taken, or not taken as it was meant.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError {
    /// A gradient is NaN or infinite.
    #[error(
        "step {step}: the gradient of '{segment}' is {value} at index {index}; lower the learning rate or clip the gradient"
    )]
    NonFinite {
        /// The step, from 1.
        step: u64,
        /// The name of the segment.
        segment: String,
        /// The place in the segment.
        index: usize,
        /// The value there.
        value: f64,
    },
    /// The gradients are finite, but a rule made something of them that is not.
    #[error(
        "step {step}: the update of '{segment}' is not finite, though its gradient is; lower the learning rate"
    )]
    Overflow {
        /// The step, from 1.
        step: u64,
        /// The name of the segment.
        segment: String,
    },
    /// The segments are not those of the earlier steps.
    #[error("step {step}: segment {index} is {found}, but the state is for {expected}")]
    Changed {
        /// The step that could not be taken, from 1.
        step: u64,
        /// The place of the segment.
        index: usize,
        /// What it is now.
        found: String,
        /// What it was before.
        expected: String,
    },
    /// Two segments have the same name, and so would their state.
    #[error("two segments are called '{segment}'; give each a name of its own")]
    Namesakes {
        /// The name.
        segment: String,
    },
    /// A segment's parameters, gradient and shape do not have the same number of elements.
    #[error(
        "segment '{segment}' has {parameters} parameters and {gradient} gradients, but shape {shape:?}"
    )]
    Length {
        /// The name of the segment.
        segment: String,
        /// Elements in `parameters`.
        parameters: usize,
        /// Elements in `gradient`.
        gradient: usize,
        /// The shape.
        shape: Vec<usize>,
    },
    /// The rows of a sparse gradient are wrong.
    #[error("the sparse gradient of '{segment}': {problem}")]
    Rows {
        /// The name of the segment.
        segment: String,
        /// What is wrong.
        problem: String,
    },
    /// No group takes a segment.
    #[error(
        "no group takes '{segment}'; add one for it, or \"*\" for all that no other takes: {patterns}"
    )]
    NoGroup {
        /// The name of the segment.
        segment: String,
        /// The patterns there are.
        patterns: String,
    },
    /// A group takes no segment.
    #[error("no segment is called \"{pattern}\", as a group wants it; there are {names}")]
    NoMatch {
        /// The pattern of the group.
        pattern: String,
        /// The segments there are.
        names: String,
    },
    /// Sharpness-aware minimisation was not shown the gradient where the parameters are.
    #[error("step {step}: sam needs the gradient twice; call probe before each step")]
    NoProbe {
        /// The step that could not be taken, from 1.
        step: u64,
    },
}
