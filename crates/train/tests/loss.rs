//! J as an objective: known minima to twelve digits, products against differences, and Newton's one step.

use std::iter::zip;

use thalweg_data::Source;
use thalweg_minimize::{Gradient, Hessian, Objective, Products, Solution, Stop, Verdict, method};
use thalweg_train::{Curvature, Loss, Options, Task, task};

fn embedded(name: &str) -> Box<dyn Task<f64>> {
    task(&name.parse().unwrap(), &Source::Embedded).unwrap()
}

fn loss(task: &dyn Task<f64>, curvature: Curvature) -> Loss<'_, f64> {
    Loss::new(task, &Options::of(task), curvature).unwrap()
}

fn minimized(loss: &mut Loss<'_, f64>, by: &str, start: &[f64], gradient: f64) -> Solution<f64> {
    let stop = Stop { gradient, ..Stop::default() };
    let mut method = method(&by.parse().unwrap()).unwrap();
    method.minimize(loss, start, stop.into()).unwrap()
}

/// The minima by Newton's method with step halving in NumPy, and ‖w‖ there, to ten digits.
#[test]
fn the_minima_of_logistic_regression_are_found_to_twelve_digits() {
    for (name, least, norm) in [
        ("agaricus-logistic(l2=1e-2)", 0.142_700_743_699_33, Some(3.514_022_436_2)),
        ("agaricus-logistic(l2=1e-3)", 0.046_198_806_747_46, Some(7.121_936_217_6)),
        ("agaricus-logistic(l2=1.5353907569476433e-4)", 0.015_125_693_959, None),
        ("breast-cancer-logistic(l2=1e-2)", 0.100_446_303_781_21, None),
        ("breast-cancer-logistic(l2=1e-3)", 0.059_829_471_881_81, None),
    ] {
        let task = embedded(name);
        let mut loss = loss(&*task, Curvature::Hessian);
        let start = loss.start().to_vec();
        for by in ["newton", "newton-cg", "lbfgs(memory=10)"] {
            let found = minimized(&mut loss, by, &start, 1e-8);
            assert_eq!(found.verdict, Verdict::Gradient, "{name} by {by}");
            assert!((found.value - least).abs() < 1e-12, "{name} by {by}: {:?}", found.value);
            let length = found.x.iter().map(|w| w * w).sum::<f64>().sqrt();
            assert!(
                norm.is_none_or(|norm| (length - norm).abs() < 1e-5),
                "{name} by {by}: {length}"
            );
        }
    }
}

#[test]
fn newton_reaches_the_minimum_of_a_quadratic_in_one_step_from_anywhere() {
    let task = embedded("quadratic-deep");
    let mut loss = loss(&*task, Curvature::Hessian);
    let n = loss.dimension();
    let ends = [0.0, 1.0, 100.0].map(|size| {
        let start: Vec<f64> = (0..n).map(|i| size * (3.0 * i as f64).sin()).collect();
        let found = minimized(&mut loss, "newton", &start, 1e-8);
        assert_eq!((found.verdict, found.iterations), (Verdict::Gradient, 1), "{size}");
        found
    });
    for end in &ends[1..] {
        assert!(zip(&end.x, &ends[0].x).all(|(a, b)| (a - b).abs() < 1e-9));
    }
    // By first order, its condition of 9621 is felt.
    let start = vec![1.0; n];
    assert!(minimized(&mut loss, "gradient-descent", &start, 1e-8).iterations > 1000);
}

/// Differences of gradients in the direction `v`.
fn product_by_differences(loss: &mut Loss<'_, f64>, x: &[f64], v: &[f64]) -> Vec<f64> {
    let h = 1e-5;
    let mut gradient = |sign: f64| {
        let x: Vec<f64> = zip(x, v).map(|(x, v)| x + sign * h * v).collect();
        let mut g = vec![0.0; x.len()];
        let _ = loss.value_and_gradient(&x, &mut g);
        g
    };
    let (high, low) = (gradient(1.0), gradient(-1.0));
    zip(high, low).map(|(a, b)| (a - b) / (2.0 * h)).collect()
}

#[test]
fn products_are_differences_of_gradients_and_make_the_hessian() {
    for name in ["breast-cancer-logistic", "digits-softmax", "deep-tanh(depth=3, width=4)"] {
        let task = embedded(name);
        let mut loss = loss(&*task, Curvature::Hessian);
        let n = loss.dimension();
        let x: Vec<f64> = zip(0.., loss.start()).map(|(i, w)| w + 0.1 * (i as f64).sin()).collect();
        let v: Vec<f64> = (0..n).map(|i| (0.7 * i as f64).cos()).collect();
        let (mut hv, expected) = (vec![0.0; n], product_by_differences(&mut loss, &x, &v));
        loss.product(&x, &v, &mut hv);
        let largest = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        for (found, expected) in zip(&hv, expected) {
            assert!((found - expected).abs() < 1e-7 * largest, "{name}: {found} {expected}");
        }
        if n < 1000 {
            let mut h = vec![0.0; n * n];
            loss.hessian(&x, &mut h);
            for (row, expected) in zip(h.chunks(n), &hv) {
                let found: f64 = zip(row, &v).map(|(h, v)| h * v).sum();
                assert!((found - expected).abs() < 1e-12 * largest, "{name}: {found} {expected}");
            }
        }
    }
}

/// The scores of a logistic regression are linear in the weights, so that only the ridge tells G from H.
#[test]
fn the_gauss_newton_matrix_is_the_hessian_without_the_ridge_where_scores_are_linear() {
    let task = embedded("breast-cancer-logistic(l2=0.5)");
    let n = loss(&*task, Curvature::Hessian).dimension();
    let x: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
    let v: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
    let [hv, gv] = [Curvature::Hessian, Curvature::GaussNewton].map(|curvature| {
        let mut product = vec![0.0; n];
        loss(&*task, curvature).product(&x, &v, &mut product);
        product
    });
    for ((h, g), v) in zip(zip(hv, gv), v) {
        assert!((h - g - 0.5 * v).abs() < 1e-14);
    }
    let quadratic = embedded("quadratic-deep");
    let refused = Loss::new(&*quadratic, &Options::of(&*quadratic), Curvature::GaussNewton);
    let message = refused.err().unwrap().to_string();
    assert!(message.starts_with("quadratic-deep has no outputs in which J is convex"), "{message}");
}
