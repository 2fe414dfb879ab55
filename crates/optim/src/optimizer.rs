//! What every optimizer offers outside: a step over named segments, and its state by name.

use crate::Real;

/// Something that moves parameters against their gradients.
///
/// The trait is object-safe, so that `Box<dyn Optimizer<f32>>` holds any of them.
pub trait Optimizer<T: Real>: Send {
    /// Takes one step: changes the parameters of all `segments` in place.
    ///
    /// The segments must have the same names and shapes, in the same order, at every step.
    ///
    /// # Errors
    ///
    /// If a gradient is not finite or a segment is not the one that was there before. Parameters,
    /// state and step count are then as they were.
    fn step(&mut self, segments: &mut dyn Segments<T>) -> Result<StepInfo, StepError>;

    /// How many steps have been taken.
    fn steps(&self) -> u64;

    /// Changes the parameters of all `segments` to the iterate θ that the algorithm speaks of, where it
    /// keeps another point: Nesterov's momentum keeps the point looked ahead to, at which it wants the
    /// gradient. Everything else leaves them as they are.
    ///
    /// The change is one way: keep a copy of the parameters to go on from.
    ///
    /// # Panics
    ///
    /// If the segments are not those of the steps.
    fn to_iterate(&self, segments: &mut dyn Segments<T>);

    /// Whether [`Optimizer::to_iterate`] changes anything.
    fn looks_ahead(&self) -> bool;

    /// What is remembered, in the order of the segments.
    fn slots(&self) -> Vec<Slot<'_, T>>;

    /// Takes over a state that was saved after `steps` steps, for these segments. The pieces may come in
    /// any order.
    ///
    /// # Errors
    ///
    /// If a piece is missing, unknown, or of another shape, or there were more than 2⁵³ steps; the error
    /// lists each difference, and the optimizer is then as it was.
    fn restore(
        &mut self,
        segments: &mut dyn Segments<T>,
        steps: u64,
        saved: Vec<SavedSlot<T>>,
    ) -> Result<(), StateError>;

    /// The chain of rules in words: `L2 → Adam → Scale`.
    fn chain(&self) -> String;

    /// The update as a formula, one line per assignment, made by the function that runs.
    fn formula(&self) -> String;
}

/// One tensor of parameters with its gradient.
#[derive(Debug)]
pub struct Segment<'a, T> {
    /// The name, unique among the segments: `layer1/weights`.
    pub name: &'a str,
    /// The shape, slowest dimension first; its product is the length of both slices.
    pub shape: &'a [usize],
    /// The parameters.
    pub parameters: &'a mut [T],
    /// The gradient of the cost by the parameters.
    pub gradient: &'a [T],
}

/// The segments of a step, one at a time, so that no list of borrows has to be built for each step.
pub trait Segments<T> {
    /// How many there are.
    fn count(&self) -> usize;

    /// The segment at `index`, from 0.
    fn segment(&mut self, index: usize) -> Segment<'_, T>;
}

impl<T> Segments<T> for [Segment<'_, T>] {
    fn count(&self) -> usize {
        self.len()
    }

    fn segment(&mut self, index: usize) -> Segment<'_, T> {
        let Segment { name, shape, parameters, gradient } = &mut self[index];
        Segment { name, shape, parameters, gradient }
    }
}

impl<T, const N: usize> Segments<T> for [Segment<'_, T>; N] {
    fn count(&self) -> usize {
        N
    }

    fn segment(&mut self, index: usize) -> Segment<'_, T> {
        self.as_mut_slice().segment(index)
    }
}

impl<T> Segments<T> for Vec<Segment<'_, T>> {
    fn count(&self) -> usize {
        self.len()
    }

    fn segment(&mut self, index: usize) -> Segment<'_, T> {
        self.as_mut_slice().segment(index)
    }
}

/// What is known of a step once it is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepInfo {
    /// The number of the step, from 1.
    pub step: u64,
    /// The learning rate it was taken with.
    pub learning_rate: f64,
    /// The Euclidean norm of the whole gradient, before clipping.
    pub gradient_norm: f64,
}

/// A step that was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError {
    /// A gradient is NaN or infinite.
    #[error(
        "step {step}: the gradient of '{segment}' is {value} at index {index}; lower the learning rate or clip the gradient"
    )]
    NonFinite {
        /// The step that could not be taken, from 1.
        step: u64,
        /// The name of the segment.
        segment: String,
        /// The place in the segment.
        index: usize,
        /// The value there.
        value: f64,
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
}

/// One piece of state: the numbers that one rule remembers of one segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot<'a, T> {
    /// The name of the segment: `layer1/weights`.
    pub segment: &'a str,
    /// The rule and its letter: `adam.s`.
    pub slot: &'a str,
    /// The shape, which is that of the segment.
    pub shape: &'a [usize],
    /// The values.
    pub values: &'a [T],
}

impl<T> Slot<'_, T> {
    /// The name it is saved under: `layer1/weights.adam.s`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.segment, self.slot)
    }
}

/// A piece of state that was read from somewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedSlot<T> {
    /// The name: `layer1/weights.adam.s`.
    pub name: String,
    /// The shape.
    pub shape: Vec<usize>,
    /// The values.
    pub values: Vec<T>,
}

/// A state that does not belong to the optimizer it was given to.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the saved state does not fit: {}", differences.join("; "))]
pub struct StateError {
    /// Each difference, in words.
    pub differences: Vec<String>,
}
