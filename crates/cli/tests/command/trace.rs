//! `thalweg trace` against closed forms and recurrences that are written out here.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use crate::Scratch;

/// A row: x, y and f after so many steps.
type Row = [f64; 3];

fn trace(arguments: &[&str]) -> Vec<Row> {
    let scratch = Scratch::new();
    let csv = scratch.stdout([&["trace"], arguments].concat());
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("step,x,y,f"));
    let rows: Vec<Row> = lines
        .enumerate()
        .map(|(step, line)| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!((cells.len(), cells[0]), (4, &*step.to_string()), "{line}");
            [1, 2, 3].map(|cell| cells[cell].parse().unwrap())
        })
        .collect();
    let json = scratch.stdout([&["trace"], arguments, &["--json"]].concat());
    same_in_json(&rows, &json);
    rows
}

/// The rows as JSON, and every number in digits that read back to the same bits.
fn same_in_json(rows: &[Row], json: &str) {
    let parsed: Vec<Value> = serde_json::from_str(json).unwrap();
    assert_eq!(parsed.len(), rows.len());
    let written = json.lines().filter(|line| line.starts_with('{'));
    for (step, (row, line)) in rows.iter().zip(written).enumerate() {
        assert_eq!(parsed[step]["step"], step);
        for (name, x) in ["x", "y", "f"].into_iter().zip(row) {
            let (_, rest) = line.split_once(&format!("\"{name}\": ")).unwrap();
            let digits = rest.split([',', '}']).next().unwrap();
            assert_eq!(digits.parse::<f64>().unwrap().to_bits(), x.to_bits(), "{line}");
        }
    }
}

fn assert_close(found: f64, expected: f64, step: usize) {
    let tolerance = 1e-12 * expected.abs().max(1e-3);
    assert!((found - expected).abs() <= tolerance, "step {step}: {found} {expected}");
}

/// On ½(x² + k y²) gradient descent has x_t = (1 − ε)^t x₀ and y_t = (1 − εk)^t y₀.
#[test]
fn gradient_descent_on_a_quadratic_has_a_closed_form() {
    let rows = trace(&[
        "--surface",
        "ravine(k=20)",
        "--optimizer",
        "sgd(lr=0.08)",
        "--start",
        "-3,2",
        "--steps",
        "60",
    ]);
    assert_eq!(rows.len(), 61);
    assert_eq!(rows[0], [-3.0, 2.0, 44.5]);
    for (t, [x, y, f]) in rows.into_iter().enumerate() {
        let (by_hand_x, by_hand_y) =
            (-3.0 * 0.92_f64.powi(t as i32), 2.0 * (-0.6_f64).powi(t as i32));
        assert_close(x, by_hand_x, t);
        assert_close(y, by_hand_y, t);
        assert_close(f, 0.5 * (x * x + 20.0 * y * y), t);
    }
}

/// v ← αv − εg, θ ← θ + v.
#[test]
fn momentum_follows_the_slide() {
    let rows = trace(&[
        "--surface",
        "ravine(k=50)",
        "--optimizer",
        "momentum(lr=0.01, momentum=0.8)",
        "--start",
        "5,1",
        "--steps",
        "80",
    ]);
    let (mut θ, mut v) = ([5.0, 1.0], [0.0, 0.0]);
    for (t, row) in rows.iter().enumerate() {
        for i in 0..2 {
            assert_close(row[i], θ[i], t);
            v[i] = 0.8 * v[i] - 0.01 * [1.0, 50.0][i] * θ[i];
            θ[i] += v[i];
        }
    }
}

/// v ← αv − ε_k g(θ + αv), θ ← θ + v, where ε_k falls in a line to a tenth over 30 steps. What is shown is
/// θ, although the gradient is taken elsewhere.
#[test]
fn nesterov_follows_the_slide_while_the_rate_falls() {
    let rows = trace(&[
        "--surface",
        "ravine(k=50)",
        "--optimizer",
        "nesterov(lr=0.01, momentum=0.9)",
        "--schedule",
        "linear(tau=30, end=0.1)",
        "--start",
        "5,1",
        "--steps",
        "60",
    ]);
    let (mut θ, mut v) = ([5.0, 1.0], [0.0, 0.0]);
    for (t, row) in rows.iter().enumerate() {
        let share = (t as f64 / 30.0).min(1.0);
        let ε = 0.01 * ((1.0 - share) + share * 0.1);
        for i in 0..2 {
            assert_close(row[i], θ[i], t);
            v[i] = 0.9 * v[i] - ε * [1.0, 50.0][i] * (θ[i] + 0.9 * v[i]);
            θ[i] += v[i];
        }
    }
}

/// On x² − y² the y of a start on the ridge has no slope, and x goes to the saddle.
#[test]
fn a_start_on_the_ridge_stays_there() {
    for optimizer in ["sgd(lr=0.1)", "momentum", "nesterov", "adam(lr=0.01)", "rmsprop", "adagrad"]
    {
        let rows = trace(&["--surface", "saddle", "--optimizer", optimizer, "--start", "1,0"]);
        assert_eq!(rows.len(), 101, "a hundred steps if nothing is said");
        assert!(rows.iter().all(|[_, y, _]| *y == 0.0), "{optimizer}");
        assert!(rows[100][0].abs() < 1.0, "{optimizer}");
    }
    let rows = trace(&["--surface", "saddle", "--optimizer", "sgd(lr=0.1)", "--start", "1,1e-6"]);
    assert!(rows[100][1] > 50.0, "(1.2)^100 · 1e-6 = 82.8");
}

#[test]
fn the_start_of_the_surface_is_used_and_no_step_is_a_path_too() {
    let rows = trace(&["--surface", "rosenbrock", "--optimizer", "sgd", "--steps", "0"]);
    let [[x, y, f]] = rows[..] else { panic!("{rows:?}") };
    assert_close(f, (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2), 0);
}

/// The path up to there is shown, also as JSON that is whole.
#[test]
fn a_path_that_leaves_the_numbers_ends_with_an_error() {
    let scratch = Scratch::new();
    let arguments = ["trace", "--surface", "rosenbrock", "--optimizer", "sgd(lr=10)"];
    for rows in ["--csv", "--json"] {
        let ran = scratch.run([&arguments[..], &[rows]].concat());
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.starts_with("thalweg: diverged at step "), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1);
        assert!(ran.stdout.lines().count() > 2);
        if rows == "--json" {
            serde_json::from_str::<Value>(&ran.stdout).unwrap();
        }
    }
}

/// Whoever has seen enough of a path ends it, however long it was to be.
#[test]
fn a_closed_pipe_ends_the_path() {
    let scratch = Scratch::new();
    let steps = "18446744073709551615";
    let arguments =
        ["trace", "--surface", "saddle", "--optimizer", "sgd", "--start", "1,0", "--steps", steps];
    for rows in ["--csv", "--json"] {
        let mut child = scratch.command([&arguments[..], &[rows]].concat()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        drop(stdout);
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(stderr, "");
    }
}
