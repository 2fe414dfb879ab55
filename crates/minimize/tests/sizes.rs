//! From one coordinate to ten million, in both precisions.

use thalweg_minimize::direction::{Beta, ConjugateGradient, SteepestDescent, bfgs, lbfgs};
use thalweg_minimize::search::{HagerZhang, MoreThuente, StrongWolfe};
use thalweg_minimize::{LineSearch, Method, Options, Solution, Stop, function};

/// Σ (1 − x)² + 10 (y − x²)², pairwise, with a constant curvature of its own in each pair; in `f64`.
fn valleys(x: &[f64], g: &mut [f64]) -> f64 {
    let mut value = 0.0;
    for (i, (x, g)) in x.chunks_exact(2).zip(g.chunks_exact_mut(2)).enumerate() {
        let k = 1.0 + (i % 7) as f64;
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        (g[0], g[1]) = (-2.0 * a - 4.0 * k * x[0] * b, 2.0 * k * b);
        value += a * a + k * b * b;
    }
    value
}

fn solve(n: usize, memory: usize) -> Solution<f64> {
    let start: Vec<f64> = (0..n).map(|i| [-1.2, 1.0][i % 2]).collect();
    let mut method = LineSearch { direction: lbfgs(memory), search: StrongWolfe::default() };
    let options = Options { history: 0, ..Options::from(Stop::default()) };
    method.minimize(&mut function(n, valleys), &start, options)
}

#[test]
fn many_coordinates_take_as_many_steps_as_a_few() {
    for n in [14, 1000, 100_002] {
        let solution = solve(n, 10);
        assert!(solution.is_solved(), "{n}: {}", solution.verdict);
        assert!(solution.x.iter().all(|x| (x - 1.0).abs() < 1e-5), "{n}");
        assert!(solution.counts.values < 120, "{n}: {:?}", solution.counts);
    }
}

/// Ten million coordinates of 8 bytes are 80 MB; L-BFGS with a memory of 3 holds 2·3 vectors, and the loop 8, and
/// the last of them is touched only if a value rises: 1.1 GB.
#[test]
fn ten_million_coordinates_are_solved() {
    let solution = solve(10_000_000, 3);
    assert!(solution.is_solved(), "{}", solution.verdict);
    assert!(solution.x.iter().all(|x| (x - 1.0).abs() < 1e-5));
}

#[test]
fn one_coordinate_is_enough() {
    // e^x − 2x, least at ln 2.
    let f = |x: &[f64], g: &mut [f64]| {
        g[0] = x[0].exp() - 2.0;
        x[0].exp() - 2.0 * x[0]
    };
    let solved = |solution: Solution<f64>| {
        assert!(solution.is_solved(), "{}", solution.verdict);
        assert!((solution.x[0] - 2f64.ln()).abs() < 1e-6);
        assert!(solution.counts.values <= 40);
    };
    let search = StrongWolfe::default();
    for start in [[-30.0], [0.0], [20.0]] {
        let options = || Options::from(Stop::default());
        let f = &mut function(1, f);
        solved(LineSearch { direction: lbfgs(10), search }.minimize(f, &start, options()));
        solved(LineSearch { direction: bfgs(), search }.minimize(f, &start, options()));
        solved(LineSearch { direction: SteepestDescent, search }.minimize(f, &start, options()));
        let direction = ConjugateGradient { beta: Beta::HagerZhang };
        solved(LineSearch { direction, search }.minimize(f, &start, options()));
    }
}

#[test]
fn single_precision_gets_as_far_as_its_digits() {
    let f = |x: &[f32], g: &mut [f32]| {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        g.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
        f64::from(a * a + 100.0 * b * b)
    };
    let stop = Stop { gradient: 1e-3, ..Stop::default() };
    let f = &mut function(2, f);
    let near = |solution: Solution<f32>| {
        assert!(solution.is_solved(), "{}", solution.verdict);
        assert!(solution.x.iter().all(|x| (x - 1.0).abs() < 1e-2), "{:?}", solution.x);
        assert!(solution.counts.values < 120);
    };
    let start = [-1.2, 1.0];
    let (direction, search) = (lbfgs::<f32>(10), StrongWolfe::default());
    near(LineSearch { direction, search }.minimize(f, &start, stop.into()));
    let search = MoreThuente::default();
    near(LineSearch { direction: bfgs(), search }.minimize(f, &start, stop.into()));
    let search = HagerZhang::default();
    near(LineSearch { direction: bfgs(), search }.minimize(f, &start, stop.into()));
}

#[test]
fn the_bits_are_the_same_each_time() {
    let [first, second] = [solve(1000, 5), solve(1000, 5)];
    assert_eq!(first, second);
}
