//! A rule that looks at a whole tensor at once: norms, rows and columns, matrices.

use crate::{Real, Step};

/// A rule for which one coordinate is not enough.
///
/// In a chain it stands before, between or after rules of coordinates, and changes the update that comes
/// from one to the next; what it needs to work in it keeps between steps, so that none allocates after the
/// first.
pub trait TensorRule<R: Real>: Send + Sync + 'static {
    /// The name in a chain: `Lamb`.
    fn name(&self) -> &'static str;

    /// What is remembered of a tensor of this shape: for every shape the same slots in the same order,
    /// those that this one does not need with the shape `[0]`.
    fn slots(&self, _shape: &[usize]) -> Vec<TensorSlot> {
        Vec::new()
    }

    /// Changes the update of one tensor; the slots are those that [`TensorRule::slots`] names. Tensors may
    /// be worked on in parallel.
    fn update(&self, step: Step, tensor: Tensor<'_, R>, slots: &mut [&mut [R]]);

    /// The same for a rule that learns from all tensors at once: gives what [`TensorRule::settle`] gets the
    /// sums of.
    fn update_and_sum(
        &self,
        step: Step,
        tensor: Tensor<'_, R>,
        slots: &mut [&mut [R]],
    ) -> [f64; 2] {
        self.update(step, tensor, slots);
        [0.0; 2]
    }

    /// How many numbers [`TensorRule::numbers`] gives: at most 4.
    fn numbers_count(&self) -> usize {
        0
    }

    /// Numbers that are remembered of the whole: name, rule and letter, and what they are before the first
    /// step.
    fn numbers(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// Moves those numbers on once all tensors have been gone through, given the sums over them, before the
    /// rules that follow see them. [`TensorRule::update`] sees them as the step before left them.
    fn settle(&self, _step: Step, _sums: [f64; 2], _numbers: &mut [f64]) {}

    /// What the rule multiplies the update by as learning rate at this step.
    fn learning_rate(&self, _step: Step) -> f64 {
        1.0
    }

    /// Lines of the formula, what is assigned and what to it, each in words and in LaTeX; `{u}` stands for
    /// what comes in.
    fn formula(&self) -> &'static [FormulaLine];
}

/// A line of the formula of a tensor rule.
#[derive(Clone, Copy, Debug)]
pub struct FormulaLine {
    /// In words: `u ← {u}·‖θ‖/‖{u}‖`.
    pub text: &'static str,
    /// In LaTeX: `u &\leftarrow \frac{\lVert\theta\rVert}{\lVert {u}\rVert}\,{u}`.
    pub latex: &'static str,
}

/// What a tensor rule remembers of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSlot {
    /// Rule and letter: `shampoo.L`.
    pub name: &'static str,
    /// The shape, which may be another than that of the tensor.
    pub shape: Vec<usize>,
    /// What all its numbers are before the first step.
    pub start: f64,
}

impl TensorSlot {
    /// A slot that starts at 0.
    pub fn zeros(name: &'static str, shape: &[usize]) -> TensorSlot {
        TensorSlot { name, shape: shape.to_vec(), start: 0.0 }
    }
}

/// One tensor at a step.
#[derive(Debug)]
pub struct Tensor<'a, R> {
    /// The name of the segment.
    pub name: &'a str,
    /// The shape, slowest dimension first.
    pub shape: &'a [usize],
    /// The parameters.
    pub parameters: &'a [R],
    /// What comes in, to be replaced by what goes out.
    pub update: &'a mut [R],
}
