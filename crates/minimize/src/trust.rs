//! A trust region: a model of f that is believed within a radius, which grows and shrinks with how well it foretells.
//!
//! ```text
//! m(p) = f + gᵀp + ½pᵀHp,   ‖p‖₂ ≤ Δ           p by conjugate gradients, up to the border or along a
//!                                              direction with pᵀHp ≤ 0 to it (Steihaug)
//! ρ = (f(x) − f(x + p)) / (m(0) − m(p))
//! Δ ← ‖p‖/4                  if ρ < 1/4
//! Δ ← min(2Δ, Δ_max)         if ρ > 3/4 and p is on the border
//! x ← x + p                  if ρ > η
//! ```
//!
//! Nocedal & Wright, Numerical Optimization, 2nd ed., Algorithms 4.1 and 7.2. The accuracy of p is that of Newton-CG.
//!
//! Departures: Δ shrinks to a quarter of ‖p‖, not of Δ, which can be longer; and where what is foretold drowns in the
//! rounding of f, p is taken if it shortens the gradient.

use thalweg_matrix::Scalar;

use crate::direction::{Krylov, Point};
use crate::run::{self, Place};
use crate::{Counted, Fault, Method, Options, Products, Solution, Verdict, vector};

/// The trust region method with Steihaug's conjugate gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustRegion {
    /// Δ at the start, above 0.
    pub radius: f64,
    /// Δ_max, at least that.
    pub largest: f64,
    /// η, the share of what was foretold that a step has to keep; from 0 to below 1/4.
    pub eta: f64,
    /// Products for one step, at most.
    pub products: usize,
    /// The share of the gradient that a step may leave, as in Newton-CG; from 0 to below 1.
    pub forcing: f64,
}

impl Default for TrustRegion {
    fn default() -> Self {
        TrustRegion { radius: 1.0, largest: 1e3, eta: 0.1, products: 200, forcing: 0.1 }
    }
}

/// How much of |f| a difference of values has to be to mean something, in rounding units.
const ROUNDING: f64 = 8.0;
/// A radius below this share of max(1, ‖x‖₂) cannot be told from zero, in rounding units.
const SHORTEST: f64 = 4.0;

impl<T: Scalar, F: Products<T> + ?Sized> Method<T, F> for TrustRegion {
    fn minimize(&mut self, objective: &mut F, start: &[T], options: Options<'_>) -> Solution<T> {
        let mut objective = Counted::new(objective);
        let (mut run, mut here, mut norm) = match run::begin(&mut objective, start, options) {
            Ok(begun) => begun,
            Err(solution) => return *solution,
        };
        let n = start.len();
        let mut there = Place::new(n);
        let mut krylov = Krylov::default();
        krylov.start(n);
        let mut p = vec![T::default(); n];
        let mut radius = self.radius;
        let unit: f64 = T::UNIT.into();
        let mut verdict = run.is_zero(norm).then_some(Verdict::Gradient);
        loop {
            let (mut foretold, mut downwards) = (None, None);
            if verdict == Some(Verdict::Gradient)
                && let Some(curvature) = krylov.escape(here.point(), &mut objective, &mut p)
            {
                // A step to the border along p lowers the model; what is left of the gradient says which way.
                let slope = vector::dot(&here.g, &p);
                let length = -slope.signum() * radius / vector::norm(&p);
                p.iter_mut().for_each(|p| *p = T::rounded(length * (*p).into()));
                foretold = Some(-length * slope - 0.5 * curvature * radius * radius);
                downwards = Some(curvature);
                verdict = None;
            }
            let interrupted = run.interrupted(objective.counts());
            if let Some(verdict) = verdict.or(interrupted) {
                return run.solution(here.x, here.value, norm, verdict, objective.counts());
            }
            let foretold = foretold.unwrap_or_else(|| {
                self.steihaug(here.point(), radius, &mut krylov, &mut objective, &mut p)
            });
            vector::step(&here.x, 1.0, &p, &mut there.x);
            let length = vector::norm(&p);
            if let Some(verdict) = run.interrupted(objective.counts()) {
                return run.solution(here.x, here.value, norm, verdict, objective.counts());
            }
            let finite = there.evaluate(&mut objective);
            if there.value == f64::NEG_INFINITY {
                verdict = Some(Verdict::Unbounded);
                continue;
            }
            let rounding = ROUNDING * unit * here.value.abs();
            let lowered = here.value - there.value;
            let ρ = match finite {
                false => f64::NEG_INFINITY,
                true if foretold <= rounding && lowered.abs() <= rounding => {
                    if run.norm(&there.g) < norm { 1.0 } else { f64::NEG_INFINITY }
                }
                true => lowered / foretold,
            };
            if ρ < 0.25 {
                radius = 0.25 * length;
            } else if ρ > 0.75 && length >= 0.99 * radius {
                radius = (2.0 * radius).min(self.largest);
            }
            if ρ > self.eta {
                std::mem::swap(&mut here, &mut there);
                norm = run.norm(&here.g);
                let moved =
                    || vector::distance(&here.x, &there.x) / vector::largest(&here.x).max(1.0);
                let counts = objective.counts();
                verdict = run.after(here.value, norm, radius, counts, lowered, moved);
            } else if radius > SHORTEST * unit * vector::norm(&here.x).max(1.0) {
                // A saddle is looked at again, within a smaller radius.
                verdict = downwards.map(|_| Verdict::Gradient);
            } else {
                let fault = if finite { Fault::TooShort } else { Fault::NotFinite };
                verdict = Some(match downwards {
                    Some(curvature) => Verdict::Saddle { curvature },
                    None => Verdict::Search(fault),
                });
            }
        }
    }
}

impl TrustRegion {
    /// p, nearly the minimum of the model within the radius, and by how much it lowers the model.
    fn steihaug<T: Scalar, F: Products<T> + ?Sized>(
        &self,
        here: Point<'_, T>,
        radius: f64,
        krylov: &mut Krylov<T>,
        objective: &mut Counted<'_, F>,
        z: &mut [T],
    ) -> f64 {
        let Krylov { r, p, hp } = krylov;
        r.copy_from_slice(here.g);
        vector::negate(here.g, p);
        z.fill(T::default());
        let norm = vector::norm(r);
        let enough = norm.sqrt().min(self.forcing) * norm;
        let mut rr = vector::dot(r, r);
        let mut foretold = 0.0;
        for _ in 0..self.products {
            objective.product(here.x, p, hp);
            let php = vector::dot(p, hp);
            let (zz, zp, pp) = (vector::dot(z, z), vector::dot(z, p), vector::dot(p, p));
            let α = rr / php;
            let inside = zz + α * (2.0 * zp + α * pp) < radius * radius;
            if !(php > 0.0 && inside) {
                // τ ≥ 0 with ‖z + τp‖ = Δ, in a form that does not cancel.
                let room = (radius * radius - zz).max(0.0);
                let root = (zp * zp + pp * room).sqrt();
                let τ = if zp > 0.0 { room / (zp + root) } else { (root - zp) / pp };
                vector::add_scaled(z, τ, p);
                // rᵀp = −rᵀr, since r is orthogonal to the directions before.
                return foretold + τ * rr - 0.5 * τ * τ * php;
            }
            vector::add_scaled(z, α, p);
            vector::add_scaled(r, α, hp);
            foretold += 0.5 * α * rr;
            let after = vector::dot(r, r);
            if after.sqrt() < enough {
                break;
            }
            vector::scale_minus(p, after / rr, r);
            rr = after;
        }
        foretold
    }
}
