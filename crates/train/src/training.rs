//! One task, one optimizer, one seed: the loop over epochs and batches.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::ops::ControlFlow;
use std::time::Instant;

use thalweg_calls::{Call, CallError, Value};
use thalweg_data::{Batches, Batching, BatchingError};
use thalweg_events::{Diverged, Epoch, Measure, TrialId};
use thalweg_graph::{
    Element, GraphError, Mode, Parameters, PlanDescription, RunError, RunOptions, Threads,
};
use thalweg_optim::init::{Constant, Initializer};
use thalweg_optim::saved::{self, SavedError};
use thalweg_optim::schedule::SCHEDULES;
use thalweg_optim::{Observe, Slot, StateError, StepError};

use crate::compiled::{Compiled, Meters};
use crate::initialize::initialize;
use crate::mover::{Moved, Mover, OPTIMIZERS};
use crate::{Set, Start, Task};

/// A training in progress.
pub struct Training<'a, T> {
    task: &'a dyn Task<T>,
    options: Options,
    batches: Batches,
    call: Call,
    mover: Mover<T>,
    parameters: Parameters<T>,
    /// One for each size of batch: the last batch of an epoch may be short.
    steppers: HashMap<usize, Compiled<T>>,
    meters: Meters<T>,
    progress: Done,
}

/// How a training is done, apart from its optimizer.
#[derive(Clone, Debug)]
pub struct Options {
    /// How batches are drawn.
    pub batching: Batching,
    /// How the weights start, unless the task fixes it.
    pub init: Initializer,
    /// How the biases start, unless the task fixes it.
    pub bias: Initializer,
    /// What all random numbers come from.
    pub seed: u64,
    /// Who calculates large products. The bits do not depend on it.
    pub threads: Threads,
}

/// What has been done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Done {
    epochs: u64,
    /// Batches, of which the optimizer may gather several for a step.
    batches: u64,
    examples: u64,
    seconds: f64,
    /// Runs forwards and backwards.
    evaluations: u64,
    failed_searches: u64,
    last: Option<Last>,
}

/// What is told of the last step of an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Last {
    learning_rate: f64,
    gradient_norm: f64,
}

/// Where in an epoch a training is, told after every step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Batches since the start.
    pub step: u64,
    /// Batches that an epoch has.
    pub steps_per_epoch: u64,
    /// J on the batch of this step, before it.
    pub cost: f64,
}

/// Why an epoch was not finished.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The cost or a gradient is not finite.
    #[error("step {step}: {reason}")]
    Diverged {
        /// The step that could not be taken, from 1.
        step: u64,
        /// The epoch it belongs to, from 1.
        epoch: u64,
        /// What was not finite.
        reason: String,
    },
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
    /// The model and its parameters do not belong together.
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// A training that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The optimizer's call is wrong.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The batches cannot be drawn.
    #[error(transparent)]
    Batching(#[from] BatchingError),
    /// The model cannot be built.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The model cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There are no outputs of which the Gauss-Newton matrix could be made.
    #[error(
        "{0} has no outputs in which J is convex, as the Gauss-Newton matrix needs; take the Hessian"
    )]
    NoOutputs(String),
}

/// A checkpoint that cannot be gone on from.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// Not a checkpoint at all.
    #[error(transparent)]
    Saved(#[from] SavedError),
    /// Of another training.
    #[error("the checkpoint is of {found}, not of {expected}")]
    Other {
        /// What the checkpoint says it is of.
        found: String,
        /// What is being resumed.
        expected: String,
    },
    /// Of a training that was broken off within an epoch.
    #[error(
        "the checkpoint was made at step {step}, within epoch {epoch}; only whole epochs can be gone on from"
    )]
    WithinEpoch {
        /// Steps that had been taken.
        step: u64,
        /// The epoch that was broken off, from 1.
        epoch: u64,
    },
    /// The metadata are incomplete.
    #[error("not a checkpoint: the metadata have no valid '{0}'")]
    Metadata(&'static str),
    /// Parameters or state do not fit.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Options {
    /// As the task wants it, with seed 0, on one thread.
    pub fn of<T: Element>(task: &dyn Task<T>) -> Options {
        let description = task.description();
        let (init, bias) = match description.start {
            Start::Weights { weights, biases } => (weights, biases),
            Start::Fixed(value) => (Constant { value }.into(), Constant { value }.into()),
        };
        Options { batching: description.batching, init, bias, seed: 0, threads: Threads::One }
    }
}

impl<'a, T: Element> Training<'a, T> {
    /// A training at its start: weights initialised, no step taken.
    ///
    /// # Errors
    ///
    /// If the call of the optimizer is wrong, the batches cannot be drawn, or the model cannot be built.
    pub fn new(
        task: &'a dyn Task<T>,
        call: &Call,
        options: Options,
    ) -> Result<Training<'a, T>, TrainError> {
        let batches = options.batching.over(task.examples(Set::Train))?;
        let call = OPTIMIZERS.resolve(call)?.full();
        check_plateau(&call, &task.description().measure)?;
        let parameters = initialize(task, &options)?;
        let mover = Mover::new(&call, batches.steps_per_epoch() as f64, &parameters)?;
        let (steppers, meters) = (HashMap::new(), Meters::new());
        let progress = Done::default();
        Ok(Training { task, options, batches, call, mover, parameters, steppers, meters, progress })
    }

    /// Trains for one epoch and tells `watch` of every step; it may break off.
    ///
    /// # Errors
    ///
    /// If the cost or a gradient is not finite, or `watch` breaks off. The epoch then counts as not done.
    pub fn epoch(
        &mut self,
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), Halt> {
        let epoch = self.progress.epochs;
        let order = self.batches.epoch(self.options.seed, epoch);
        let mut clock = Instant::now();
        let count = self.batches.steps_per_epoch();
        for (index, batch) in order.iter().enumerate() {
            // The norm of the gradient is told once an epoch.
            let observe = if index + 1 == count { Observe::Norms } else { Observe::Nothing };
            self.mover.observe(observe);
            let cost = self.step(batch).map_err(|error| self.halt(error))?;
            self.progress.batches += 1;
            let step = self.progress.batches;
            if !cost.is_finite() {
                let reason = format!("the cost on the batch is {cost}");
                return Err(Halt::Diverged { step, epoch: epoch + 1, reason });
            }
            self.progress.examples += batch.len() as u64;
            self.progress.seconds += clock.elapsed().as_secs_f64();
            let steps_per_epoch = self.batches.steps_per_epoch() as u64;
            if watch(Progress { step, steps_per_epoch, cost }).is_break() {
                return Err(Halt::Stopped);
            }
            clock = Instant::now();
        }
        self.progress.epochs += 1;
        Ok(())
    }

    /// J and P on both sets, at the iterate θ of the optimizer. The trial in it is left for the caller.
    ///
    /// # Errors
    ///
    /// If the model cannot be built.
    pub fn measure(&mut self) -> Result<Epoch, TrainError> {
        let looked_ahead = self.mover.to_iterate(&mut self.parameters);
        let Training { task, parameters, options, meters, .. } = self;
        let mut of = |set| meters.measure(*task, set, parameters, options.threads);
        let measured = of(Set::Train).and_then(|train| Ok((train, of(Set::Test)?)));
        if let Some(values) = looked_ahead {
            self.parameters.values_mut().copy_from_slice(&values);
        }
        let (train, test) = measured?;
        if self.progress.batches > 0 {
            // What cannot be told is no better than anything.
            self.mover.measured(test.measure.unwrap_or(f64::NAN));
        }
        let Done { epochs, seconds, evaluations, failed_searches, last, .. } = self.progress;
        Ok(Epoch {
            trial: TrialId { contender: 0, seed: self.options.seed },
            epoch: epochs,
            step: self.progress.batches,
            seconds,
            evaluations: Some(evaluations),
            failed_searches,
            learning_rate: last.map(|step| step.learning_rate),
            gradient_norm: last.map(|step| step.gradient_norm),
            train,
            test,
        })
    }

    /// Epochs done.
    pub fn epochs(&self) -> u64 {
        self.progress.epochs
    }

    /// Examples that training read, each as often as it was read.
    pub fn examples(&self) -> u64 {
        self.progress.examples
    }

    /// Seconds spent on training, without measuring.
    pub fn seconds(&self) -> f64 {
        self.progress.seconds
    }

    /// What a step on so many examples does, once such a step has been taken.
    pub fn plan(&self, batch: usize) -> Option<PlanDescription> {
        Some(self.steppers.get(&batch)?.plan.describe())
    }

    /// The parameters as the optimizer keeps them.
    pub fn parameters(&self) -> &Parameters<T> {
        &self.parameters
    }

    /// Everything that going on needs, as a safetensors file: parameters under their names, and the slots
    /// of the optimizer under `optimizer/`. Call it between epochs: an epoch that was broken off cannot be
    /// gone on with.
    pub fn save(&self) -> Vec<u8> {
        let Done { epochs, batches, examples, seconds, evaluations, failed_searches, last } =
            self.progress;
        let (learning_rate, gradient_norm) =
            last.map_or((0.0, 0.0), |step| (step.learning_rate, step.gradient_norm));
        let metadata = [
            ("format", FORMAT.to_owned()),
            ("version", VERSION.to_owned()),
            ("training", self.identity()),
            ("steps", batches.to_string()),
            ("epochs", epochs.to_string()),
            ("examples", examples.to_string()),
            ("seconds", seconds.to_string()),
            ("evaluations", evaluations.to_string()),
            ("failed_searches", failed_searches.to_string()),
            ("learning_rate", learning_rate.to_string()),
            ("gradient_norm", gradient_norm.to_string()),
        ];
        let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let parameters = self.parameters.infos().iter().map(|info| Slot {
            name: info.name.clone(),
            shape: info.shape.sizes().into(),
            values: T::values(&self.parameters.values()[info.range.clone()]),
        });
        let slots = self.mover.slots().into_iter();
        let slots = slots.map(|slot| Slot { name: format!("{OPTIMIZER}{}", slot.name), ..slot });
        saved::tensors_to_bytes(&parameters.chain(slots).collect::<Vec<_>>(), metadata)
    }

    /// Goes on from what [`Training::save`] gave for the same task, optimizer and options.
    ///
    /// # Errors
    ///
    /// If it is not such a checkpoint. The training is then as it was.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<(), ResumeError> {
        let metadata = saved::metadata(bytes)?;
        let entry = |key: &'static str| metadata.get(key).ok_or(ResumeError::Metadata(key));
        if entry("format")? != FORMAT {
            return Err(ResumeError::Metadata("format"));
        }
        let version = entry("version")?.as_str();
        if ![VERSION, "1"].contains(&version) {
            return Err(SavedError::Version(version.to_owned()).into());
        }
        if *entry("training")? != self.identity() {
            let (found, expected) = (entry("training")?.clone(), self.identity());
            return Err(ResumeError::Other { found, expected });
        }
        let count = |key| entry(key)?.parse::<u64>().map_err(|_| ResumeError::Metadata(key));
        let number = |key| entry(key)?.parse::<f64>().map_err(|_| ResumeError::Metadata(key));
        let (step, epochs) = (count("steps")?, count("epochs")?);
        if Some(step) != epochs.checked_mul(self.batches.steps_per_epoch() as u64) {
            return Err(ResumeError::WithinEpoch { step, epoch: epochs.saturating_add(1) });
        }
        let last = Last {
            learning_rate: number("learning_rate")?,
            gradient_norm: number("gradient_norm")?,
        };
        let progress = Done {
            epochs,
            batches: step,
            examples: count("examples")?,
            seconds: number("seconds")?,
            // Where they were not counted, each batch was one.
            evaluations: count("evaluations").unwrap_or(step),
            failed_searches: count("failed_searches").unwrap_or(0),
            last: (step > 0).then_some(last),
        };
        let (mut slots, parameters) = split(saved::tensors(bytes)?);
        if version == "1" {
            // Version 1 kept the count of the optimizer's steps, one for each batch, in the metadata.
            slots.push(Slot::number(saved::STEPS.to_owned(), step as f64));
        }
        let values = self.values_of(parameters)?;
        let before =
            epochs.checked_sub(1).map(|epoch| self.batches.epoch(self.options.seed, epoch));
        let last = before.as_ref().and_then(|order| order.iter().last());
        self.mover.restore(&mut self.parameters, &values, slots, last)?;
        self.parameters.values_mut().copy_from_slice(&values);
        self.progress = progress;
        Ok(())
    }

    /// The values of all parameters, from tensors by name.
    fn values_of(&self, mut saved: Vec<Slot<'static>>) -> Result<Vec<T>, StateError> {
        let mut values = Vec::with_capacity(self.parameters.values().len());
        let mut differences = Vec::new();
        for info in self.parameters.infos() {
            match saved.iter().position(|tensor| tensor.name == info.name) {
                None => differences.push(format!("'{}' is missing", info.name)),
                Some(index) => {
                    let found = saved.swap_remove(index);
                    if *found.shape != *info.shape.sizes() {
                        let (shape, wanted) = (&found.shape, info.shape.sizes());
                        differences.push(format!("'{}' is {shape:?}, not {wanted:?}", info.name));
                    }
                    match found.values.of::<T>() {
                        Some(found) => values.extend(found),
                        None => differences.push(format!("'{}' is not in {}", info.name, T::NAME)),
                    }
                }
            }
        }
        differences.extend(saved.iter().map(|tensor| format!("'{}' is not known", tensor.name)));
        if differences.is_empty() { Ok(values) } else { Err(StateError { differences }) }
    }

    /// What a checkpoint must agree in with the training that goes on from it.
    fn identity(&self) -> String {
        let Options { batching, init, bias, seed, .. } = &self.options;
        let task = &self.task.description().name;
        // Folders may be moved, but a set of another size is another one.
        let [train, test] = [Set::Train, Set::Test].map(|set| self.task.examples(set));
        format!(
            "{task} ({train} train, {test} test), {}, {batching}, {init}, biases {bias}, seed {seed}",
            self.call
        )
    }

    /// One step on a batch; J on it before the step.
    fn step(&mut self, batch: &[usize]) -> Result<f64, TrainError> {
        let compiled = match self.steppers.entry(batch.len()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                new.insert(Compiled::for_training(self.task, batch.len(), &self.call.name)?)
            }
        };
        self.task.fill(Set::Train, batch, &compiled.model, &mut compiled.plan);
        let run = RunOptions {
            seed: self.options.seed,
            step: self.progress.batches,
            mode: Mode::Training,
            threads: self.options.threads,
        };
        let runs = compiled.plan.runs();
        let moved = self.mover.step(compiled, batch, &mut self.parameters, run)?;
        self.progress.evaluations += compiled.plan.runs() - runs;
        self.progress.failed_searches += u64::from(moved.failed);
        let Moved { learning_rate, gradient_norm, .. } = moved;
        let gradient_norm = gradient_norm.unwrap_or_default();
        self.progress.last = Some(Last { learning_rate, gradient_norm });
        Ok(moved.cost)
    }

    fn halt(&self, error: TrainError) -> Halt {
        match error {
            TrainError::Run(RunError::Step(StepError::NonFinite {
                step,
                segment,
                index,
                value,
            })) => {
                let epoch = self.progress.epochs + 1;
                let reason = format!("the gradient of '{segment}' is {value} at index {index}");
                Halt::Diverged { step, epoch, reason }
            }
            error => Halt::Train(error),
        }
    }
}

const FORMAT: &str = "thalweg-checkpoint";
const VERSION: &str = "2";

/// The prefix of the optimizer's tensors in a checkpoint.
const OPTIMIZER: &str = "optimizer/";

impl<T: Element> fmt::Debug for Training<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Training { options, progress, .. } = self;
        f.debug_struct("Training")
            .field("identity", &self.identity())
            .field("options", options)
            .field("progress", progress)
            .finish_non_exhaustive()
    }
}

/// The slots of the optimizer, without the prefix, and the parameters.
fn split(tensors: Vec<Slot<'static>>) -> (Vec<Slot<'static>>, Vec<Slot<'static>>) {
    let (mut slots, parameters): (Vec<_>, Vec<_>) =
        tensors.into_iter().partition(|tensor| tensor.name.starts_with(OPTIMIZER));
    slots.iter_mut().for_each(|slot| slot.name = slot.name.split_off(OPTIMIZER.len()));
    (slots, parameters)
}

/// Refuses a rate that waits for P to fall where more is better, or the other way round: it would fall at
/// each improvement.
fn check_plateau(call: &Call, measure: &Measure) -> Result<(), CallError> {
    if call.name == "plateau" {
        let maximizes = SCHEDULES.resolve(call)?.switch("maximize");
        if maximizes != measure.higher_is_better {
            let better = if measure.higher_is_better { "more" } else { "less" };
            return Err(CallError::new(format!(
                "plateau: the measure of this task is {}, of which {better} is better; write maximize={}",
                measure.name, measure.higher_is_better
            )));
        }
    }
    let inner = call.arguments.iter().filter_map(|argument| match &argument.value {
        Value::Call(call) | Value::Scheduled(_, call) => Some(call),
        Value::Number(_) | Value::Epochs(_) | Value::Switch(_) | Value::Text(_) => None,
    });
    inner.into_iter().try_for_each(|call| check_plateau(call, measure))
}

impl Halt {
    /// The event of a training that diverged; `None` for the other reasons.
    pub fn diverged(&self, trial: TrialId) -> Option<Diverged> {
        match self {
            Halt::Diverged { step, epoch, reason } => {
                Some(Diverged { trial, step: *step, epoch: *epoch, reason: reason.clone() })
            }
            Halt::Stopped | Halt::Train(_) => None,
        }
    }
}
