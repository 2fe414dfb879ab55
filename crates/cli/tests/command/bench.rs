//! `thalweg bench`.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};

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
    writeln!(stdin, "about").unwrap();
    let about: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
    assert_eq!((&about["task"], &about["batch"]), (&json!("fashion-softmax"), &json!(64)));
    assert_eq!(about["parameters"], 784 * 10 + 10);
    // Linux alone tells; then at least the parameters and their gradient are there.
    let memory = about["memory_bytes"].as_u64();
    assert!(memory.map_or(!cfg!(target_os = "linux"), |bytes| bytes > 2 * 4 * 7850), "{about}");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
