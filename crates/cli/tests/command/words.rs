//! `thalweg schedule`, `thalweg list`, help and version.

use serde_json::Value;

use crate::Scratch;

/// ε_k = (1 − k/τ) ε₀ + (k/τ) ε_τ up to τ, then ε_τ.
#[test]
fn a_linear_schedule_is_its_formula() {
    let scratch = Scratch::new();
    let call = ["schedule", "linear(tau=40, end=0.05)", "--steps", "60", "--lr", "0.3"];
    let csv = scratch.stdout([&call[..], &["--csv"]].concat());
    let json: Vec<Value> =
        serde_json::from_str(&scratch.stdout([&call[..], &["--json"]].concat())).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("step,lr"));
    let rows: Vec<_> = lines.collect();
    assert_eq!((rows.len(), json.len()), (60, 60));
    for (k, row) in rows.into_iter().enumerate() {
        let (step, rate) = row.split_once(',').unwrap();
        let rate: f64 = rate.parse().unwrap();
        let share = (k as f64 / 40.0).min(1.0);
        let by_hand = 0.3 * ((1.0 - share) + share * 0.05);
        assert_eq!(step, k.to_string());
        assert!((rate - by_hand).abs() <= 1e-15, "{k}: {rate} {by_hand}");
        assert_eq!(json[k]["step"], k);
        assert!((json[k]["lr"].as_f64().unwrap() - by_hand).abs() <= 1e-15);
    }
    // The same in epochs.
    let call = ["schedule", "linear(tau=4epochs, end=0.05)", "--steps-per-epoch", "10"];
    assert_eq!(
        scratch.stdout([&call[..], &["--steps", "60", "--lr", "0.3", "--csv"]].concat()),
        csv
    );
}

#[test]
fn a_plot_goes_from_the_highest_rate_to_the_lowest() {
    let scratch = Scratch::new();
    for steps in ["1", "2", "7", "1000", "1000000000"] {
        let plot = scratch.stdout(["schedule", "linear(tau=500)", "--steps", steps]);
        let marks: Vec<_> = plot.lines().filter(|line| line.contains('│')).collect();
        assert_eq!(marks.len(), 16, "{plot}");
        assert!(marks[0].contains("│•"), "the first step has the whole rate: {plot}");
    }
    // A rate of 0 is a line at the bottom.
    let plot = scratch.stdout(["schedule", "constant", "--lr", "0"]);
    let marks: Vec<_> = plot.lines().filter(|line| line.contains('•')).collect();
    assert_eq!(marks.len(), 1, "{plot}");
}

#[test]
fn the_plot_of_a_plateau_says_what_it_waits_for() {
    let scratch = Scratch::new();
    let says = "The plateau moves only when a measurement stops improving; here none does.";
    let plot = scratch.stdout(["schedule", "warmup(steps=10, then=plateau)"]);
    assert_eq!(plot.lines().last(), Some(says), "{plot}");
    assert!(!scratch.stdout(["schedule", "warmup(steps=10)"]).contains(says));
    // Rows stay rows.
    assert!(!scratch.stdout(["schedule", "plateau", "--csv"]).contains(says));
}

#[test]
fn lists_name_everything_with_its_arguments() {
    let scratch = Scratch::new();
    for (what, names) in [
        ("optimizers", &["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"][..]),
        ("schedules", &["constant", "linear", "step", "exponential", "cosine", "warmup", "join"]),
        ("schedules", &["warm_restarts", "one_cycle_momentum", "wsd", "piecewise", "plateau"]),
        ("initializers", &["zeros", "xavier_uniform", "he_normal", "orthogonal", "sparse", "lsuv"]),
        ("surfaces", &["rosenbrock", "beale", "himmelblau", "ravine", "saddle", "plateau"]),
        ("tasks", &["fashion-mlp", "fashion-softmax", "quadratic-deep"]),
    ] {
        let list = scratch.stdout(["list", what]);
        for name in names {
            assert!(
                list.lines().any(|line| line.starts_with(&format!("{name} "))),
                "{what}: {name}"
            );
            let one = scratch.stdout(["list", what, name]);
            // What all share comes at the end.
            let own = one.split("\nit also takes").next().unwrap();
            assert!(one.starts_with(name) && list.contains(own), "{one}");
        }
    }
    let adam = scratch.stdout(["list", "optimizers", "adam"]);
    for word in ["lr=0.001", "beta1=0.9", "beta2=0.999", "eps=1e-8", "schedule=constant"] {
        assert!(adam.contains(word), "{word}: {adam}");
    }
}

#[test]
fn help_and_version_are_on_stdout() {
    let scratch = Scratch::new();
    assert_eq!(scratch.stdout(["--version"]), format!("thalweg {}\n", env!("CARGO_PKG_VERSION")));
    let help = scratch.stdout(["--help"]);
    for command in ["compare", "train", "report", "trace", "schedule", "list", "bench"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
        assert!(scratch.stdout([command, "--help"]).contains("Usage: thalweg"), "{command}");
    }
}
