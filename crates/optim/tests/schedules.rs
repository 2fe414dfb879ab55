//! Every schedule beside PyTorch and optax, by hand, and at its edges.
//!
//! The rates of the libraries are in `schedules/schedules.json`, which `schedules/make.py` writes.

use std::collections::BTreeSet;

use serde::Deserialize;
use thalweg_calls::Call;
use thalweg_optim::schedule::{
    Constant, Cosine, Join, Linear, Polynomial, SCHEDULES, Schedule, StepDecay, Warmup, schedule,
};

#[derive(Deserialize)]
struct Case {
    call: String,
    reference: String,
    factors: Vec<f64>,
}

/// One call of every word, and some more.
const EVERY: [&str; 14] = [
    "constant",
    "linear(tau=40)",
    "linear(tau=1, end=2)",
    "step(every=7)",
    "step(every=1, factor=0)",
    "exponential(k=0.05)",
    "exponential(k=1e300)",
    "inverse_time(k=0.5)",
    "inverse_time(k=1e300)",
    "polynomial(steps=40, power=0.5, end=0.1)",
    "polynomial(steps=1, power=1e-300)",
    "cosine(steps=40)",
    "warmup(steps=10, then=cosine(steps=20, end=0.01))",
    "join(linear(tau=10), 20, warmup(steps=10, start=0.01), 50, constant)",
];

#[test]
fn the_libraries_give_the_same_factors() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("schedules/schedules.json")).expect("valid fixtures");
    for Case { call, reference, factors } in &cases {
        let schedule = read(call);
        assert!(factors.len() > 40, "{call}");
        for (k, expected) in (0..).zip(factors) {
            let got = schedule.factor(k);
            assert!(
                (got - expected).abs() <= 2e-15,
                "{call} at {k}: {got}, {reference} {expected}"
            );
        }
    }
    let compared: BTreeSet<String> = cases.iter().map(|case| word(&case.call)).collect();
    let known: BTreeSet<String> = SCHEDULES.words.iter().map(|word| word.name.to_owned()).collect();
    // Neither library has the inverse-time schedule; it is checked by hand below.
    let alone: Vec<_> = known.difference(&compared).collect();
    assert_eq!(alone, ["inverse_time"]);
}

#[test]
fn the_formulas_of_the_lecture_by_hand() {
    for (call, k, expected) in [
        // (1 − 50/200)·1 + (50/200)·0.01, then ε_τ.
        ("linear(tau=200)", 50, 0.7525),
        ("linear(tau=200)", 199, 0.01495),
        ("linear(tau=200)", 200, 0.01),
        ("linear(tau=200)", 201, 0.01),
        ("step(every=30)", 29, 1.0),
        ("step(every=30)", 30, 0.5),
        ("step(every=30)", 95, 0.125),
        ("exponential(k=0.6931471805599453)", 3, 0.125),
        ("inverse_time(k=0.25)", 0, 1.0),
        ("inverse_time(k=0.25)", 4, 0.5),
        ("inverse_time(k=0.25)", 12, 0.25),
    ] {
        let got = read(call).factor(k);
        assert!((got - expected).abs() < 1e-15, "{call} at {k}: {got}, not {expected}");
    }
}

#[test]
fn the_cosine_does_not_rise_again() {
    let cosine = read("cosine(steps=40, end=0.1)");
    assert!((cosine.factor(20) - 0.55).abs() < 1e-15);
    for k in [40, 41, 60, 80, 1000] {
        assert_eq!(cosine.factor(k), 0.1, "step {k}");
    }
}

#[test]
fn the_warm_up_that_moves_at_the_first_step() {
    // (k + 1)/W, as the documentation says.
    let warmup = read("warmup(steps=9, start=0.1)");
    for k in 0..20 {
        let expected = ((k + 1) as f64 / 10.0).min(1.0);
        assert!((warmup.factor(k) - expected).abs() < 1e-15, "step {k}");
    }
}

#[test]
fn factors_are_finite_and_not_negative_at_every_step() {
    let called: BTreeSet<String> = EVERY.map(word).into();
    assert!(SCHEDULES.words.iter().all(|word| called.contains(word.name)), "{called:?}");
    let steps = (0..100).chain((0..64).map(|bit| 1 << bit)).chain([u64::MAX - 1, u64::MAX]);
    for k in steps {
        for call in EVERY {
            let factor = read(call).factor(k);
            assert!(factor.is_finite() && factor >= 0.0, "{call} at {k}: {factor}");
        }
    }
}

#[test]
fn durations_of_no_steps_are_over_at_once() {
    let then = Box::new(Schedule::from(StepDecay { every: 2, factor: 0.5 }));
    for (schedule, factors) in [
        (Linear { tau: 0, end: 0.1 }.into(), [0.1, 0.1, 0.1]),
        (Cosine { steps: 0, end: 0.1 }.into(), [0.1, 0.1, 0.1]),
        (Polynomial { steps: 0, power: 2.0, end: 0.1 }.into(), [0.1, 0.1, 0.1]),
        (Warmup { steps: 0, start: 0.0, then }.into(), [1.0, 1.0, 0.5]),
        (StepDecay { every: 0, factor: 0.5 }.into(), [1.0, 0.5, 0.25]),
    ] {
        let schedule: Schedule = schedule;
        assert_eq!([0, 1, 2].map(|k| schedule.factor(k)), factors, "{schedule}");
    }
}

#[test]
fn a_joined_schedule_starts_its_own_clock() {
    let joined = read("join(cosine(steps=30, end=0.2), 30, linear(tau=10), 100, step(every=3))");
    let alone = [(0, "cosine(steps=30, end=0.2)"), (30, "linear(tau=10)"), (100, "step(every=3)")];
    for k in 0..200 {
        let (at, call) = *alone.iter().rfind(|(at, _)| *at <= k).unwrap();
        assert_eq!(joined.factor(k), read(call).factor(k - at), "step {k}");
    }
}

#[test]
fn schedules_that_meet_join_without_a_jump() {
    for call in [
        "warmup(steps=1000, then=cosine(steps=1000, end=0.1))",
        "join(warmup(steps=500), 500, constant, 1000, linear(tau=1000))",
        "warmup(steps=300, start=1, then=join(constant, 700, polynomial(steps=1000, power=1.5)))",
    ] {
        let schedule = read(call);
        for k in 0..3000 {
            // No curve here is steeper than 2 per 500 steps.
            let change = (schedule.factor(k + 1) - schedule.factor(k)).abs();
            assert!(change <= 0.004, "{call} at {k}: {change}");
        }
    }
}

#[test]
fn a_schedule_prints_as_the_call_that_makes_it() {
    for call in EVERY {
        let schedule = read(call);
        assert_eq!(read(&schedule.to_string()), schedule, "{schedule}");
    }
    let of_epochs = "warmup(steps=2epochs, then=join(constant, 2.5epochs, linear(tau=20epochs)))";
    assert_eq!(
        schedule(&parse(of_epochs), Some(40.0)).unwrap().to_string(),
        "warmup(steps=80, start=0, then=join(constant, 100, linear(tau=800, end=0.01)))"
    );
    assert_eq!(Schedule::default(), Schedule::from(Constant));
}

#[test]
fn every_error_says_what_to_do() {
    let usage = "join: write a schedule, a step and the schedule from there on, as in join(constant, 100, linear(tau=50))";
    let duration = "must be a whole number of steps from 1, or epochs as in 20epochs";
    for (call, message) in [
        ("cosin(steps=3)", "unknown schedule 'cosin': did you mean 'cosine'?".to_owned()),
        ("linear(tau=0)", format!("linear(tau=0): tau {duration}")),
        (
            "linear(tau=20epochs)",
            "linear(tau=20epochs): an epoch has no length here; write tau in steps".to_owned(),
        ),
        ("exponential(k=-1)", "exponential(k=-1): k must be a number from 0".to_owned()),
        (
            "step(every=3, factor=2)",
            "step(factor=2): factor must be a number from 0 to 1".to_owned(),
        ),
        (
            "warmup(steps=3, then=linaer(tau=3))",
            "unknown schedule 'linaer': did you mean 'linear'?".to_owned(),
        ),
        ("join", usage.to_owned()),
        ("join(constant)", usage.to_owned()),
        ("join(constant, 5)", usage.to_owned()),
        ("join(5, constant, constant)", usage.to_owned()),
        ("join(constant, constant, constant)", format!("join(at=constant): at {duration}")),
        ("join(constant, 1.5, constant)", format!("join(at=1.5): at {duration}")),
        (
            "join(constant, 3epochs, constant)",
            "join(at=3epochs): an epoch has no length here; write at in steps".to_owned(),
        ),
        (
            "join(constant, 100, constant, 100, constant)",
            "join: step 100 does not come after step 100; write the steps in rising order"
                .to_owned(),
        ),
    ] {
        assert_eq!(schedule(&parse(call), None).unwrap_err().to_string(), message);
    }
    let at_zero = Join::new(Constant.into(), [(0, Constant.into())]);
    assert!(at_zero.unwrap_err().to_string().contains("step 0 does not come after step 0"));
}

fn read(call: &str) -> Schedule {
    schedule(&parse(call), None).unwrap_or_else(|error| panic!("{error}"))
}

fn parse(call: &str) -> Call {
    call.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn word(call: impl AsRef<str>) -> String {
    parse(call.as_ref()).name
}
