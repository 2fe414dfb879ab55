//! Writing and reading `events.jsonl`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use crate::Event;

/// Writes events to a file, each as soon as it happens.
#[derive(Debug)]
pub struct Log {
    file: File,
}

impl Log {
    /// Begins a new file; an existing one is an error, so that nothing written is lost.
    pub fn create(path: &Path) -> io::Result<Log> {
        OpenOptions::new().append(true).create_new(true).open(path).map(|file| Log { file })
    }

    /// Goes on with an existing file. A last line that was cut off by a kill is ended first.
    pub fn append(path: &Path) -> io::Result<Log> {
        let cut_off = std::fs::read(path)?.last().is_some_and(|&byte| byte != b'\n');
        let mut file = OpenOptions::new().append(true).open(path)?;
        if cut_off {
            file.write_all(b"\n")?;
        }
        Ok(Log { file })
    }

    /// Writes one line. It is handed to the system whole, so that a kill between two lines leaves
    /// both whole.
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Waits until all lines are on disk: what relies on them may be written then.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

/// A file of events cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line in the middle of the file is not an event.
    #[error("{}, line {line}: not an event: {source}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// All events of a file, in order. A line that a kill cut short is passed over: the last one, or one
/// that is followed by an [append](Log::append).
pub fn read(path: &Path) -> Result<Vec<Event>, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let mut events = Vec::new();
    // Lines of bytes: a cut may go through the middle of a character.
    for (index, line) in BufReader::new(file).split(b'\n').enumerate() {
        let line = line.map_err(io)?;
        let cut = std::str::from_utf8(&line).is_err_and(|error| error.error_len().is_none());
        match serde_json::from_slice(&line) {
            Ok(event) => events.push(event),
            Err(_) if cut => {}
            Err(source) if source.is_eof() => {}
            Err(source) => {
                return Err(ReadError::Line { path: path.to_owned(), line: index + 1, source });
            }
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Diverged, Epoch, Measured, TrialId};

    fn events() -> Vec<Event> {
        let trial = TrialId { contender: 1, seed: 7 };
        let measured = Measured::new(f64::NAN, 0.5);
        vec![
            Event::Epoch(Epoch {
                trial,
                epoch: 1,
                step: 78,
                seconds: 0.25,
                evaluations: Some(80),
                failed_searches: 1,
                learning_rate: Some(0.1),
                gradient_norm: None,
                train: measured,
                test: measured,
            }),
            Event::Diverged(Diverged { trial, step: 79, epoch: 2, reason: "loss is ∞".into() }),
        ]
    }

    fn scratch(name: &str) -> PathBuf {
        let path =
            std::env::temp_dir().join(format!("thalweg-events-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn what_is_written_is_read_back() {
        let path = scratch("back");
        let mut log = Log::create(&path).unwrap();
        for event in events() {
            log.write(&event).unwrap();
        }
        assert_eq!(read(&path).unwrap(), events());
        assert!(Log::create(&path).is_err(), "an existing file must not be overwritten");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_line_cut_off_anywhere_loses_only_itself() {
        let path = scratch("cut");
        let whole: Vec<String> =
            events().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
        for cut in 0..whole[1].len() {
            let bytes = [whole[0].as_bytes(), b"\n", &whole[1].as_bytes()[..cut]].concat();
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read(&path).unwrap(), events()[..1]);
            Log::append(&path).unwrap().write(&events()[1]).unwrap();
            assert_eq!(read(&path).unwrap(), events(), "after going on from a cut at {cut}");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_broken_line_in_the_middle_is_named() {
        let path = scratch("broken");
        std::fs::write(&path, "{\"event\":\"epok\"}\n").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("line 1: not an event"));
        std::fs::remove_file(path).unwrap();
    }
}
