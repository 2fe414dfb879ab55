//! `quadratic-deep` against the results that DeepOBS published for it.

use std::ops::ControlFlow;

use serde::Deserialize;
use thalweg_data::Source;
use thalweg_graph::Element;
use thalweg_train::{Halt, Options, Task, Training, task};

const SEEDS: u64 = 10;

#[derive(Deserialize)]
struct Published {
    curves: Vec<Curve>,
}

/// Mean and standard deviation of the test loss over ten seeds, after each epoch.
#[derive(Deserialize)]
struct Curve {
    optimizer: String,
    test_loss: Vec<[f64; 2]>,
}

fn published() -> Published {
    serde_json::from_str(include_str!("deepobs/quadratic_deep.json")).unwrap()
}

fn quadratic<T: Element>() -> Box<dyn Task<T>> {
    task(&"quadratic-deep".parse().unwrap(), &Source::Search).unwrap()
}

fn training<'a, T: Element>(task: &'a dyn Task<T>, call: &str, seed: u64) -> Training<'a, T> {
    let options = Options { seed, ..Options::of(task) };
    Training::new(task, &call.parse().unwrap(), options).unwrap()
}

fn epoch<T: Element>(training: &mut Training<'_, T>) -> Result<(), Halt> {
    training.epoch(&mut |_| ControlFlow::Continue(()))
}

#[test]
fn the_initial_test_loss_is_the_published_one() {
    let task = quadratic::<f64>();
    let loss = training(&*task, "sgd", 1).measure().unwrap().test.cost.unwrap();
    let expected = published().curves[0].test_loss[0][0];
    assert!((loss - 353.44676).abs() < 1e-5, "{loss}");
    assert!((loss - expected).abs() < 1e-5, "{loss} {expected}");
}

/// The mean over our seeds lies within three standard errors of the difference of two means of ten.
#[test]
fn training_ends_where_the_published_runs_end() {
    let task = quadratic::<f32>();
    for Curve { optimizer, test_loss } in published().curves {
        let end = |seed| {
            let mut training = training(&*task, &optimizer, seed);
            for _ in 0..100 {
                epoch(&mut training).unwrap();
            }
            training.measure().unwrap().test.cost.unwrap()
        };
        let mean = (1..=SEEDS).map(end).sum::<f64>() / SEEDS as f64;
        let [expected, deviation] = test_loss[100];
        let allowed = 3.0 * deviation * (1.0 / 10.0 + 1.0 / SEEDS as f64).sqrt();
        assert!(
            (mean - expected).abs() <= allowed,
            "{optimizer}: {mean:.4}, published {expected:.4}, allowed ± {allowed:.4}"
        );
        println!("{optimizer}: {mean:.4}, published {expected:.4} ± {allowed:.4}");
    }
}

/// Gradient descent on a quadratic diverges beyond 2/λmax = 0.03764 and heavy ball with momentum 0.99
/// beyond 2(1 + 0.99)/λmax = 0.0749. The published sweeps agree: finite at the rates below, not at
/// those above.
#[test]
fn the_edge_of_divergence_is_where_theory_and_the_published_sweeps_have_it() {
    let task = quadratic::<f32>();
    for (call, finite) in [
        ("sgd(lr=0.0251)", true),
        ("sgd(lr=0.0398)", false),
        ("heavy_ball(lr=0.0631, momentum=0.99)", true),
        ("heavy_ball(lr=0.1, momentum=0.99)", false),
    ] {
        let mut training = training(&*task, call, 1);
        let ends_finite = (0..100).all(|_| epoch(&mut training).is_ok());
        assert_eq!(ends_finite, finite, "{call}");
    }
}
