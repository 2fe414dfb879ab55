//! `thalweg regret`: what it prints, what it leaves behind, and what it says when it cannot play.

use serde_json::Value;

use crate::Scratch;

#[test]
fn lines_of_json_are_the_events_of_the_folder_and_the_page_is_made_from_them() {
    let scratch = Scratch::new();
    let arguments = ["regret", "--sequence", "reddi", "--optimizer", "sgd", "--optimizer", "adam"];
    let told =
        scratch.stdout([&arguments[..], &["--rounds", "300", "--out", "run", "--json"]].concat());
    assert_eq!(told, scratch.read("run/events.jsonl"));
    let last: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["t"], &last["player"], &last["bound"]),
        (&300.into(), &1.into(), &Value::Null)
    );
    let page = scratch.read("run/report.html");
    assert!(page.contains("Regret on reddi") && page.contains("<polyline"));
    assert!(page.contains("theorem 4.1 of Kingma &amp; Ba 2015 is refuted"));
    assert_eq!(scratch.read("run/results.csv").lines().count(), told.lines().count());

    let table = scratch.stdout(["report", "run"]);
    assert!(table.contains("R(T) ≤ 3/2·G·D·√T  (Zinkevich 2003, theorem 1)"), "{table}");
    assert_eq!(table.lines().filter(|line| line.contains("  sgd  ")).count(), 9, "{table}");
    // Once more there is nothing to do, and nothing changes.
    let files = scratch.files();
    let again = [&arguments[..], &["--rounds", "300", "--out", "run"]].concat();
    for arguments in [&again[..], &["regret", "--resume", "run"]] {
        assert_eq!(scratch.stdout(arguments), table);
    }
    assert_eq!(scratch.stdout(["regret", "--resume", "run", "--json"]), told);
    assert_eq!(scratch.files(), files);
    let other = scratch.run([&arguments[..], &["--rounds", "301", "--out", "run"]].concat());
    let line = "thalweg: run holds another run (rounds = 300, not rounds = 301); choose another folder with --out\n";
    assert_eq!((other.code, &*other.stderr), (Some(1), line));
}

#[test]
fn what_cannot_be_played_is_told_before_a_folder_is_made() {
    let scratch = Scratch::new();
    for (arguments, expected) in [
        (&["--sequence", "redi", "--optimizer", "sgd"][..], "did you mean 'reddi'?"),
        (&["--sequence", "reddi"], "--optimizer <CALL>"),
        (&["--sequence", "reddi", "--optimizer", "sgd", "--start", "5"], "the nearest point is 1"),
        (&["--sequence", "reddi", "--optimizer", "sgd", "--rounds", "0"], "whole number from 1"),
        (&["--sequence", "reddi", "--optimizer", "sam(sgd)"], "give what is inside of sam"),
        (&["--sequence", "reddi", "--optimizer", "sgd", "--data", "x"], "reddi takes no data"),
        (&["--resume", "nowhere"], "nowhere has no run.toml; name the folder of an earlier run"),
        (&["--resume", "nowhere", "--rounds", "5"], "cannot be used with '--rounds <T>'"),
        (&["--sequence", "reddi", "--optimizer", "sgd", "--resume", "a"], "cannot be used with"),
    ] {
        let ran = scratch.run([&["regret"], arguments].concat());
        assert_ne!(ran.code, Some(0), "{arguments:?}");
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
    assert!(!scratch.path("runs").exists());
}
