//! Sequences against what is known of them.

// The points are written in the letter of their source.
#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]

use thalweg_online::{Deal, SEQUENCES, Sequence, sequence};
use thalweg_random::Stream;

fn dealt(call: &str, rounds: u64) -> Box<dyn Sequence> {
    let deal = Deal { rounds, ..Deal::default() };
    sequence(&call.parse().unwrap(), &deal).unwrap_or_else(|error| panic!("{call}: {error}"))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

const CALLS: [&str; 13] = [
    "random-linear",
    "random-linear(dimension=7, set=ball(radius=2))",
    "random-linear(dimension=5, set=simplex)",
    "adversarial-linear(dimension=3, set=box(low=0, high=4))",
    "adversarial-linear(dimension=3, set=simplex(total=2))",
    "sparse-linear(dimension=40)",
    "reddi(c=5)",
    "reddi-synthetic",
    "reddi-synthetic(stochastic=true)",
    "agaricus-logistic(set=ball(radius=3), shuffled=true)",
    "breast-cancer-logistic(l2=0.1)",
    "digits-softmax(set=ball(radius=5))",
    "digits-softmax(l2=0.01, shuffled=true)",
];

/// A point of the set that depends on the round.
fn point(of: &dyn Sequence, t: u64) -> Vec<f64> {
    let stream = Stream::new(t, "points");
    let mut θ: Vec<f64> = (0..of.dimension() as u64).map(|i| 2.0 * stream.normal(i)).collect();
    of.set().project(&mut θ);
    θ
}

#[test]
fn every_word_is_tried() {
    for word in SEQUENCES.words {
        assert!(CALLS.iter().any(|call| call.starts_with(word.name)), "{}", word.name);
    }
}

/// f(z) ≥ f(θ) + ∇f(θ)·(z − θ) between any two points, no gradient is longer than G, and the start is in the set.
#[test]
fn losses_are_convex_and_no_gradient_is_longer_than_is_said() {
    for call in CALLS {
        let mut losses = dealt(call, 60);
        // A second deal of the same losses, of which every other point is played.
        let mut again = dealt(call, 60);
        let start = losses.start();
        let mut nearest = start.clone();
        losses.set().project(&mut nearest);
        assert!(dot(&start, &start) - dot(&nearest, &nearest) <= 1e-12, "{call}");
        let n = losses.dimension();
        let (mut g, mut other) = (vec![0.0; n], vec![0.0; n]);
        for t in 0..60 {
            let (θ, z) = (point(&*losses, 2 * t), point(&*losses, 2 * t + 1));
            let (at, there) = (losses.play(&θ, &mut g), again.play(&z, &mut other));
            assert!(dot(&g, &g).sqrt() <= losses.steepest() * (1.0 + 1e-12), "{call}: round {t}");
            if losses.is_oblivious() {
                let plane = at + dot(&g, &z) - dot(&g, &θ);
                assert!(there >= plane - 1e-9, "{call}: round {t}: {there} below {plane}");
            }
        }
    }
}

/// G is that of a gradient, not only above all of them: in one dimension, and on a simplex corner.
#[test]
fn the_longest_gradient_of_linear_losses_is_reached() {
    for call in
        ["random-linear(dimension=7, set=ball)", "sparse-linear", "reddi", "reddi-synthetic"]
    {
        let mut losses = dealt(call, 300);
        let (θ, mut g) = (losses.start(), vec![0.0; losses.dimension()]);
        let longest = (0..300).map(|_| {
            losses.play(&θ, &mut g);
            dot(&g, &g).sqrt()
        });
        let longest = longest.fold(0.0, f64::max);
        assert!((longest - losses.steepest()).abs() < 1e-12, "{call}: {longest}");
    }
}

/// The gradient of the sum is that of the plays: the certificate is checked by another way to the value.
#[test]
fn no_point_that_is_tried_is_better_than_the_best_fixed_one() {
    for call in CALLS {
        let mut losses = dealt(call, 200);
        let mut g = vec![0.0; losses.dimension()];
        let start = losses.start();
        (0..200).for_each(|_| {
            losses.play(&start, &mut g);
        });
        let best = losses.best();
        assert!(best.gap <= 1e-10 * best.value.abs().max(1.0), "{call}: gap {}", best.gap);
        // The losses of an adversary are those that it dealt to the start.
        let replayed = |θ: &[f64]| -> f64 {
            let (mut again, mut g) = (dealt(call, 200), vec![0.0; θ.len()]);
            let each = (0..200).map(|_| match again.is_oblivious() {
                true => again.play(θ, &mut g),
                false => {
                    again.play(&start, &mut g);
                    dot(&g, θ)
                }
            });
            each.sum()
        };
        let value = replayed(&best.point);
        let scale = best.value.abs().max(1.0);
        assert!((value - best.value).abs() <= 1e-11 * scale, "{call}: {value}, {}", best.value);
        for t in 0..8 {
            // A part of the way to a point of the set, which may be near.
            let part = 0.1f64.powi(t as i32);
            let far = point(&*losses, t);
            let θ: Vec<f64> =
                best.point.iter().zip(&far).map(|(b, f)| b + part * (f - b)).collect();
            assert!(replayed(&θ) >= best.value - best.gap - 1e-11 * scale, "{call}");
        }
    }
}

/// f* by damped Newton in NumPy, f64: mean logistic loss and λ/2 ‖w‖², all of whose rows are dealt once.
#[test]
fn the_best_fixed_point_of_all_rows_is_the_known_optimum() {
    for (call, rows, optimum) in [
        ("agaricus-logistic(l2=1e-2, set=ball(radius=10))", 6513, 0.142_700_743_699_33),
        ("agaricus-logistic(l2=1e-3, set=box(low=-9, high=9))", 6513, 0.046_198_806_747_46),
        ("breast-cancer-logistic(l2=1e-2, set=box(low=-9, high=9))", 569, 0.100_446_303_781_21),
        ("breast-cancer-logistic(l2=1e-3, set=ball(radius=9))", 569, 0.059_829_471_881_81),
    ] {
        let mut losses = dealt(call, rows);
        let (θ, mut g) = (losses.start(), vec![0.0; losses.dimension()]);
        (0..rows).for_each(|_| {
            losses.play(&θ, &mut g);
        });
        let found = losses.best().value / rows as f64;
        assert!((found - optimum).abs() < 1e-12, "{call}: {found}");
    }
}

#[test]
fn a_shuffled_order_is_of_the_same_rows() {
    let sum = |call: &str| {
        let mut losses = dealt(call, 569);
        let (θ, mut g) = (vec![0.01; 31], vec![0.0; 31]);
        let each: Vec<f64> = (0..569).map(|_| losses.play(&θ, &mut g)).collect();
        (each[0], each.iter().sum::<f64>())
    };
    let (first, all) = sum("breast-cancer-logistic");
    let (other_first, other_all) = sum("breast-cancer-logistic(shuffled=true)");
    assert!((all - other_all).abs() < 1e-10 && first != other_first);
}

#[test]
fn mistakes_are_told_in_one_line() {
    let error =
        |call: &str, deal: &Deal| sequence(&call.parse().unwrap(), deal).err().unwrap().to_string();
    let deal = Deal::default();
    assert_eq!(error("reddi(c=2)", &deal), "reddi(c=2): c must be above 2");
    assert_eq!(
        error("random-linear(set=cone)", &deal),
        "unknown set 'cone': known are box, ball, simplex"
    );
    let path = Deal { source: thalweg_data::Source::Path("x.csv".into()), ..deal };
    assert_eq!(
        error("reddi", &path),
        "reddi takes no data: give data to agaricus-logistic or digits-softmax"
    );
}

/// Rounds and best points, to the bit, of a sequence that is given the memory of another one.
#[test]
fn a_memory_is_all_that_going_on_needs() {
    for call in CALLS {
        let mut whole = dealt(call, 60);
        let mut g = vec![0.0; whole.dimension()];
        for t in 0..40 {
            whole.play(&point(&*whole, t), &mut g);
            if t % 13 == 12 {
                whole.best();
            }
        }
        let mut resumed = dealt(call, 60);
        *resumed.memory() = whole.memory().clone();
        let mut duplicate = whole.duplicate();
        let mut again = g.clone();
        for t in 40..60 {
            let θ = point(&*whole, t);
            let lost = whole.play(&θ, &mut g);
            for other in [&mut resumed, &mut duplicate] {
                assert_eq!(other.play(&θ, &mut again), lost, "{call}, round {t}");
                assert_eq!(again, g, "{call}, round {t}");
            }
        }
        let best = whole.best();
        for other in [&mut resumed, &mut duplicate] {
            assert_eq!(other.best(), best, "{call}");
            assert_eq!(other.memory(), whole.memory(), "{call}");
        }
    }
}
