//! What moves the parameters on a batch: an optimizer, by the gradient there, or L-BFGS, by a search along a direction
//! with as many values and gradients on the same batch as it takes.

use std::sync::LazyLock;

use thalweg_calls::{Call, CallError, Value, Vocabulary, Word};
use thalweg_graph::{Element, Parameters, RunError, RunOptions};
use thalweg_minimize::{Ending, Gradient, METHODS, Objective, Stepped, Steps, steps};
use thalweg_optim::saved::Values;
use thalweg_optim::{Observe, Optimizer, Slot, StateError, StepError, StepInfo, Stored, optimizer};

use crate::TrainError;
use crate::compiled::Compiled;

/// The words for optimizers: those of [`thalweg_optim`], and `lbfgs` of [`thalweg_minimize`].
///
/// ```
/// let call = "lbfgs(memory=5, search=more_thuente)".parse()?;
/// assert_eq!(thalweg_train::OPTIMIZERS.resolve(&call)?.number("memory"), 5.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub static OPTIMIZERS: LazyLock<Vocabulary> = LazyLock::new(|| {
    let own = METHODS.find(LBFGS).expect("the vocabulary of methods has it");
    let parameters = own.parameters.iter().chain(METHODS.shared_by(own)).copied();
    let lbfgs = Word {
        name: LBFGS,
        about: "quasi-Newton with a line search on the batch; best with batch=full",
        parameters: Vec::leak(parameters.collect()),
    };
    let words = thalweg_optim::OPTIMIZERS.words.iter().copied();
    let words: Vec<&Word> = words.chain([&*Box::leak(Box::new(lbfgs))]).collect();
    Vocabulary { words: Vec::leak(words), ..thalweg_optim::OPTIMIZERS }
});

const LBFGS: &str = "lbfgs";

/// The update of the optimizer that `call` names, as a formula, one line per assignment.
///
/// # Errors
///
/// If the word or an argument is unknown, missing, or out of range.
pub fn formula<T: Element>(call: &Call, steps_per_epoch: Option<f64>) -> Result<String, CallError> {
    OPTIMIZERS.resolve(call)?;
    match call.name.as_str() {
        LBFGS => steps::<T>(call, &[]).map(|steps| steps.formula()),
        _ if call.arguments.iter().any(|argument| searches(&argument.value)) => {
            Err(CallError::new(format!(
                "{}: lbfgs searches with several gradients for a step, and nothing goes around it; let it stand by itself",
                call.name
            )))
        }
        _ => optimizer::<T>(call, steps_per_epoch).map(|rule| rule.formula()),
    }
}

/// Whether L-BFGS is in an argument.
fn searches(value: &Value) -> bool {
    match value {
        Value::Call(call) => {
            call.name == LBFGS || call.arguments.iter().any(|inner| searches(&inner.value))
        }
        _ => false,
    }
}

/// What moves the parameters.
pub(crate) enum Mover<T> {
    /// One gradient, one step.
    Rule(Box<dyn Optimizer<T>>),
    /// A search on the batch.
    Search(Box<Searching<T>>),
}

/// L-BFGS, and the batch of its last step.
pub(crate) struct Searching<T> {
    steps: Steps<T>,
    batch: Vec<usize>,
}

/// A step on a batch.
pub(crate) struct Moved {
    /// J on the batch before it.
    pub cost: f64,
    /// The learning rate; α of a search.
    pub learning_rate: f64,
    /// The norm of the gradient before the step, where it was measured.
    pub gradient_norm: Option<f64>,
    /// Whether a search along the direction found nothing lower.
    pub failed: bool,
}

impl<T: Element> Mover<T> {
    /// As `call` says, from these parameters.
    pub fn new(
        call: &Call,
        steps_per_epoch: f64,
        parameters: &Parameters<T>,
    ) -> Result<Mover<T>, CallError> {
        if call.name != LBFGS {
            return optimizer(call, Some(steps_per_epoch)).map(Mover::Rule);
        }
        if parameters.trained().len() < parameters.values().len() {
            return Err(CallError::new(
                "lbfgs: the task has statistics of its batches, which a search would change at every try; take a \
                 task without batch normalization",
            ));
        }
        let steps = steps(call, parameters.trained())?;
        Ok(Mover::Search(Box::new(Searching { steps, batch: Vec::new() })))
    }

    /// A step on the batch that `compiled` was filled with.
    pub fn step(
        &mut self,
        compiled: &mut Compiled<T>,
        batch: &[usize],
        parameters: &mut Parameters<T>,
        run: RunOptions,
    ) -> Result<Moved, TrainError> {
        match self {
            Mover::Rule(optimizer) => {
                let Compiled { model, plan } = compiled;
                let StepInfo { learning_rate, gradient_norm, .. } =
                    plan.train(parameters, &mut **optimizer, run)?;
                let cost = plan.value(model.cost)[0].to_f64();
                Ok(Moved { cost, learning_rate, gradient_norm, failed: false })
            }
            Mover::Search(search) => search.step(compiled, batch, parameters, run),
        }
    }

    /// Whether the norm of the gradient is wanted; a search always knows it.
    pub fn observe(&mut self, observe: Observe) {
        if let Mover::Rule(optimizer) = self {
            optimizer.observe(observe);
        }
    }

    /// The values of all parameters as they have to be put back, after the iterate θ of the optimizer was put in
    /// their place; `None` if that is where they are.
    pub fn to_iterate(&self, parameters: &mut Parameters<T>) -> Option<Vec<T>> {
        let Mover::Rule(optimizer) = self else { return None };
        let values = optimizer.looks_ahead().then(|| parameters.values().to_vec())?;
        // The gradients of the segments are not looked at.
        optimizer.to_iterate(&mut parameters.segments(&values));
        Some(values)
    }

    /// Tells the measure P.
    pub fn measured(&mut self, measure: f64) {
        if let Mover::Rule(optimizer) = self {
            optimizer.measured(measure);
        }
    }

    /// What is remembered, by name.
    pub fn slots(&self) -> Vec<Slot<'_>> {
        match self {
            Mover::Rule(optimizer) => optimizer.slots(),
            Mover::Search(search) => search.slots(),
        }
    }

    /// Takes over a saved state. `last` is the batch of the last step, if one was taken.
    pub fn restore(
        &mut self,
        parameters: &mut Parameters<T>,
        values: &[T],
        saved: Vec<Slot<'static>>,
        last: Option<&[usize]>,
    ) -> Result<(), StateError> {
        match self {
            Mover::Rule(optimizer) => {
                let unused = vec![T::default(); values.len()];
                optimizer.restore(&mut parameters.segments(&unused), saved)
            }
            Mover::Search(search) => search.restore(values, saved, last.unwrap_or_default()),
        }
    }
}

impl<T: Element> Searching<T> {
    fn step(
        &mut self,
        compiled: &mut Compiled<T>,
        batch: &[usize],
        parameters: &mut Parameters<T>,
        run: RunOptions,
    ) -> Result<Moved, TrainError> {
        let Searching { steps, batch: before } = self;
        // Random masks differ from step to step.
        let is_random = compiled.model.graph.nodes().any(|(_, node)| node.is_random());
        let is_new = is_random || **before != *batch;
        before.clear();
        before.extend_from_slice(batch);
        let mut on_batch = OnBatch { compiled, parameters, run };
        let Stepped { value, gradient_norm, length, ending, .. } =
            steps.step(&mut on_batch, is_new);
        parameters.values_mut().copy_from_slice(steps.x());
        if ending == Ending::NotFinite && value.is_finite() {
            let gradients = compiled.plan.gradients();
            return Err(RunError::from(not_finite(gradients, parameters, run.step + 1)).into());
        }
        Ok(Moved {
            cost: value,
            learning_rate: length,
            gradient_norm: Some(gradient_norm),
            failed: matches!(ending, Ending::Down(_) | Ending::Stayed(_)),
        })
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        let slot = |name: &str, length: usize, values| Slot {
            name: named(name),
            shape: vec![length].into(),
            values,
        };
        let vectors = self.steps.vectors();
        let vectors = vectors.map(|(name, values)| slot(name, values.len(), T::values(values)));
        let numbers = self.steps.numbers();
        let numbers = slot(NUMBERS, numbers.len(), Values::F64(numbers.into()));
        vectors.into_iter().chain([numbers]).collect()
    }

    fn restore(
        &mut self,
        x: &[T],
        saved: Vec<Slot<'static>>,
        last: &[usize],
    ) -> Result<(), StateError> {
        let mut differences = Vec::new();
        let vectors = self.steps.vectors().map(|(name, values)| (name, values.len(), T::NAME));
        let numbers = (NUMBERS, self.steps.numbers().len(), f64::NAME);
        let expected: Vec<_> = vectors.into_iter().chain([numbers]).collect();
        for &(name, length, numbers) in &expected {
            let found = saved.iter().find(|slot| slot.name == named(name));
            let fits = |slot: &&Slot<'_>| {
                let is_kept = match name {
                    NUMBERS => f64::of(&slot.values).is_some(),
                    _ => T::of(&slot.values).is_some(),
                };
                is_kept && *slot.shape == [length] && slot.values.len() == length
            };
            if found.filter(fits).is_none() {
                let name = named(name);
                differences.push(format!("'{name}' is not there as {length} numbers in {numbers}"));
            }
        }
        let known = |slot: &&Slot<'_>| expected.iter().any(|(name, ..)| slot.name == named(name));
        let unknown = saved.iter().filter(|slot| !known(slot));
        differences.extend(unknown.map(|slot| format!("'{}' is not known", slot.name)));
        if !differences.is_empty() {
            return Err(StateError { differences });
        }
        let values = |name: &str| saved.iter().find(|slot| slot.name == named(name));
        let numbers = values(NUMBERS).and_then(|slot| f64::of(&slot.values)).unwrap_or_default();
        self.steps.restore(x, numbers, &mut |name, to| {
            let from = values(name).and_then(|slot| T::of(&slot.values)).unwrap_or_default();
            to.copy_from_slice(from);
        });
        self.batch = last.to_vec();
        Ok(())
    }
}

const NUMBERS: &str = "numbers";

/// The name of a vector of the search in a checkpoint.
fn named(name: &str) -> String {
    format!("{LBFGS}.{name}")
}

/// J on the batch that a plan was filled with.
struct OnBatch<'a, T> {
    compiled: &'a mut Compiled<T>,
    parameters: &'a mut Parameters<T>,
    run: RunOptions,
}

impl<T: Element> Objective for OnBatch<'_, T> {
    fn dimension(&self) -> usize {
        self.parameters.trained().len()
    }
}

impl<T: Element> Gradient<T> for OnBatch<'_, T> {
    fn value_and_gradient(&mut self, x: &[T], g: &mut [T]) -> f64 {
        let OnBatch { compiled, parameters, run } = self;
        let value = compiled.value_at(x, parameters, *run).expect("they are of the same model");
        g.copy_from_slice(compiled.plan.gradients());
        value
    }
}

/// Where a gradient is not finite.
fn not_finite<T: Element>(gradients: &[T], parameters: &Parameters<T>, step: u64) -> StepError {
    let place = gradients.iter().position(|g| !g.to_f64().is_finite()).unwrap_or(0);
    let info = parameters.infos().iter().find(|info| info.range.contains(&place));
    StepError::NonFinite {
        step,
        segment: info.map_or(String::new(), |info| info.name.clone()),
        index: place - info.map_or(0, |info| info.range.start),
        value: gradients.get(place).map_or(f64::NAN, |g| g.to_f64()),
    }
}
