//! A run in numbers: what the table, the page and `--json` show.

use serde::Serialize;
use thalweg_events::{Contender, Event, Measure, Started};

use crate::compare::{Comparison, compare};
use crate::run::{End, Run, Trial};
use crate::{Estimate, RunError};

/// A run in numbers. Its JSON form holds the same numbers as the table and the page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// What was compared, on what.
    pub run: Started,
    /// One for each contender, in the same order.
    pub results: Vec<ContenderSummary>,
    /// Which contenders the run tells apart; `None` when fewer than two were compared or none finished.
    pub comparison: Option<Comparison>,
}

/// A contender over all its seeds. Means are over the seeds that finished.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContenderSummary {
    /// What it is.
    pub contender: Contender,
    /// How its trials ended.
    pub seeds: Seeds,
    /// P on the test set after the last epoch.
    pub final_test: Option<Estimate>,
    /// The best P on the test set at the end of any epoch, of each seed. It is chosen by looking at the
    /// test set and therefore flatters; it is here because others report it.
    pub best_test: Option<Estimate>,
    /// J on the training set after the last epoch.
    pub final_train_cost: Option<Estimate>,
    /// When the target was reached, if the run has one.
    pub target: Option<ToTarget>,
    /// Training time over examples read; the median over the seeds that finished.
    pub nanoseconds_per_example: Option<f64>,
    /// Every seed by itself, the diverged ones too.
    pub trials: Vec<TrialSummary>,
}

/// How many seeds ended in which way. `planned` is the sum of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Seeds {
    /// Seeds of the run.
    pub planned: u64,
    /// Went through all epochs.
    pub finished: u64,
    /// Became non-finite.
    pub diverged: u64,
    /// Were not done, or not begun, when the run was interrupted.
    pub unfinished: u64,
}

/// How soon P on the test set reached the target, at the end of an epoch. Means are over the seeds that
/// reached it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ToTarget {
    /// Seeds that reached it.
    pub reached: u64,
    /// Seeds that finished or diverged.
    pub of: u64,
    /// Epochs until then.
    pub epochs: Option<Estimate>,
    /// Seconds of training until then.
    pub seconds: Option<Estimate>,
    /// Runs forwards and backwards until then, where they were counted.
    pub evaluations: Option<Estimate>,
}

/// One seed of a contender.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrialSummary {
    /// The seed.
    pub seed: u64,
    /// How it ended.
    pub end: TrialEnd,
    /// The last epoch that was measured.
    pub epoch: Option<u64>,
    /// P on the test set at that epoch.
    pub final_test: Option<f64>,
    /// The best P on the test set up to then.
    pub best_test: Option<f64>,
    /// J on the training set at that epoch.
    pub final_train_cost: Option<f64>,
    /// The first epoch at whose end the target was reached.
    pub target_epoch: Option<u64>,
    /// Seconds of training until then.
    pub target_seconds: Option<f64>,
    /// Runs forwards and backwards until then, where they were counted.
    pub target_evaluations: Option<u64>,
    /// Seconds of training up to the last event.
    pub seconds: Option<f64>,
    /// Runs forwards and backwards up to the last epoch, where they were counted.
    pub evaluations: Option<u64>,
    /// Line searches up to the last epoch that found nothing lower along their direction.
    pub failed_searches: u64,
    /// Steps up to the last epoch.
    pub steps: u64,
    /// Training time over examples read, once finished.
    pub nanoseconds_per_example: Option<f64>,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialEnd {
    /// It went through all epochs.
    Finished,
    /// It became non-finite.
    Diverged {
        /// The epoch in which it happened, counted from 1.
        epoch: u64,
        /// The step that could not be taken, counted from 1.
        step: u64,
        /// What was not finite.
        reason: String,
    },
    /// The run was interrupted first.
    Unfinished,
}

impl Summary {
    /// How many trials became non-finite.
    pub fn diverged(&self) -> u64 {
        self.results.iter().map(|result| result.seeds.diverged).sum()
    }

    /// The numbers of a run, complete or interrupted.
    pub fn of(events: &[Event]) -> Result<Summary, RunError> {
        Run::of(events).map(|run| Summary::of_run(&run))
    }

    pub(crate) fn of_run(run: &Run) -> Summary {
        let started = run.started;
        let results: Vec<_> = std::iter::zip(&started.contenders, &run.trials)
            .map(|(contender, trials)| {
                let trials = trials.iter().map(|trial| TrialSummary::of(trial, started)).collect();
                ContenderSummary::of(contender, trials, started)
            })
            .collect();
        let comparison = compare(&started.measure, &results);
        Summary { run: started.clone(), results, comparison }
    }

    /// Whether some optimizer took more than one run forwards and backwards for a step, so that steps do not tell what
    /// it cost.
    pub(crate) fn counts_evaluations(&self) -> bool {
        let mut trials = self.results.iter().flat_map(|result| &result.trials);
        trials.any(|trial| trial.evaluations.is_some_and(|evaluations| evaluations != trial.steps))
    }

    /// How many trials were not done when the run was interrupted; 0 for a complete run.
    pub fn unfinished(&self) -> u64 {
        self.results.iter().map(|result| result.seeds.unfinished).sum()
    }
}

impl ContenderSummary {
    fn of(contender: &Contender, trials: Vec<TrialSummary>, run: &Started) -> ContenderSummary {
        let finished = || trials.iter().filter(|trial| trial.end == TrialEnd::Finished);
        ContenderSummary {
            contender: contender.clone(),
            seeds: Seeds::of(&trials),
            final_test: Estimate::of(finished().filter_map(|trial| trial.final_test)),
            best_test: Estimate::of(finished().filter_map(|trial| trial.best_test)),
            final_train_cost: Estimate::of(finished().filter_map(|trial| trial.final_train_cost)),
            target: run.target.map(|_| ToTarget::of(&trials)),
            nanoseconds_per_example: median(
                finished().filter_map(|trial| trial.nanoseconds_per_example).collect(),
            ),
            trials,
        }
    }
}

impl Seeds {
    fn of(trials: &[TrialSummary]) -> Seeds {
        let count = |is: fn(&TrialEnd) -> bool| trials.iter().filter(|t| is(&t.end)).count() as u64;
        Seeds {
            planned: trials.len() as u64,
            finished: count(|end| *end == TrialEnd::Finished),
            diverged: count(|end| matches!(end, TrialEnd::Diverged { .. })),
            unfinished: count(|end| *end == TrialEnd::Unfinished),
        }
    }
}

impl ToTarget {
    fn of(trials: &[TrialSummary]) -> ToTarget {
        let done = || trials.iter().filter(|trial| trial.end != TrialEnd::Unfinished);
        let epochs = Estimate::of(done().filter_map(|trial| trial.target_epoch).map(|e| e as f64));
        ToTarget {
            reached: epochs.map_or(0, |epochs| epochs.n),
            of: done().count() as u64,
            epochs,
            seconds: Estimate::of(done().filter_map(|trial| trial.target_seconds)),
            evaluations: Estimate::of(
                done().filter_map(|trial| trial.target_evaluations).map(|n| n as f64),
            ),
        }
    }
}

impl TrialSummary {
    fn of(trial: &Trial, run: &Started) -> TrialSummary {
        let last = trial.epochs.last();
        let tested = || trial.epochs.iter().filter_map(|epoch| Some((epoch, epoch.test.measure?)));
        let first_on_target = run
            .target
            .and_then(|target| tested().find(|(_, p)| *p == target || better(*p, target, run)))
            .map(|(epoch, _)| epoch);
        let finished = match trial.end {
            End::Finished(finished) => Some(finished),
            _ => None,
        };
        TrialSummary {
            seed: trial.seed,
            end: TrialEnd::of(&trial.end),
            epoch: last.map(|epoch| epoch.epoch),
            final_test: last.and_then(|epoch| epoch.test.measure),
            best_test: tested()
                .map(|(_, p)| p)
                .reduce(|best, p| if better(p, best, run) { p } else { best }),
            final_train_cost: last.and_then(|epoch| epoch.train.cost),
            target_epoch: first_on_target.map(|epoch| epoch.epoch),
            target_seconds: first_on_target.map(|epoch| epoch.seconds),
            target_evaluations: first_on_target.and_then(|epoch| epoch.evaluations),
            evaluations: last.and_then(|epoch| epoch.evaluations),
            failed_searches: last.map_or(0, |epoch| epoch.failed_searches),
            steps: last.map_or(0, |epoch| epoch.step),
            seconds: finished.map(|f| f.seconds).or(last.map(|epoch| epoch.seconds)),
            nanoseconds_per_example: finished
                .filter(|finished| finished.examples > 0)
                .map(|finished| finished.seconds * 1e9 / finished.examples as f64),
        }
    }
}

impl TrialEnd {
    fn of(end: &End) -> TrialEnd {
        match end {
            End::Open => TrialEnd::Unfinished,
            End::Finished(_) => TrialEnd::Finished,
            End::Diverged(end) => {
                TrialEnd::Diverged { epoch: end.epoch, step: end.step, reason: end.reason.clone() }
            }
        }
    }
}

/// Whether `p` is strictly better than `q`.
fn better(p: f64, q: f64, run: &Started) -> bool {
    let Measure { higher_is_better, .. } = run.measure;
    if higher_is_better { p > q } else { p < q }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(0.5 * (values[middle - 1] + values[middle])),
    }
}
