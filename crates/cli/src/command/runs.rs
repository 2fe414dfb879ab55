//! Folders of runs: a new one, one that was named, one to go on with.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::time::Duration;

use thalweg_data::Source;
use thalweg_study::RunFolder;

use crate::say;

/// What takes longer than this can be gone on with where it was.
pub const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(5);

/// Where a run is kept.
pub struct Out {
    /// The folder, if it was named.
    named: Option<PathBuf>,
    /// What a new folder is called otherwise.
    name: String,
}

impl Out {
    /// The folder that was named, or else a new one called `name`.
    pub fn new(named: Option<PathBuf>, name: &str) -> Out {
        Out { named, name: name.to_owned() }
    }

    /// The folder of a run that is gone on with.
    pub fn of(folder: &Path) -> Out {
        Out::new(Some(folder.to_owned()), "")
    }

    pub fn open(&self, toml: &str) -> Result<RunFolder, Box<dyn Error>> {
        Ok(match &self.named {
            Some(folder) => RunFolder::open(folder, toml)?,
            None => RunFolder::create(Path::new("runs"), &self.name, toml)?,
        })
    }
}

/// The file that repeats the run in `folder`, which `command` is to go on with.
pub fn recipe(folder: &Path, command: &str) -> Result<PathBuf, String> {
    let (path, folder) = (folder.join("run.toml"), folder.display());
    if !path.exists() {
        return Err(format!("{folder} has no run.toml; name the folder of an earlier run"));
    }
    // What is not of one kind or the other is told by who reads it.
    let text = fs::read_to_string(&path).unwrap_or_default();
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    match (has("task ="), has("sequence ="), command) {
        (true, false, "regret") => Err(other(&folder.to_string(), "compare")),
        (false, true, "compare") => Err(other(&folder.to_string(), "regret")),
        _ => Ok(path),
    }
}

fn other(folder: &str, command: &str) -> String {
    format!(
        "{folder} holds a run of thalweg {command}; go on with: thalweg {command} --resume {folder}"
    )
}

/// Ends the program after Ctrl-C.
pub fn stopped(folder: &RunFolder, command: &str) -> ! {
    let folder = folder.path().display();
    say(&format!("thalweg: stopped; go on with: thalweg {command} --resume {folder}"));
    exit(130)
}

/// Where data are, as `--data` says.
pub fn source(data: &Path) -> std::io::Result<Source> {
    Ok(match data {
        embedded if embedded == Path::new("embedded") => Source::Embedded,
        // The run can be gone on with from anywhere.
        folder => Source::Path(std::path::absolute(folder)?),
    })
}
