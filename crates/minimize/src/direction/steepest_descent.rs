//! Down the gradient.
//!
//! ```text
//! d = −g
//! ```
//!
//! Cauchy 1847; Nocedal & Wright, Numerical Optimization, 2nd ed., 3.3, with how slowly it converges: f − f* shrinks
//! per step by ((κ − 1)/(κ + 1))² on a quadratic of condition κ, at exact steps.

use super::{Direction, Length, Point, Step};
use crate::{Counted, vector};
use thalweg_matrix::Scalar;

/// The direction −g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SteepestDescent;

impl<T: Scalar, F: ?Sized> Direction<T, F> for SteepestDescent {
    fn start(&mut self, _: usize) {}

    fn next(
        &mut self,
        _: Option<&Step<'_, T>>,
        here: Point<'_, T>,
        _: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Length {
        vector::negate(here.g, d);
        Length::Unknown
    }

    fn forget(&mut self) {}
}
