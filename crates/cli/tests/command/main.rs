//! The `thalweg` binary as its users meet it: only what goes in and what comes out.

#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]

mod bench;
mod compare;
mod graph;
mod minimize;
mod mistakes;
mod regret;
mod resume;
mod trace;
mod words;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// A folder that is gone after the test; commands run in it.
struct Scratch(PathBuf);

/// What came of a command.
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("thalweg-cli-{}-{count}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_thalweg"));
        command.args(arguments).current_dir(&self.0).env_remove("THALWEG_DATA");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs what has to succeed and gives what it printed.
    fn stdout<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    }

    /// Runs a comparison of which trials diverge, and gives what it printed nevertheless.
    fn stdout_of_diverging<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let last = ran.stderr.lines().last().unwrap_or_default();
        let told = "thalweg: 2 trials diverged, as the table says; lower the learning rate";
        assert!(last.starts_with(told), "{}", ran.stderr);
        ran.stdout
    }

    /// Every file below, with its content.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.0, &mut files);
        files
    }

    /// The events of the run in `folder`. A line that is being written is left out.
    fn events(&self, folder: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(folder).join("events.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// What was measured, by (contender, seed, epoch), without the seconds. What was written last counts.
    fn measured(&self, folder: &str) -> BTreeMap<[u64; 3], Value> {
        let epochs = self.events(folder).into_iter().filter(|event| event["event"] == "epoch");
        let key =
            |event: &Value| ["contender", "seed", "epoch"].map(|key| event[key].as_u64().unwrap());
        epochs
            .map(|mut event| {
                event["seconds"].take();
                (key(&event), event)
            })
            .collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Ran {
    fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => {
                files.insert(path.clone(), Vec::new());
                collect(&path, files);
            }
            false => {
                files.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
}
