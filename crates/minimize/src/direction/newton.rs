//! Newton's direction, from factors of the Hessian made positive definite.
//!
//! ```text
//! H + E = LDLᵀ,   (H + E)d = −g          E diagonal, zero where H is positive definite
//! ```
//!
//! Nocedal & Wright, Numerical Optimization, 2nd ed., Algorithm 3.2 with the modified Cholesky factors of 3.4. On a
//! quadratic it reaches the minimum in one step, from anywhere.
//!
//! H is n² numbers, and n² more of `f64` for the factors; a step takes n³/3 multiplications.
//!
//! Where the gradient is zero, factors tell whether H is positive definite. If not, the eigenvector of the least
//! eigenvalue, if that is negative, is the way out.

use thalweg_matrix::Scalar;

use super::{Direction, Length, Point, Step};
use crate::{Counted, Hessian, dense};

/// The direction −(H + E)⁻¹g.
#[derive(Clone, Debug, Default)]
pub struct Newton<T> {
    pub(super) memory: Dense<T>,
}

/// Newton's direction.
pub fn newton<T: Scalar>() -> Newton<T> {
    Newton { memory: Dense::default() }
}

impl<T: Scalar, F: Hessian<T> + ?Sized> Direction<T, F> for Newton<T> {
    fn start(&mut self, n: usize) {
        self.memory.start(n);
    }

    fn next(
        &mut self,
        _: Option<&Step<'_, T>>,
        here: Point<'_, T>,
        objective: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Length {
        let n = d.len();
        let Dense { a, v, .. } = self.memory.evaluate(here, objective);
        dense::modified_cholesky(a, n);
        for (v, &g) in v.iter_mut().zip(here.g) {
            *v = -g.into();
        }
        dense::solve_factored(a, n, v);
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

/// Memory for a dense Hessian and its factors.
#[derive(Clone, Debug, Default)]
pub(super) struct Dense<T> {
    pub h: Vec<T>,
    pub a: Vec<f64>,
    pub q: Vec<f64>,
    pub v: Vec<f64>,
}

impl<T: Scalar> Dense<T> {
    pub fn start(&mut self, n: usize) {
        self.h.resize(n * n, T::default());
        self.a.resize(n * n, 0.0);
        self.v.resize(n, 0.0);
    }

    /// a ← H
    pub fn evaluate<F: Hessian<T> + ?Sized>(
        &mut self,
        here: Point<'_, T>,
        objective: &mut Counted<'_, F>,
    ) -> &mut Self {
        objective.hessian(here.x, &mut self.h);
        for (a, &h) in self.a.iter_mut().zip(&self.h) {
            *a = h.into();
        }
        self
    }

    /// d ← the eigenvector of the least eigenvalue, and that, if it is negative beyond rounding.
    pub fn escape<F: Hessian<T> + ?Sized>(
        &mut self,
        here: Point<'_, T>,
        objective: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Option<f64> {
        let n = d.len();
        if dense::modified_cholesky(&mut self.evaluate(here, objective).a, n) {
            return None;
        }
        // Memory that only this takes, and so not before.
        self.q.resize(n * n, 0.0);
        for (a, &h) in self.a.iter_mut().zip(&self.h) {
            *a = h.into();
        }
        if !self.a.iter().all(|a| a.is_finite()) {
            return None;
        }
        dense::jacobi(&mut self.a, n, &mut self.q);
        let value = |i: usize| self.a[i * n + i];
        let least = (0..n).min_by(|&i, &j| value(i).total_cmp(&value(j)))?;
        let largest = (0..n).fold(0.0f64, |m, i| m.max(value(i).abs()));
        // Where the least eigenvalue is zero, the point is not exact enough to say on which side.
        if value(least) >= -f64::EPSILON.sqrt() * largest {
            return None;
        }
        for (d, &q) in d.iter_mut().zip(&self.q[least * n..][..n]) {
            *d = T::rounded(q);
        }
        Some(value(least))
    }
}
