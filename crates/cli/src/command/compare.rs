//! `thalweg compare`, `thalweg train`, and `thalweg` alone.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use thalweg_calls::Call;
use thalweg_graph::Element;
use thalweg_optim::init::initializer;
use thalweg_study::{Contender, Ending as StudyEnding, Experiment, Precision};
use thalweg_train::task;

use super::runs::{self, BETWEEN_CHECKPOINTS, Out, source};
use super::{report, with_schedule};
use crate::Ending;
use crate::args::{CompareArgs, HowArgs, TrainArgs, TrainingArgs};
use crate::progress::Progress;

/// What `thalweg` does by itself.
const LECTURE: &str = include_str!("../../experiments/lecture.toml");

/// The optimizers of the lecture on embedded data.
pub fn lecture() -> Ending {
    let out = Out::new(None, "lecture");
    run(Experiment::from_toml(LECTURE)?, out, &How::default())
}

/// `thalweg compare`.
pub fn compare(args: CompareArgs) -> Ending {
    let CompareArgs { experiment: file, optimizers, seeds, training, how } = args;
    let (resumed, how) = (how.resume.clone(), How::of(&how));
    if let Some(folder) = resumed {
        return resume(&folder, &how);
    }
    let (mut experiment, name) = match &file {
        Some(path) => (read(path)?, path.file_stem().map(|stem| stem.to_string_lossy().into())),
        None if optimizers.is_empty() && training.task.is_none() => {
            (Experiment::from_toml(LECTURE)?, Some("lecture".into()))
        }
        None => (Experiment::of("fashion-mlp".parse()?), None),
    };
    if !optimizers.is_empty() {
        let contender = |optimizer| Contender { label: None, optimizer };
        experiment.contenders = optimizers.into_iter().map(contender).collect();
    }
    if let Some(seeds) = seeds {
        experiment.seeds = (1..=seeds).collect();
    }
    let out = out(&training, name);
    run(overridden(experiment, training)?, out, &how)
}

/// `thalweg train`: a comparison of one, with a checkpoint after every epoch.
pub fn train(args: TrainArgs) -> Ending {
    let TrainArgs { optimizer, seed, training, how } = args;
    let resumed = how.resume.clone();
    let how = How { checkpoint_every: Duration::ZERO, ..How::of(&how) };
    if let Some(folder) = resumed {
        return resume(&folder, &how);
    }
    let mut experiment = Experiment::of("fashion-mlp".parse()?);
    experiment.contenders =
        optimizer.into_iter().map(|optimizer| Contender { label: None, optimizer }).collect();
    experiment.seeds = vec![seed.unwrap_or(1)];
    let out = out(&training, None);
    run(overridden(experiment, training)?, out, &how)
}

/// How a run goes on and what it prints, which changes none of its numbers.
struct How {
    threads: usize,
    checkpoint_every: Duration,
    json: bool,
}

impl How {
    fn of(args: &HowArgs) -> How {
        let How { threads, checkpoint_every, .. } = How::default();
        let threads = args.threads.map_or(threads, |n| n as usize);
        How { threads, checkpoint_every, json: args.json }
    }
}

impl Default for How {
    fn default() -> How {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        How { threads: cores, checkpoint_every: BETWEEN_CHECKPOINTS, json: false }
    }
}

/// The folder that was named, or a new one after what is trained.
fn out(training: &TrainingArgs, name: Option<String>) -> Out {
    let task = training.task.as_ref().map(|task| task.name.clone());
    let name = name.or(task).unwrap_or_else(|| "fashion-mlp".into());
    Out::new(training.out.clone(), &name)
}

fn read(path: &Path) -> Result<Experiment, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| {
        format!("cannot read {}: {error}; name an experiment file", path.display())
    })?;
    Ok(Experiment::from_toml(&text).map_err(|error| format!("{}, {error}", path.display()))?)
}

fn resume(folder: &Path, how: &How) -> Ending {
    let experiment = read(&runs::recipe(folder, "compare")?)?;
    run(experiment, Out::of(folder), how)
}

/// The experiment with what the command line says.
fn overridden(
    mut experiment: Experiment,
    training: TrainingArgs,
) -> Result<Experiment, Box<dyn Error>> {
    let TrainingArgs { task, init, bias, schedule, epochs, batch, order, last, .. } = training;
    let TrainingArgs { target, data, precision, .. } = training;
    for contender in &mut experiment.contenders {
        contender.optimizer = with_schedule(contender.optimizer.clone(), &schedule);
    }
    experiment.task = task.unwrap_or(experiment.task);
    let start = |call: Option<Call>, before| match call {
        Some(call) => initializer(&call).map(Some),
        None => Ok(before),
    };
    experiment.init = start(init, experiment.init)?;
    experiment.bias = start(bias, experiment.bias)?;
    experiment.epochs = epochs.or(experiment.epochs);
    experiment.batch = batch.or(experiment.batch);
    experiment.order = order.or(experiment.order);
    experiment.last = last.or(experiment.last);
    experiment.target = target.or(experiment.target);
    experiment.precision = precision.unwrap_or(experiment.precision);
    if let Some(data) = data {
        experiment.data = source(&data)?;
    }
    Ok(experiment)
}

fn run(experiment: Experiment, out: Out, how: &How) -> Ending {
    match experiment.precision {
        Precision::F32 => run_in::<f32>(&experiment, &out, how),
        Precision::F64 => run_in::<f64>(&experiment, &out, how),
    }
}

fn run_in<T: Element>(experiment: &Experiment, out: &Out, how: &How) -> Ending {
    let task = task::<T>(&experiment.task, &experiment.data)?;
    let resolved = experiment.resolve(&*task)?;
    let folder = out.open(&experiment.to_toml(&resolved))?;
    let progress = Progress::new(experiment, &resolved, &folder, &*task)?;
    let ending = thalweg_study::compare(
        experiment,
        &resolved,
        &*task,
        &folder,
        how.threads,
        how.checkpoint_every,
        &progress,
    );
    progress.finish();
    // The report shows what there is, also after an error or a stop.
    let shown = report::print(folder.path(), how.json);
    if ending? == StudyEnding::Stopped {
        runs::stopped(&folder, "compare");
    }
    match shown?.diverged() {
        0 => Ok(()),
        n => {
            let trials = if n == 1 { "trial" } else { "trials" };
            let advice = "lower the learning rate or clip the gradient";
            Err(format!("{n} {trials} diverged, as the table says; {advice}").into())
        }
    }
}
