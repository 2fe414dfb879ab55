//! Least squares: steps between Gauss and Newton's, which believes that residuals are linear, and the gradient's.
//!
//! ```text
//! f = ‖r‖²,  J = ∂r/∂x,  ∇f = 2Jᵀr
//! p:   min ‖Jp + r‖² + λ‖Dp‖²             D_j the largest norm that column j of J has had
//! ρ = (f(x) − f(x + p)) / (‖r‖² − ‖Jp + r‖² + λ‖Dp‖²)
//! x ← x + p,   λ ← λ max(1/3, 1 − (2ρ − 1)³),   ν ← 2      if ρ > 10⁻⁴
//! λ ← νλ,      ν ← 2ν                                      otherwise
//! ```
//!
//! Levenberg 1944 and Marquardt 1963; the scales of Moré, The Levenberg-Marquardt algorithm: implementation and
//! theory, 1978; λ after Nielsen, Damping parameter in Marquardt's method, IMM-REP-1999-05. λ multiplies D², the
//! squares of norms of columns, and so is a pure number. With λ = 0 throughout it is the method of Gauss and Newton,
//! which can leave the region where residuals are as good as linear.
//!
//! What is foretold is pᵀJᵀJp + 2λ‖Dp‖², a sum of squares (Moré 1978, (4.4)). p comes from a QR factorization of J
//! with √λD below it, not from JᵀJ, which would square the condition. Memory: (m + n)·n numbers of `f64` beside 2mn.

use thalweg_matrix::Scalar;

use crate::run::{Run, wrong_size};
use crate::{Counted, Fault, Method, Options, Residuals, Solution, Verdict, dense, vector};

/// The method of Levenberg and Marquardt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevenbergMarquardt {
    /// λ at the start; 0 is the method of Gauss and Newton, without damping until a step fails.
    pub damping: f64,
}

impl Default for LevenbergMarquardt {
    fn default() -> Self {
        LevenbergMarquardt { damping: 1e-3 }
    }
}

/// The share of what was foretold that a step has to keep.
const ENOUGH: f64 = 1e-4;
/// λ where a step without damping fails, and where a step with damping has become as good as none.
const FIRST: f64 = 1e-3;
const LAST: f64 = 1e20;
/// How much of f a difference of values has to be to mean something, in rounding units.
const ROUNDING: f64 = 8.0;

/// A point, its residuals and their squares.
struct Place<T> {
    x: Vec<T>,
    r: Vec<T>,
    value: f64,
}

impl<T: Scalar> Place<T> {
    fn evaluate<F: Residuals<T> + ?Sized>(&mut self, objective: &mut Counted<'_, F>) {
        objective.residuals(&self.x, &mut self.r);
        self.value = vector::dot(&self.r, &self.r);
    }
}

impl<T: Scalar, F: Residuals<T> + ?Sized> Method<T, F> for LevenbergMarquardt {
    fn minimize(&mut self, objective: &mut F, start: &[T], options: Options<'_>) -> Solution<T> {
        let (n, m) = (objective.dimension(), objective.residual_count());
        if start.len() != n {
            return wrong_size(start, n, start.len());
        }
        let mut objective = Counted::new(objective);
        let mut run = Run::new(options);
        let zeros = |length: usize| vec![T::default(); length];
        let mut here = Place { x: start.to_vec(), r: zeros(m), value: f64::NAN };
        let mut there = Place { x: zeros(n), r: zeros(m), value: f64::NAN };
        let (mut j, mut j_there, mut g) = (zeros(m * n), zeros(m * n), zeros(n));
        let mut system = System::new(m, n);
        let (mut λ, mut ν) = (self.damping, 2.0);
        let unit: f64 = T::UNIT.into();

        here.evaluate(&mut objective);
        objective.jacobian(&here.x, &mut j);
        gradient(&j, &here.r, &mut g);
        let mut norm = run.norm(&g);
        let mut verdict = match here.value.is_finite() && norm.is_finite() {
            true => run.begin(here.value, norm, objective.counts()),
            false => Some(Verdict::NotFinite),
        };
        loop {
            if let Some(verdict) = verdict {
                return run.solution(here.x, here.value, norm, verdict, objective.counts());
            }
            let foretold = system.step(&j, &here.r, λ);
            for ((there, &here), &p) in there.x.iter_mut().zip(&here.x).zip(&system.p) {
                *there = T::rounded(here.into() + p);
            }
            there.evaluate(&mut objective);
            let lowered = here.value - there.value;
            let rounding = ROUNDING * unit * here.value;
            // Where values cannot tell, the gradient does.
            let flat = foretold <= rounding && lowered.abs() <= rounding;
            let mut taken = flat || lowered > ENOUGH * foretold;
            if taken {
                objective.jacobian(&there.x, &mut j_there);
                gradient(&j_there, &there.r, &mut g);
                let norm_there = run.norm(&g);
                taken = norm_there.is_finite() && (!flat || norm_there < norm);
                if taken {
                    norm = norm_there;
                }
            }
            if taken {
                let ρ = if flat { 1.0 } else { lowered / foretold };
                std::mem::swap(&mut here, &mut there);
                std::mem::swap(&mut j, &mut j_there);
                let counts = objective.counts();
                let moved =
                    || vector::distance(&here.x, &there.x) / vector::largest(&here.x).max(1.0);
                verdict = run.after(here.value, norm, λ, counts, lowered, moved);
                λ *= (1.0 - (2.0 * ρ - 1.0).powi(3)).max(1.0 / 3.0);
                ν = 2.0;
            } else {
                λ = (ν * λ).max(FIRST);
                ν *= 2.0;
                verdict = run.interrupted(objective.counts());
                if λ > LAST || here.x == there.x {
                    let finite = there.value.is_finite();
                    let fault = if finite { Fault::TooShort } else { Fault::NotFinite };
                    verdict = verdict.or(Some(Verdict::Search(fault)));
                }
            }
        }
    }
}

/// g ← 2Jᵀr
fn gradient<T: Scalar>(j: &[T], r: &[T], g: &mut [T]) {
    let n = g.len();
    g.fill(T::default());
    for (row, &r) in j.chunks_exact(n.max(1)).zip(r) {
        vector::add_scaled(g, 2.0 * r.into(), row);
    }
}

/// Memory for p.
struct System {
    m: usize,
    n: usize,
    a: Vec<f64>,
    b: Vec<f64>,
    p: Vec<f64>,
    /// D
    scales: Vec<f64>,
}

impl System {
    fn new(m: usize, n: usize) -> System {
        System {
            m,
            n,
            a: vec![0.0; (m + n) * n],
            b: vec![0.0; m + n],
            p: vec![0.0; n],
            scales: vec![0.0; n],
        }
    }

    /// Makes p, and gives what it foretells.
    fn step<T: Scalar>(&mut self, j: &[T], r: &[T], λ: f64) -> f64 {
        let System { m, n, a, b, p, scales } = self;
        let (m, n) = (*m, *n);
        for (a, &j) in a.iter_mut().zip(j) {
            *a = j.into();
        }
        for (b, &r) in b.iter_mut().zip(r) {
            *b = -r.into();
        }
        a[m * n..].fill(0.0);
        b[m..].fill(0.0);
        for (k, scale) in scales.iter_mut().enumerate() {
            let column = (0..m).fold(0.0f64, |norm, i| norm.hypot(a[i * n + k]));
            *scale = scale.max(column);
            // A column of zeros has no scale yet.
            let d = if *scale > 0.0 { *scale } else { 1.0 };
            a[(m + k) * n + k] = λ.sqrt() * d;
        }
        dense::least_squares(a, m + n, n, b, p);
        let jp = j
            .chunks_exact(n.max(1))
            .map(|row| row.iter().zip(&*p).map(|(&j, p)| j.into() * p).sum::<f64>().powi(2));
        let dp: f64 = scales.iter().zip(&*p).map(|(d, p)| (d * p).powi(2)).sum();
        jp.sum::<f64>() + 2.0 * λ * dp
    }
}
