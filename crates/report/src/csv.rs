//! Every measurement as a row of comma-separated values (RFC 4180).

use std::fmt::Display;

use thalweg_events::{Contender, Epoch, Event};

use crate::RunError;
use crate::run::Run;

const HEAD: &str = "contender,label,optimizer,seed,epoch,step,seconds,learning_rate,gradient_norm,\
    train_j,train_p,test_j,test_p,evaluations";

/// One row for each measured epoch, by contender, seed and epoch. What is not finite or was not measured
/// is an empty field; numbers have the shortest form that reads back as the same bits.
pub fn csv(events: &[Event]) -> Result<String, RunError> {
    Run::of(events).map(|run| csv_of_run(&run))
}

pub(crate) fn csv_of_run(run: &Run) -> String {
    let mut lines = vec![HEAD.to_owned()];
    for (contender, trials) in std::iter::zip(&run.started.contenders, &run.trials) {
        for epoch in trials.iter().flat_map(|trial| &trial.epochs) {
            lines.push(row(contender, epoch));
        }
    }
    // The standard ends every line with both.
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

fn row(contender: &Contender, epoch: &Epoch) -> String {
    let Epoch { trial, train, test, .. } = epoch;
    [
        trial.contender.to_string(),
        quoted(&contender.label),
        quoted(&contender.optimizer),
        trial.seed.to_string(),
        epoch.epoch.to_string(),
        epoch.step.to_string(),
        epoch.seconds.to_string(),
        or_empty(epoch.learning_rate),
        or_empty(epoch.gradient_norm),
        or_empty(train.cost),
        or_empty(train.measure),
        or_empty(test.cost),
        or_empty(test.measure),
        or_empty(epoch.evaluations),
    ]
    .join(",")
}

fn or_empty(x: Option<impl Display>) -> String {
    x.map(|x| x.to_string()).unwrap_or_default()
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
