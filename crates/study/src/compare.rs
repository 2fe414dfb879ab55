//! All trials of a comparison, over the cores of the processor.
//!
//! A network of the size that is compared here is too small to be split, so that each trial has a thread
//! of its own; only when there are fewer trials than threads does one trial get several. The numbers of a
//! trial do not depend on it, only its seconds.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rayon::ThreadPoolBuilder;
use thalweg_data::Size;
use thalweg_events::{Event, Finished, Log, Started, TrialId};
use thalweg_graph::{Element, Threads};
use thalweg_train::{
    Halt, OPTIMIZERS, Options, Progress, ResumeError, Set, Task, TrainError, Training, formula,
};

use crate::{Experiment, FolderError, Resolved, RunFolder};

/// What is told of a comparison while it goes on. Calls come from several threads.
pub trait Watch: Sync {
    /// Something was written to the events.
    fn event(&self, event: &Event);

    /// A trial took a step.
    fn step(&self, trial: TrialId, progress: Progress);

    /// Whether to stop. Asked after every step.
    fn should_stop(&self) -> bool;
}

/// How a comparison ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every trial is over.
    Complete,
    /// It was stopped; the same call goes on with it.
    Stopped,
}

/// A comparison that cannot be done, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A training cannot be set up.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Results cannot be kept.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A checkpoint does not fit.
    #[error("the checkpoint of contender {} with seed {}: {source}; delete it to begin this trial again", trial.contender, trial.seed)]
    Resume {
        /// The trial.
        trial: TrialId,
        /// What is wrong with it.
        source: ResumeError,
    },
    /// No threads to be had.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// Runs every trial of `experiment` that is not over in `folder`, at most `threads` at a time. A trial that
/// takes long keeps a checkpoint at the end of an epoch, `checkpoint_every` or longer after the last one.
///
/// # Errors
///
/// If a training cannot be set up or results cannot be written. What was finished is kept.
pub fn compare<T: Element>(
    experiment: &Experiment,
    resolved: &Resolved,
    task: &dyn Task<T>,
    folder: &RunFolder,
    threads: usize,
    checkpoint_every: Duration,
    watch: &dyn Watch,
) -> Result<Ending, CompareError> {
    // Every training is set up once before any begins, so that no mistake comes to light late.
    let Resolved { batching, init, bias, .. } = *resolved;
    let options = |seed, threads| Options { batching, init, bias, seed, threads };
    let mut parameters = 0;
    for contender in &experiment.contenders {
        let options = options(experiment.seeds[0], Threads::One);
        let training = Training::new(task, &contender.optimizer, options)?;
        parameters = training.parameters().trained().len();
    }
    let log = Mutex::new(folder.log()?);
    let run = Run { experiment, resolved, task, folder, log, checkpoint_every, watch };
    if folder.events().is_empty() {
        run.write(&Event::Started(started(experiment, resolved, task, parameters)))?;
    }

    // Seed by seed, so that a run that is stopped has something of every contender.
    let trials = experiment.seeds.iter().flat_map(|&seed| {
        (0..experiment.contenders.len()).map(move |contender| TrialId { contender, seed })
    });
    let queue: VecDeque<TrialId> = trials.filter(|trial| !folder.is_over(*trial)).collect();
    let workers = threads.clamp(1, queue.len().max(1));
    let (queue, threads_each) = (Mutex::new(queue), threads / workers);
    std::thread::scope(|scope| {
        let work = || -> Result<Ending, CompareError> {
            // A pool of its own, so that no worker lends its time to another one's trial.
            let pool = ThreadPoolBuilder::new().num_threads(threads_each.max(1)).build()?;
            let threads = if threads_each > 1 { Threads::Pool } else { Threads::One };
            loop {
                let next = queue.lock().expect("no worker panics with the queue").pop_front();
                let Some(trial) = next else { return Ok(Ending::Complete) };
                let ending = pool.install(|| run.trial(trial, options(trial.seed, threads)));
                match ending {
                    Ok(Ending::Complete) => {}
                    // Whatever ends one worker early ends the others at their next trial.
                    early => {
                        queue.lock().expect("no worker panics with the queue").clear();
                        return early;
                    }
                }
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let endings: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        endings.into_iter().try_fold(Ending::Complete, |so_far, ending| {
            let ending = ending.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            Ok(if so_far == Ending::Stopped { so_far } else { ending })
        })
    })
}

/// What the workers share.
struct Run<'a, T> {
    experiment: &'a Experiment,
    resolved: &'a Resolved,
    task: &'a dyn Task<T>,
    folder: &'a RunFolder,
    log: Mutex<Log>,
    checkpoint_every: Duration,
    watch: &'a dyn Watch,
}

impl<T: Element> Run<'_, T> {
    fn trial(&self, trial: TrialId, options: Options) -> Result<Ending, CompareError> {
        let call = &self.experiment.contenders[trial.contender].optimizer;
        let mut training = Training::new(self.task, call, options)?;
        match self.folder.checkpoint(trial) {
            Some(bytes) => {
                training.resume(&bytes).map_err(|source| CompareError::Resume { trial, source })?
            }
            None => self.measure(trial, &mut training)?,
        }
        let mut kept = Instant::now();
        while training.epochs() < self.resolved.epochs {
            let ending = training.epoch(&mut |progress| {
                self.watch.step(trial, progress);
                match self.watch.should_stop() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            });
            match ending {
                Ok(()) => self.measure(trial, &mut training)?,
                Err(Halt::Stopped) => return Ok(Ending::Stopped),
                Err(Halt::Train(error)) => return Err(error.into()),
                Err(halt @ Halt::Diverged { .. }) => {
                    let diverged = halt.diverged(trial).map(Event::Diverged);
                    diverged.map_or(Ok(()), |event| self.write(&event))?;
                    self.folder.drop_checkpoint(trial);
                    return Ok(Ending::Complete);
                }
            }
            if kept.elapsed() >= self.checkpoint_every {
                self.folder.keep_checkpoint(trial, &training.save())?;
                kept = Instant::now();
            }
        }
        let (examples, seconds) = (training.examples(), training.seconds());
        self.write(&Event::Finished(Finished { trial, examples, seconds }))?;
        self.folder.drop_checkpoint(trial);
        Ok(Ending::Complete)
    }

    fn measure(&self, trial: TrialId, training: &mut Training<'_, T>) -> Result<(), CompareError> {
        let epoch = training.measure()?;
        self.write(&Event::Epoch(thalweg_events::Epoch { trial, ..epoch }))
    }

    fn write(&self, event: &Event) -> Result<(), CompareError> {
        let written = self.log.lock().expect("no worker panics while it writes").write(event);
        written.map_err(|source| self.folder.full(source))?;
        self.watch.event(event);
        Ok(())
    }
}

fn started<T: Element>(
    experiment: &Experiment,
    resolved: &Resolved,
    task: &dyn Task<T>,
    parameters: usize,
) -> Started {
    let description = task.description();
    let Resolved { epochs, batching, init, bias, labels, .. } = resolved;
    let train_examples = task.examples(Set::Train) as u64;
    let batches = batching.over(task.examples(Set::Train)).expect("checked when it was set up");
    let steps_per_epoch = Some(batches.steps_per_epoch() as f64);
    let contender = |(label, contender): (&String, &crate::Contender)| {
        let arguments =
            OPTIMIZERS.resolve(&contender.optimizer).expect("checked when it was set up");
        let formula = formula::<T>(&contender.optimizer, steps_per_epoch).expect("checked as well");
        thalweg_events::Contender {
            label: label.clone(),
            optimizer: arguments.brief().to_string(),
            full: arguments.full().to_string(),
            formula,
        }
    };
    Started {
        version: env!("CARGO_PKG_VERSION").into(),
        task: description.name.clone(),
        about: description.about.clone(),
        cost: description.cost.into(),
        measure: description.measure.clone(),
        data: description.data.clone(),
        train_examples,
        test_examples: task.examples(Set::Test) as u64,
        parameters: parameters as u64,
        init: format!("{init}, biases {bias}"),
        batch: match batching.size {
            Size::Of(size) => size as u64,
            Size::Full => train_examples,
        },
        batching: batching.to_string(),
        epochs: *epochs,
        seeds: experiment.seeds.clone(),
        target: experiment.target,
        tuning: experiment.tuning.clone(),
        contenders: std::iter::zip(labels, &experiment.contenders).map(contender).collect(),
    }
}
