//! A graph made ready to run: what is needed, in order, with a place for every value.

mod compile;
#[cfg(test)]
pub(crate) mod naive;
#[cfg(test)]
mod random_graphs;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use thalweg_matrix::Threads;
use thalweg_optim::{Optimizer, StepError, StepInfo};

use crate::op::{MAX_OPERANDS, Op, Operand, Operation, Run, Values};
use crate::parameters::Layout;
use crate::{Element, Graph, Parameters, Shape, Tensor, Train};

/// A graph made ready to run in numbers of type `T`.
///
/// [`Plan::compile`] keeps only what the wanted values need, calculates equal subexpressions once, lets
/// values that are not alive at the same time share memory, and lets an elementwise operation write
/// over an operand that nobody reads after it. Running allocates nothing but what the matrix product
/// takes to rearrange large factors.
#[derive(Debug)]
pub struct Plan<T> {
    steps: Vec<Step>,
    buffers: Vec<Vec<T>>,
    gradients: Vec<T>,
    inputs: HashMap<Tensor, Place>,
    /// Where the fetched values are.
    values: HashMap<Tensor, Place>,
    layout: Arc<Layout>,
}

/// What differs from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RunOptions {
    /// The seed of random masks.
    pub seed: u64,
    /// The number of the step, which random masks depend on.
    pub step: u64,
    /// Whether random masks are drawn.
    pub mode: Mode,
    /// Who calculates large products.
    pub threads: Threads,
}

/// Whether a run is for training or for measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Dropout drops.
    #[default]
    Training,
    /// Dropout changes nothing.
    Evaluation,
}

/// A run that did not take place, or a step that was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RunError {
    /// The parameters belong to a graph with other parameters.
    #[error(
        "the plan wants the parameters {expected}, but was given {found}; make them from the same graph"
    )]
    Parameters {
        /// Names and shapes of those the plan was made for.
        expected: String,
        /// Names and shapes of those it was given.
        found: String,
    },
    /// The plan was compiled without [`Train`].
    #[error("the plan calculates no gradients; compile it with what `minimize` gave")]
    NoTrain,
    /// The optimizer refused the step.
    #[error(transparent)]
    Step(#[from] StepError),
}

impl<T: Element> Plan<T> {
    /// Makes the graph ready to calculate the values `fetch` and, with `train`, the gradients by all
    /// parameters.
    pub fn compile(graph: &Graph, fetch: &[Tensor], train: Option<&Train>) -> Plan<T> {
        compile::compile(graph, fetch, train)
    }

    /// The place of an input's values, to be filled before a run. They stay until they are changed.
    ///
    /// # Panics
    ///
    /// If `input` is not an input of the graph.
    pub fn input_mut(&mut self, input: Tensor) -> &mut [T] {
        match self.inputs.get(&input) {
            Some(Place::Buffer { index, length }) => &mut self.buffers[*index][..*length],
            _ => panic!("{input:?} is not an input of the graph"),
        }
    }

    /// The value of a tensor that was named to [`Plan::compile`], after a run.
    ///
    /// # Panics
    ///
    /// If it was not named.
    pub fn value(&self, tensor: Tensor) -> &[T] {
        match self.values.get(&tensor) {
            Some(Place::Buffer { index, length }) => &self.buffers[*index][..*length],
            Some(Place::Gradient(range)) => &self.gradients[range.clone()],
            _ => panic!("{tensor:?} is not among the values that the plan was compiled to fetch"),
        }
    }

    /// The gradients after a run, in the order of the parameters' values. Empty without [`Train`].
    pub fn gradients(&self) -> &[T] {
        &self.gradients
    }

    /// Calculates.
    ///
    /// # Errors
    ///
    /// If the parameters are not those of the graph.
    pub fn run(&mut self, parameters: &Parameters<T>, options: RunOptions) -> Result<(), RunError> {
        self.check(parameters)?;
        for step in &self.steps {
            step.run(parameters.values(), &mut self.buffers, &mut self.gradients, options);
        }
        Ok(())
    }

    /// Calculates, and then runs the optimizer's node: one step of training. Fetched values are those
    /// before the step; of an optimizer that probes another point first, those at that point.
    ///
    /// # Errors
    ///
    /// If the parameters are not those of the graph, or the plan has no gradients; the parameters are then
    /// as they were. If the optimizer finds a gradient that is not finite; what the parameters are then,
    /// [`NonFinite`](thalweg_optim::NonFinite) says.
    pub fn train(
        &mut self,
        parameters: &mut Parameters<T>,
        optimizer: &mut dyn Optimizer<T>,
        options: RunOptions,
    ) -> Result<StepInfo, RunError> {
        if self.gradients.len() != self.layout.length {
            return Err(RunError::NoTrain);
        }
        self.run(parameters, options)?;
        if optimizer.probe(&mut parameters.segments(&self.gradients))? {
            self.run(parameters, options)?;
        }
        Ok(optimizer.step(&mut parameters.segments(&self.gradients))?)
    }

    fn check(&mut self, parameters: &Parameters<T>) -> Result<(), RunError> {
        let given = parameters.layout();
        if Arc::ptr_eq(&self.layout, given) {
            return Ok(());
        }
        if self.layout != *given {
            let (expected, found) = (self.layout.to_string(), given.to_string());
            return Err(RunError::Parameters { expected, found });
        }
        // From now on they are known to agree without comparing names.
        self.layout = Arc::clone(given);
        Ok(())
    }
}

/// One operation with the places of its operands and its value.
#[derive(Clone, Debug)]
struct Step {
    op: Op,
    operands: Vec<(Shape, Place)>,
    shape: Shape,
    value: Place,
}

/// Where a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Buffer { index: usize, length: usize },
    Parameter(Range<usize>),
    Gradient(Range<usize>),
}

impl Place {
    fn buffer(&self) -> Option<usize> {
        match self {
            Place::Buffer { index, .. } => Some(*index),
            Place::Parameter(_) | Place::Gradient(_) => None,
        }
    }
}

impl Step {
    fn run<T: Element>(
        &self,
        parameters: &[T],
        buffers: &mut [Vec<T>],
        gradients: &mut Vec<T>,
        options: RunOptions,
    ) {
        // The output leaves its place while the operands are read, so that the two cannot overlap.
        let mut output = match &self.value {
            Place::Buffer { index, .. } => std::mem::take(&mut buffers[*index]),
            Place::Gradient(_) => std::mem::take(gradients),
            Place::Parameter(_) => unreachable!("no operation writes parameters"),
        };
        let value = match &self.value {
            Place::Buffer { length, .. } => &mut output[..*length],
            Place::Gradient(range) | Place::Parameter(range) => &mut output[range.clone()],
        };
        let mut operands = [Operand { shape: Shape::SCALAR, values: Values::Here }; MAX_OPERANDS];
        for (operand, (shape, place)) in operands.iter_mut().zip(&self.operands) {
            let values = match place {
                place if *place == self.value => Values::Here,
                Place::Buffer { index, length } => Values::Each(&buffers[*index][..*length]),
                Place::Parameter(range) => Values::Each(&parameters[range.clone()]),
                Place::Gradient(_) => unreachable!("a gradient that a step reads is in a buffer"),
            };
            *operand = Operand { shape: *shape, values };
        }
        let inputs = &operands[..self.operands.len()];
        self.op.run(Run { inputs, shape: self.shape, value, options });
        match &self.value {
            Place::Buffer { index, .. } => buffers[*index] = output,
            Place::Gradient(_) | Place::Parameter(_) => *gradients = output,
        }
    }
}
