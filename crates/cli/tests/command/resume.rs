//! Runs that are killed, stopped and gone on with.

#![cfg(unix)]

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Ran, Scratch};

/// Long enough to be killed in the middle.
const LONG: [&str; 14] = [
    "--task",
    "fashion-mlp(hidden=16, dropout=0.2)",
    "--optimizer",
    "adam(lr=0.002, schedule=cosine(steps=30epochs))",
    "--epochs",
    "30",
    "--batch",
    "250",
    "--data",
    "embedded",
    "--threads",
    "1",
    "--out",
    "killed",
];

/// `LONG` with another folder at its end.
fn into<'a>(command: &'a str, folder: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[command], &LONG[..13], &[folder], more].concat()
}

/// A training that does not end by itself.
fn endless() -> Vec<&'static str> {
    let epochs = |word: &'static str| if word == "30" { "1000000" } else { word };
    into("train", "killed", &[]).into_iter().map(epochs).collect()
}

/// Begins a run and waits until it has written so many events.
fn begin(scratch: &Scratch, arguments: &[&str], events: usize) -> Child {
    let mut child = scratch.command(arguments).spawn().unwrap();
    let begun = Instant::now();
    while scratch.events("killed").len() < events {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing happens");
        assert!(child.try_wait().unwrap().is_none(), "the run is over before it is killed");
        sleep(Duration::from_millis(2));
    }
    child
}

fn unfinished(summary: &Value) -> u64 {
    let results = summary["results"].as_array().unwrap();
    results.iter().map(|result| result["seeds"]["unfinished"].as_u64().unwrap()).sum()
}

#[test]
fn a_killed_comparison_is_reported_and_gone_on_with() {
    let scratch = Scratch::new();
    let more = ["--optimizer", "sgd(lr=0.1)"];
    scratch.stdout(into("compare", "whole", &[&more[..], &["--seeds", "2"]].concat()));

    let arguments = into("compare", "killed", &[&more[..], &["--seeds", "2"]].concat());
    let mut child = begin(&scratch, &arguments, 40);
    child.kill().unwrap();
    child.wait().unwrap();
    let before = scratch.events("killed");

    let summary: Value =
        serde_json::from_str(&scratch.stdout(["report", "killed", "--json"])).unwrap();
    assert!((1..=3).contains(&unfinished(&summary)), "{}", unfinished(&summary));
    let table = scratch.stdout(["report", "killed"]);
    assert!(table.contains("This run was interrupted"), "{table}");
    assert!(scratch.read("killed/report.html").contains("This run was interrupted"));

    let printed = scratch.stdout(["compare", "--resume", "killed", "--json"]);
    let summary: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(unfinished(&summary), 0);
    assert_eq!(scratch.events("killed")[..before.len()], before, "what was written is still there");
    assert!(scratch.measured("killed") == scratch.measured("whole"), "other bits");

    // Once more there is nothing to do, and nothing changes.
    let after = scratch.events("killed");
    scratch.stdout(["compare", "--resume", "killed", "--threads", "2"]);
    assert_eq!(scratch.events("killed"), after);
}

#[test]
fn a_killed_training_goes_on_from_its_checkpoint() {
    let scratch = Scratch::new();
    scratch.stdout(into("train", "whole", &[]));
    let mut child = begin(&scratch, &into("train", "killed", &[]), 6);
    child.kill().unwrap();
    child.wait().unwrap();
    let before = scratch.events("killed");
    // A kill may also cut a line short.
    let log = scratch.path("killed/events.jsonl");
    let mut log = OpenOptions::new().append(true).open(log).unwrap();
    log.write_all(b"{\"event\":\"epo").unwrap();

    scratch.stdout(["train", "--resume", "killed"]);
    assert!(scratch.measured("killed") == scratch.measured("whole"), "other bits");
    let again = scratch.events("killed").len() - before.len();
    assert!(again <= 30, "{again} events for what was left: it began from the start");
    assert_eq!(std::fs::read_dir(scratch.path("killed/checkpoints")).unwrap().count(), 0);
}

#[test]
fn ctrl_c_ends_with_a_report_and_says_how_to_go_on() {
    let scratch = Scratch::new();
    let child = begin(&scratch, &endless(), 3);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    let last = ran.stderr.lines().last().unwrap();
    assert_eq!(last, "thalweg: stopped; go on with: thalweg compare --resume killed");
    assert!(ran.stdout.contains("This run was interrupted"), "{}", ran.stdout);
    assert!(scratch.path("killed/report.html").exists());
    assert!(scratch.path("killed/checkpoints/0-1.safetensors").exists());
}

#[test]
fn two_processes_do_not_write_to_one_run() {
    let scratch = Scratch::new();
    let mut child = begin(&scratch, &endless(), 2);
    let ran = scratch.run(["train", "--resume", "killed"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("is going on in another process"), "{}", ran.stderr);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_checkpoint_that_is_damaged_is_named() {
    let scratch = Scratch::new();
    let mut child = begin(&scratch, &endless(), 4);
    child.kill().unwrap();
    child.wait().unwrap();
    scratch.write("killed/checkpoints/0-1.safetensors", b"nonsense");
    let ran = scratch.run(["train", "--resume", "killed"]);
    assert_eq!(ran.code, Some(1));
    let last = ran.stderr.lines().last().unwrap();
    assert!(last.starts_with("thalweg: the checkpoint of contender 0 with seed 1"), "{last}");
    assert!(last.ends_with("delete it to begin this trial again"), "{last}");
}

/// Rounds for seconds, between two that are told of as well.
const ROUNDS: [&str; 9] = [
    "regret",
    "--sequence",
    "random-linear(dimension=4)",
    "--optimizer",
    "adam",
    "--optimizer",
    "sgd",
    "--rounds",
    "300000",
];

#[test]
fn rounds_that_are_killed_are_gone_on_with() {
    let scratch = Scratch::new();
    let whole = scratch.stdout([&ROUNDS[..], &["--out", "whole"]].concat());
    let mut child = begin(&scratch, &[&ROUNDS[..], &["--out", "killed"]].concat(), 40);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(scratch.stdout(["report", "killed"]).contains("The run was interrupted"));
    let before = scratch.read("killed/events.jsonl");
    // A kill may also cut a line short.
    scratch.write("killed/events.jsonl", &before[..before.len() - 30]);

    let resumed = scratch.stdout(["regret", "--resume", "killed"]);
    assert_eq!(resumed.replace("killed/", "whole/"), whole);
    assert_eq!(scratch.events("killed"), scratch.events("whole"));
    for name in ["results.csv", "report.html"] {
        let [killed, whole] = ["killed", "whole"].map(|run| scratch.read(&format!("{run}/{name}")));
        assert!(killed == whole, "{name} differs");
    }
    assert!(scratch.read("killed/events.jsonl").starts_with(&before[..before.len() - 30]));
}

#[test]
fn rounds_are_stopped_by_ctrl_c_and_gone_on_with_from_there() {
    let scratch = Scratch::new();
    let endless = |word: &'static str| if word == "300000" { "1000000000" } else { word };
    let arguments: Vec<_> = ROUNDS.map(endless).into_iter().chain(["--out", "killed"]).collect();
    let child = begin(&scratch, &arguments, 90);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert_eq!(ran.stderr, "thalweg: stopped; go on with: thalweg regret --resume killed\n");
    assert!(
        ran.stdout.contains("The run was interrupted: 2 players did not finish"),
        "{}",
        ran.stdout
    );
    assert!(scratch.path("killed/report.html").exists());
    assert!(scratch.path("killed/checkpoints/rounds.safetensors").exists());

    // Not from the first round: whoever goes on has more rounds when it is stopped at once.
    let rounds =
        |scratch: &Scratch| scratch.events("killed").last().unwrap()["t"].as_u64().unwrap();
    let before = rounds(&scratch);
    let events = scratch.events("killed").len();
    let child = begin(&scratch, &["regret", "--resume", "killed"], events + 2);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert!(rounds(&scratch) > before);

    scratch.write("trained/run.toml", "task = \"fashion-mlp\"\n");
    scratch.write("half/run.toml", "rounds = 5\n");
    for (command, folder, told) in [
        ("compare", "killed", "go on with: thalweg regret --resume killed"),
        ("regret", "trained", "go on with: thalweg compare --resume trained"),
        ("regret", "half", "half/run.toml, line 1, column 1: missing key `sequence`"),
    ] {
        let ran = scratch.run([command, "--resume", folder]);
        assert_eq!((ran.code, ran.stderr.lines().count()), (Some(1), 1), "{}", ran.stderr);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}
