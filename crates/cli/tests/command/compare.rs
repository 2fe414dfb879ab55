//! A comparison from the command line to the report.

use serde_json::Value;

use crate::Scratch;

const SMALL: [&str; 18] = [
    "compare",
    "--task",
    "fashion-mlp(hidden=16)",
    "--optimizer",
    "sgd(lr=0.1)",
    "--optimizer",
    "adam(lr=0.002)",
    "--optimizer",
    "sgd(lr=1e30)",
    "--seeds",
    "2",
    "--epochs",
    "2",
    "--batch",
    "256",
    "--data",
    "embedded",
    "--json",
];

fn small<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&SMALL[..], more].concat()
}

fn of<'a>(events: &'a [Value], kind: &str, contender: usize) -> Vec<&'a Value> {
    let wanted = |e: &&Value| e["event"] == kind && e["contender"] == contender;
    events.iter().filter(wanted).collect()
}

fn close(found: &Value, expected: f64) -> bool {
    (found.as_f64().unwrap() - expected).abs() <= 1e-12 * expected.abs()
}

#[test]
fn every_number_follows_from_the_events() {
    let scratch = Scratch::new();
    let printed = scratch.stdout_of_diverging(small(&["--out", "a"]));
    let summary: Value = serde_json::from_str(&printed).expect("nothing but JSON on stdout");
    let kept: Value = serde_json::from_str(&scratch.read("a/summary.json")).unwrap();
    assert_eq!(summary, kept);

    let events = scratch.events("a");
    assert_eq!(events[0]["event"], "started");
    let labels = ["sgd(lr=0.1)", "adam", "sgd(lr=1e30)"];
    let page = scratch.read("a/report.html");
    for (contender, label) in labels.into_iter().enumerate() {
        let result = &summary["results"][contender];
        assert_eq!(result["contender"]["label"], label);
        let finished = of(&events, "finished", contender);
        let diverged = of(&events, "diverged", contender);
        let seeds = &result["seeds"];
        assert_eq!(seeds["finished"], finished.len());
        assert_eq!(seeds["diverged"], diverged.len());
        assert_eq!([&seeds["planned"], &seeds["unfinished"]], [2, 0]);
        assert!(page.contains(label), "{label}");
        if contender == 2 {
            assert_eq!(diverged.len(), 2, "a learning rate of 1e30 diverges with every seed");
            assert!(result["final_test"].is_null());
            for (trial, event) in diverged.iter().enumerate() {
                let end = &result["trials"][trial]["end"]["diverged"];
                assert_eq!((&end["step"], &end["epoch"]), (&event["step"], &event["epoch"]));
                assert!((1..=20).contains(&event["step"].as_u64().unwrap()));
            }
            continue;
        }
        assert_eq!(finished.len(), 2, "{label}");
        let last = of(&events, "epoch", contender).into_iter().filter(|e| e["epoch"] == 2);
        let last: Vec<_> = last.collect();
        for (place, set, measure) in
            [("final_test", "test", "p"), ("final_train_cost", "train", "j")]
        {
            let values: Vec<f64> = last.iter().map(|e| e[set][measure].as_f64().unwrap()).collect();
            let [a, b] = values[..] else { panic!("{values:?}") };
            let mean = (a + b) / 2.0;
            // Of two values the deviation is |a − b|/√2, so that the half-width is t · |a − b| / 2, with
            // t = 12.706 for one degree of freedom.
            let half_width = 12.706_204_736_174_7 * (a - b).abs() / 2.0;
            assert!(close(&result[place]["mean"], mean), "{result}");
            let found = result[place]["half_width"].as_f64().unwrap();
            assert!((found / half_width - 1.0).abs() < 1e-9, "{found} {half_width}");
            let shown =
                if measure == "p" { format!("{:.2}", 100.0 * mean) } else { format!("{mean:.4}") };
            assert!(page.contains(&shown), "{label}: {shown}");
        }
    }
}

#[test]
fn all_contenders_begin_at_the_same_point_and_each_seed_at_another() {
    let scratch = Scratch::new();
    scratch.stdout_of_diverging(small(&["--out", "a"]));
    let measured = scratch.measured("a");
    let first = |contender, seed| &measured[&[contender, seed, 0]]["train"]["j"];
    for seed in [1, 2] {
        assert!(first(0, seed).is_f64());
        assert_eq!(first(0, seed), first(1, seed));
        assert_eq!(first(0, seed), first(2, seed));
    }
    assert_ne!(first(0, 1), first(0, 2));
}

#[test]
fn the_page_needs_nothing_else() {
    let scratch = Scratch::new();
    scratch.stdout_of_diverging(small(&["--out", "a"]));
    let page = scratch.read("a/report.html").to_lowercase();
    for load in ["@import", "fetch(", "xmlhttprequest", "url(http", "import("] {
        assert!(!page.contains(load), "{load}");
    }
    // Whatever is named lies in the page itself.
    for attribute in ["href=", "src="] {
        for link in page.split(attribute).skip(1) {
            let inside = link.starts_with("\"#") || link.starts_with("\"data:");
            assert!(inside, "{attribute}{}", link.chars().take(40).collect::<String>());
        }
    }
}

#[test]
fn the_kept_file_repeats_the_run_with_any_number_of_threads() {
    let scratch = Scratch::new();
    scratch.stdout_of_diverging(small(&["--out", "a", "--threads", "1"]));
    scratch.stdout_of_diverging(["compare", "a/run.toml", "--out", "b", "--threads", "2"]);
    // With more threads than trials each trial gets several.
    scratch.stdout_of_diverging(["compare", "a/run.toml", "--out", "c", "--threads", "13"]);
    let measured = scratch.measured("a");
    // Two contenders with three measurements each and one with one, for two seeds.
    assert_eq!(measured.len(), 14);
    for again in ["b", "c"] {
        assert!(scratch.measured(again) == measured, "{again}: other bits");
        assert_eq!(scratch.read(&format!("{again}/run.toml")), scratch.read("a/run.toml"));
    }
}

#[test]
fn results_are_on_stdout_and_all_else_on_stderr() {
    let scratch = Scratch::new();
    let ran = scratch.run(small(&["--out", "a"]).into_iter().filter(|word| *word != "--json"));
    assert_eq!(ran.code, Some(1), "two trials diverged");
    for text in ["±", "sgd(lr=1e30)", "a/report.html", "thalweg compare a/run.toml"] {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
    }
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("task   fashion-mlp(hidden=16)"), "{}", ran.stderr);
    let ends =
        lines.iter().filter(|line| line.contains("finished") || line.contains("diverged at"));
    assert_eq!(ends.count(), 6, "a line for every trial: {}", ran.stderr);
    assert!(lines[lines.len() - 2].ends_with("6 of 6 trials"), "{}", ran.stderr);
    // Neither has anything that only a terminal understands.
    assert!(!(ran.stdout + &ran.stderr).contains('\x1b'));
}

#[test]
fn new_runs_get_folders_of_their_own() {
    let scratch = Scratch::new();
    let run = ["train", "--task", "fashion-softmax", "--optimizer", "sgd", "--epochs", "1"];
    for folder in ["runs/fashion-softmax", "runs/fashion-softmax-2"] {
        scratch.stdout(run);
        assert_eq!(scratch.events(folder).last().unwrap()["event"], "finished", "{folder}");
    }
}

/// A piece of an epoch is as good as a number of steps, also where an epoch has one step.
#[test]
fn a_schedule_in_parts_of_an_epoch_is_understood() {
    let scratch = Scratch::new();
    let optimizer = "sgd(schedule=join(constant, 0.3epochs, constant, 0.6epochs, constant))";
    let task = ["--task", "fashion-softmax", "--data", "embedded", "--epochs", "1"];
    scratch.stdout([&["train", "--optimizer", optimizer, "--out", "a"], &task[..]].concat());
    scratch.stdout(["compare", "a/run.toml", "--out", "b"]);
    assert!(scratch.measured("b") == scratch.measured("a"), "other bits");
    let ran = scratch.run(
        [&["train", "--optimizer", optimizer, "--out", "c", "--batch", "full"], &task[..]].concat(),
    );
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("write the steps in rising order"), "{}", ran.stderr);
}
