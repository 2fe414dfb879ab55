//! A graph made ready to run: what is needed, in order, with a place for every value.

mod awake;
mod compile;
mod describe;
#[cfg(test)]
pub(crate) mod naive;
#[cfg(test)]
mod random_graphs;
mod schedule;
mod stage;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use awake::Helpers;
use stage::{Memory, Stage};
use thalweg_matrix::{Aligned, Threads};
use thalweg_optim::{Optimizer, StepError, StepInfo};

#[cfg(test)]
use crate::op::Op;
use crate::parameters::Layout;
use crate::{Element, Graph, Parameters, Tensor, Train};

pub use describe::{PlanDescription, PlanStep, Storage};

/// A graph made ready to run in numbers of type `T`.
///
/// [`Plan::compile`] keeps only what the wanted values need, calculates equal subexpressions once, lets
/// values that are not alive at the same time share memory, lets an elementwise operation write over an
/// operand that nobody reads after it, and runs together what can be made row by row. A run after the first
/// allocates nothing: what kernels need to work in is kept by each thread.
#[derive(Debug)]
pub struct Plan<T> {
    stages: Vec<Stage>,
    buffers: Vec<Aligned<T>>,
    gradients: Aligned<T>,
    /// What the operations of a stage make before it runs, and what its groups of rows sum, each stage over that of
    /// the one before.
    prepared: Aligned<T>,
    inputs: HashMap<Tensor, Place>,
    /// Where the fetched values are.
    values: HashMap<Tensor, Place>,
    /// Where the statistics are among the parameters, each with the place of its next value.
    assignments: Vec<(Range<usize>, Place)>,
    layout: Arc<Layout>,
    /// Those who share a run, where they are worth keeping awake.
    helpers: Option<Helpers>,
    runs: u64,
}

/// What differs from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RunOptions {
    /// The seed of random masks.
    pub seed: u64,
    /// The number of the step, which random masks depend on.
    pub step: u64,
    /// Whether random masks are drawn, and batches are normalised by their own statistics.
    pub mode: Mode,
    /// Who calculates large products.
    pub threads: Threads,
}

/// Whether a run is for training or for measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Dropout drops; batches are normalised by their own mean and variance.
    #[default]
    Training,
    /// Dropout changes nothing; batches are normalised by running averages.
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
            Some(place) => self.at(place),
            None => {
                panic!("{tensor:?} is not among the values that the plan was compiled to fetch")
            }
        }
    }

    /// The gradients after a run, in the order of the parameters' values. Empty without [`Train`].
    pub fn gradients(&self) -> &[T] {
        &self.gradients
    }

    /// How often it has calculated: once for a run, and once or twice for a step of training.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Calculates.
    ///
    /// # Errors
    ///
    /// If the parameters are not those of the graph.
    pub fn run(&mut self, parameters: &Parameters<T>, options: RunOptions) -> Result<(), RunError> {
        self.check(parameters)?;
        self.while_awake(options.threads, |plan| plan.calculate(parameters, options));
        Ok(())
    }

    fn calculate(&mut self, parameters: &Parameters<T>, options: RunOptions) {
        self.runs += 1;
        let options = match self.helpers {
            Some(_) => options,
            // It takes longer to wake threads than to do without.
            None => RunOptions { threads: Threads::One, ..options },
        };
        for stage in &self.stages {
            let memory = Memory {
                parameters: parameters.values(),
                buffers: &mut self.buffers,
                gradients: &mut self.gradients,
                prepared: &mut self.prepared,
            };
            stage.run(memory, options);
        }
    }

    /// Calls `work` with the threads of the pool awake, if they are asked for and there is enough to share.
    fn while_awake<R: Send>(
        &mut self,
        threads: Threads,
        work: impl FnOnce(&mut Self) -> R + Send,
    ) -> R {
        match (threads, self.helpers.clone()) {
            (Threads::Pool, Some(helpers)) => helpers.awake(|| work(self)),
            (Threads::One, _) | (_, None) => work(self),
        }
    }

    /// Calculates, and then runs the optimizer's node: one step of training. Fetched values are those
    /// before the step; of an optimizer that probes another point first, those at that point. Statistics
    /// get what the first run says, also where the optimizer then refuses the step.
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
        if self.gradients.len() != self.layout.trained_length {
            return Err(RunError::NoTrain);
        }
        self.check(parameters)?;
        self.while_awake(options.threads, |plan| plan.step(parameters, optimizer, options))
    }

    fn step(
        &mut self,
        parameters: &mut Parameters<T>,
        optimizer: &mut dyn Optimizer<T>,
        options: RunOptions,
    ) -> Result<StepInfo, RunError> {
        self.calculate(parameters, options);
        if options.mode == Mode::Training {
            self.assign(parameters);
        }
        if optimizer.probe(&mut parameters.segments(&self.gradients))? {
            self.calculate(parameters, options);
        }
        Ok(optimizer.step(&mut parameters.segments(&self.gradients))?)
    }

    /// The names of the operations, in order.
    #[cfg(test)]
    fn operations(&self) -> impl Iterator<Item = &'static str> {
        self.stages.iter().flat_map(Stage::operations).map(Op::name)
    }

    /// Gives the statistics the values that the last run calculated.
    fn assign(&self, parameters: &mut Parameters<T>) {
        for (range, place) in &self.assignments {
            parameters.values_mut()[range.clone()].copy_from_slice(self.at(place));
        }
    }

    fn at(&self, place: &Place) -> &[T] {
        match place {
            Place::Buffer { index, length } => &self.buffers[*index][..*length],
            Place::Gradient(range) => &self.gradients[range.clone()],
            Place::Parameter(_) => unreachable!("parameters that are read after a run are copied"),
        }
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

/// Where a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Buffer { index: usize, length: usize },
    Parameter(Range<usize>),
    Gradient(Range<usize>),
}

impl Place {
    /// The place within its vector.
    fn range(&self) -> Range<usize> {
        match self {
            Place::Buffer { length, .. } => 0..*length,
            Place::Parameter(range) | Place::Gradient(range) => range.clone(),
        }
    }

    fn buffer(&self) -> Option<usize> {
        match self {
            Place::Buffer { index, .. } => Some(*index),
            Place::Parameter(_) | Place::Gradient(_) => None,
        }
    }
}
