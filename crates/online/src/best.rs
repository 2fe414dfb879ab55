//! The best fixed point: the minimum of a smooth convex F over a convex set, with a certificate.
//!
//! ```text
//! gap(θ) = max_{z ∈ K} ∇F(θ)·(θ − z)  ≥  F(θ) − min_K F
//!
//! d = Π(θ − λ∇F) − θ          λ = sᵀs/sᵀy of the last step
//! θ ← θ + αd                  F(θ + αd) ≤ max of the last ten F + 10⁻⁴ α ∇F·d
//! ```
//!
//! The gap bounds what any other point of the set could win, because F lies above its tangent plane; the plane is
//! lowest at a point that is known for each [`Set`]. Frank & Wolfe, *An algorithm for quadratic programming*, Naval
//! Research Logistics Quarterly 3, 1956; Jaggi, *Revisiting Frank-Wolfe*, ICML 2013, equation 2.
//!
//! Within a box the way there is L-BFGS-B. Within the others, and where that ends too early, it is the spectral
//! projected gradient: Birgin, Martínez & Raydan, *Nonmonotone spectral projected gradient methods on convex sets*,
//! SIAM J. Optim. 10(4), 2000, algorithm SPG2, <https://doi.org/10.1137/S1052623497330963>.

use std::cell::Cell;
use std::ops::ControlFlow;

use thalweg_minimize::search::StrongWolfe;
use thalweg_minimize::{Gradient, Iteration, LbfgsB, Method, Options, Stop, function};
use thalweg_sets::Set;

use crate::vector::dot;

/// The best fixed point of some rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Σ f_s there.
    pub value: f64,
    /// The optimality residual: no point of the set has a sum that is lower by more than this. 0 where the minimum
    /// is known in closed form.
    pub gap: f64,
    /// The point.
    pub point: Vec<f64>,
}

impl Best {
    fn is_found(&self) -> bool {
        self.gap <= SOLVED * self.value.abs().max(1.0)
    }
}

/// A gap of this share of max(1, |F|) is none.
const SOLVED: f64 = 1e-11;

/// What is tried at most; the gap says what was reached.
const TURNS: usize = 8;
const EVALUATIONS: usize = 2000;
const ITERATIONS: usize = 2000;

/// How many values a new one is compared with.
const LOOKS_BACK: usize = 10;

/// Steps without a smaller gap, after which rounding is all that moves.
const PATIENCE: usize = 200;

/// The minimum of F over the set, looked for from a point of it.
pub(crate) fn minimum(set: Set, f: &mut impl Gradient<f64>, start: &[f64]) -> Best {
    let mut best = match set {
        Set::Box { low, high } => quasi_newton(low, high, f, start),
        _ => spectral(set, f, start),
    };
    // One way often goes on where the other is held up.
    for _ in 0..TURNS {
        if best.is_found() {
            break;
        }
        let other = spectral(set, f, &best.point);
        best = if other.gap < best.gap { other } else { best };
        if let (Set::Box { low, high }, false) = (set, best.is_found()) {
            let other = quasi_newton(low, high, f, &best.point);
            best = if other.gap < best.gap { other } else { best };
        }
    }
    best
}

/// L-BFGS-B, until the gap is closed, or the projected gradient is as good as 0.
fn quasi_newton(low: f64, high: f64, f: &mut impl Gradient<f64>, start: &[f64]) -> Best {
    let n = start.len();
    let set = Set::Box { low, high };
    let mut z = vec![0.0; n];
    let mut best = Best { value: f64::INFINITY, gap: f64::INFINITY, point: start.to_vec() };
    let is_found = Cell::new(false);
    let mut watched = function(n, |x: &[f64], g: &mut [f64]| {
        let value = f.value_and_gradient(x, g);
        let gap = gap(set, x, g, &mut z);
        if gap < best.gap {
            (best.value, best.gap) = (value, gap);
            best.point.copy_from_slice(x);
            is_found.set(best.is_found());
        }
        value
    });
    let mut observe = |_: &Iteration| match is_found.get() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let stop = Stop { gradient: 1e-13, evaluations: EVALUATIONS, ..Stop::default() };
    let options = Options { stop, observe: Some(&mut observe), ..Options::default() };
    LbfgsB::new(20, vec![low; n], vec![high; n], StrongWolfe::default())
        .expect("a box has room")
        .minimize(&mut watched, start, options);
    best
}

/// The spectral projected gradient, until the gap is closed.
fn spectral(set: Set, f: &mut impl Gradient<f64>, start: &[f64]) -> Best {
    let n = start.len();
    let mut x = start.to_vec();
    let (mut g, mut d, mut next, mut next_g) =
        (vec![0.0; n], vec![0.0; n], x.clone(), vec![0.0; n]);
    let mut value = f.value_and_gradient(&x, &mut g);
    let mut best = Best { value, gap: gap(set, &x, &g, &mut d), point: x.clone() };
    let mut last = [f64::NEG_INFINITY; LOOKS_BACK];
    let mut λ = 1.0 / dot(&g, &g).sqrt().max(1e-300);
    let mut since = 0;
    for k in 0..ITERATIONS {
        if best.is_found() || since > PATIENCE {
            break;
        }
        last[k % LOOKS_BACK] = value;
        let most = last.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for i in 0..n {
            d[i] = x[i] - λ * g[i];
        }
        set.project(&mut d);
        d.iter_mut().zip(&x).for_each(|(d, x)| *d -= x);
        let slope = dot(&g, &d);
        let Some(next_value) = search(f, &x, &d, most, value, slope, &mut next, &mut next_g) else {
            break;
        };
        let (mut ss, mut sy) = (0.0, 0.0);
        for i in 0..n {
            let (s, y) = (next[i] - x[i], next_g[i] - g[i]);
            ss += s * s;
            sy += s * y;
        }
        λ = if sy > 0.0 { (ss / sy).clamp(1e-30, 1e30) } else { 1e30 };
        std::mem::swap(&mut x, &mut next);
        std::mem::swap(&mut g, &mut next_g);
        value = next_value;
        let gap = gap(set, &x, &g, &mut d);
        since += 1;
        if gap < best.gap {
            (best.value, best.gap, since) = (value, gap, 0);
            best.point.clone_from(&x);
        }
    }
    best
}

/// α from 1 downwards; next ← x + αd. `None` if no step is short enough.
#[expect(clippy::too_many_arguments, reason = "a search along a line within memory that is there")]
fn search(
    f: &mut impl Gradient<f64>,
    x: &[f64],
    d: &[f64],
    most: f64,
    value: f64,
    slope: f64,
    next: &mut [f64],
    next_g: &mut [f64],
) -> Option<f64> {
    // What rounding does to a sum of losses.
    let slack = 1e-15 * value.abs().max(1.0);
    let mut α = 1.0;
    for _ in 0..60 {
        for i in 0..x.len() {
            next[i] = x[i] + α * d[i];
        }
        let there = f.value_and_gradient(next, next_g);
        if there <= most + 1e-4 * α * slope + slack {
            return Some(there);
        }
        // The minimum of the parabola through both values, unless it is next to one of the ends.
        let parabola = -0.5 * α * α * slope / (there - value - α * slope);
        α = if (0.1..0.9 * α).contains(&parabola) { parabola } else { 0.5 * α };
    }
    None
}

/// ∇F(x)·x − min_{z ∈ K} ∇F(x)·z; the memory is overwritten.
fn gap(set: Set, x: &[f64], g: &[f64], z: &mut [f64]) -> f64 {
    let lowest = set.lowest(g, z);
    (dot(g, x) - lowest).max(0.0)
}
