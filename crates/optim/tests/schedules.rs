//! Every schedule beside PyTorch and optax, by hand, and at its edges.
//!
//! The rates of the libraries are in `schedules/schedules.json`, and PyTorch's plateaus in
//! `schedules/plateaus.json`; `schedules/make.py` writes both.

use std::collections::BTreeSet;

use proptest::collection::btree_map;
use proptest::prelude::*;
use serde::Deserialize;
use thalweg_calls::Call;
use thalweg_optim::schedule::{
    Constant, Cosine, Cyclic, Exponential, InverseTime, Join, Linear, Noam, OneCycle,
    OneCycleMomentum, Piecewise, PiecewiseLinear, Plateau, PlateauState, Polynomial, SCHEDULES,
    Schedule, StepDecay, WarmRestarts, Warmup, Wsd, schedule,
};

#[derive(Deserialize)]
struct Case {
    call: String,
    reference: String,
    factors: Vec<f64>,
}

/// One call of every word, and some more.
const EVERY: [&str; 31] = [
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
    "warm_restarts(steps=40)",
    "warm_restarts(steps=3, mult=2, end=0.1)",
    "warm_restarts(steps=1, mult=9007199254740992, end=1e300)",
    "one_cycle(steps=40)",
    "one_cycle(steps=1, warm=1)",
    "one_cycle(steps=40, warm=0.5, start=1e300, end=1e300, linear=true, three_phases=true)",
    "one_cycle_momentum(steps=40)",
    "one_cycle_momentum(steps=40, warm=0, low=0, linear=true, three_phases=true)",
    "cyclic(up=4, down=7)",
    "cyclic(up=1, down=9007199254740992, low=1e300, gamma=0, halve=true)",
    "noam(warmup=10)",
    "wsd(warmup=10, stable=20, decay=10)",
    "wsd(warmup=1, stable=1, decay=1, end=1e300, sqrt=true)",
    "piecewise(1, 10, 0.1, 9007199254740992, 1e300)",
    "piecewise_linear(0, 10, 1, 9007199254740992, 1e300)",
    "plateau",
    "plateau(factor=0, patience=0, threshold=5, relative=false, cooldown=7, smallest=1, maximize=true)",
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
    // Neither library has the inverse-time schedule; it is checked by hand below. A plateau has no rates
    // without measurements.
    let alone: Vec<_> = known.difference(&compared).collect();
    assert_eq!(alone, ["inverse_time", "plateau"]);
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

const FAR: u64 = 1 << 53;

#[test]
fn boundaries_are_where_the_formulas_have_them() {
    for (call, k, expected) in [
        // 8 · (2⁴⁰ − 1) steps are 40 runs, and the next has 2⁴³ steps.
        ("warm_restarts(steps=8, mult=2)", 8 * ((1 << 40) - 1), 1.0),
        ("warm_restarts(steps=8, mult=2)", 8 * ((1 << 40) - 1) + (1 << 42), 0.5),
        ("warm_restarts(steps=8, mult=2)", 24, 1.0),
        ("warm_restarts(steps=8, mult=2, end=0.2)", 16, 0.6),
        ("warm_restarts(steps=2, end=0.5)", u64::MAX, 0.75),
        ("warm_restarts(steps=2, end=0.5)", u64::MAX - 1, 1.0),
        ("one_cycle(steps=100)", 0, 0.04),
        ("one_cycle(steps=100)", 29, 1.0),
        // Halfway from step 29 to step 99.
        ("one_cycle(steps=100)", 64, 0.500002),
        ("one_cycle(steps=100)", 99, 4e-6),
        ("one_cycle(steps=100)", 100, 4e-6),
        ("one_cycle(steps=100)", u64::MAX, 4e-6),
        // The peak at step 0 or at the last one.
        ("one_cycle(steps=100, warm=0.01)", 0, 1.0),
        ("one_cycle(steps=100, warm=1)", 99, 1.0),
        ("one_cycle(steps=100, warm=1)", 100, 4e-6),
        ("one_cycle(steps=100, warm=0.25, linear=true, three_phases=true)", 48, 0.04),
        ("one_cycle_momentum(steps=100)", 0, 1.0),
        ("one_cycle_momentum(steps=100)", 29, 0.85 / 0.95),
        ("one_cycle_momentum(steps=100)", 99, 1.0),
        ("one_cycle_momentum(steps=100)", u64::MAX, 1.0),
        ("cyclic(up=3, down=5, low=0.1)", 0, 0.1),
        ("cyclic(up=3, down=5, low=0.1)", 3, 1.0),
        ("cyclic(up=3, down=5, low=0.1)", 7, 0.1 + 0.9 / 5.0),
        ("cyclic(up=3, down=5, low=0.1)", 8, 0.1),
        ("cyclic(up=3, down=5, low=0.1)", FAR + 3, 1.0),
        ("cyclic(up=3, down=5, low=0.1)", u64::MAX, 0.1 + 0.9 / 5.0),
        ("cyclic(up=2, down=2, low=0, halve=true)", 10, 0.25),
        ("cyclic(up=2, down=2, low=0, halve=true)", 1 << 31, 0.0),
        ("cyclic(up=2, down=2, low=0, gamma=0.5)", 2, 0.25),
        ("noam(warmup=100)", 0, 0.01),
        ("noam(warmup=100)", 99, 1.0),
        ("noam(warmup=100)", 399, 0.5),
        ("noam(warmup=2)", (1 << 31) - 1, 2f64.powi(-15)),
        ("noam(warmup=2)", FAR - 1, 2f64.powi(-26)),
        ("wsd(warmup=10, stable=20, decay=40)", 0, 0.0),
        ("wsd(warmup=10, stable=20, decay=40)", 9, 0.9),
        ("wsd(warmup=10, stable=20, decay=40)", 10, 1.0),
        ("wsd(warmup=10, stable=20, decay=40)", 30, 1.0),
        ("wsd(warmup=10, stable=20, decay=40)", 31, 0.975),
        ("wsd(warmup=10, stable=20, decay=40)", 70, 0.0),
        ("wsd(warmup=10, stable=20, decay=40, end=0.1, sqrt=true)", 40, 0.55),
        ("wsd(warmup=10, stable=20, decay=40, end=0.1, sqrt=true)", FAR, 0.1),
        ("piecewise(1, 10, 0.1, 9007199254740992, 0.5)", 9, 1.0),
        ("piecewise(1, 10, 0.1, 9007199254740992, 0.5)", 10, 0.1),
        ("piecewise(1, 10, 0.1, 9007199254740992, 0.5)", FAR - 1, 0.1),
        ("piecewise(1, 10, 0.1, 9007199254740992, 0.5)", FAR, 0.5),
        ("piecewise_linear(0, 10, 1, 4294967306, 0.5)", 9, 0.9),
        ("piecewise_linear(0, 10, 1, 4294967306, 0.5)", 10, 1.0),
        ("piecewise_linear(0, 10, 1, 4294967306, 0.5)", 10 + (1 << 31), 0.75),
        ("piecewise_linear(0, 10, 1, 4294967306, 0.5)", FAR, 0.5),
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
        (WarmRestarts { steps: 0, mult: 0, end: 0.1 }.into(), [0.1, 0.1, 0.1]),
        (WarmRestarts { steps: 2, mult: 0, end: 0.0 }.into(), [1.0, 0.5, 1.0]),
        (
            OneCycle {
                steps: 0,
                warm: 0.0,
                start: 0.5,
                end: 0.1,
                linear: false,
                three_phases: false,
            }
            .into(),
            [0.1, 0.1, 0.1],
        ),
        (
            OneCycleMomentum { steps: 0, warm: 0.5, low: 0.5, linear: true, three_phases: true }
                .into(),
            [1.0, 1.0, 1.0],
        ),
        (Cyclic { up: 0, down: 0, low: 0.5, gamma: 1.0, halve: true }.into(), [1.0, 1.0, 1.0]),
        (Cyclic { up: 0, down: 2, low: 0.5, gamma: 1.0, halve: false }.into(), [1.0, 0.75, 1.0]),
        (Cyclic { up: 2, down: 0, low: 0.5, gamma: 1.0, halve: false }.into(), [0.5, 0.75, 0.5]),
        (Noam { warmup: 0 }.into(), [1.0, 0.5f64.sqrt(), (1.0 / 3.0f64).sqrt()]),
        (Wsd { warmup: 0, stable: 1, decay: 0, end: 0.1, sqrt: true }.into(), [1.0, 0.1, 0.1]),
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
    let of_epochs = "wsd(warmup=0.5epochs, stable=2epochs, decay=1epochs)";
    assert_eq!(
        schedule(&parse(of_epochs), Some(40.0)).unwrap().to_string(),
        "wsd(warmup=20, stable=80, decay=40, end=0, sqrt=false)"
    );
    let of_epochs =
        "join(cyclic(up=1epochs, down=2epochs), 9epochs, piecewise_linear(0, 1epochs, 1))";
    assert_eq!(
        schedule(&parse(of_epochs), Some(40.0)).unwrap().to_string(),
        "join(cyclic(up=40, down=80, low=0.25, gamma=1, halve=false), 360, piecewise_linear(0, 40, 1))"
    );
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
    let piecewise = "piecewise: write a factor, a step and the factor from there on, as in piecewise(1, 100, 0.1)";
    let duration = "must be a whole number of steps from 1, or epochs as in 20epochs";
    for (call, message) in [
        (
            "warm_restarts(steps=3, mult=1.5)",
            "warm_restarts(mult=1.5): mult must be a whole number from 1".to_owned(),
        ),
        (
            "one_cycle(steps=3, warm=0.6, three_phases=true)",
            "one_cycle(warm=0.6): with three phases warm must be a number from 0 to 0.5".to_owned(),
        ),
        (
            "one_cycle_momentum(steps=3, low=1.5)",
            "one_cycle_momentum(low=1.5): low must be a number from 0 to 1".to_owned(),
        ),
        ("cyclic(up=0, down=1)", format!("cyclic(up=0): up {duration}")),
        (
            "cyclic(up=1, down=1, gamma=1.1)",
            "cyclic(gamma=1.1): gamma must be a number from 0 to 1".to_owned(),
        ),
        (
            "noam(warmup=1epochs)",
            "noam(warmup=1epochs): an epoch has no length here; write warmup in steps".to_owned(),
        ),
        ("wsd(warmup=1, stable=1, decay=1.5)", format!("wsd(decay=1.5): decay {duration}")),
        ("piecewise", piecewise.to_owned()),
        ("piecewise(1)", piecewise.to_owned()),
        ("piecewise(1, 10)", piecewise.to_owned()),
        ("piecewise(1, 10, constant)", piecewise.to_owned()),
        ("piecewise(1, 0, 1)", format!("piecewise(at=0): at {duration}")),
        ("piecewise(1, 10, -1)", "piecewise: factor -1 must be a number from 0".to_owned()),
        (
            "piecewise(1, 10, 0.5, 5, 0.1)",
            "piecewise: step 5 does not come after step 10; write the steps in rising order"
                .to_owned(),
        ),
        (
            "piecewise_linear(1, true, 1)",
            format!("piecewise_linear(at=true): at {duration}"),
        ),
        (
            "piecewise_linear(1, 2epochs)",
            "piecewise_linear: write the factor at step 0, a step and the factor there, as in piecewise_linear(0, 100, 1)".to_owned(),
        ),
        (
            "plateau(patience=1.5)",
            "plateau(patience=1.5): patience must be a whole number from 0".to_owned(),
        ),
        (
            "plateau(factor=1)",
            "plateau(factor=1): factor must be a number from 0 to below 1".to_owned(),
        ),
        (
            "plateau(threshold=1)",
            "plateau(threshold=1): a relative threshold must be below 1; with relative=false it is absolute".to_owned(),
        ),
        (
            "join(plateau, 10, constant, 20, warmup(steps=1, then=plateau(patience=3)))",
            "join: a schedule can have only one plateau; leave one".to_owned(),
        ),
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

#[test]
fn a_plateau_is_that_of_pytorch() {
    #[derive(Deserialize)]
    struct Case {
        call: String,
        /// The measurement and then best, bad, cooldown and factor after it.
        states: Vec<(String, String, u64, u64, f64)>,
    }
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("schedules/plateaus.json")).expect("valid fixtures");
    assert_eq!(cases.len(), 11);
    for Case { call, states } in cases {
        let schedule = read(&call);
        let plateau = schedule.plateau().expect("a plateau");
        let mut state = plateau.start();
        for (i, (p, best, bad, cooldown, factor)) in states.into_iter().enumerate() {
            plateau.measured(&mut state, p.parse().unwrap());
            let best = best.parse().unwrap();
            assert_eq!(state, PlateauState { best, bad, cooldown, factor }, "{call} at {i}: {p}");
            // The state is saved and read back between any two measurements.
            state = PlateauState::from_numbers(state.to_numbers()).expect("its own numbers");
        }
        assert!(state.factor < 1.0, "{call} never falls");
        assert!(schedule.bounds().contains(&state.factor), "{call}");
    }
}

#[test]
fn numbers_that_no_plateau_gave_are_refused() {
    for numbers in [
        [f64::NAN, 0.0, 0.0, 1.0],
        [1.0, 0.5, 0.0, 1.0],
        [1.0, 0.0, -1.0, 1.0],
        [1.0, 0.0, f64::INFINITY, 1.0],
        [1.0, 0.0, 0.0, 1.5],
        [1.0, 0.0, 0.0, f64::NAN],
    ] {
        assert_eq!(PlateauState::from_numbers(numbers), None, "{numbers:?}");
    }
}

#[test]
fn the_plateau_in_a_tree_is_found() {
    let tree = "join(constant, 5, warmup(steps=10, start=0.5, then=plateau(smallest=0.1)), 50, noam(warmup=3))";
    let tree = read(tree);
    assert_eq!(tree.plateau().map(|plateau| plateau.smallest), Some(0.1));
    assert_eq!(tree.factor(30), 1.0);
    assert_eq!(*tree.bounds().end(), 1.0);
    for call in EVERY {
        assert_eq!(read(call).plateau().is_some(), call.starts_with("plateau"), "{call}");
    }
    let warm = read("warmup(steps=10, start=0.5, then=plateau(smallest=0.1))");
    assert_eq!(warm.bounds(), 0.05..=1.0);
}

#[test]
fn bounds_are_tight_where_they_are_easy() {
    for (call, bounds) in [
        ("constant", 1.0..=1.0),
        ("linear(tau=40)", 0.01..=1.0),
        ("polynomial(steps=40, end=3)", 1.0..=3.0),
        ("exponential(k=0)", 1.0..=1.0),
        ("step(every=7)", 0.0..=1.0),
        ("warm_restarts(steps=40, end=0.1)", 0.1..=1.0),
        ("one_cycle(steps=40)", 4e-6..=1.0),
        ("one_cycle_momentum(steps=40, low=0.9)", 0.9..=1.0),
        ("cyclic(up=4, down=7, low=1.125)", 1.0..=1.125),
        ("wsd(warmup=10, stable=20, decay=10)", 0.0..=1.0),
        ("piecewise(0.5, 10, 0.25)", 0.25..=0.5),
        ("piecewise_linear(0.5, 10, 2, 20, 1)", 0.5..=2.0),
        ("warmup(steps=10, start=0.1, then=cosine(steps=20, end=0.2))", 0.1..=1.0),
        ("join(constant, 20, piecewise(2, 50, 3))", 1.0..=3.0),
        ("plateau", 0.0..=1.0),
    ] {
        assert_eq!(read(call).bounds(), bounds, "{call}");
    }
    let noam = read("noam(warmup=10)").bounds();
    assert!(*noam.start() > 0.0 && *noam.end() == 1.0);
}

/// Steps near 0, near a power of 2, and anywhere.
fn step() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..200u64,
        (0..64u32, -1..=1i64).prop_map(|(bit, off)| (1u64 << bit).saturating_add_signed(off)),
        any::<u64>(),
        Just(u64::MAX),
    ]
}

fn part() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0f64, (0..=10u32).prop_map(|x| f64::from(x) / 10.0)]
}

fn not_negative() -> impl Strategy<Value = f64> {
    prop_oneof![part(), 0.0..3.0f64, Just(f64::MAX), Just(1e-300), Just(1e20)]
}

fn list() -> impl Strategy<Value = (f64, Vec<(u64, f64)>)> {
    let rest = btree_map(step().prop_map(|k| k.max(1)), not_negative(), 0..5);
    (not_negative(), rest.prop_map(|rest| rest.into_iter().collect()))
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let on = any::<bool>;
    let simple = prop_oneof![
            Just(Constant.into()),
            (step(), not_negative()).prop_map(|(tau, end)| Linear { tau, end }.into()),
            (step(), part()).prop_map(|(every, factor)| StepDecay { every, factor }.into()),
            not_negative().prop_map(|k| Exponential { k }.into()),
            not_negative().prop_map(|k| InverseTime { k }.into()),
            (step(), 1e-3..10.0f64, not_negative()).prop_map(|(steps, power, end)| Polynomial {
                steps,
                power,
                end
            }
            .into()),
            (step(), not_negative()).prop_map(|(steps, end)| Cosine { steps, end }.into()),
            (step(), step(), not_negative()).prop_map(|(steps, mult, end)| WarmRestarts {
                steps,
                mult,
                end
            }
            .into()),
            (step(), part(), not_negative(), not_negative(), on(), on()).prop_map(
                |(steps, warm, start, end, linear, three_phases)| {
                    let warm = if three_phases { warm / 2.0 } else { warm };
                    OneCycle { steps, warm, start, end, linear, three_phases }.into()
                }
            ),
            (step(), part(), part(), on(), on()).prop_map(
                |(steps, warm, low, linear, three_phases)| {
                    let warm = if three_phases { warm / 2.0 } else { warm };
                    OneCycleMomentum { steps, warm, low, linear, three_phases }.into()
                }
            ),
            (step(), step(), not_negative(), part(), on()).prop_map(
                |(up, down, low, gamma, halve)| Cyclic { up, down, low, gamma, halve }.into()
            ),
            step().prop_map(|warmup| Noam { warmup }.into()),
            (step(), step(), step(), not_negative(), on()).prop_map(
                |(warmup, stable, decay, end, sqrt)| Wsd { warmup, stable, decay, end, sqrt }
                    .into()
            ),
            list().prop_map(|(first, rest)| Piecewise::new(first, rest).unwrap().into()),
            list().prop_map(|(first, rest)| PiecewiseLinear::new(first, rest).unwrap().into()),
        ];
    simple.boxed().prop_recursive(2, 8, 3, |inner| {
        let rest = btree_map(step().prop_map(|k| k.max(1)), inner.clone(), 0..3);
        prop_oneof![
            (step(), not_negative(), inner.clone()).prop_map(|(steps, start, then)| {
                Warmup { steps, start, then: Box::new(then) }.into()
            }),
            (inner, rest).prop_map(|(first, rest)| Join::new(first, rest).unwrap().into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_factor_is_outside_of_the_bounds(
        schedule in any_schedule(),
        random in proptest::collection::vec(step(), 30),
    ) {
        let bounds = schedule.bounds();
        prop_assert!(bounds.start().is_finite() && bounds.end().is_finite() && *bounds.start() >= 0.0);
        for k in (0..40).chain(random) {
            let factor = schedule.factor(k);
            prop_assert!(bounds.contains(&factor), "{schedule} at {k}: {factor} not in {bounds:?}");
        }
    }

    #[test]
    fn a_plateau_stays_in_its_bounds(
        factor in 0.0..1.0f64,
        smallest in part(),
        patience in 0..3u64,
        cooldown in 0..3u64,
        values in proptest::collection::vec(-2.0..2.0f64, 50),
    ) {
        let plateau = Plateau {
            factor, patience, threshold: 1e-4, relative: true, cooldown, smallest, maximize: false,
        };
        let bounds = Schedule::from(plateau).bounds();
        let mut state = plateau.start();
        for p in values {
            plateau.measured(&mut state, p);
            prop_assert!(bounds.contains(&state.factor), "{} not in {bounds:?}", state.factor);
        }
    }
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
