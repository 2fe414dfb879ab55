//! The curves that the page draws: for each contender the mean of its seeds, epoch by epoch, and the seeds
//! themselves.

use serde::Serialize;
use thalweg_events::{Epoch, Measured};

use crate::Estimate;
use crate::run::{Run, Trial};

/// The curves of one contender.
#[derive(Serialize)]
pub(crate) struct Curves<'a> {
    pub label: &'a str,
    /// Over the seeds that did not diverge, so that no mean changes where a bad one leaves.
    pub mean: Vec<MeanPoint>,
    pub trials: Vec<TrialCurve>,
}

/// The mean at the end of an epoch.
#[derive(Serialize)]
pub(crate) struct MeanPoint {
    pub epoch: u64,
    /// The mean of the seconds that the seeds took.
    pub seconds: f64,
    pub train: MeanMeasured,
    pub test: MeanMeasured,
}

/// J and P over the seeds that have them.
#[derive(Serialize)]
pub(crate) struct MeanMeasured {
    pub j: Option<Estimate>,
    pub p: Option<Estimate>,
}

/// One seed.
#[derive(Serialize)]
pub(crate) struct TrialCurve {
    pub seed: u64,
    pub diverged: bool,
    pub points: Vec<Point>,
}

/// One seed at the end of an epoch.
#[derive(Serialize)]
pub(crate) struct Point {
    pub epoch: u64,
    pub seconds: f64,
    pub train: Measured,
    pub test: Measured,
}

pub(crate) fn curves<'a>(run: &Run<'a>) -> Vec<Curves<'a>> {
    let contenders = &run.started.contenders;
    std::iter::zip(contenders, &run.trials)
        .map(|(contender, trials)| Curves {
            label: &contender.label,
            mean: mean(trials),
            trials: trials.iter().map(TrialCurve::of).collect(),
        })
        .collect()
}

fn mean(trials: &[Trial]) -> Vec<MeanPoint> {
    let epochs =
        || trials.iter().filter(|trial| !trial.diverged()).flat_map(|t| &t.epochs).copied();
    let mut numbers: Vec<u64> = epochs().map(|epoch| epoch.epoch).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let at = |number| {
        let at_epoch: Vec<_> = epochs().filter(|epoch| epoch.epoch == number).collect();
        MeanPoint::of(number, &at_epoch)
    };
    numbers.into_iter().map(at).collect()
}

impl MeanPoint {
    fn of(number: u64, epochs: &[&Epoch]) -> MeanPoint {
        let estimate = |of: fn(&Epoch) -> Option<f64>| {
            Estimate::of(epochs.iter().filter_map(|epoch| of(epoch)))
        };
        MeanPoint {
            epoch: number,
            seconds: epochs.iter().map(|epoch| epoch.seconds).sum::<f64>() / epochs.len() as f64,
            train: MeanMeasured {
                j: estimate(|epoch| epoch.train.cost),
                p: estimate(|epoch| epoch.train.measure),
            },
            test: MeanMeasured {
                j: estimate(|epoch| epoch.test.cost),
                p: estimate(|epoch| epoch.test.measure),
            },
        }
    }
}

impl TrialCurve {
    fn of(trial: &Trial) -> TrialCurve {
        let point = |&&Epoch { epoch, seconds, train, test, .. }: &&Epoch| Point {
            epoch,
            seconds,
            train,
            test,
        };
        TrialCurve {
            seed: trial.seed,
            diverged: trial.diverged(),
            points: trial.epochs.iter().map(point).collect(),
        }
    }
}
