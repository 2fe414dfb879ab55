//! BFGS: an approximation of the inverse Hessian that each step makes right along itself.
//!
//! ```text
//! d = −Hg
//! s = x − x₋,  y = g − g₋,  ρ = 1 / yᵀs
//! H ← (I − ρsyᵀ) H (I − ρysᵀ) + ρssᵀ                                  Hy = s holds then
//!   = H − ρ(s(Hy)ᵀ + (Hy)sᵀ) + ρ(1 + ρyᵀHy)ssᵀ
//! H before the first update: (yᵀs / yᵀy) I
//! ```
//!
//! Nocedal & Wright, Numerical Optimization, 2nd ed., (6.17), with the first H of (6.20). The lecture's slide on BFGS
//! prints the update of the inverse wrongly; here it is N&W's, with which Hy = s holds.
//!
//! H stays positive definite while yᵀs > 0. A step with yᵀs ≤ u·(−sᵀg₋), u the rounding unit, which no search
//! for a flat slope ends with, is left out; or, damped, y gives way to r = θy + (1 − θ)Bs with the θ at which
//! sᵀr = 0.2 sᵀBs (Powell; N&W Procedure 18.2). Bs = −αg₋, since Bd = −g₋, so that B is not needed.
//!
//! H is n² numbers in `f64`. One iteration reads it twice and writes it once.

use pulp::Arch;
use thalweg_matrix::Scalar;

use super::{Direction, Length, Point, Step};
use crate::{Counted, vector};

/// The direction −Hg.
#[derive(Clone, Debug)]
pub struct Bfgs {
    /// Whether a step without curvature is damped, instead of left out.
    pub damped: bool,
    inverse: Vec<f64>,
    /// s, y, and Hy.
    s: Vec<f64>,
    y: Vec<f64>,
    hy: Vec<f64>,
    updated: bool,
}

/// BFGS that leaves out steps without curvature.
pub fn bfgs() -> Bfgs {
    Bfgs {
        damped: false,
        inverse: Vec::new(),
        s: Vec::new(),
        y: Vec::new(),
        hy: Vec::new(),
        updated: false,
    }
}

impl<T: Scalar, F: ?Sized> Direction<T, F> for Bfgs {
    fn start(&mut self, n: usize) {
        self.inverse.resize(n * n, 0.0);
        for memory in [&mut self.s, &mut self.y, &mut self.hy] {
            memory.resize(n, 0.0);
        }
        self.updated = false;
    }

    fn next(
        &mut self,
        step: Option<&Step<'_, T>>,
        here: Point<'_, T>,
        _: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Length {
        if let Some(step) = step {
            self.learn(step, here);
        }
        if !self.updated {
            vector::negate(here.g, d);
            return Length::Unknown;
        }
        let n = d.len();
        for (y, &g) in self.y.iter_mut().zip(here.g) {
            *y = g.into();
        }
        for (d, row) in d.iter_mut().zip(self.inverse.chunks_exact(n)) {
            *d = T::rounded(-vector::dot(row, &self.y));
        }
        Length::Known
    }

    fn forget(&mut self) {
        self.updated = false;
    }
}

impl Bfgs {
    fn learn<T: Scalar>(&mut self, step: &Step<'_, T>, here: Point<'_, T>) {
        let n = here.x.len();
        for i in 0..n {
            self.s[i] = here.x[i].into() - step.from.x[i].into();
            self.y[i] = here.g[i].into() - step.from.g[i].into();
        }
        let mut ys = vector::dot(&self.y, &self.s);
        // sᵀBs
        let bent = -step.length * step.length * step.slope;
        if self.damped && self.updated && ys < 0.2 * bent {
            let θ = 0.8 * bent / (bent - ys);
            for (y, &g) in self.y.iter_mut().zip(step.from.g) {
                *y = θ * *y - (1.0 - θ) * step.length * g.into();
            }
            ys = vector::dot(&self.y, &self.s);
        }
        let yy = vector::dot(&self.y, &self.y);
        let unit: f64 = T::UNIT.into();
        // Written so that a NaN leaves the step out as well; the quotients have to be in range, too.
        let curved = ys > -unit * step.length * step.slope && (1.0 / ys).is_finite();
        if !(curved && yy.is_finite()) {
            return;
        }
        if !self.updated {
            self.inverse.fill(0.0);
            for i in 0..n {
                self.inverse[i * n + i] = ys / yy;
            }
            self.updated = true;
        }
        for (hy, row) in self.hy.iter_mut().zip(self.inverse.chunks_exact(n)) {
            *hy = vector::dot(row, &self.y);
        }
        let ρ = 1.0 / ys;
        let yhy = vector::dot(&self.y, &self.hy);
        // H + ρ(as − Hy)sᵀ − ρs(Hy)ᵀ, where a = 1 + ρyᵀHy.
        let a = 1.0 + ρ * yhy;
        let (s, hy) = (&self.s, &self.hy);
        for (row, (&s_i, &hy_i)) in self.inverse.chunks_exact_mut(n).zip(s.iter().zip(hy)) {
            let (p, q) = (ρ * (a * s_i - hy_i), ρ * s_i);
            Arch::new().dispatch(
                #[inline(always)]
                || {
                    for ((h, &s), &hy) in row.iter_mut().zip(s).zip(hy) {
                        *h += p * s - q * hy;
                    }
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a quadratic with the Hessian diag(1, 4, 9): a step from `from` to `to`.
    fn learned(updates: &[([f64; 3], [f64; 3])]) -> Bfgs {
        let mut bfgs = bfgs();
        Direction::<f64, ()>::start(&mut bfgs, 3);
        for (from, to) in updates {
            let g = |x: &[f64; 3]| [x[0], 4.0 * x[1], 9.0 * x[2]];
            let (g0, g1) = (g(from), g(to));
            let step = Step {
                from: Point { x: from, g: &g0, value: 0.0 },
                length: 1.0,
                slope: -1e-3,
                end_slope: 0.0,
            };
            bfgs.learn(&step, Point { x: to, g: &g1, value: 0.0 });
            let (s, y): (Vec<f64>, Vec<f64>) =
                (0..3).map(|i| (to[i] - from[i], g1[i] - g0[i])).unzip();
            for (row, s) in bfgs.inverse.chunks_exact(3).zip(s) {
                assert!((vector::dot(row, &y) - s).abs() < 1e-12, "the secant equation");
            }
        }
        bfgs
    }

    #[test]
    fn steps_in_conjugate_directions_make_the_inverse_exact() {
        let e = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let bfgs = learned(&[([0.0; 3], e[0]), ([0.0; 3], e[1]), ([0.0; 3], e[2])]);
        for (i, h) in bfgs.inverse.iter().enumerate() {
            let expected = if i % 4 == 0 { [1.0, 0.25, 1.0 / 9.0][i / 4] } else { 0.0 };
            assert!((h - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn an_update_is_the_product_form() {
        let (from, to) = ([0.3, -1.0, 2.0], [1.0, 0.5, -0.7]);
        let first = learned(&[([0.0; 3], [1.0, 2.0, 3.0])]);
        let both = learned(&[([0.0; 3], [1.0, 2.0, 3.0]), (from, to)]);
        let s: Vec<f64> = (0..3).map(|i| to[i] - from[i]).collect();
        let y: Vec<f64> = s.iter().zip([1.0, 4.0, 9.0]).map(|(s, h)| s * h).collect();
        let ρ = 1.0 / vector::dot(&s, &y);
        let left = |i: usize, j: usize| f64::from(u8::from(i == j)) - ρ * s[i] * y[j];
        for i in 0..3 {
            for j in 0..3 {
                let mut h = ρ * s[i] * s[j];
                for k in 0..3 {
                    for l in 0..3 {
                        h += left(i, k) * first.inverse[3 * k + l] * left(j, l);
                    }
                }
                assert!((h - both.inverse[3 * i + j]).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn a_step_without_curvature_is_left_out_or_damped() {
        let mut plain = learned(&[([0.0; 3], [1.0, 2.0, 3.0])]);
        let before = plain.inverse.clone();
        // The gradient has turned against the step: yᵀs < 0.
        let (x0, g0, g1) = ([0.0; 3], [-1.0, -0.5, 0.0], [-2.0, -1.0, 0.0]);
        // The direction that H gives at g0.
        let d: Vec<f64> = (0..3).map(|i| -vector::dot(&before[3 * i..3 * i + 3], &g0)).collect();
        let x1: [f64; 3] = std::array::from_fn(|i| 0.1 * d[i]);
        let step = Step {
            from: Point { x: &x0, g: &g0, value: 0.0 },
            length: 0.1,
            slope: vector::dot(&g0, &d),
            end_slope: vector::dot(&g1, &d),
        };
        let here = Point { x: &x1, g: &g1, value: 0.0 };
        let mut damped = Bfgs { damped: true, ..plain.clone() };
        plain.learn(&step, here);
        assert_eq!(plain.inverse, before);
        damped.learn(&step, here);
        assert_ne!(damped.inverse, before);
        // It is still positive definite.
        let h = &damped.inverse;
        let minor = h[0] * h[4] - h[1] * h[3];
        let determinant = h[0] * (h[4] * h[8] - h[5] * h[7]) - h[1] * (h[3] * h[8] - h[5] * h[6])
            + h[2] * (h[3] * h[7] - h[4] * h[6]);
        assert!(h[0] > 0.0 && minor > 0.0 && determinant > 0.0);
    }
}
