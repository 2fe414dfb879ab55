//! Where a run is kept.
//!
//! ```text
//! DIR/run.toml                       repeats the run
//! DIR/events.jsonl                   what happened, line by line
//! DIR/checkpoints/2-7.safetensors    a trial that is not finished: contender 2, seed 7
//! DIR/checkpoints/rounds.safetensors online losses of which not all rounds are played
//! ```

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thalweg_events::{Event, Log, ReadError, TrialId, read};

/// The folder of a run, new or gone on with.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// What had happened when it was opened.
    events: Vec<Event>,
    /// The trials that are over, finished or diverged.
    over: HashSet<TrialId>,
    /// Held as long as this process writes to the folder.
    _lock: File,
}

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system refuses.
    #[error("cannot write to {}: {source}; choose another folder with --out", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The events that are there cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An event or a checkpoint of a run that has begun cannot be written.
    #[error("cannot write to {0}: {source}; make room and go on with --resume {0}", path.display())]
    Full {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another run is there.
    #[error("{} holds another run{difference}; choose another folder with --out", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
        /// Which line of `run.toml` says so, in words; empty if there is none.
        difference: String,
    },
    /// The same run is going on in another process.
    #[error("the run in {} is going on in another process; wait for it or stop it", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
}

impl RunFolder {
    /// The folder `path` for a run that `toml` repeats. If the same run is there already, it is gone on
    /// with; nothing that is there is written over.
    ///
    /// # Errors
    ///
    /// If another run is there, another process is at work in it, or the folder cannot be written.
    pub fn open(path: &Path, toml: &str) -> Result<RunFolder, FolderError> {
        let write = |source| FolderError::Write { path: path.to_owned(), source };
        let (recipe, events) = (path.join("run.toml"), path.join("events.jsonl"));
        if !recipe.exists() && !events.exists() {
            fs::create_dir_all(path).map_err(write)?;
            replace_file(&recipe, toml.as_bytes()).map_err(write)?;
        } else {
            let there = fs::read_to_string(&recipe).unwrap_or_default();
            if there != toml {
                let difference = difference(&there, toml);
                return Err(FolderError::Taken { path: path.to_owned(), difference });
            }
        }
        let lock = File::open(&recipe).map_err(write)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(FolderError::Busy { path: path.to_owned() });
            }
            // A file system without locks is used without.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        fs::create_dir_all(path.join("checkpoints")).map_err(write)?;
        let events = if events.exists() { read(&events)? } else { Vec::new() };
        let over = events
            .iter()
            .filter(|event| matches!(event, Event::Finished(_) | Event::Diverged(_)))
            .filter_map(Event::trial)
            .collect();
        Ok(RunFolder { path: path.to_owned(), events, over, _lock: lock })
    }

    /// A new folder for a run called `name` below `parent`: `name`, or `name-2`, `name-3`, …
    pub fn create(parent: &Path, name: &str, toml: &str) -> Result<RunFolder, FolderError> {
        let write = |path: &Path, source| FolderError::Write { path: path.to_owned(), source };
        fs::create_dir_all(parent).map_err(|error| write(parent, error))?;
        let mut path = parent.join(name);
        for n in 2.. {
            // Two processes that begin at once get two folders.
            match fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(write(&path, error)),
                Ok(()) => break,
            }
            path = parent.join(format!("{name}-{n}"));
        }
        RunFolder::open(&path, toml)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a trial is over.
    pub fn is_over(&self, trial: TrialId) -> bool {
        self.over.contains(&trial)
    }

    /// What had happened before, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The log of events, at its end.
    pub fn log(&self) -> Result<Log, FolderError> {
        let path = self.path.join("events.jsonl");
        let log = if path.exists() { Log::append(&path) } else { Log::create(&path) };
        log.map_err(|source| FolderError::Write { path, source })
    }

    /// The checkpoint of what is not finished, if it has one.
    pub fn checkpoint(&self, of: impl Into<Unfinished>) -> Option<Vec<u8>> {
        fs::read(self.checkpoint_path(of)).ok()
    }

    /// Keeps a checkpoint in place of the last one, whole or not at all.
    ///
    /// # Errors
    ///
    /// If it cannot be written; the last one is then as it was.
    pub fn keep_checkpoint(
        &self,
        of: impl Into<Unfinished>,
        bytes: &[u8],
    ) -> Result<(), FolderError> {
        replace_file(&self.checkpoint_path(of), bytes).map_err(|source| self.full(source))
    }

    /// Forgets the checkpoint of what is finished.
    pub fn drop_checkpoint(&self, of: impl Into<Unfinished>) {
        // That it is still there does no harm: what is over is not gone on with.
        let _ = fs::remove_file(self.checkpoint_path(of));
    }

    /// That something more cannot be written.
    pub(crate) fn full(&self, source: io::Error) -> FolderError {
        FolderError::Full { path: self.path.clone(), source }
    }

    /// Where its checkpoint is, if it has one.
    pub(crate) fn checkpoint_path(&self, of: impl Into<Unfinished>) -> PathBuf {
        let name = match of.into() {
            Unfinished::Trial(TrialId { contender, seed }) => format!("{contender}-{seed}"),
            Unfinished::Rounds => "rounds".to_owned(),
        };
        self.path.join("checkpoints").join(name + ".safetensors")
    }
}

/// What a checkpoint is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// A trial of a comparison.
    Trial(TrialId),
    /// Rounds of online losses, all players together.
    Rounds,
}

impl From<TrialId> for Unfinished {
    fn from(trial: TrialId) -> Unfinished {
        Unfinished::Trial(trial)
    }
}

/// The first line in which another run's `run.toml` says something else, in words; comments say nothing.
fn difference(there: &str, wanted: &str) -> String {
    let beyond = |text: &str, other: &str| -> Vec<String> {
        let says = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let lines = text.lines().filter(says).filter(|line| !other.lines().any(|l| l == *line));
        lines.map(str::to_owned).collect()
    };
    let key = |line: &str| line.split_once(" =").map(|(key, _)| key.to_owned());
    let (more, less) = (beyond(there, wanted), beyond(wanted, there));
    match (less.first(), more.first()) {
        (None, None) => String::new(),
        (None, Some(line)) => format!(" (it has {line})"),
        (Some(line), _) => match more.iter().find(|other| key(other) == key(line)) {
            Some(other) => format!(" ({other}, not {line})"),
            None if there.is_empty() => String::new(),
            None => format!(" (it has no {line})"),
        },
    }
}

/// Writes a file beside `path` and renames it, so that whenever the program is killed or the power fails,
/// the file there is the old one or the new one, whole. What a kill leaves beside it is written over next time.
///
/// ```
/// let path = std::env::temp_dir().join(format!("thalweg-replace-{}", std::process::id()));
/// thalweg_study::replace_file(&path, b"old")?;
/// thalweg_study::replace_file(&path, b"new")?;
/// assert_eq!(std::fs::read(&path)?, b"new");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If the system refuses; the old file is then as it was.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("part");
    let mut file = File::create(&beside)?;
    // On disk before it has the name: a rename may be kept where what was written is lost.
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        // What could not be finished would only lie about.
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kill between the write and the rename leaves a part beside the file, of any length.
    #[test]
    fn what_a_kill_leaves_beside_a_file_does_no_harm() {
        let folder = std::env::temp_dir().join(format!("thalweg-kill-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, beside) = (folder.join("state.safetensors"), folder.join("state.part"));
        replace_file(&path, b"the old state").unwrap();
        for length in [0, 3, 200] {
            fs::write(&beside, vec![7; length]).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"the old state");
            replace_file(&path, b"the new state").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"the new state");
            assert!(!beside.exists());
            replace_file(&path, b"the old state").unwrap();
        }
        // Where it cannot be written, the old file stays.
        fs::create_dir(&beside).unwrap();
        assert!(replace_file(&path, b"the new state").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"the old state");
        fs::remove_dir_all(&folder).unwrap();
    }
}
