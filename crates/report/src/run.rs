//! Events put in order: which trial did what.

use thalweg_events::{Diverged, Epoch, Event, Finished, Started, TrialId};

/// The events do not belong together.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum RunError {
    /// There is no event that says what was compared.
    #[error("the events have no 'started': the run ended before it began; run it again")]
    NotStarted,
    /// There are two different ones.
    #[error("event {number} starts another run: give each run a folder of its own")]
    StartedTwice {
        /// Its place, counted from 1.
        number: usize,
    },
    /// A trial that the first event does not announce.
    #[error(
        "event {number} is of contender {contender}, seed {seed}, which 'started' does not list: \
         the file mixes two runs"
    )]
    UnknownTrial {
        /// Its place, counted from 1.
        number: usize,
        /// The contender it names.
        contender: usize,
        /// The seed it names.
        seed: u64,
    },
}

/// A run, trial by trial.
pub(crate) struct Run<'a> {
    pub started: &'a Started,
    /// For each contender, a trial for each seed, in the order of [`Started`].
    pub trials: Vec<Vec<Trial<'a>>>,
}

/// One contender with one seed.
pub(crate) struct Trial<'a> {
    pub seed: u64,
    /// By epoch, each at most once.
    pub epochs: Vec<&'a Epoch>,
    pub end: End<'a>,
}

/// How far a trial came.
pub(crate) enum End<'a> {
    Open,
    Diverged(&'a Diverged),
    Finished(&'a Finished),
}

impl<'a> Run<'a> {
    pub fn of(events: &'a [Event]) -> Result<Run<'a>, RunError> {
        let is_start = |event: &'a Event| match event {
            Event::Started(started) => Some(started),
            _ => None,
        };
        let started = events.iter().find_map(is_start).ok_or(RunError::NotStarted)?;
        let trial = |&seed| Trial { seed, epochs: Vec::new(), end: End::Open };
        let trials = started.contenders.iter().map(|_| started.seeds.iter().map(trial).collect());
        let mut run = Run { started, trials: trials.collect() };
        for (index, event) in events.iter().enumerate() {
            run.take(index + 1, event)?;
        }
        Ok(run)
    }

    fn take(&mut self, number: usize, event: &'a Event) -> Result<(), RunError> {
        let started = self.started;
        match event {
            Event::Started(again) if again != started => Err(RunError::StartedTwice { number })?,
            Event::Started(_) => {}
            Event::OnlineStarted(_) | Event::Regret(_) | Event::GaveUp(_) => {
                Err(RunError::StartedTwice { number })?
            }
            Event::Epoch(epoch) => self.trial(number, epoch.trial)?.measured(epoch),
            Event::Diverged(end) => self.trial(number, end.trial)?.end = End::Diverged(end),
            Event::Finished(end) => self.trial(number, end.trial)?.end = End::Finished(end),
        }
        Ok(())
    }

    fn trial(&mut self, number: usize, id: TrialId) -> Result<&mut Trial<'a>, RunError> {
        let TrialId { contender, seed } = id;
        let trials = self.trials.get_mut(contender);
        trials
            .and_then(|trials| trials.iter_mut().find(|trial| trial.seed == seed))
            .ok_or(RunError::UnknownTrial { number, contender, seed })
    }
}

impl<'a> Trial<'a> {
    /// A resumed trial may measure epochs again; what is written last counts.
    fn measured(&mut self, epoch: &'a Epoch) {
        self.epochs.retain(|earlier| earlier.epoch < epoch.epoch);
        self.epochs.push(epoch);
        self.end = End::Open;
    }

    pub fn diverged(&self) -> bool {
        matches!(self.end, End::Diverged(_))
    }
}
