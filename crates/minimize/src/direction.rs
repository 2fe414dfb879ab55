//! Where to go from a point: directions d along which f falls, gᵀd < 0.
//!
//! ```text
//! steepest descent      d = −g
//! conjugate gradient    d = −g + βd
//! BFGS, L-BFGS          d = −Hg                  H ≈ (∇²f)⁻¹ from the steps so far
//! Newton                d = −(∇²f + E)⁻¹g        factored
//! Newton-CG             d ≈ −(∇²f)⁻¹g            by products alone
//! saddle-free Newton    d = −|∇²f|⁻¹g            by eigenvectors
//! ```

mod bfgs;
mod conjugate_gradient;
mod lbfgs;
mod newton;
mod newton_cg;
mod saddle_free_newton;
mod steepest_descent;

use std::fmt::Debug;

pub use bfgs::{Bfgs, bfgs};
pub use conjugate_gradient::{Beta, ConjugateGradient};
pub use lbfgs::{Lbfgs, lbfgs};
pub use newton::{Newton, newton};
pub(crate) use newton_cg::Krylov;
pub use newton_cg::{NewtonCg, newton_cg};
pub use saddle_free_newton::{SaddleFreeNewton, saddle_free_newton};
pub use steepest_descent::SteepestDescent;

use crate::Counted;

/// Finds directions, and remembers what it needs for the next one.
pub trait Direction<T, F: ?Sized>: Debug {
    /// Takes memory for `n` coordinates, and knows nothing yet.
    fn start(&mut self, n: usize);

    /// Writes a direction from `here` into `d`, where the one before it stands. `step` led from the point before
    /// to `here`; at the start there was none.
    fn next(
        &mut self,
        step: Option<&Step<'_, T>>,
        here: Point<'_, T>,
        objective: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Length;

    /// Forgets what was learned, since it led to a direction along which nothing lower was found.
    fn forget(&mut self);

    /// At a point without gradient: writes into `d` a direction in which f curves downwards, and gives dᵀHd/dᵀd,
    /// or nothing if there is none or it sees no curvature.
    fn escape(
        &mut self,
        here: Point<'_, T>,
        objective: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Option<f64> {
        let _ = (here, objective, d);
        None
    }
}

/// A point, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a, T> {
    /// x
    pub x: &'a [T],
    /// ∇f(x)
    pub g: &'a [T],
    /// f(x)
    pub value: f64,
}

/// The step that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a, T> {
    /// Where it began.
    pub from: Point<'a, T>,
    /// α, in multiples of the direction.
    pub length: f64,
    /// gᵀd where it began.
    pub slope: f64,
    /// gᵀd where it ended.
    pub end_slope: f64,
}

impl<T> Step<'_, T> {
    /// Whether f curves upwards along the step, by more than the rounding `unit`: yᵀs > unit·(−sᵀg).
    pub fn is_curved(&self, unit: f64) -> bool {
        self.end_slope - self.slope > -unit * self.slope
    }
}

/// Whether a direction knows how long a step should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// 1 is the step to try first.
    Known,
    /// Only the way is known.
    Unknown,
}
