//! An iteration allocates nothing.

use std::ops::ControlFlow;

use thalweg_allocations::of_this_thread;
use thalweg_minimize::direction::{
    Beta, ConjugateGradient, SteepestDescent, bfgs, lbfgs, newton, newton_cg, saddle_free_newton,
};
use thalweg_minimize::search::{Backtracking, HagerZhang, MoreThuente, Search, StrongWolfe};
use thalweg_minimize::{
    Gradient, Hessian, Iteration, LbfgsB, LevenbergMarquardt, LineSearch, Method, Objective,
    Options, Products, Residuals, Stop, TrustRegion,
};

/// Rosenbrock's valley in 40 coordinates, pairwise.
struct Valley;

const N: usize = 40;

impl Objective for Valley {
    fn dimension(&self) -> usize {
        N
    }
}

impl Gradient<f64> for Valley {
    fn value_and_gradient(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
        let mut value = 0.0;
        for (x, g) in x.chunks_exact(2).zip(g.chunks_exact_mut(2)) {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            (g[0], g[1]) = (-2.0 * a - 400.0 * x[0] * b, 200.0 * b);
            value += a * a + 100.0 * b * b;
        }
        value
    }
}

impl Hessian<f64> for Valley {
    fn hessian(&mut self, x: &[f64], h: &mut [f64]) {
        h.fill(0.0);
        for (i, x) in x.chunks_exact(2).enumerate() {
            let at = 2 * i * (N + 1);
            h[at] = 2.0 - 400.0 * (x[1] - 3.0 * x[0] * x[0]);
            (h[at + 1], h[at + N]) = (-400.0 * x[0], -400.0 * x[0]);
            h[at + N + 1] = 200.0;
        }
    }
}

impl Products<f64> for Valley {
    fn product(&mut self, x: &[f64], v: &[f64], hv: &mut [f64]) {
        for (i, x) in x.chunks_exact(2).enumerate() {
            let (v, hv) = (&v[2 * i..], &mut hv[2 * i..]);
            hv[0] = (2.0 - 400.0 * (x[1] - 3.0 * x[0] * x[0])) * v[0] - 400.0 * x[0] * v[1];
            hv[1] = -400.0 * x[0] * v[0] + 200.0 * v[1];
        }
    }
}

impl Residuals<f64> for Valley {
    fn residual_count(&self) -> usize {
        N
    }

    fn residuals(&mut self, x: &[f64], r: &mut [f64]) {
        for (x, r) in x.chunks_exact(2).zip(r.chunks_exact_mut(2)) {
            r.copy_from_slice(&[10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]);
        }
    }

    fn jacobian(&mut self, x: &[f64], j: &mut [f64]) {
        j.fill(0.0);
        for (i, x) in x.chunks_exact(2).enumerate() {
            let at = 2 * i * (N + 1);
            (j[at], j[at + 1], j[at + N]) = (-20.0 * x[0], 10.0, -1.0);
        }
    }
}

/// The allocations from the observation of the start to that of the last of `iterations`, among them what the method
/// takes before the first.
fn allocations<M: Method<f64, Valley>>(method: &mut M, iterations: usize) -> usize {
    let start: Vec<f64> = (0..N).map(|i| [-1.2, 1.0][i % 2] + 0.01 * i as f64).collect();
    let (mut first, mut last) = (0, 0);
    let mut observe = |iteration: &Iteration| {
        if iteration.iteration == 0 {
            first = of_this_thread();
        }
        last = of_this_thread();
        ControlFlow::Continue(())
    };
    let stop = Stop { iterations, gradient: 1e-12, ..Stop::default() };
    // A history so short that it has to be thinned out.
    let options = Options { observe: Some(&mut observe), history: 8, ..Options::from(stop) };
    let solution = method.minimize(&mut Valley, &start, options);
    assert_eq!(solution.iterations, iterations, "{}", solution.verdict);
    last - first
}

fn allocates_nothing<M: Method<f64, Valley>>(name: &str, mut method: M) {
    // A direction keeps its memory for the next minimization.
    let [_, one, many] = [1, 1, 12].map(|iterations| allocations(&mut method, iterations));
    assert_eq!(one, many, "{name}");
}

#[test]
fn first_order_methods_allocate_nothing_in_an_iteration() {
    let searches: [fn() -> Box<dyn Search>; 4] = [
        || Box::new(StrongWolfe::default()),
        || Box::new(MoreThuente::default()),
        || Box::new(HagerZhang::default()),
        || Box::new(Backtracking::default()),
    ];
    for search in searches {
        let name = format!("{:?}", search());
        allocates_nothing(&name, LineSearch { direction: lbfgs(5), search: search() });
        allocates_nothing(&name, LineSearch { direction: bfgs(), search: search() });
        allocates_nothing(&name, LineSearch { direction: SteepestDescent, search: search() });
        for beta in [Beta::FletcherReeves, Beta::PolakRibiere, Beta::HagerZhang] {
            let direction = ConjugateGradient { beta };
            allocates_nothing(&name, LineSearch { direction, search: search() });
        }
    }
}

#[test]
fn a_method_with_bounds_allocates_nothing_in_an_iteration() {
    let upper = (0..N).map(|i| [0.9, f64::INFINITY][i % 2]).collect();
    let method = LbfgsB::new(5, vec![-2.0; N], upper, StrongWolfe::default()).unwrap();
    allocates_nothing("lbfgs-b", method);
}

#[test]
fn methods_of_second_order_allocate_nothing_in_an_iteration() {
    let search = StrongWolfe::default();
    allocates_nothing("newton", LineSearch { direction: newton(), search });
    allocates_nothing("newton-cg", LineSearch { direction: newton_cg(200), search });
    let direction = saddle_free_newton();
    allocates_nothing("saddle-free-newton", LineSearch { direction, search });
    allocates_nothing("trust-region", TrustRegion::default());
    allocates_nothing("levenberg-marquardt", LevenbergMarquardt::default());
}
