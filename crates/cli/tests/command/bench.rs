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

#[test]
fn newton_is_timed_and_extrapolated() {
    let scratch = Scratch::new();
    let found: Value =
        serde_json::from_str(&scratch.stdout(["bench", "newton", "--json"])).unwrap();
    let networks = found["networks"].as_array().unwrap();
    for network in networks {
        let n = network["n"].as_f64().unwrap();
        assert_eq!(network["hessian_bytes"].as_f64(), Some(8.0 * n * n));
        let product = network["product_seconds"].as_f64().unwrap();
        assert!(
            network["hessian_seconds"].as_f64().unwrap() >= 0.99 * n * product && product > 0.0
        );
    }
    let asked = found["extrapolated"].as_array().unwrap();
    let names: Vec<_> = asked.iter().map(|task| task["task"].as_str().unwrap()).collect();
    assert_eq!(names, ["fashion-mlp", "fashion-2c2d", "char-lstm", "char-gpt"]);
    // 784·128 + 128 + 128·10 + 10
    assert_eq!(asked[0]["n"], 101_770);
}
