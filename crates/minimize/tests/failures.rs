//! Whatever a function is like, a minimization ends with a verdict that says so and the best point that was seen.

use std::cell::Cell;
use std::ops::ControlFlow;

use thalweg_minimize::direction::{
    Beta, ConjugateGradient, Direction, SteepestDescent, bfgs, lbfgs,
};
use thalweg_minimize::search::{Backtracking, HagerZhang, MoreThuente, Search, StrongWolfe};
use thalweg_minimize::{Function, LineSearch, Method, Options, Solution, Stop, Verdict, function};

/// Every first-order direction with every search, from the same start.
fn each<F: FnMut(&[f64], &mut [f64]) -> f64>(
    n: usize,
    mut f: F,
    start: &[f64],
    stop: Stop,
    check: impl Fn(&str, &Solution<f64>),
) {
    fn with<D: Direction<f64, Function<F>>, F: FnMut(&[f64], &mut [f64]) -> f64>(
        direction: D,
        search: &'static str,
        objective: &mut Function<F>,
        start: &[f64],
        stop: Stop,
    ) -> (String, Solution<f64>) {
        let name = format!("{direction:?} {search}");
        let boxed: Box<dyn Search> = match search {
            "strong-wolfe" => Box::new(StrongWolfe::default()),
            "more-thuente" => Box::new(MoreThuente::default()),
            "hager-zhang" => Box::new(HagerZhang::default()),
            _ => Box::new(Backtracking::default()),
        };
        let mut method = LineSearch { direction, search: boxed };
        (name, method.minimize(objective, start, Options::from(stop)))
    }
    for search in ["strong-wolfe", "more-thuente", "hager-zhang", "backtracking"] {
        let mut f = function(n, &mut f);
        let f = &mut f;
        for (name, solution) in [
            with(lbfgs::<f64>(5), search, f, start, stop),
            with(bfgs(), search, f, start, stop),
            with(SteepestDescent, search, f, start, stop),
            with(ConjugateGradient { beta: Beta::FletcherReeves }, search, f, start, stop),
            with(ConjugateGradient { beta: Beta::PolakRibiere }, search, f, start, stop),
            with(ConjugateGradient { beta: Beta::HagerZhang }, search, f, start, stop),
        ] {
            if solution.verdict != Verdict::NotFinite
                && !matches!(solution.verdict, Verdict::WrongSize { .. })
            {
                assert!(solution.value.is_finite(), "{name}: {solution:?}");
                assert!(solution.x.iter().all(|x| x.is_finite()), "{name}: {solution:?}");
                assert!(solution.gradient_norm.is_finite(), "{name}: {solution:?}");
                let least = solution.history.iter().map(|i| i.value).fold(f64::INFINITY, f64::min);
                let rounding = 1e-12 * least.abs();
                assert!(solution.value <= least + rounding, "{name}: {solution:?}");
            }
            assert!(!solution.verdict.to_string().is_empty());
            check(&name, &solution);
        }
    }
}

#[test]
fn a_gradient_of_the_wrong_sign_ends_the_search() {
    let f = |x: &[f64], g: &mut [f64]| {
        g[0] = -2.0 * x[0];
        x[0] * x[0]
    };
    each(1, f, &[1.0], Stop::default(), |name, solution| {
        assert!(matches!(solution.verdict, Verdict::Search(_)), "{name}: {solution:?}");
        assert_eq!((solution.x[0], solution.iterations), (1.0, 0));
    });
}

#[test]
fn a_flat_function_and_a_minimum_are_solved_where_they_start() {
    let flat = |_: &[f64], g: &mut [f64]| {
        g.fill(0.0);
        7.0
    };
    let bowl = |x: &[f64], g: &mut [f64]| {
        g.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * x);
        7.0 + x.iter().map(|x| x * x).sum::<f64>()
    };
    let solved = |name: &str, solution: &Solution<f64>| {
        assert_eq!(solution.verdict, Verdict::Gradient, "{name}");
        assert_eq!((solution.value, solution.counts.values, solution.iterations), (7.0, 1, 0));
    };
    each(3, flat, &[1.0, 2.0, 3.0], Stop::default(), solved);
    each(3, bowl, &[0.0; 3], Stop::default(), solved);
}

#[test]
fn a_function_that_ends_in_the_middle_of_a_search_is_still_minimized() {
    // x − ln x: infinite at 0, NaN beyond.
    let f = |x: &[f64], g: &mut [f64]| {
        g[0] = 1.0 - 1.0 / x[0];
        x[0] - x[0].ln()
    };
    for start in [1e-3, 30.0] {
        each(1, f, &[start], Stop::default(), |name, solution| {
            assert_eq!(solution.verdict, Verdict::Gradient, "{name}: {solution:?}");
            assert!((solution.x[0] - 1.0).abs() < 1e-5);
        });
    }
    // A value that is finite where the gradient is not.
    let cut = |x: &[f64], g: &mut [f64]| {
        g[0] = if x[0] > 2.0 { f64::NAN } else { 2.0 * (x[0] - 1.9) };
        (x[0] - 1.9).powi(2)
    };
    each(1, cut, &[-50.0], Stop::default(), |name, solution| {
        assert_eq!(solution.verdict, Verdict::Gradient, "{name}: {solution:?}");
    });
}

#[test]
fn a_start_where_nothing_is_defined_says_so() {
    for (value, slope) in [(f64::NAN, 1.0), (f64::INFINITY, 1.0), (1.0, f64::NAN)] {
        let f = move |_: &[f64], g: &mut [f64]| {
            g[0] = slope;
            value
        };
        each(1, f, &[1.0], Stop::default(), |name, solution| {
            assert_eq!(solution.verdict, Verdict::NotFinite, "{name}");
            assert_eq!(solution.x, [1.0]);
        });
    }
    // Defined at the start, and nowhere else.
    let f = |x: &[f64], g: &mut [f64]| {
        g[0] = 1.0;
        if x[0] == 1.0 { 5.0 } else { f64::NAN }
    };
    each(1, f, &[1.0], Stop::default(), |name, solution| {
        // Some searches go back until a step is rounded away, and see the start again.
        assert!(matches!(solution.verdict, Verdict::Search(_)), "{name}: {solution:?}");
        assert_eq!((solution.x[0], solution.value), (1.0, 5.0));
    });
}

#[test]
fn no_lower_bound_is_found_out() {
    let line = |x: &[f64], g: &mut [f64]| {
        g.fill(-1.0);
        -x.iter().sum::<f64>()
    };
    let cubic = |x: &[f64], g: &mut [f64]| {
        g.iter_mut().zip(x).for_each(|(g, x)| *g = 3.0 * x * x);
        x.iter().map(|x| x.powi(3)).sum()
    };
    let logarithm = |x: &[f64], g: &mut [f64]| {
        g[0] = 1.0 / x[0];
        if x[0] < 1e-9 { f64::NEG_INFINITY } else { x[0].ln() }
    };
    let unbounded = |name: &str, solution: &Solution<f64>| {
        assert_eq!(solution.verdict, Verdict::Unbounded, "{name}: {solution:?}");
    };
    each(2, line, &[0.0, 0.0], Stop::default(), unbounded);
    each(2, cubic, &[-1.0, -2.0], Stop::default(), unbounded);
    each(1, logarithm, &[1.0], Stop::default(), unbounded);
}

#[test]
fn negative_and_tiny_curvature_do_no_harm() {
    // cos x from near its top: yᵀs < 0 on the first steps.
    let wave = |x: &[f64], g: &mut [f64]| {
        g.iter_mut().zip(x).for_each(|(g, x)| *g = -x.sin());
        x.iter().map(|x| x.cos()).sum()
    };
    each(2, wave, &[0.01, -0.02], Stop::default(), |name, solution| {
        assert_eq!(solution.verdict, Verdict::Gradient, "{name}: {solution:?}");
        assert!((solution.value + 2.0).abs() < 1e-10, "{name}: {solution:?}");
    });
    // x⁴ scaled down until squares of its gradients are below the range of numbers.
    let tiny = |x: &[f64], g: &mut [f64]| {
        g[0] = 4e-200 * x[0].powi(3);
        1e-200 * x[0].powi(4)
    };
    let stop = Stop { gradient: 1e-3, relative: true, evaluations: 300, ..Stop::default() };
    each(1, tiny, &[2.0], stop, |_, _| ());
    let huge = |x: &[f64], g: &mut [f64]| {
        g[0] = 4e200 * x[0].powi(3);
        1e200 * x[0].powi(4)
    };
    each(1, huge, &[2.0], stop, |_, _| ());
}

#[test]
fn a_jump_ends_with_the_lower_side() {
    // |x| with a step of 1 at 0.5, downwards to the left.
    let f = |x: &[f64], g: &mut [f64]| {
        g[0] = 2.0 * x[0];
        x[0] * x[0] + if x[0] > 0.5 { 1.0 } else { 0.0 }
    };
    each(1, f, &[3.0], Stop::default(), |name, solution| {
        assert_eq!(solution.verdict, Verdict::Gradient, "{name}: {solution:?}");
        assert_eq!(solution.value, solution.x[0] * solution.x[0]);
    });
    // The same jump upwards: the minimum lies right before it, and no gradient vanishes there.
    let f = |x: &[f64], g: &mut [f64]| {
        g[0] = 1.0;
        x[0] + if x[0] < 0.5 { 1.0 } else { 0.0 }
    };
    let stop = Stop { evaluations: 300, floor: -1e3, ..Stop::default() };
    each(1, f, &[3.0], stop, |name, solution| {
        assert_ne!(solution.verdict, Verdict::Gradient, "{name}: {solution:?}");
        assert!(solution.value < 3.0, "{name}: {solution:?}");
    });
}

#[test]
fn sizes_that_do_not_fit_are_a_verdict() {
    let f = |_: &[f64], _: &mut [f64]| unreachable!("it is not asked");
    each(3, f, &[1.0, 2.0], Stop::default(), |name, solution| {
        let expected = Verdict::WrongSize { expected: 3, found: 2 };
        assert_eq!(solution.verdict, expected, "{name}");
        assert_eq!(solution.x, [1.0, 2.0]);
    });
}

#[test]
fn no_coordinates_at_all_are_solved() {
    each(
        0,
        |_, _| 3.0,
        &[],
        Stop::default(),
        |name, solution| {
            assert_eq!((solution.verdict, solution.value), (Verdict::Gradient, 3.0), "{name}");
        },
    );
}

/// Rosenbrock's valley, which takes some twenty iterations.
fn valley(x: &[f64], g: &mut [f64]) -> f64 {
    let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
    g.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
    a * a + 100.0 * b * b
}

fn solve(options: Options<'_>) -> Solution<f64> {
    let mut method = LineSearch { direction: lbfgs(10), search: StrongWolfe::default() };
    method.minimize(&mut function(2, valley), &[-1.2, 1.0], options)
}

#[test]
fn every_stop_says_that_it_was_the_one() {
    let strict = Stop { gradient: 0.0, ..Stop::default() };
    for (stop, verdict) in [
        (Stop::default(), Verdict::Gradient),
        (Stop { gradient: 1e-3, relative: true, ..strict }, Verdict::Gradient),
        (Stop { step: 1e-3, ..strict }, Verdict::Step),
        (Stop { change: 1e-3, ..strict }, Verdict::Change),
        (Stop { value: 1.0, ..strict }, Verdict::Value),
        (Stop { floor: 1.0, ..strict }, Verdict::Unbounded),
        (Stop { evaluations: 7, ..strict }, Verdict::Evaluations),
        (Stop { iterations: 3, ..strict }, Verdict::Iterations),
        (Stop { iterations: 0, ..strict }, Verdict::Iterations),
    ] {
        let solution = solve(Options::from(stop));
        assert_eq!(solution.verdict, verdict, "{stop:?}");
        assert!(stop.evaluations >= solution.counts.values);
        assert!(stop.iterations >= solution.iterations);
    }
    let seconds = Cell::new(0.0);
    let clock = || {
        seconds.set(seconds.get() + 1.0);
        seconds.get()
    };
    let stop = Stop { seconds: 5.0, ..strict };
    let solution = solve(Options { clock: Some(&clock), ..Options::from(stop) });
    assert_eq!(solution.verdict, Verdict::Time);
    assert!((1..=5).contains(&solution.counts.values));
    let mut seen = 0;
    let mut observe = |iteration: &thalweg_minimize::Iteration| {
        assert_eq!(iteration.iteration, seen);
        seen += 1;
        if seen == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let solution = solve(Options { observe: Some(&mut observe), ..Options::default() });
    assert_eq!((solution.verdict, solution.iterations, seen), (Verdict::Observer, 4, 5));
}

#[test]
fn a_short_history_spans_the_whole() {
    let whole = solve(Options::default());
    assert_eq!(whole.history.len(), whole.iterations + 1);
    for most in 2..=whole.history.len() {
        let short = solve(Options { history: most, ..Options::default() }).history;
        assert!((2..=most).contains(&short.len()) && 2 * short.len() > most, "{most}: {short:?}");
        let stride = if short.len() > 2 { short[1].iteration } else { 0 };
        let (last, rest) = short.split_last().unwrap();
        for (k, iteration) in rest.iter().enumerate() {
            assert_eq!(*iteration, whole.history[k * stride], "{most}");
        }
        assert_eq!(Some(last), whole.history.last(), "{most}");
    }
    let last = solve(Options { history: 1, ..Options::default() }).history;
    assert_eq!(last, whole.history[whole.iterations..]);
    assert!(solve(Options { history: 0, ..Options::default() }).history.is_empty());
}
