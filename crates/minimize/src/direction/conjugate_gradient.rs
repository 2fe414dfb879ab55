//! Nonlinear conjugate gradients: down the gradient, and on in the direction before.
//!
//! ```text
//! d ← −g + βd,   y = g − g₋
//! FR    β = gᵀg / g₋ᵀg₋
//! PR+   β = max(0, gᵀy / g₋ᵀg₋)
//! HZ    β = max((y − 2d yᵀy/dᵀy)ᵀg / dᵀy, η_k),   η_k = −1 / (‖d‖ min(η, ‖g₋‖)),   η = 0.01
//! ```
//!
//! Fletcher & Reeves 1964 and Polak & Ribière 1969, as in Nocedal & Wright, Numerical Optimization, 2nd ed., (5.41)
//! and (5.44)-(5.45); Hager & Zhang, A new conjugate gradient method with guaranteed descent and an efficient
//! line search, SIAM J. Optim. 16(1), 2005, (1.3) and (1.6)-(1.7), with which d descends whatever the search does.
//!
//! Where a gradient is far from orthogonal to the one before, |gᵀg₋| ≥ 0.9 gᵀg, FR starts anew, or it would stay
//! in short steps (N&W (5.52); their bound is 0.1).

use thalweg_matrix::Scalar;

use super::{Direction, Length, Point, Step};
use crate::{Counted, vector};

/// The direction −g + βd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConjugateGradient {
    /// What β is.
    pub beta: Beta,
}

/// What β is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beta {
    /// By Fletcher and Reeves.
    FletcherReeves,
    /// By Polak and Ribière, but not below 0.
    PolakRibiere,
    /// By Hager and Zhang.
    HagerZhang,
}

/// η of Hager and Zhang.
const ETA: f64 = 0.01;

impl<T: Scalar, F: ?Sized> Direction<T, F> for ConjugateGradient {
    fn start(&mut self, _: usize) {}

    fn next(
        &mut self,
        step: Option<&Step<'_, T>>,
        here: Point<'_, T>,
        _: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Length {
        let β = step.map_or(0.0, |step| self.factor(step, here.g, d));
        // A direction that does not descend, or a quotient of zeros, is no better than the gradient.
        let descends = -vector::dot(here.g, here.g) + β * vector::dot(here.g, d) < 0.0;
        if β == 0.0 || !descends {
            vector::negate(here.g, d);
        } else {
            vector::scale_minus(d, β, here.g);
        }
        Length::Unknown
    }

    fn forget(&mut self) {}
}

impl ConjugateGradient {
    fn factor<T: Scalar>(self, step: &Step<'_, T>, g: &[T], d: &[T]) -> f64 {
        let before = step.from.g;
        let (gg, gp, pp) = (vector::dot(g, g), vector::dot(g, before), vector::dot(before, before));
        match self.beta {
            Beta::FletcherReeves if gp.abs() >= 0.9 * gg => 0.0,
            Beta::FletcherReeves => gg / pp,
            Beta::PolakRibiere => ((gg - gp) / pp).max(0.0),
            Beta::HagerZhang => {
                let dy = step.end_slope - step.slope;
                let yy = gg - 2.0 * gp + pp;
                let β = (gg - gp - 2.0 * step.end_slope * yy / dy) / dy;
                β.max(-1.0 / (vector::norm(d) * ETA.min(pp.sqrt())))
            }
        }
    }
}
