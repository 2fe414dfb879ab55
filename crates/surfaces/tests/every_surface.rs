//! What every surface promises, checked for every word of the vocabulary.

use argmin_testfunctions as argmin;
use thalweg_calls::Call;
use thalweg_random::Stream;
use thalweg_surfaces::{CriticalKind, CriticalPoint, SURFACES, Surface, surface};

type Point = [f64; 2];
type Matrix = [[f64; 2]; 2];

/// Every word with its defaults, and other arguments where a word takes some.
fn every_surface() -> impl Iterator<Item = (String, Box<dyn Surface>)> {
    let bare = SURFACES.words.iter().map(|word| word.name.to_owned());
    let others = ["ravine(k=1)", "ravine(k=1000)", "ravine(k=0.1)", "ravine(k=100, rotated=true)"];
    bare.chain(others.map(str::to_owned)).map(|call| (call.clone(), named(&call)))
}

fn named(call: &str) -> Box<dyn Surface> {
    surface(&call.parse().unwrap()).unwrap()
}

/// Points spread evenly over the window of the surface.
fn points(surface: &dyn Surface) -> impl Iterator<Item = Point> {
    let domain = surface.domain();
    let stream = Stream::new(1, "points");
    (0..500).map(move |i| {
        std::array::from_fn(|axis| {
            let [low, high] = domain[axis];
            low + (high - low) * stream.uniform(2 * i + axis as u64)
        })
    })
}

fn norm([x, y]: Point) -> f64 {
    x.hypot(y)
}

/// The eigenvalues of a symmetric matrix, the smaller one first.
fn eigenvalues([[a, b], [_, d]]: Matrix) -> [f64; 2] {
    let (middle, radius) = ((a + d) / 2.0, ((a - d) / 2.0).hypot(b));
    [middle - radius, middle + radius]
}

fn newton_step(surface: &dyn Surface, p: Point) -> Point {
    let ([gx, gy], [[a, b], [c, d]]) = (surface.gradient(p), surface.hessian(p));
    let determinant = a * d - b * c;
    [(b * gy - d * gx) / determinant, (c * gx - a * gy) / determinant]
}

#[track_caller]
fn assert_close(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got:e}, expected {expected:e}");
}

#[test]
fn gradient_and_hessian_are_the_derivatives() {
    for (name, surface) in every_surface() {
        for p in points(&*surface) {
            let (value, gradient, hessian) =
                (surface.value(p), surface.gradient(p), surface.hessian(p));
            assert_eq!(
                hessian[0][1], hessian[1][0],
                "{name}: the Hessian at {p:?} is not symmetric"
            );
            let scale = 1.0 + value.abs() + norm(gradient) + hessian.as_flattened()[0].abs();
            for axis in 0..2 {
                // Central differences, their error being h² f‴/6 and ε f/h: h = ∛ε balances them.
                let h = f64::EPSILON.cbrt() * (1.0 + p[axis].abs());
                let beside = |h: f64| {
                    let mut q = p;
                    q[axis] += h;
                    q
                };
                let slope = (surface.value(beside(h)) - surface.value(beside(-h))) / (2.0 * h);
                assert_close(gradient[axis], slope, 1e-7 * scale, &format!("{name}: ∇f at {p:?}"));
                let [ahead, behind] = [h, -h].map(|h| surface.gradient(beside(h)));
                for row in 0..2 {
                    let slope = (ahead[row] - behind[row]) / (2.0 * h);
                    assert_close(
                        hessian[row][axis],
                        slope,
                        1e-7 * scale,
                        &format!("{name}: H at {p:?}"),
                    );
                }
            }
        }
    }
}

#[test]
fn classical_functions_agree_with_argmin() {
    type Reference = fn(&Point) -> (f64, Point, Matrix);
    let references: [(&str, Reference); 3] = [
        ("rosenbrock", |p| {
            (
                argmin::rosenbrock(p),
                argmin::rosenbrock_derivative_const(p),
                argmin::rosenbrock_hessian_const(p),
            )
        }),
        ("beale", |p| (argmin::beale(p), argmin::beale_derivative(p), argmin::beale_hessian(p))),
        ("himmelblau", |p| {
            (argmin::himmelblau(p), argmin::himmelblau_derivative(p), argmin::himmelblau_hessian(p))
        }),
    ];
    for (name, reference) in references {
        let surface = named(name);
        for p in points(&*surface) {
            let (value, gradient, hessian) = reference(&p);
            let expected = [&[value][..], &gradient, hessian.as_flattened()].concat();
            let (gradient, hessian) = (surface.gradient(p), surface.hessian(p));
            let got = [&[surface.value(p)][..], &gradient, hessian.as_flattened()].concat();
            // The expanded polynomials of the reference cancel where y is large.
            let scale = 1.0 + expected.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
            for (got, expected) in std::iter::zip(got, expected) {
                assert_close(got, expected, 1e-13 * scale, &format!("{name} at {p:?}"));
            }
        }
    }
}

#[test]
fn values_are_those_published_or_computed_by_hand() {
    for (name, p, expected) in [
        // Moré, Garbow & Hillstrom 1981, problems 1 and 5.
        ("rosenbrock", [-1.2, 1.0], 24.2),
        ("beale", [1.0, 1.0], 14.203125),
        ("himmelblau", [0.0, 0.0], 170.0),
        // Sums by hand: 14.25² + 84.375² + 402.9375², and e⁻⁵ for a well seen from the origin.
        ("beale", [-4.5, 4.5], 169_680.832_031_25),
        ("dupont", [0.0, 0.0], -5.0 * (-5f64).exp()),
        ("dupont", [1.0, 0.5], 1.25 - 2.0 * (-1.25f64).exp() - 3.0 * (-21.25f64).exp()),
        ("lilipads-local-minimum", [0.0, 0.0], -8.0 * (-5f64).exp()),
        (
            "lilipads-local-minimum",
            [1.0, 0.5],
            1.49 - 2.0 * (-2.45f64).exp() - 6.0 * (-22.45f64).exp(),
        ),
        ("plateau", [6.0, 0.0], 1.0 - (-18f64).exp()),
        ("ravine(k=100)", [10.0, 1.0], 100.0),
        ("saddle", [3.0, 2.0], 5.0),
        ("monkey-saddle", [2.0, 1.0], 2.0),
        ("six-hump-camel", [0.0, 1.0], 0.0),
        ("six-hump-camel", [1.0, 1.0], 97.0 / 30.0),
    ] {
        let got = named(name).value(p);
        assert_close(got, expected, 1e-10 * (1.0 + expected.abs()), &format!("{name} at {p:?}"));
    }
}

#[test]
fn critical_points_are_what_they_say() {
    for (name, surface) in every_surface() {
        for CriticalPoint { at, value, kind } in surface.critical_points() {
            let what = format!("{name} at {at:?}");
            let [low, high] = eigenvalues(surface.hessian(at));
            let steepness = low.abs().max(high.abs());
            // What rounding the coordinates to f64 leaves of the gradient.
            let rounding = 8.0 * f64::EPSILON * (1.0 + steepness) * (1.0 + norm(at));
            assert_close(norm(surface.gradient(at)), 0.0, rounding, &format!("{what}: ‖∇f‖"));
            assert_close(surface.value(at), value, 1e-14 * (1.0 + value.abs()), &what);

            let zero = 1e-12;
            let found = match (low, high) {
                _ if low.abs() <= zero || high.abs() <= zero => CriticalKind::Degenerate,
                _ if low > 0.0 => CriticalKind::Minimum { global: is_lowest(&*surface, value) },
                _ if high < 0.0 => CriticalKind::Maximum,
                _ => CriticalKind::Saddle,
            };
            assert_eq!(found, kind, "{what}: eigenvalues {low} and {high}");
        }
    }
}

/// Whether the surface is nowhere seen lower.
fn is_lowest(surface: &dyn Surface, value: f64) -> bool {
    let seen = surface.critical_points().into_iter().map(|point| point.at).chain(points(surface));
    seen.map(|p| surface.value(p)).all(|other| value <= other + 1e-13)
}

/// The gradient turns round the border of the window as often as the indices inside add up to, by the
/// theorem of Poincaré and Hopf: 1 for a minimum or maximum, −1 for a saddle.
#[test]
fn indices_add_up_to_the_turns_of_the_gradient() {
    for (name, surface) in every_surface() {
        let indices = surface.critical_points().into_iter().map(|point| match point.kind {
            CriticalKind::Minimum { .. } | CriticalKind::Maximum => 1.0,
            CriticalKind::Saddle => -1.0,
            // The only one is the monkey saddle, where the gradient is 3 z̄² for z = x + iy.
            CriticalKind::Degenerate => -2.0,
        });
        let border: Vec<Point> = border(surface.domain()).collect();
        let next = border.iter().cycle().skip(1);
        let turns: f64 =
            std::iter::zip(&border, next).map(|(&p, &q)| turns_between(&*surface, p, q)).sum();
        assert_close(indices.sum(), turns, 1e-9, &name);
    }
}

/// By how many turns the gradient changes its direction from p to q. Where it turns fast, as across the
/// floor of a valley, the way is halved until each part is far from half a turn.
fn turns_between(surface: &dyn Surface, p: Point, q: Point) -> f64 {
    let (a, b) = (surface.gradient(p), surface.gradient(q));
    let turn = (a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1]);
    if turn.abs() < 0.5 {
        return turn / std::f64::consts::TAU;
    }
    let middle = [(p[0] + q[0]) / 2.0, (p[1] + q[1]) / 2.0];
    turns_between(surface, p, middle) + turns_between(surface, middle, q)
}

/// Points round the window, anticlockwise.
fn border([[left, right], [bottom, top]]: Matrix) -> impl Iterator<Item = Point> {
    let corners = [[left, bottom], [right, bottom], [right, top], [left, top]];
    let per_side = 1000;
    (0..4 * per_side).map(move |i| {
        let ([ax, ay], [bx, by]) = (corners[i / per_side], corners[(i / per_side + 1) % 4]);
        let t = (i % per_side) as f64 / per_side as f64;
        [ax + t * (bx - ax), ay + t * (by - ay)]
    })
}

/// Newton's method, which is drawn to critical points of every kind, finds the listed ones and no others.
#[test]
fn no_critical_point_is_missing() {
    for (name, surface) in every_surface() {
        let listed = surface.critical_points();
        let mut found = vec![false; listed.len()];
        let inside = |p: Point| {
            std::iter::zip(p, surface.domain()).all(|(x, [low, high])| low <= x && x <= high)
        };
        assert!(
            listed.iter().all(|point| inside(point.at)),
            "{name}: a point is outside the window"
        );
        assert!(inside(surface.start()), "{name}: the start is outside the window");
        let limits = points(&*surface).filter_map(|p| newton_limit(&*surface, p));
        for limit in limits.filter(|&p| inside(p)) {
            let near = |point: &CriticalPoint| {
                norm([point.at[0] - limit[0], point.at[1] - limit[1]]) < 1e-8
            };
            let place = listed.iter().position(near);
            found[place.unwrap_or_else(|| panic!("{name}: {limit:?} is not listed"))] = true;
        }
        assert!(found.iter().all(|&found| found), "{name}: reached {found:?} of {listed:?}");
    }
}

fn newton_limit(surface: &dyn Surface, start: Point) -> Option<Point> {
    let mut p = start;
    for _ in 0..100 {
        let [dx, dy] = newton_step(surface, p);
        p = [p[0] + dx, p[1] + dy];
        if norm([dx, dy]) < 1e-10 {
            return Some(p);
        }
    }
    None
}

#[test]
fn rosenbrock_has_the_condition_number_of_the_books() {
    let [low, high] = eigenvalues(named("rosenbrock").hessian([1.0, 1.0]));
    assert_eq!((high / low).round(), 2508.0);
}

#[test]
fn the_rotated_ravine_is_the_same_ravine() {
    let (straight, rotated) = (named("ravine(k=30)"), named("ravine(k=30, rotated=true)"));
    let (sin, cos) = std::f64::consts::FRAC_PI_4.sin_cos();
    let rotate = |[x, y]: Point| [cos * x - sin * y, sin * x + cos * y];
    for p in points(&*straight).chain([straight.start()]) {
        let (expected, turned) = (rotate(straight.gradient(p)), rotated.gradient(rotate(p)));
        assert_close(rotated.value(rotate(p)), straight.value(p), 1e-11, "f");
        assert_close(turned[0], expected[0], 1e-11, "∂f/∂x");
        assert_close(turned[1], expected[1], 1e-11, "∂f/∂y");
    }
    let [start, turned] = [rotate(straight.start()), rotated.start()];
    assert_close(norm([start[0] - turned[0], start[1] - turned[1]]), 0.0, 1e-14, "start");
}

#[test]
fn the_plateau_is_flat_where_a_run_starts_and_exact_where_it_ends() {
    let plateau = named("plateau");
    assert_close(norm(plateau.gradient(plateau.start())), 9.138e-8, 1e-11, "‖∇f‖");
    let tiny = 1e-10;
    assert_close(plateau.value([tiny, 0.0]) / (0.5 * tiny * tiny), 1.0, 1e-15, "f / ½x²");
}

#[test]
fn underscores_are_read_as_hyphens() {
    let [a, b] = ["six-hump-camel", "six_hump_camel"].map(|name| named(name).formula());
    assert_eq!(a, b);
}

#[test]
fn formulas_tell_surfaces_apart() {
    let mut formulas: Vec<&str> =
        SURFACES.words.iter().map(|word| named(word.name).formula()).collect();
    formulas.sort_unstable();
    formulas.dedup();
    assert_eq!(formulas.len(), SURFACES.words.len());
}

#[test]
fn a_wrong_call_says_what_to_do() {
    for (text, message) in [
        ("rosenbrok", "unknown surface 'rosenbrok': did you mean 'rosenbrock'?"),
        ("six_hump_camle", "unknown surface 'six-hump-camle': did you mean 'six-hump-camel'?"),
        ("ravine(k=0)", "ravine(k=0): k must be a number above 0"),
        ("ravine(k=true)", "ravine(k=true): k must be a number above 0"),
        ("ravine(rotated=45)", "ravine(rotated=45): rotated must be true or false"),
        ("ravine(kappa=10)", "ravine has no argument 'kappa': known are k, rotated"),
        ("beale(1)", "beale: takes at most 0 arguments without a name"),
    ] {
        assert_eq!(surface(&text.parse::<Call>().unwrap()).unwrap_err().to_string(), message);
    }
}
