//! Newton's direction with the absolute values of all curvatures, which saddles repel.
//!
//! ```text
//! H = QΛQᵀ,   |H| = Q|Λ|Qᵀ,   d = −|H|⁻¹g
//! ```
//!
//! Dauphin et al., Identifying and attacking the saddle point problem in high-dimensional non-convex optimization,
//! NIPS 2014, Algorithm 1, <https://arxiv.org/abs/1406.2572>, with all eigenvectors in place of a Krylov space.
//!
//! Departure: |λ| counts as at least 1e-8 of the largest, so that a step in a flat direction is long, but finite.
//!
//! A step takes some 50n³ operations for eigenvectors, and 3n² numbers of memory.

use thalweg_matrix::Scalar;

use super::newton::Dense;
use super::{Direction, Length, Point, Step};
use crate::{Counted, Hessian, dense, vector};

/// The direction −|H|⁻¹g.
#[derive(Clone, Debug, Default)]
pub struct SaddleFreeNewton<T> {
    memory: Dense<T>,
}

/// The saddle-free direction.
pub fn saddle_free_newton<T: Scalar>() -> SaddleFreeNewton<T> {
    SaddleFreeNewton { memory: Dense::default() }
}

/// The least share of the largest |λ| that divides.
const FLOOR: f64 = 1e-8;

impl<T: Scalar, F: Hessian<T> + ?Sized> Direction<T, F> for SaddleFreeNewton<T> {
    fn start(&mut self, n: usize) {
        self.memory.start(n);
        self.memory.q.resize(n * n, 0.0);
    }

    fn next(
        &mut self,
        _: Option<&Step<'_, T>>,
        here: Point<'_, T>,
        objective: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Length {
        let n = d.len();
        let Dense { a, q, v, .. } = self.memory.evaluate(here, objective);
        dense::jacobi(a, n, q);
        let largest = (0..n).fold(0.0f64, |m, i| m.max(a[i * n + i].abs()));
        if !(largest > 0.0 && largest.is_finite()) {
            vector::negate(here.g, d);
            return Length::Unknown;
        }
        v.fill(0.0);
        for (i, eigenvector) in q.chunks_exact(n).enumerate() {
            let λ = a[i * n + i].abs().max(FLOOR * largest);
            let product: f64 = eigenvector.iter().zip(here.g).map(|(q, &g)| q * g.into()).sum();
            for (v, q) in v.iter_mut().zip(eigenvector) {
                *v -= product / λ * q;
            }
        }
        for (d, &v) in d.iter_mut().zip(&*v) {
            *d = T::rounded(v);
        }
        Length::Known
    }

    fn forget(&mut self) {}

    fn escape(
        &mut self,
        here: Point<'_, T>,
        objective: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Option<f64> {
        self.memory.escape(here, objective, d)
    }
}
