//! `thalweg bench`.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::Value;

use crate::Scratch;

#[test]
fn training_is_timed_on_request() {
    let scratch = Scratch::new();
    let mut command = scratch.command(["bench", "train", "--task", "fashion-softmax", "--serve"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut stdin = child.stdin.take().unwrap();
    for steps in [1, 100] {
        writeln!(stdin, "go {steps}").unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["steps"], steps);
        assert!(answer["seconds"].as_f64().unwrap() > 0.0);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
