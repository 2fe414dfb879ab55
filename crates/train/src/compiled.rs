//! A model with a plan for it, and what plans are asked for again and again: J and its gradient, J and P.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use thalweg_events::Measured;
use thalweg_graph::{
    Element, GraphError, Mode, Parameters, Plan, RunError, RunOptions, Tensor, Threads, Train,
};

use crate::{Model, Set, Task, TrainError};

/// Examples that are measured at a time: enough to fill the matrix product, few enough for the cache.
const MEASURED_AT_A_TIME: usize = 250;

/// A model with a plan for it.
pub(crate) struct Compiled<T> {
    pub model: Model,
    pub plan: Plan<T>,
}

impl<T: Element> Compiled<T> {
    /// For J and its gradients, by an optimizer of this name.
    pub fn for_training(
        task: &dyn Task<T>,
        batch: usize,
        optimizer: &str,
    ) -> Result<Compiled<T>, GraphError> {
        let mut model = task.model(batch)?;
        let train = model.graph.minimize(model.cost, optimizer)?;
        // P is measured apart, between epochs.
        let fetch = [model.cost];
        Ok(Compiled::new(task, model, &fetch, Some(&train)))
    }

    /// For J and P.
    fn for_measuring(task: &dyn Task<T>, batch: usize) -> Result<Compiled<T>, GraphError> {
        let model = task.model(batch)?;
        let fetch = [model.cost, model.measure];
        Ok(Compiled::new(task, model, &fetch, None))
    }

    pub fn new(
        task: &dyn Task<T>,
        model: Model,
        fetch: &[Tensor],
        train: Option<&Train>,
    ) -> Compiled<T> {
        let mut plan = Plan::compile(&model.graph, fetch, train);
        task.prepare(&model, &mut plan);
        Compiled { model, plan }
    }

    /// J on the batch that the plan was filled with, at `x` for the trained parameters; the gradient stays in the
    /// plan.
    pub fn value_at(
        &mut self,
        x: &[T],
        parameters: &mut Parameters<T>,
        run: RunOptions,
    ) -> Result<f64, RunError> {
        parameters.values_mut()[..x.len()].copy_from_slice(x);
        self.plan.run(parameters, run)?;
        Ok(self.plan.value(self.model.cost)[0].to_f64())
    }
}

/// What measures J and P: a plan for each size of the pieces in which a set is gone through.
pub(crate) struct Meters<T>(HashMap<usize, Compiled<T>>);

impl<T: Element> Meters<T> {
    pub fn new() -> Meters<T> {
        Meters(HashMap::new())
    }

    /// J and P on a set, each example with the same weight also where the last piece is short.
    pub fn measure(
        &mut self,
        task: &dyn Task<T>,
        set: Set,
        parameters: &Parameters<T>,
        threads: Threads,
    ) -> Result<Measured, TrainError> {
        let examples: Vec<usize> = (0..task.examples(set)).collect();
        let (mut cost, mut measure) = (0.0, 0.0);
        for piece in examples.chunks(MEASURED_AT_A_TIME) {
            let Compiled { model, plan } = match self.0.entry(piece.len()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(Compiled::for_measuring(task, piece.len())?),
            };
            task.fill(set, piece, model, plan);
            let run = RunOptions { mode: Mode::Evaluation, threads, ..RunOptions::default() };
            plan.run(parameters, run)?;
            let share = piece.len() as f64 / examples.len() as f64;
            cost += share * plan.value(model.cost)[0].to_f64();
            measure += share * plan.value(model.measure)[0].to_f64();
        }
        Ok(Measured::new(cost, measure))
    }
}
