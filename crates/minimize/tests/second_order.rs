//! Methods that see curvature: one step on a quadratic, no rest on saddles, residuals instead of values.

use thalweg_minimize::direction::{newton, newton_cg, saddle_free_newton};
use thalweg_minimize::search::StrongWolfe;
use thalweg_minimize::{
    Gradient, Hessian, LevenbergMarquardt, LineSearch, Method, Objective, Options, Products,
    Residuals, Solution, Stop, TrustRegion, Verdict, residuals,
};

/// A function of two variables with all its derivatives.
struct Plane {
    f: fn(f64, f64) -> f64,
    g: fn(f64, f64) -> [f64; 2],
    h: fn(f64, f64) -> [f64; 3],
}

impl Objective for Plane {
    fn dimension(&self) -> usize {
        2
    }
}

impl Gradient<f64> for Plane {
    fn value_and_gradient(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
        g.copy_from_slice(&(self.g)(x[0], x[1]));
        (self.f)(x[0], x[1])
    }
}

impl Hessian<f64> for Plane {
    fn hessian(&mut self, x: &[f64], h: &mut [f64]) {
        let [xx, xy, yy] = (self.h)(x[0], x[1]);
        h.copy_from_slice(&[xx, xy, xy, yy]);
    }
}

impl Products<f64> for Plane {
    fn product(&mut self, x: &[f64], v: &[f64], hv: &mut [f64]) {
        let [xx, xy, yy] = (self.h)(x[0], x[1]);
        hv.copy_from_slice(&[xx * v[0] + xy * v[1], xy * v[0] + yy * v[1]]);
    }
}

const VALLEY: Plane = Plane {
    f: |x, y| (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2),
    g: |x, y| [2.0 * (x - 1.0) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)],
    h: |x, y| [2.0 - 400.0 * (y - 3.0 * x * x), -400.0 * x, 200.0],
};

/// x²/2 − y²/2 + y⁴/4: a saddle at 0, minima at (0, ±1), where it is −1/4.
const PASS: Plane = Plane {
    f: |x, y| 0.5 * x * x - 0.5 * y * y + 0.25 * y.powi(4),
    g: |x, y| [x, y.powi(3) - y],
    h: |_, y| [1.0, 0.0, 3.0 * y * y - 1.0],
};

type Named = (&'static str, Box<dyn Method<f64, Plane>>);

fn methods() -> [Named; 4] {
    let search = StrongWolfe::default();
    [
        ("newton", Box::new(LineSearch { direction: newton(), search })),
        ("newton-cg", Box::new(LineSearch { direction: newton_cg(200), search })),
        ("saddle-free-newton", Box::new(LineSearch { direction: saddle_free_newton(), search })),
        ("trust-region", Box::new(TrustRegion::default())),
    ]
}

fn each(mut plane: Plane, start: [f64; 2], stop: Stop, check: impl Fn(&str, Solution<f64>)) {
    for (name, mut method) in methods() {
        check(name, method.minimize(&mut plane, &start, Options::from(stop)));
    }
}

#[test]
fn a_curved_valley_takes_few_steps() {
    each(VALLEY, [-1.2, 1.0], Stop::default(), |name, solution| {
        assert!(solution.is_solved(), "{name}: {solution:?}");
        assert!((solution.x[0] - 1.0).abs() < 1e-6 && (solution.x[1] - 1.0).abs() < 1e-6);
        assert!(solution.iterations <= 75, "{name}: {}", solution.iterations);
    });
}

#[test]
fn newton_reaches_the_minimum_of_a_quadratic_in_one_step_from_anywhere() {
    let bowl = || Plane {
        f: |x, y| 50.0 * x * x + x * y + 0.5 * y * y + x - y,
        g: |x, y| [100.0 * x + y + 1.0, x + y - 1.0],
        h: |_, _| [100.0, 1.0, 1.0],
    };
    for start in [[0.0, 0.0], [1e3, -1e3], [-7.0, 1e5]] {
        let mut method = LineSearch { direction: newton(), search: StrongWolfe::default() };
        let solution = method.minimize(&mut bowl(), &start, Options::default());
        assert!(solution.is_solved());
        assert_eq!((solution.iterations, solution.counts.values), (1, 2));
        // One at the start, one that finds the minimum to be one.
        assert_eq!(solution.counts.hessians, 2);
    }
}

#[test]
fn a_saddle_is_left_whether_started_from_or_led_to() {
    for start in [[0.0, 0.0], [3.0, 0.0], [1e-9, 1e-9]] {
        each(PASS, start, Stop::default(), |name, solution| {
            assert!(solution.is_solved(), "{name} from {start:?}: {solution:?}");
            assert!((solution.value + 0.25).abs() < 1e-10, "{name} from {start:?}: {solution:?}");
        });
    }
}

#[test]
fn a_shallow_slope_beside_a_saddle_is_followed_down() {
    // The gradient counts as zero, and points to the saddle on one side of it.
    for start in [[0.0, 5e-7], [0.0, -5e-7], [5e-7, 5e-7], [-5e-7, 5e-7]] {
        each(PASS, start, Stop::default(), |name, solution| {
            assert!(solution.is_solved(), "{name} from {start:?}: {solution:?}");
            assert!((solution.value + 0.25).abs() < 1e-10, "{name} from {start:?}: {solution:?}");
            assert!(solution.counts.evaluations() < 100, "{name} from {start:?}: {solution:?}");
        });
    }
}

#[test]
fn a_saddle_that_cannot_be_left_is_named() {
    // Its Hessian says that it falls along y, but it does not.
    let lie = || Plane {
        f: |x, y| x * x + y.abs(),
        g: |x, _| [2.0 * x, 0.0],
        h: |_, _| [2.0, 0.0, -1.0],
    };
    each(lie(), [0.0, 0.0], Stop::default(), |name, solution| {
        let named = matches!(solution.verdict, Verdict::Saddle { .. } | Verdict::Search(_));
        assert!(named, "{name}: {solution:?}");
        assert_eq!(solution.x, [0.0, 0.0]);
    });
}

#[test]
fn a_degenerate_minimum_is_no_saddle() {
    let flat = || Plane {
        f: |x, y| x.powi(4) + (x + y).powi(2),
        g: |x, y| [4.0 * x.powi(3) + 2.0 * (x + y), 2.0 * (x + y)],
        h: |x, _| [12.0 * x * x + 2.0, 2.0, 2.0],
    };
    for start in [[0.0, 0.0], [2.0, 1.0]] {
        each(flat(), start, Stop::default(), |name, solution| {
            assert!(solution.is_solved(), "{name}: {solution:?}");
        });
    }
}

#[test]
fn what_is_not_finite_or_not_bounded_ends_with_a_verdict() {
    let barrier = || Plane {
        f: |x, y| x - x.ln() + y * y,
        g: |x, y| [1.0 - 1.0 / x, 2.0 * y],
        h: |x, _| [1.0 / (x * x), 0.0, 2.0],
    };
    for start in [[1e-3, 4.0], [30.0, -1.0]] {
        each(barrier(), start, Stop::default(), |name, solution| {
            assert!(solution.is_solved(), "{name}: {solution:?}");
            assert!((solution.x[0] - 1.0).abs() < 1e-5);
        });
    }
    let bottomless = || Plane {
        f: |x, y| -x * x - y * y,
        g: |x, y| [-2.0 * x, -2.0 * y],
        h: |_, _| [-2.0, 0.0, -2.0],
    };
    let stop = Stop { evaluations: 100_000, ..Stop::default() };
    each(bottomless(), [1.0, 0.5], Stop { floor: -1e6, ..stop }, |name, solution| {
        assert_eq!(solution.verdict, Verdict::Unbounded, "{name}: {solution:?}");
        assert!(solution.value.is_finite());
    });
    let nan = || Plane { f: |_, _| f64::NAN, g: |_, _| [1.0; 2], h: |_, _| [1.0, 0.0, 1.0] };
    each(nan(), [1.0, 0.5], Stop::default(), |name, solution| {
        assert_eq!(solution.verdict, Verdict::NotFinite, "{name}");
    });
    // A Hessian that is not finite.
    let hidden = || Plane { h: |_, _| [f64::NAN, 0.0, f64::INFINITY], ..PASS };
    each(hidden(), [0.5, 0.7], Stop::default(), |name, solution| {
        assert!(solution.value.is_finite(), "{name}: {solution:?}");
        assert!(solution.x.iter().all(|x| x.is_finite()));
    });
}

#[test]
fn sizes_that_do_not_fit_are_a_verdict() {
    for (name, mut method) in methods() {
        let solution = method.minimize(&mut { PASS }, &[1.0, 2.0, 3.0], Options::default());
        assert_eq!(solution.verdict, Verdict::WrongSize { expected: 2, found: 3 }, "{name}");
    }
}

fn fit<R: Residuals<f64>>(mut r: R, start: &[f64]) -> Solution<f64> {
    LevenbergMarquardt::default().minimize(&mut r, start, Options::default())
}

#[test]
fn residuals_that_are_linear_take_one_step_of_gauss_and_newton() {
    let line = |x: &[f64], r: &mut [f64]| {
        r.iter_mut().enumerate().for_each(|(i, r)| *r = x[0] + x[1] * i as f64 - 3.0);
    };
    let jacobian = |_: &[f64], j: &mut [f64]| {
        j.chunks_exact_mut(2).enumerate().for_each(|(i, j)| j.copy_from_slice(&[1.0, i as f64]));
    };
    let mut method = LevenbergMarquardt { damping: 0.0 };
    let mut objective = residuals(2, 5, line, jacobian);
    let solution = method.minimize(&mut objective, &[1e3, -1e3], Options::default());
    assert!(solution.is_solved());
    assert_eq!(solution.iterations, 1);
    assert!((solution.x[0] - 3.0).abs() < 1e-9 && solution.x[1].abs() < 1e-9);
}

#[test]
fn levenberg_and_marquardt_solve_the_valley_and_a_fit_that_leaves_residuals() {
    let valley = residuals(
        2,
        2,
        |x: &[f64], r: &mut [f64]| {
            r.copy_from_slice(&[10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]);
        },
        |x: &[f64], j: &mut [f64]| j.copy_from_slice(&[-20.0 * x[0], 10.0, -1.0, 0.0]),
    );
    let solution = fit(valley, &[-1.2, 1.0]);
    assert!(solution.is_solved() && solution.value < 1e-12, "{solution:?}");
    assert!(solution.counts.values <= 30);

    // e^(ax) to the points (0, 1), (1, 2), (2, 5): at the minimum the gradient is zero, the residuals are not.
    let growth = residuals(
        1,
        3,
        |x: &[f64], r: &mut [f64]| {
            for (i, y) in [1.0, 2.0, 5.0].into_iter().enumerate() {
                r[i] = (x[0] * i as f64).exp() - y;
            }
        },
        |x: &[f64], j: &mut [f64]| {
            (0..3).for_each(|i| j[i] = i as f64 * (x[0] * i as f64).exp());
        },
    );
    let solution = fit(growth, &[0.0]);
    assert!(solution.is_solved(), "{solution:?}");
    let a = solution.x[0];
    let slope = 2.0 * ((a.exp() - 2.0) * a.exp() + 2.0 * ((2.0 * a).exp() - 5.0) * (2.0 * a).exp());
    assert!(slope.abs() <= 1e-6 && solution.value > 0.01);
}

#[test]
fn least_squares_end_with_a_verdict_too() {
    let nan = residuals(1, 1, |_: &[f64], r: &mut [f64]| r[0] = f64::NAN, |_, j| j[0] = 1.0);
    assert_eq!(fit(nan, &[1.0]).verdict, Verdict::NotFinite);
    let wrong = residuals(1, 1, |_: &[f64], _: &mut [f64]| unreachable!(), |_, _| unreachable!());
    let expected = Verdict::WrongSize { expected: 1, found: 2 };
    assert_eq!(fit(wrong, &[1.0, 2.0]).verdict, expected);
    // A Jacobian of the wrong sign.
    let uphill =
        residuals(1, 1, |x: &[f64], r: &mut [f64]| r[0] = x[0], |_: &[f64], j| j[0] = -1.0);
    let solution = fit(uphill, &[1.0]);
    assert!(matches!(solution.verdict, Verdict::Search(_)), "{solution:?}");
    assert_eq!(solution.x, [1.0]);
    // Columns that depend on each other, and one that is zero.
    let singular = residuals(
        3,
        2,
        |x: &[f64], r: &mut [f64]| r.copy_from_slice(&[x[0] + x[1] - 1.0, 2.0]),
        |_: &[f64], j| j.copy_from_slice(&[1.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
    );
    let solution = fit(singular, &[0.0, 0.0, 5.0]);
    assert!(solution.is_solved() && (solution.value - 4.0).abs() < 1e-12, "{solution:?}");
    // Infinite from 2 on, where the first step would lead.
    let wall = residuals(
        1,
        1,
        |x: &[f64], r: &mut [f64]| r[0] = if x[0] < 2.0 { 1.5 - x[0] } else { f64::INFINITY },
        |x: &[f64], j| j[0] = if x[0] < 1.0 { -0.1 } else { -1.0 },
    );
    let solution = fit(wall, &[0.0]);
    assert!(solution.value.is_finite() && solution.value < 2.25, "{solution:?}");
}
