//! `thalweg minimize`: against known minima, and what it says when there is none.

use serde_json::Value;

use crate::Scratch;

fn json(arguments: &[&str]) -> Value {
    let scratch = Scratch::new();
    serde_json::from_str(&scratch.stdout([&["minimize", "--json"], arguments].concat())).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[test]
fn newton_reaches_the_minimum_of_a_quadratic_in_one_step_from_anywhere() {
    for start in ["5,6,7", "-300,7,0.5", "1e3,-1e3,3"] {
        let found = json(&[
            "--problem",
            "quadratic(n=3, condition=1000)",
            "--method",
            "newton",
            "--start",
            start,
        ]);
        assert_eq!((&found["verdict"], &found["iterations"]), (&"gradient".into(), &1.into()));
        // The second one is of the minimum, to see that it is no saddle.
        assert_eq!(found["hessians"], 2);
    }
}

#[test]
fn every_method_that_fits_solves_rosenbrock_and_says_what_it_cost() {
    for method in [
        "gradient-descent",
        "conjugate-gradient",
        "bfgs",
        "lbfgs(memory=5, search=more_thuente)",
        "lbfgs-b(lower=-5, upper=5)",
        "newton",
        "newton-cg",
        "saddle-free-newton",
        "trust-region",
        "levenberg-marquardt",
    ] {
        let evaluations = if method == "gradient-descent" { "100000" } else { "2000" };
        let found = json(&["--method", method, "--evaluations", evaluations]);
        assert_eq!(found["verdict"], "gradient", "{method}");
        let x = numbers(&found["x"]);
        assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-4), "{method}: {x:?}");
        let history = found["history"].as_array().unwrap();
        assert_eq!(history[0]["value"].as_f64(), Some(24.199999999999996), "{method}");
        // Of more iterations than it holds, a history leaves some out.
        if method != "gradient-descent" {
            assert_eq!(history.last().unwrap()["iteration"], found["iterations"], "{method}");
        }
    }
}

#[test]
fn a_line_is_printed_for_each_iteration_and_the_verdict_at_the_end() {
    let scratch = Scratch::new();
    let text = scratch.stdout(["minimize", "--problem", "sphere(n=3)", "--method", "newton"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("f = "), "{text}");
    let rows = lines[2..].iter().take_while(|line| !line.is_empty()).count();
    assert_eq!(rows, 2, "{text}");
    assert!(text.contains("\ngradient: the gradient is as small as asked for\n"), "{text}");
    assert!(text.contains("\ncost    1 iterations, 2 values, "), "{text}");
}

#[test]
fn an_end_without_a_minimum_is_one_line_with_what_to_do() {
    let scratch = Scratch::new();
    for (arguments, expected) in [
        (
            &["--evaluations", "5"][..],
            "rosenbrock by lbfgs(memory=10): the evaluations are used up; allow more",
        ),
        (
            &["--problem", "saddle", "--start", "0.1,0.1"],
            "saddle by lbfgs(memory=10): the value fell below the floor",
        ),
        (&["--start", "1,2,3"], "--start: rosenbrock has 2 coordinates, not 3"),
        (&["--start", "1,x"], "it must be numbers as in -1.2,1"),
        (&["--method", "newtn"], "unknown method 'newtn': did you mean 'newton'?"),
        (&["--problem", "rosenbrok"], "unknown problem 'rosenbrok': did you mean 'rosenbrock'?"),
        (&["--problem", "himmelblau", "--method", "gauss-newton"], "gauss-newton needs residuals"),
        (
            &["--problem", "rosenbrock(n=1000000)", "--method", "bfgs"],
            "bfgs keeps matrices of n² numbers",
        ),
        (&["--gradient", "-1"], "it must be a number from 0 on"),
    ] {
        let ran = scratch.run([&["minimize"], arguments].concat());
        assert_ne!(ran.code, Some(0), "{arguments:?}");
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn the_cost_of_a_task_is_minimized_to_its_known_minimum() {
    let task = ["--task", "breast-cancer-logistic(l2=1e-3)"];
    for method in ["newton", "newton-cg", "lbfgs", "bfgs"] {
        let found = json(&[&task[..], &["--method", method, "--gradient", "1e-9"]].concat());
        assert_eq!((&found["verdict"], &found["parameters"]), (&"gradient".into(), &31.into()));
        let value = found["value"].as_f64().unwrap();
        assert!((value - 0.059_829_471_881_81).abs() < 1e-12, "{method}: {value}");
        assert_eq!(found["train"]["j"].as_f64().map(|j| (j - value).abs() < 1e-12), Some(true));
    }
    let found = json(&[&task[..], &["--precision", "f32", "--gradient", "1e-5"]].concat());
    assert!((found["value"].as_f64().unwrap() - 0.059_829_47).abs() < 1e-6);
}

#[test]
fn what_belongs_to_a_task_is_refused_without_one() {
    for words in [
        &["--seed", "3"][..],
        &["--problem", "wood", "--seed", "3"],
        &["--task", "digits-softmax", "--start", "1,2"],
        &["--task", "quadratic-deep", "--curvature", "gauss-newton"],
        &["--task", "fashion-mlp", "--data", "embedded", "--method", "newton"],
    ] {
        let ran = Scratch::new().run([&["minimize"], words].concat());
        let lines = ran.stderr.trim().lines().count();
        assert!(ran.code != Some(0) && lines == 1, "{words:?}: {}", ran.stderr);
    }
}
