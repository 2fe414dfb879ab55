//! L-BFGS-B: what holds at a minimum within bounds, and that it never leaves them.

use thalweg_minimize::direction::lbfgs;
use thalweg_minimize::search::{MoreThuente, StrongWolfe};
use thalweg_minimize::{
    Fault, LbfgsB, LineSearch, Method, Options, Solution, Stop, Verdict, function,
};

const NONE: f64 = f64::INFINITY;

fn solve(
    f: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    lower: &[f64],
    upper: &[f64],
    stop: Stop,
) -> Solution<f64> {
    let inside = |x: &[f64]| (0..x.len()).all(|i| lower[i] <= x[i] && x[i] <= upper[i]);
    let mut f = f;
    let mut watched = function(start.len(), |x: &[f64], g: &mut [f64]| {
        assert!(inside(x), "it asks outside of the bounds: {x:?}");
        f(x, g)
    });
    let (lower, upper) = (lower.to_vec(), upper.to_vec());
    let mut method = LbfgsB::new(5, lower, upper, StrongWolfe::default()).unwrap();
    let solution = method.minimize(&mut watched, start, Options::from(stop));
    assert!(inside(&solution.x));
    solution
}

fn valley(x: &[f64], g: &mut [f64]) -> f64 {
    let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
    g.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
    a * a + 100.0 * b * b
}

#[test]
fn a_valley_is_followed_to_where_a_bound_cuts_it() {
    for (lower, upper, at) in [
        ([-NONE; 2], [NONE; 2], [1.0, 1.0]),
        ([-2.0; 2], [0.5, NONE], [0.5, 0.25]),
        ([-NONE, -NONE], [NONE, 0.0], [0.0, 0.0]),
        ([1.5, -NONE], [2.0, 2.0], [1.5, 2.0]),
        ([-1.2, 1.0], [-1.2, 1.0], [-1.2, 1.0]),
    ] {
        let solution = solve(valley, &[-1.2, 1.0], &lower, &upper, Stop::default());
        assert!(solution.is_solved(), "{upper:?}: {}", solution.verdict);
        if at == [0.0, 0.0] {
            // Along y = 0: (1 − x)² + 100x⁴, least where 200x³ + x = 1.
            let x = solution.x[0];
            assert!((200.0 * x.powi(3) + x - 1.0).abs() < 1e-6 && solution.x[1] == 0.0);
        } else {
            let near = solution.x.iter().zip(at).all(|(x, at)| (x - at).abs() < 1e-6);
            assert!(near, "{upper:?}: {:?}", solution.x);
        }
        assert!(solution.counts.values < 80, "{upper:?}: {:?}", solution.counts);
    }
}

/// ½xᵀAx − bᵀx with a full A = I + CᵀC.
fn quadratic(n: usize, x: &[f64], g: &mut [f64]) -> f64 {
    let c = |i: usize, j: usize| ((i * 5 + j * 3 + i * j) as f64 * 0.7).sin();
    let cx: Vec<f64> = (0..n).map(|i| (0..n).map(|j| c(i, j) * x[j]).sum()).collect();
    let mut value = 0.0;
    for j in 0..n {
        let b = 3.0 * (j as f64).cos();
        let from_c: f64 = (0..n).map(|i| c(i, j) * cx[i]).sum();
        g[j] = x[j] + from_c - b;
        value += 0.5 * x[j] * (x[j] + from_c) - b * x[j];
    }
    value
}

#[test]
fn on_convex_quadratics_the_conditions_of_a_minimum_hold() {
    for n in [1, 2, 5, 20, 60] {
        let lower: Vec<f64> = (0..n).map(|i| [-0.1, -NONE, 0.05][i % 3]).collect();
        let upper: Vec<f64> = (0..n).map(|i| [0.2, 0.1, NONE, 0.3][i % 4].max(lower[i])).collect();
        let start = vec![10.0; n];
        let f = |x: &[f64], g: &mut [f64]| quadratic(n, x, g);
        let stop = Stop { gradient: 1e-9, ..Stop::default() };
        let solution = solve(f, &start, &lower, &upper, stop);
        assert!(solution.is_solved(), "{n}: {}", solution.verdict);
        let mut g = vec![0.0; n];
        quadratic(n, &solution.x, &mut g);
        let mut bound = 0;
        for i in 0..n {
            let x = solution.x[i];
            let (low, high) = (x == lower[i], x == upper[i]);
            bound += usize::from(low || high);
            assert!(g[i] >= -1e-8 || high, "{n} {i}: {x} {}", g[i]);
            assert!(g[i] <= 1e-8 || low, "{n} {i}: {x} {}", g[i]);
        }
        assert!(n < 5 || bound > 0);
        assert!(solution.counts.values < 150, "{n}: {:?}", solution.counts);
    }
}

#[test]
fn without_bounds_it_goes_the_way_of_lbfgs() {
    let n = 20;
    let mut f = function(n, move |x: &[f64], g: &mut [f64]| quadratic(n, x, g));
    let (search, start) = (StrongWolfe::default(), vec![1.0; n]);
    let options = || Options::from(Stop { iterations: 12, ..Stop::default() });
    let free = LineSearch { direction: lbfgs(5), search }.minimize(&mut f, &start, options());
    let none = vec![NONE; n];
    let minus = vec![-NONE; n];
    let mut method = LbfgsB::new(5, minus, none, search).unwrap();
    let bounded = method.minimize(&mut f, &start, options());
    assert_eq!(free.counts, bounded.counts);
    for (free, bounded) in free.history.iter().zip(&bounded.history) {
        assert!((free.value - bounded.value).abs() <= 1e-6 * free.value.abs());
    }
}

#[test]
fn whatever_the_function_is_like_it_ends_with_a_verdict() {
    let stop = Stop::default();
    // Falls forever in one coordinate, and up to a bound in the other.
    let line = |x: &[f64], g: &mut [f64]| {
        g.fill(-1.0);
        -x[0] - x[1]
    };
    let solution = solve(line, &[0.0, 0.0], &[-NONE; 2], &[NONE, 3.0], stop);
    assert_eq!(solution.verdict, Verdict::Unbounded);
    let solution = solve(line, &[0.0, 0.0], &[-NONE; 2], &[7.0, 3.0], stop);
    assert!(solution.is_solved());
    assert_eq!(solution.x, [7.0, 3.0]);
    // Not defined on one side of 1, which the bounds leave open.
    let wall = |x: &[f64], g: &mut [f64]| {
        g[0] = if x[0] < 1.0 { -2.0 * (1.5 - x[0]) } else { f64::NAN };
        (1.5 - x[0]).powi(2)
    };
    let solution = solve(wall, &[-5.0], &[-10.0], &[10.0], stop);
    assert!(solution.value.is_finite() && solution.x[0] < 1.0);
    // A gradient of the wrong sign.
    let uphill = |x: &[f64], g: &mut [f64]| {
        g[0] = -2.0 * x[0];
        x[0] * x[0]
    };
    let solution = solve(uphill, &[1.0], &[-2.0], &[2.0], stop);
    assert!(matches!(solution.verdict, Verdict::Search(Fault::Limit | Fault::TooShort)));
    assert_eq!(solution.x, [1.0]);
    let nan = |_: &[f64], _: &mut [f64]| f64::NAN;
    assert_eq!(solve(nan, &[1.0], &[0.0], &[2.0], stop).verdict, Verdict::NotFinite);
}

#[test]
fn bounds_that_do_not_fit_are_found_out() {
    let search = MoreThuente::default();
    let error = LbfgsB::new(5, vec![0.0, 2.0], vec![1.0, 1.0], search).unwrap_err();
    let message =
        "nothing lies between the bounds of coordinate 1, 2 and 1; the lower one comes first";
    assert_eq!(error.to_string(), message);
    assert!(LbfgsB::new(5, vec![f64::NAN], vec![1.0], search).is_err());
    let mut method = LbfgsB::new(5, vec![0.0; 3], vec![1.0; 3], search).unwrap();
    let solution = method.minimize(&mut function(2, valley), &[0.0, 0.0], Options::default());
    assert_eq!(solution.verdict, Verdict::WrongSize { expected: 2, found: 3 });
}
