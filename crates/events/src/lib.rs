//! What happens in a run, one JSON object per line: the only interface between training and showing.
//!
//! A run's folder holds `run.toml`, which repeats the run, and `events.jsonl`, which is written line by
//! line while it goes on. A run that is killed loses at most the line it was writing, and
//! [`read`] accepts such a file.
//!
//! Numbers that are not finite cannot be written in JSON; they are `null` here, and the
//! [`Event::Diverged`] that accompanies them says what happened.

mod log;
mod regret;

pub use log::{Log, ReadError, read};
pub use regret::{GaveUp, Growth, OnlineStarted, Player, Regret, Theory};

use serde::{Deserialize, Serialize};

/// One line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first line: what is compared, on what.
    Started(Started),
    /// A measurement of one trial. Epoch 0 is before the first step.
    Epoch(Epoch),
    /// A trial became non-finite and was stopped; no `Finished` follows.
    Diverged(Diverged),
    /// A trial went through all its epochs.
    Finished(Finished),
    /// The first line where losses come one at a time: which losses, who plays.
    OnlineStarted(OnlineStarted),
    /// How a player stands after some rounds.
    Regret(Regret),
    /// A player's step became non-finite; no `Regret` of it follows.
    GaveUp(GaveUp),
}

/// What is compared, on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The version of Thalweg that ran.
    pub version: String,
    /// The name of the task, for example `fashion-mlp`.
    pub task: String,
    /// What the task is, in a sentence.
    pub about: String,
    /// The cost that is minimised, J, in words: `mean cross-entropy over the training set`.
    pub cost: String,
    /// The measure that is cared about, P.
    pub measure: Measure,
    /// Where the data came from, in words.
    pub data: String,
    /// Examples in the training set.
    pub train_examples: u64,
    /// Examples in the test set.
    pub test_examples: u64,
    /// Trainable parameters.
    pub parameters: u64,
    /// How the weights start, as a call.
    pub init: String,
    /// Examples per step.
    pub batch: u64,
    /// How batches are drawn, in words: `without replacement, reshuffled every epoch, last batch kept`.
    pub batching: String,
    /// Passes over the training set in each trial.
    pub epochs: u64,
    /// The seeds; every contender runs with each of them.
    pub seeds: Vec<u64>,
    /// The value of P on the test set whose first reaching is timed.
    pub target: Option<f64>,
    /// How the hyperparameters were chosen, in words; shown wherever contenders are compared.
    pub tuning: Option<String>,
    /// What is compared. [`TrialId::contender`] counts in this list.
    pub contenders: Vec<Contender>,
}

/// One of the things compared: an optimizer with its hyperparameters and schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contender {
    /// The name people read, unique in the comparison: `sgd + linear`.
    pub label: String,
    /// The call that repeats it, with the arguments that differ from the defaults.
    pub optimizer: String,
    /// The same with every argument written out.
    pub full: String,
    /// The update as a formula, in the letters of its source.
    pub formula: String,
}

/// The measure P.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// `accuracy`, `loss`.
    pub name: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Whether it is a share of the examples, shown in percent.
    pub percent: bool,
}

/// One contender with one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrialId {
    /// Place in [`Started::contenders`].
    pub contender: usize,
    /// The seed of weights and batches.
    pub seed: u64,
}

/// J and P on one set of examples. `None` is not finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// J, the mean cost per example.
    #[serde(rename = "j")]
    pub cost: Option<f64>,
    /// P.
    #[serde(rename = "p")]
    pub measure: Option<f64>,
}

/// A measurement of one trial at the end of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Which trial.
    #[serde(flatten)]
    pub trial: TrialId,
    /// Epochs done; 0 is before the first step.
    pub epoch: u64,
    /// Steps done.
    pub step: u64,
    /// Seconds spent on training so far, without the time for measuring.
    pub seconds: f64,
    /// Runs forwards and backwards so far: one for each step of a rule, several for a line search. `None` in files
    /// of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluations: Option<u64>,
    /// Line searches so far that found nothing lower along their direction.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed_searches: u64,
    /// The learning rate of the last step, where there is one; the length of a line search.
    pub learning_rate: Option<f64>,
    /// The Euclidean norm of the gradient at the last step.
    pub gradient_norm: Option<f64>,
    /// J and P over the whole training set.
    pub train: Measured,
    /// J and P over the whole test set.
    pub test: Measured,
}

/// A trial became non-finite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    /// Which trial.
    #[serde(flatten)]
    pub trial: TrialId,
    /// The step that could not be taken, counted from 1.
    pub step: u64,
    /// The epoch it belongs to, counted from 1.
    pub epoch: u64,
    /// What was not finite, in words.
    pub reason: String,
}

/// A trial went through all its epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// Which trial.
    #[serde(flatten)]
    pub trial: TrialId,
    /// Examples that training read.
    pub examples: u64,
    /// Seconds spent on training, without the time for measuring.
    pub seconds: f64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Event {
    /// The trial that the event belongs to; `None` for [`Event::Started`] and where nothing is trained.
    pub fn trial(&self) -> Option<TrialId> {
        match self {
            Event::Started(_) | Event::OnlineStarted(_) | Event::Regret(_) | Event::GaveUp(_) => {
                None
            }
            Event::Epoch(Epoch { trial, .. })
            | Event::Diverged(Diverged { trial, .. })
            | Event::Finished(Finished { trial, .. }) => Some(*trial),
        }
    }
}

impl Measured {
    /// J and P, each `None` unless it is finite.
    pub fn new(cost: f64, measure: f64) -> Measured {
        let finite = |x: f64| Some(x).filter(|x| x.is_finite());
        Measured { cost: finite(cost), measure: finite(measure) }
    }
}
