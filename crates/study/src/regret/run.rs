//! Rounds that are played into a folder, so that they can be interrupted.
//!
//! ```text
//! every few seconds:   events on disk, then a checkpoint of all players
//! gone on with:        the checkpoint, then rounds; what was written already is played again and compared
//! ```
//!
//! Rounds cost from less than a microsecond on, and there may be a thousand million of them: between two that are told
//! of can be hours. So a checkpoint is taken by the clock, between any two rounds. What it needs is small: points,
//! slots and sums; losses are functions of the seed and the round.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use thalweg_events::Event;
use thalweg_train::ResumeError;

use super::{Online, Played};
use crate::folder::Unfinished;
use crate::{Ending, FolderError, RunFolder};

/// Rounds that are not played to their end.
#[derive(Debug, thiserror::Error)]
pub enum RegretError {
    /// Results cannot be kept.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The checkpoint does not fit.
    #[error("{}: {source}; delete it to play again from the first round", path.display())]
    Resume {
        /// The checkpoint.
        path: PathBuf,
        /// What is wrong with it.
        source: ResumeError,
    },
    /// What was written is not what is played now.
    #[error(
        "{}, event {event}: {key} was {before} and is {now} now: the data, the program or the processor have changed; \
         begin again in another folder with --out",
        path.display()
    )]
    Differs {
        /// The events.
        path: PathBuf,
        /// The first event that differs, from 1.
        event: usize,
        /// What differs in it.
        key: String,
        /// As it was written.
        before: Value,
        /// As it is now.
        now: Value,
    },
}

/// Rounds between two looks at the clock.
const LOOKS: u64 = 1024;

/// Plays the rounds that are not played in `folder`, writes what happens there, and tells all of it, what was written
/// before included. A checkpoint is kept every `checkpoint_every`, and when it is stopped.
///
/// # Errors
///
/// If results cannot be written, what is there is of other rounds, or telling fails. What was written is kept.
pub fn regret<E: From<RegretError>>(
    mut online: Online,
    folder: &RunFolder,
    checkpoint_every: Duration,
    should_stop: &dyn Fn() -> bool,
    mut tell: impl FnMut(&Event) -> Result<(), E>,
) -> Result<Ending, E> {
    let written = folder.events();
    let differs = |index: usize, now: &Event| {
        let (key, before, now) = difference(&written[index], now)?;
        let path = folder.path().join("events.jsonl");
        Some(RegretError::Differs { path, event: index + 1, key, before, now })
    };
    let started = Event::OnlineStarted(online.started().clone());
    if let Some(error) = (!written.is_empty()).then(|| differs(0, &started)).flatten() {
        return Err(error.into());
    }
    if let Some(bytes) = folder.checkpoint(Unfinished::Rounds) {
        online = online.resume(&bytes, written.len()).map_err(|source| RegretError::Resume {
            path: folder.checkpoint_path(Unfinished::Rounds),
            source,
        })?;
    }
    let mut log = folder.log().map_err(RegretError::from)?;
    written.iter().try_for_each(&mut tell)?;

    let mut kept = Instant::now();
    let mut rounds = 0;
    loop {
        let played = online.play_on(&mut || {
            rounds += 1;
            should_stop() || (rounds % LOOKS == 0 && kept.elapsed() >= checkpoint_every)
        });
        match played {
            Played::Event(event) => {
                let index = online.told() - 1;
                if index < written.len() {
                    differs(index, &event).map_or(Ok(()), Err)?;
                } else {
                    log.write(&event).map_err(|source| RegretError::from(folder.full(source)))?;
                    tell(&event)?;
                }
                // To find the best fixed point may have taken long.
                if kept.elapsed() < checkpoint_every {
                    continue;
                }
            }
            Played::Paused => {}
            Played::Over => {
                folder.drop_checkpoint(Unfinished::Rounds);
                return Ok(Ending::Complete);
            }
        }
        // The checkpoint must not be ahead of the events.
        log.sync().map_err(|source| RegretError::from(folder.full(source)))?;
        folder.keep_checkpoint(Unfinished::Rounds, &online.save()).map_err(RegretError::from)?;
        kept = Instant::now();
        if should_stop() {
            return Ok(Ending::Stopped);
        }
    }
}

/// The first thing in which two events differ as they are written, but for the version of the program.
fn difference(before: &Event, now: &Event) -> Option<(String, Value, Value)> {
    let fields = |event: &Event| match serde_json::to_value(event) {
        Ok(Value::Object(fields)) => fields,
        _ => unreachable!("an event is an object"),
    };
    let (before, now) = (fields(before), fields(now));
    let keys = now.keys().filter(|key| *key != "version");
    let mut pairs = keys.map(|key| (key, before.get(key).unwrap_or(&Value::Null), &now[key]));
    let (key, before, now) = pairs.find(|(_, before, now)| before != now)?;
    Some((key.clone(), before.clone(), now.clone()))
}
