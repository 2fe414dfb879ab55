//! `thalweg compare`, `thalweg train`, and `thalweg` alone.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thalweg_calls::Call;
use thalweg_data::Source;
use thalweg_graph::Element;
use thalweg_optim::init::initializer;
use thalweg_study::{Contender, Ending as StudyEnding, Experiment, Precision, RunFolder};
use thalweg_train::task;

use super::{report, with_schedule};
use crate::args::{CompareArgs, HowArgs, TrainArgs, TrainingArgs};
use crate::progress::Progress;
use crate::{Ending, say};

/// What `thalweg` does by itself.
const LECTURE: &str = include_str!("../../experiments/lecture.toml");

/// A trial of a comparison that takes longer than this can be gone on with where it was.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(5);

/// The optimizers of the lecture on embedded data.
pub fn lecture() -> Ending {
    let out = Out { named: None, name: "lecture".into() };
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
    let out = Out::new(&training, name);
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
    let out = Out::new(&training, None);
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

/// Where a run is kept.
struct Out {
    /// The folder, if it was named.
    named: Option<PathBuf>,
    /// What a new folder is called otherwise.
    name: String,
}

impl Out {
    fn new(training: &TrainingArgs, name: Option<String>) -> Out {
        let task = training.task.as_ref().map(|task| task.name.clone());
        let name = name.or(task).unwrap_or_else(|| "fashion-mlp".into());
        Out { named: training.out.clone(), name }
    }

    fn open(&self, toml: &str) -> Result<RunFolder, Box<dyn Error>> {
        Ok(match &self.named {
            Some(folder) => RunFolder::open(folder, toml)?,
            None => RunFolder::create(Path::new("runs"), &self.name, toml)?,
        })
    }
}

fn read(path: &Path) -> Result<Experiment, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| {
        format!("cannot read {}: {error}; name an experiment file", path.display())
    })?;
    Ok(Experiment::from_toml(&text).map_err(|error| format!("{}, {error}", path.display()))?)
}

fn resume(folder: &Path, how: &How) -> Ending {
    if !folder.join("run.toml").exists() {
        let folder = folder.display();
        return Err(format!("{folder} has no run.toml; name the folder of an earlier run").into());
    }
    let experiment = read(&folder.join("run.toml"))?;
    run(experiment, Out { named: Some(folder.to_owned()), name: String::new() }, how)
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

/// Where data are, as `--data` says.
pub fn source(data: &Path) -> std::io::Result<Source> {
    Ok(match data {
        embedded if embedded == Path::new("embedded") => Source::Embedded,
        // The run can be gone on with from anywhere.
        folder => Source::Path(std::path::absolute(folder)?),
    })
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
        let folder = folder.path().display();
        say(&format!("thalweg: stopped; go on with: thalweg compare --resume {folder}"));
        std::process::exit(130);
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
