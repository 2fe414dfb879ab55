//! What every problem promises, checked for every word of the vocabulary and at several sizes.

use std::iter::zip;

use argmin_testfunctions as argmin;
use mgh::{MGH, MGHInit, MGHMin};
use thalweg_calls::Call;
use thalweg_random::Stream;
use thalweg_surfaces::{LeastSquares, MinimumKind, PROBLEMS, Problem, SURFACES, problem, surface};

/// Every word, in two sizes or more where it takes one.
const CALLS: &[&str] = &[
    "rosenbrock",
    "rosenbrock(n=10)",
    "freudenstein-roth",
    "powell-badly-scaled",
    "brown-badly-scaled",
    "beale",
    "jennrich-sampson",
    "jennrich-sampson(m=3)",
    "helical-valley",
    "bard",
    "gaussian",
    "meyer",
    "gulf",
    "gulf(m=5)",
    "gulf(m=100)",
    "box-3d",
    "box-3d(m=3)",
    "powell-singular",
    "powell-singular(n=12)",
    "wood",
    "kowalik-osborne",
    "brown-dennis",
    "brown-dennis(m=4)",
    "osborne-1",
    "biggs-exp6",
    "biggs-exp6(m=6)",
    "osborne-2",
    "watson(n=2)",
    "watson",
    "watson(n=9)",
    "watson(n=12)",
    "penalty-1(n=1)",
    "penalty-1(n=4)",
    "penalty-1",
    "penalty-2(n=1)",
    "penalty-2(n=4)",
    "penalty-2",
    "variably-dimensioned(n=1)",
    "variably-dimensioned",
    "trigonometric(n=1)",
    "trigonometric(n=5)",
    "trigonometric",
    "brown-almost-linear(n=2)",
    "brown-almost-linear",
    "brown-almost-linear(n=30)",
    "discrete-boundary-value(n=1)",
    "discrete-boundary-value(n=2)",
    "discrete-boundary-value",
    "discrete-integral-equation(n=1)",
    "discrete-integral-equation",
    "broyden-tridiagonal(n=1)",
    "broyden-tridiagonal",
    "broyden-banded(n=1)",
    "broyden-banded(n=4)",
    "broyden-banded",
    "linear-full-rank(n=1, m=1)",
    "linear-full-rank",
    "linear-rank-1(n=1, m=1)",
    "linear-rank-1",
    "linear-rank-1-zero(n=3, m=3)",
    "linear-rank-1-zero",
    "chebyquad(n=1)",
    "chebyquad(n=5)",
    "chebyquad",
    "chebyquad(n=9)",
    "chebyquad(n=10)",
    "chebyquad(n=3, m=7)",
    "sphere(n=1)",
    "sphere",
    "ellipsoid(n=2)",
    "ellipsoid",
    "quadratic(n=1)",
    "quadratic",
    "quadratic(n=7, condition=1e4, rotated=false)",
    "sum-of-powers(n=1)",
    "sum-of-powers(n=4)",
    "chained-rosenbrock(n=2)",
    "chained-rosenbrock(n=3)",
    "chained-rosenbrock(n=4)",
    "chained-rosenbrock(n=5)",
    "chained-rosenbrock",
    "dixon-price(n=2)",
    "dixon-price(n=5)",
    "trid(n=1)",
    "trid",
    "zakharov(n=1)",
    "zakharov",
    "styblinski-tang(n=1)",
    "styblinski-tang",
    "rastrigin(n=1)",
    "rastrigin",
    "ackley(n=1)",
    "ackley",
    "griewank(n=1)",
    "griewank",
    "levy(n=1)",
    "levy",
    "schwefel(n=1)",
    "schwefel",
    "himmelblau",
    "six-hump-camel",
    "ravine(k=30, rotated=true)",
    "saddle",
    "monkey-saddle",
    "plateau",
    "dupont",
    "lilipads-local-minimum",
];

fn named(call: &str) -> Box<dyn Problem> {
    problem(&call.parse().unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

fn every_problem() -> impl Iterator<Item = (&'static str, Box<dyn Problem>)> {
    CALLS.iter().map(|&call| (call, named(call)))
}

fn gradient(problem: &dyn Problem, x: &[f64]) -> Vec<f64> {
    let mut gradient = vec![f64::NAN; x.len()];
    problem.value_and_gradient(x, &mut gradient);
    gradient
}

fn hessian(problem: &dyn Problem, x: &[f64]) -> Vec<f64> {
    let mut hessian = vec![f64::NAN; x.len() * x.len()];
    problem.hessian(x, &mut hessian);
    hessian
}

fn residuals(problem: &dyn LeastSquares, x: &[f64]) -> Vec<f64> {
    let mut residuals = vec![f64::NAN; problem.residual_count()];
    problem.residuals(x, &mut residuals);
    residuals
}

fn jacobian(problem: &dyn LeastSquares, x: &[f64]) -> Vec<f64> {
    let mut jacobian = vec![f64::NAN; problem.residual_count() * x.len()];
    problem.jacobian(x, &mut jacobian);
    jacobian
}

/// Points around x, as far from it as its coordinates are large.
fn around(x: &[f64], count: u64) -> impl Iterator<Item = Vec<f64>> {
    let stream = Stream::new(5, "points");
    (0..count).map(move |point| {
        let at = point * x.len() as u64;
        zip(at.., x).map(|(at, x)| x + (stream.uniform(at) - 0.5) * 0.3 * size(*x)).collect()
    })
}

/// The scale of a coordinate.
fn size(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { x.abs() }
}

/// The start, the minima, and points around all of them. Singular minima are left out here, because they may
/// be as that of |x|³, of which differences see that the third derivative jumps.
fn points(problem: &dyn Problem) -> Vec<Vec<f64>> {
    let minima = problem.minima().into_iter().filter(|m| m.kind == MinimumKind::Regular);
    let mut points: Vec<_> =
        std::iter::once(problem.start()).chain(minima.filter_map(|minimum| minimum.at)).collect();
    let beside: Vec<_> = points.iter().flat_map(|x| around(x, 3)).collect();
    points.extend(beside);
    points
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    zip(a, b).map(|(a, b)| a * b).sum()
}

/// The derivative of f at 0 by differences of fourth order. For h = ε^(1/5) truncation, h⁴ f⁽⁵⁾/30, and
/// rounding, ε f/h, were alike; less than that allows for higher derivatives that grow fast.
fn slopes(f: impl Fn(f64) -> Vec<f64>) -> Vec<f64> {
    let h = 0.1 * f64::EPSILON.powf(0.2);
    let [a, b, c, d] = [-2.0, -1.0, 1.0, 2.0].map(|step| f(step * h));
    (0..a.len()).map(|i| (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * h)).collect()
}

/// x + t v.
fn moved(x: &[f64], t: f64, v: &[f64]) -> Vec<f64> {
    zip(x, v).map(|(x, v)| x + t * v).collect()
}

#[track_caller]
fn assert_all_close(got: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (got, expected)) in zip(got, expected).enumerate() {
        let near = (got - expected).abs() <= tolerance;
        assert!(near, "{what} [{i}]: {got:e}, expected {expected:e} ± {tolerance:e}");
    }
}

#[test]
fn gradient_is_the_derivative_of_the_value() {
    for (call, problem) in every_problem() {
        for x in points(&*problem) {
            let (gradient, scale) = (gradient(&*problem, &x), scale(&*problem, &x));
            for j in 0..x.len() {
                let mut axis = vec![0.0; x.len()];
                axis[j] = size(x[j]);
                let along = |t: f64| vec![problem.value(&moved(&x, t, &axis))];
                let what = format!("{call} at {x:?}: ∂f/∂x{j}");
                let tolerance = 1e-8 * scale + 1e-11;
                assert_all_close(&[gradient[j] * axis[j]], &slopes(along), tolerance, &what);
            }
        }
    }
}

#[test]
fn value_and_gradient_gives_the_value() {
    for (call, problem) in every_problem() {
        for x in points(&*problem) {
            let f = problem.value_and_gradient(&x, &mut vec![0.0; x.len()]);
            assert_eq!(f, problem.value(&x), "{call} at {x:?}");
        }
    }
}

#[test]
fn product_is_the_derivative_of_the_gradient() {
    let stream = Stream::new(6, "directions");
    for (call, problem) in every_problem() {
        for x in points(&*problem) {
            let v: Vec<f64> =
                zip(0.., &x).map(|(at, &x)| size(x) * (stream.uniform(at) - 0.5) * 2.0).collect();
            let mut product = vec![f64::NAN; x.len()];
            problem.hessian_product(&x, &v, &mut product);
            let expected = slopes(|t| gradient(&*problem, &moved(&x, t, &v)));
            // In units of f, for coordinates of different sizes.
            let in_units = |values: Vec<f64>| -> Vec<f64> {
                zip(values, &x).map(|(value, &x)| value * size(x)).collect()
            };
            let tolerance = 1e-7 * scale(&*problem, &x);
            let what = format!("{call} at {x:?}: H v");
            assert_all_close(&in_units(product), &in_units(expected), tolerance, &what);
        }
    }
}

/// How large f is, and its changes where x changes by its own size, by the first two derivatives.
fn scale(problem: &dyn Problem, x: &[f64]) -> f64 {
    let changes = zip(gradient(problem, x), product_scale(problem, x));
    zip(changes, x)
        .map(|((slope, curvature), &x)| (slope.abs() + curvature) * size(x))
        .fold(problem.value(x).abs(), f64::max)
}

/// Σ |Hⱼₖ| |xₖ|, the size of what a product with the Hessian adds up.
fn product_scale(problem: &dyn Problem, x: &[f64]) -> Vec<f64> {
    let hessian = hessian(problem, x);
    hessian
        .chunks_exact(x.len())
        .map(|row| zip(row, x).map(|(h, &x)| h.abs() * size(x)).sum())
        .collect()
}

#[test]
fn hessian_is_symmetric_and_agrees_with_products() {
    let stream = Stream::new(7, "directions");
    for (call, problem) in every_problem() {
        let n = problem.dimension();
        for x in points(&*problem) {
            let hessian = hessian(&*problem, &x);
            for (i, j) in (0..n).flat_map(|i| (0..i).map(move |j| (i, j))) {
                assert_eq!(hessian[i * n + j], hessian[j * n + i], "{call}: H{i}{j} at {x:?}");
            }
            let v: Vec<f64> = (0..n as u64).map(|at| stream.uniform(at) - 0.5).collect();
            let mut product = vec![f64::NAN; n];
            problem.hessian_product(&x, &v, &mut product);
            for (row, product) in zip(hessian.chunks_exact(n), product) {
                let terms: f64 = zip(row, &v).map(|(h, v)| (h * v).abs()).sum();
                // A row may be small by cancelling of what is as large as the largest entry.
                let tolerance = 1e-12 * terms + 1e-14 * largest(&hessian);
                assert_all_close(
                    &[dot(row, &v)],
                    &[product],
                    tolerance,
                    &format!("{call} at {x:?}"),
                );
            }
        }
    }
}

#[test]
fn residuals_and_jacobian_are_those_of_the_value() {
    let mut seen = 0;
    for (call, problem) in every_problem() {
        let Some(squares) = problem.least_squares() else { continue };
        seen += 1;
        let n = problem.dimension();
        for x in points(&*problem) {
            let (r, jacobian) = (residuals(squares, &x), jacobian(squares, &x));
            let f = problem.value(&x);
            assert_all_close(&[dot(&r, &r)], &[f], 1e-14 * f, &format!("{call}: Σ rᵢ² at {x:?}"));

            for (j, gradient) in gradient(&*problem, &x).into_iter().enumerate() {
                let column: Vec<f64> = jacobian.iter().skip(j).step_by(n).copied().collect();
                let terms: f64 = zip(&column, &r).map(|(a, b)| (2.0 * a * b).abs()).sum();
                let what = format!("{call}: 2 Jᵀ r at {x:?}, column {j}");
                assert_all_close(&[2.0 * dot(&column, &r)], &[gradient], 1e-13 * terms, &what);

                let mut axis = vec![0.0; n];
                axis[j] = size(x[j]);
                let along = |t: f64| residuals(squares, &moved(&x, t, &axis));
                let expected = slopes(along);
                let scaled: Vec<f64> = column.iter().map(|slope| slope * axis[j]).collect();
                let tolerance = 1e-7 * (1e-3 + largest(&r) + largest(&scaled));
                let what = format!("{call}: ∂r/∂x{j} at {x:?}");
                assert_all_close(&scaled, &expected, tolerance, &what);
            }
        }
    }
    assert!(seen >= 60, "only {seen} are sums of squares");
}

/// The start and the value of each problem of Moré, Garbow & Hillstrom in the crate `mgh`.
type Reference = (&'static str, Vec<f64>, Box<dyn Fn(&[f64]) -> f64>);

fn references() -> Vec<Reference> {
    let fixed = |call, start, value: fn(&[f64]) -> f64| (call, start, Box::new(value) as Box<_>);
    macro_rules! with_m {
        ($call:literal, $start:expr, $name:ident, $m:literal) => {
            ($call, $start, Box::new(|x: &[f64]| MGH::aux($m).$name(x)) as Box<_>)
        };
    }
    vec![
        fixed("rosenbrock", MGHInit::rosenbrock(), MGH::rosenbrock),
        fixed("freudenstein-roth", MGHInit::freudenstein_and_roth(), MGH::freudenstein_and_roth),
        fixed("powell-badly-scaled", MGHInit::powell_badly_scaled(), MGH::powell_badly_scaled),
        fixed("brown-badly-scaled", MGHInit::brown_badly_scaled(), MGH::brown_badly_scaled),
        fixed("beale", MGHInit::beale(), MGH::beale),
        with_m!("jennrich-sampson", MGHInit::jennrich_and_sampson(), jennrich_and_sampson, 10),
        fixed("helical-valley", MGHInit::hellical_valley(), MGH::hellical_valley),
        fixed("bard", MGHInit::bard(), MGH::bard),
        fixed("gaussian", MGHInit::gaussian(), MGH::gaussian),
        fixed("meyer", MGHInit::meyer(), MGH::meyer),
        with_m!(
            "gulf",
            MGHInit::gulf_research_and_development(),
            gulf_research_and_development,
            99
        ),
        with_m!("box-3d", MGHInit::box_3d(), box_3d, 10),
        fixed("powell-singular", MGHInit::powell_singular(), MGH::powell_singular),
        fixed("wood", MGHInit::wood(), MGH::wood),
        fixed("kowalik-osborne", MGHInit::kowalik_and_osborne(), MGH::kowalik_and_osborne),
        with_m!("brown-dennis", MGHInit::brown_and_dennis(), brown_and_dennis, 20),
        fixed("osborne-1", MGHInit::osborne_1(), MGH::osborne_1),
        with_m!("biggs-exp6", MGHInit::biggs_exp6(), biggs_exp6, 13),
        fixed("osborne-2", MGHInit::osborne_2(), MGH::osborne_2),
        fixed("watson(n=9)", MGHInit::watson(9), MGH::watson),
        fixed("rosenbrock(n=10)", MGHInit::extended_rosenbrock(10), MGH::extended_rosenbrock),
        fixed(
            "powell-singular(n=12)",
            MGHInit::extended_powell_singular(12),
            MGH::extended_powell_singular,
        ),
        fixed("penalty-1", MGHInit::penalty1(10), MGH::penalty1),
        fixed("penalty-2", MGHInit::penalty2(10), MGH::penalty2),
        fixed("variably-dimensioned", MGHInit::variably_dimensioned(10), MGH::variably_dimensioned),
        fixed("trigonometric", MGHInit::trigonometric(10), MGH::trigonometric),
        fixed("brown-almost-linear", MGHInit::brown_almost_linear(10), MGH::brown_almost_linear),
        fixed(
            "discrete-boundary-value",
            MGHInit::discrete_boundary_value(10),
            MGH::discrete_boundary_value,
        ),
        fixed(
            "discrete-integral-equation",
            MGHInit::discrete_integral_equation(10),
            MGH::discrete_integral_equation,
        ),
        fixed("broyden-tridiagonal", MGHInit::broyden_tridiagonal(10), MGH::broyden_tridiagonal),
        fixed("broyden-banded", MGHInit::broyden_banded(10), MGH::broyden_banded),
        with_m!("linear-full-rank", MGHInit::linear_full_rank(10), linear_full_rank, 20),
        with_m!("linear-rank-1", MGHInit::linear_rank_1(10), linear_rank_1, 20),
        with_m!("linear-rank-1-zero", MGHInit::linear_rank_1_zero(10), linear_rank_1_zero, 20),
        with_m!("chebyquad(n=10)", MGHInit::chebyquad(10), chebyquad, 10),
    ]
}

#[test]
fn the_35_of_moré_garbow_and_hillstrom_agree_with_mgh() {
    let references = references();
    assert_eq!(references.len(), 35);
    for (call, start, value) in references {
        let problem = named(call);
        assert_all_close(&problem.start(), &start, 1e-15, call);
        for x in around(&start, 20).chain([start.clone()]) {
            let (got, expected) = (problem.value(&x), value(&x));
            assert_all_close(&[got], &[expected], 1e-11 * expected, &format!("{call} at {x:?}"));
        }
    }
}

#[test]
fn what_mgh_calls_minima_are_some_digits_of_them() {
    // Three digits of Bard's minimum, which are no critical point.
    let (bard, rounded) = (named("bard"), MGHMin::bard());
    let f = bard.minima()[0].value;
    assert!(bard.value(&rounded) > f * 1.0001, "{}", bard.value(&rounded));
    assert!(largest(&gradient(&*bard, &rounded)) > 1e-4);
    // The one of Freudenstein & Roth that runs from the start do not reach.
    let roth = named("freudenstein-roth");
    assert_eq!(roth.value(&MGHMin::freudenstein_and_roth()), 0.0);
    assert!(levenberg_marquardt(roth.least_squares().unwrap(), &roth.start()).1 > 48.98);
}

#[test]
fn classical_functions_agree_with_argmin() {
    type Flat = (f64, Vec<f64>, Vec<f64>);
    type Reference = fn(&[f64]) -> Flat;
    let references: [(&str, Reference); 5] = [
        ("chained-rosenbrock(n=5)", |x| {
            let hessian = argmin::rosenbrock_hessian(x).concat();
            (argmin::rosenbrock(x), argmin::rosenbrock_derivative(x), hessian)
        }),
        ("sphere(n=4)", |x| {
            (argmin::sphere(x), argmin::sphere_derivative(x), argmin::sphere_hessian(x).concat())
        }),
        ("styblinski-tang(n=4)", |x| {
            let hessian = argmin::styblinski_tang_hessian(x).concat();
            (argmin::styblinski_tang(x), argmin::styblinski_tang_derivative(x), hessian)
        }),
        ("rastrigin(n=4)", |x| {
            let hessian = argmin::rastrigin_hessian(x).concat();
            (argmin::rastrigin(x), argmin::rastrigin_derivative(x), hessian)
        }),
        ("ackley(n=4)", |x| {
            let hessian = argmin::ackley_hessian(x).concat();
            (argmin::ackley(x), argmin::ackley_derivative(x), hessian)
        }),
    ];
    for (call, reference) in references {
        let problem = named(call);
        for x in around(&problem.start(), 20) {
            let (f, slope, curvature) = reference(&x);
            let what = format!("{call} at {x:?}");
            let close = |got: &[f64], expected: &[f64]| {
                assert_all_close(got, expected, 1e-12 * (1.0 + largest(expected)), &what);
            };
            close(&[problem.value(&x)], &[f]);
            close(&gradient(&*problem, &x), &slope);
            close(&hessian(&*problem, &x), &curvature);
        }
    }
}

/// The sum of the formula in its documentation begins with i = 1, that of its code with 2.
#[test]
fn levy_differs_from_argmin_by_the_term_that_argmin_forgets() {
    let levy = named("levy(n=4)");
    for x in around(&levy.start(), 20) {
        let w = 1.0 + (x[0] - 1.0) / 4.0;
        let forgotten =
            (w - 1.0).powi(2) * (1.0 + 10.0 * (std::f64::consts::PI * w + 1.0).sin().powi(2));
        let expected = argmin::levy(&x) + forgotten;
        assert_all_close(&[levy.value(&x)], &[expected], 1e-13 * expected, "f");
        assert!(forgotten > 0.01);
        let (got, expected) = (gradient(&*levy, &x), argmin::levy_derivative(&x));
        assert_all_close(&got[1..], &expected[1..], 1e-12, "∇f");
        let (got, expected) = (hessian(&*levy, &x), argmin::levy_hessian(&x).concat());
        assert_all_close(&got[4..], &expected[4..], 1e-12 * largest(&expected), "H");
    }
}

#[test]
fn values_at_the_start_are_those_published() {
    for (call, expected) in [
        // Moré, Garbow & Hillstrom 1981, and the table of Moré & Wild 2009 where its start is the same.
        ("rosenbrock", 24.2),
        ("helical-valley", 2500.0),
        ("powell-singular", 215.0),
        ("beale", 14.203125),
        ("wood", 19192.0),
        ("freudenstein-roth", 400.5),
        ("powell-badly-scaled", 1.135262),
        ("box-3d", 1031.154),
        ("jennrich-sampson", 4171.306),
        ("bard", 41.6817),
        ("gaussian", 3.888107e-6),
        ("meyer", 1.693608e9),
        ("kowalik-osborne", 5.313172e-3),
        ("brown-dennis", 7.926693e6),
        ("osborne-1", 0.8790263),
        ("osborne-2", 2.093420),
        ("watson", 30.0),
        ("penalty-1(n=4)", 885.0626),
        ("penalty-2(n=4)", 2.340009),
        ("chebyquad(n=8)", 0.03861770),
        ("brown-almost-linear", 273.2480),
        ("trigonometric", 7.075759e-3),
        ("linear-full-rank(n=9, m=45)", 72.0),
        ("linear-rank-1(n=7, m=35)", 1.165420e7),
        ("linear-rank-1-zero(n=7, m=35)", 4.989195e6),
    ] {
        let problem = named(call);
        assert_all_close(&[problem.value(&problem.start())], &[expected], 1e-6 * expected, call);
    }
}

#[test]
fn values_are_those_calculated_by_hand() {
    for (call, x, expected) in [
        ("sphere(n=2)", &[3.0, 4.0][..], 25.0),
        ("ellipsoid(n=3)", &[1.0, 1.0, 1.0], 1.0 + 1e3 + 1e6),
        ("quadratic(n=3, rotated=false)", &[2.0, 2.0, 2.0], 0.5 * (1.0 + 10.0 + 100.0)),
        // The reflection takes (1, 0) to (0, −1).
        ("quadratic(n=2, condition=100)", &[2.0, 1.0], 50.0),
        ("sum-of-powers(n=3)", &[-2.0, -2.0, -2.0], 4.0 + 8.0 + 16.0),
        ("dixon-price(n=2)", &[2.0, 3.0], 1.0 + 2.0 * 256.0),
        ("trid(n=3)", &[1.0, 2.0, 3.0], 0.0 + 1.0 + 4.0 - 2.0 - 6.0),
        ("zakharov(n=2)", &[1.0, 2.0], 5.0 + 6.25 + 39.0625),
        ("griewank(n=2)", &[20.0, 0.0], 1.0 + 0.1 - 20f64.cos()),
        ("griewank(n=2)", &[0.0, 20.0], 1.0 + 0.1 - (20.0 / 2f64.sqrt()).cos()),
        ("schwefel(n=1)", &[-100.0], 418.9828872724337 + 100.0 * 10f64.sin()),
    ] {
        assert_all_close(&[named(call).value(x)], &[expected], 1e-13 * expected.abs(), call);
    }
}

/// The factor L of a symmetric matrix L Lᵀ, row by row; `None` if it is not positive definite.
fn cholesky(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let rest = matrix[i * n + j] - dot(&l[i * n..i * n + j], &l[j * n..j * n + j]);
            l[i * n + j] = match i == j {
                true if rest > 0.0 => rest.sqrt(),
                true => return None,
                false => rest / l[j * n + j],
            };
        }
    }
    Some(l)
}

/// Whether the eigenvalues of the Hessian, with its diagonal scaled to 1, are all above `least`.
fn eigenvalues_exceed(least: f64, hessian: &[f64], n: usize) -> bool {
    let scale = |i: usize| match hessian[i * n + i] {
        0.0 => 1.0,
        diagonal => diagonal.abs().sqrt(),
    };
    let shifted: Vec<f64> = (0..n * n)
        .map(|at| (at / n, at % n))
        .map(|(i, j)| hessian[i * n + j] / scale(i) / scale(j) - if i == j { least } else { 0.0 })
        .collect();
    cholesky(&shifted, n).is_some()
}

#[test]
fn minima_are_what_they_say() {
    for (call, problem) in every_problem() {
        let n = problem.dimension();
        for minimum in problem.minima() {
            let Some(x) = &minimum.at else { continue };
            let what = format!("{call}: the minimum at {x:?}");
            let f = problem.value(x);
            // Values that are zero, but for roundings of the coordinates, which count squared.
            let start = problem.value(&problem.start()).abs();
            let rounding = if problem.least_squares().is_some() { 1e-20 } else { 1e-14 };
            let tolerance = 1e-11 * minimum.value.abs() + rounding * start;
            assert_all_close(&[f], &[minimum.value], tolerance, &what);
            if minimum.kind == MinimumKind::Kink {
                continue;
            }
            let hessian = hessian(&*problem, x);
            let scale = product_scale(&*problem, x);
            for (gradient, scale) in zip(gradient(&*problem, x), scale) {
                // What rounding leaves, of the coordinates and in the sums.
                let tolerance = 64.0 * f64::EPSILON * scale;
                assert_all_close(&[gradient], &[0.0], tolerance, &format!("{what}: ∇f"));
            }
            let semidefinite = eigenvalues_exceed(-1e-14, &hessian, n);
            let definite = eigenvalues_exceed(1e-14, &hessian, n);
            match minimum.kind {
                MinimumKind::Singular => assert!(semidefinite && !definite, "{what}"),
                _ => assert!(definite, "{what} is not regular"),
            }
        }
    }
}

/// Where the method of Levenberg and Marquardt ends, and the value there.
fn levenberg_marquardt(problem: &dyn LeastSquares, start: &[f64]) -> (Vec<f64>, f64) {
    let n = start.len();
    let (mut x, mut damping) = (start.to_vec(), 1e-3);
    let mut r = residuals(problem, &x);
    for _ in 0..2000 {
        let jacobian = jacobian(problem, &x);
        let column = |j: usize| jacobian.iter().skip(j).step_by(n);
        let product =
            |i: usize, j: usize| -> f64 { zip(column(i), column(j)).map(|(a, b)| a * b).sum() };
        let downhill: Vec<f64> =
            (0..n).map(|j| -zip(column(j), &r).map(|(a, b)| a * b).sum::<f64>()).collect();
        let mut normal: Vec<f64> = (0..n * n).map(|at| product(at / n, at % n)).collect();
        for i in 0..n {
            normal[i * (n + 1)] *= 1.0 + damping;
            normal[i * (n + 1)] += f64::MIN_POSITIVE;
        }
        let trial = cholesky(&normal, n).map(|l| moved(&x, 1.0, &solve(&l, &downhill)));
        let better = trial.filter(|trial| {
            let f = dot(&residuals(problem, trial), &residuals(problem, trial));
            f < dot(&r, &r)
        });
        match better {
            Some(trial) => {
                x = trial;
                r = residuals(problem, &x);
                damping /= 5.0;
            }
            None if damping > 1e12 => break,
            None => damping *= 3.0,
        }
    }
    let f = dot(&r, &r);
    (x, f)
}

/// The solution of L Lᵀ x = b.
fn solve(l: &[f64], b: &[f64]) -> Vec<f64> {
    let n = b.len();
    let mut x = b.to_vec();
    for i in 0..n {
        x[i] = (x[i] - dot(&l[i * n..i * n + i], &x[..i])) / l[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| l[j * n + i] * x[j]).sum();
        x[i] = (x[i] - known) / l[i * n + i];
    }
    x
}

#[test]
fn minima_without_a_place_are_reached_and_global_ones_are_not_undercut() {
    let mut reached = 0;
    for (call, problem) in every_problem() {
        let Some(squares) = problem.least_squares() else { continue };
        let minima = problem.minima();
        let Some(global) = minima.iter().find(|minimum| minimum.global) else { continue };
        let start = problem.start();
        let starts = around(&start, 5).chain([start.clone()]);
        let ends = starts.map(|start| levenberg_marquardt(squares, &start).1);
        let lowest = ends.fold(f64::INFINITY, f64::min);
        let rounding = 1e-10 * global.value + 1e-20 * problem.value(&start);
        assert!(lowest >= global.value - rounding, "{call}: {lowest:e} is lower");
        if global.at.is_none() {
            reached += 1;
            assert_all_close(&[lowest], &[global.value], rounding, call);
        }
    }
    assert!(reached >= 10, "only {reached} are without a place");
}

#[test]
fn the_local_minimum_of_biggs_is_a_saddle_where_its_start_leads() {
    let biggs = named("biggs-exp6");
    let slope = gradient(&*biggs, &biggs.start());
    assert_eq!((slope[0], slope[2]), (slope[4], slope[5]), "the two exponentials stay the same");

    let minimum = &biggs.minima()[1];
    let mut x = minimum.at.clone().unwrap();
    let half = (x[2] + x[5]) / 2.0;
    (x[2], x[5]) = (half, half);
    assert_all_close(&[biggs.value(&x)], &[minimum.value], 1e-15, "f");
    assert!(largest(&gradient(&*biggs, &x)) < 1e-13);
    // One grows as the other shrinks.
    let apart = [1.0, 0.0, 0.0, 0.0, -1.0, 0.0];
    let mut product = [0.0; 6];
    biggs.hessian_product(&x, &apart, &mut product);
    assert!(dot(&apart, &product) < -0.01, "{}", dot(&apart, &product));
    let down = [1e-2, -1e-2].map(|t| biggs.value(&moved(&x, t, &apart)));
    assert!(down.iter().all(|&f| f < minimum.value), "{down:?}");
}

/// Collections list it as a local minimum.
#[test]
fn dixon_and_price_fall_from_where_most_of_it_is_zero() {
    for n in 2..8 {
        let problem = named(&format!("dixon-price(n={n})"));
        let mut x = vec![0.0; n];
        x[0] = 1.0 / 3.0;
        let f = problem.value(&x);
        assert_all_close(&[f], &[2.0 / 3.0], 1e-15, "f");
        assert!(largest(&gradient(&*problem, &x)) < 1e-15, "n = {n}");
        // x₂ = 2x₃², x₃ = 2x₄², …
        x[n - 1] = 0.1;
        for i in (1..n - 1).rev() {
            x[i] = 2.0 * x[i + 1] * x[i + 1];
        }
        let rest = problem.value(&x) - (2.0 / 3.0 - 8.0 / 3.0 * x[1].powi(2));
        assert_all_close(&[rest], &[0.0], 8.0 * x[1].powi(4) + 1e-15, &format!("n = {n}"));
    }
}

#[test]
fn brown_almost_linear_is_flat_where_the_paper_has_a_minimum() {
    let brown = named("brown-almost-linear");
    let mut x = vec![0.0; 10];
    x[9] = 11.0;
    assert_eq!(brown.value(&x), 1.0);
    assert_eq!(largest(&gradient(&*brown, &x)), 0.0);
    let hessian = hessian(&*brown, &x);
    assert!(eigenvalues_exceed(-1e-14, &hessian, 10) && !eigenvalues_exceed(1e-14, &hessian, 10));
}

/// A reflection changes no eigenvalue, and the quadratic has its least and largest ones exactly.
#[test]
fn the_quadratic_has_its_condition_number() {
    let n = 6;
    for call in ["quadratic(n=6, condition=1000)", "quadratic(n=6, condition=1000, rotated=false)"]
    {
        let h = hessian(&*named(call), &vec![0.3; n]);
        let trace: f64 = (0..n).map(|i| h[i * (n + 1)]).sum();
        let eigenvalues = |i: usize| 1000f64.powf(i as f64 / 5.0);
        assert_all_close(&[trace], &[(0..n).map(eigenvalues).sum()], 1e-10, call);
        let l = cholesky(&h, n).unwrap();
        let determinant: f64 = (0..n).map(|i| l[i * (n + 1)].powi(2)).product();
        assert_all_close(&[determinant / 1e9], &[1.0], 1e-10, call);
        assert_eq!(h[1].abs() > 1.0, !call.contains("false"), "{call}: {}", h[1]);
        for (shift, positive) in [(1.0 - 1e-9, true), (1.0 + 1e-9, false)] {
            let mut shifted = h.clone();
            (0..n).for_each(|i| shifted[i * (n + 1)] -= shift);
            assert_eq!(cholesky(&shifted, n).is_some(), positive, "{call}: least eigenvalue");
            let mut shifted: Vec<f64> = h.iter().map(|h| -h).collect();
            (0..n).for_each(|i| shifted[i * (n + 1)] += 1000.0 * (2.0 - shift));
            assert_eq!(cholesky(&shifted, n).is_some(), positive, "{call}: largest eigenvalue");
        }
    }
}

#[test]
fn values_at_infinity_are_approached() {
    let bard = named("bard");
    let mean = 0.8406666666666667;
    assert_all_close(&[bard.value(&[mean, -1e12, -1e12])], &[bard.minima()[1].value], 1e-9, "bard");
    // a (u² + c u) / (1 + b u) is the limit for x = (t a, c, t b, t).
    let kowalik = named("kowalik-osborne");
    let [a, c, b, t] = [-0.035421430311486986, -14.07588340060331, 1.6030744632880345, -1e12];
    let far = [a * t, c, b * t, t];
    let expected = kowalik.minima()[1].value;
    assert_all_close(&[kowalik.value(&far)], &[expected], 1e-12, "kowalik-osborne");
}

#[test]
fn surfaces_of_the_same_name_are_the_same_functions() {
    for name in ["rosenbrock", "beale"] {
        let (problem, surface) = (named(name), surface(&name.parse().unwrap()).unwrap());
        for x in points(&*problem) {
            let p = [x[0], x[1]];
            let scale = 1.0 + largest(&product_scale(&*problem, &x));
            let close = |got: &[f64], expected: &[f64]| {
                assert_all_close(got, expected, 1e-13 * scale, name);
            };
            close(&[problem.value(&x)], &[surface.value(p)]);
            close(&gradient(&*problem, &x), &surface.gradient(p));
            close(&hessian(&*problem, &x), surface.hessian(p).as_flattened());
        }
    }
}

#[test]
fn a_million_variables_are_no_trouble() {
    let n = 1_000_000;
    for (call, product) in [
        ("rosenbrock(n=1000000)", [1810.0, 680.0]),
        ("variably-dimensioned(n=1000000)", [f64::NAN; 2]),
        ("griewank(n=1000000)", [f64::NAN; 2]),
    ] {
        let problem = named(call);
        let (start, ones) = (problem.start(), vec![1.0; n]);
        let (mut gradient, mut hv) = (vec![0.0; n], vec![0.0; n]);
        assert!(problem.value_and_gradient(&start, &mut gradient).is_finite());
        problem.hessian_product(&start, &ones, &mut hv);
        assert!(gradient.iter().chain(&hv).all(|value| value.is_finite()), "{call}");
        if product[0].is_finite() {
            assert_eq!(hv[n - 2..], product);
        }
    }
}

#[test]
fn threads_that_share_a_problem_see_the_same() {
    for call in ["chebyquad", "griewank", "trigonometric"] {
        let problem = named(call);
        let x = problem.start();
        let expected = gradient(&*problem, &x);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        assert_eq!(gradient(&*problem, &x), expected, "{call}");
                    }
                });
            }
        });
    }
}

#[test]
fn global_minima_come_first_and_nothing_listed_is_lower() {
    for (call, problem) in every_problem() {
        let minima = problem.minima();
        assert!(minima.is_sorted_by_key(|minimum| !minimum.global), "{call}");
        let mut globals = minima.iter().filter(|minimum| minimum.global);
        let Some(first) = globals.next() else { continue };
        assert!(globals.all(|other| other.value == first.value), "{call}");
        assert!(minima.iter().all(|minimum| minimum.value >= first.value), "{call}");
    }
}

#[test]
fn far_away_nothing_panics() {
    for (_, problem) in every_problem() {
        let n = problem.dimension();
        for far in [1e10, -1e10, 1e200, -1e200, f64::INFINITY, f64::NAN, 0.0] {
            let x = vec![far; n];
            problem.value(&x);
            gradient(&*problem, &x);
            hessian(&*problem, &x);
            if let Some(squares) = problem.least_squares() {
                residuals(squares, &x);
                jacobian(squares, &x);
            }
        }
    }
}

#[test]
fn the_table_holds_every_word_and_words_differ() {
    let called: Vec<String> = CALLS.iter().map(|call| call.parse::<Call>().unwrap().name).collect();
    for word in PROBLEMS.words {
        assert!(called.iter().any(|name| name == word.name), "{} is not in the table", word.name);
        assert_eq!(PROBLEMS.words.iter().filter(|other| other.name == word.name).count(), 1);
        // The defaults are in range, and `_` is `-`.
        named(&word.name.replace('-', "_"));
    }
    for word in SURFACES.words {
        assert_eq!(named(word.name).dimension(), 2, "{} is no problem", word.name);
    }
    let mut formulas: Vec<_> = PROBLEMS.words.iter().map(|w| named(w.name).formula()).collect();
    formulas.sort_unstable();
    formulas.dedup();
    assert_eq!(formulas.len(), PROBLEMS.words.len());
}

#[test]
fn a_wrong_call_says_what_to_do() {
    for (text, message) in [
        ("wod", "unknown problem 'wod': did you mean 'wood'?"),
        ("rosenbrock(n=3)", "rosenbrock(n=3): n must be a multiple of 2"),
        ("rosenbrock(n=0)", "rosenbrock(n=0): n must be a whole number from 1"),
        ("rosenbrock(n=1e9)", "rosenbrock(n=1000000000): n must be from 2 to 100000000"),
        ("powell_singular(n=6)", "powell-singular(n=6): n must be a multiple of 4"),
        ("watson(n=32)", "watson(n=32): n must be from 2 to 31"),
        ("linear-rank-1(n=9, m=8)", "linear-rank-1(m=8): m must be from 9 to 100000000"),
        ("chebyquad(n=9, m=8)", "chebyquad(m=8): m must be from 9 to 1000"),
        ("gulf(m=101)", "gulf(m=101): m must be from 3 to 100"),
        ("quadratic(condition=0)", "quadratic(condition=0): condition must be a number above 0"),
        ("quadratic(condition=0.5)", "quadratic(condition=0.5): condition must be a number from 1"),
        ("ravine(k=-1)", "ravine(k=-1): k must be a number above 0"),
    ] {
        let error = problem(&text.parse::<Call>().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}
