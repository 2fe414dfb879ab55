//! Adaptive gradient clipping: the gradient of each unit is bounded by a share of the unit's own norm.
//!
//! ```text
//! g_j ← g_j · min(1, c·max(‖θ_j‖, 1e-3)/‖g_j‖)
//! ```
//!
//! Brock, De, Smith & Simonyan 2021, *High-performance large-scale image recognition without normalization*,
//! equation 3, <https://arxiv.org/abs/2102.06171>; `optax.adaptive_grad_clip`. A unit j is what feeds one
//! output: a column of a matrix [in, out]; of a tensor of three axes all along the first, of more all but
//! the last; a vector is one unit, and so is all that has no more than one axis longer than 1.

use super::parallel::{by_column, norm, scale, sum_rows};
use crate::{FormulaLine, Real, Step, Tensor, TensorRule};

/// The norm that parameters are taken to have at least, so that those that start at 0 move.
const LEAST: f64 = 1e-3;

/// Bounds the gradient of each unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipAdaptive {
    /// c, the largest ratio of the norms of gradient and parameters; above 0.
    pub bound: f64,
}

/// Clips the gradient of each unit to c times the norm of its parameters.
pub fn clip_adaptive(c: f64) -> ClipAdaptive {
    ClipAdaptive { bound: c }
}

impl ClipAdaptive {
    fn factor(self, of_parameters: f64, of_gradient: f64) -> f64 {
        let most = self.bound * of_parameters.max(LEAST);
        // As in optax, a gradient of less than 1e-6 is not blown up.
        if of_gradient < most { 1.0 } else { most / of_gradient.max(1e-6) }
    }
}

impl<R: Real> TensorRule<R> for ClipAdaptive {
    fn name(&self) -> &'static str {
        "ClipAdaptive"
    }

    fn update(&self, _step: Step, tensor: Tensor<'_, R>, _slots: &mut [&mut [R]]) {
        let Tensor { shape, parameters, update, .. } = tensor;
        if update.is_empty() {
            return;
        }
        if shape.iter().filter(|length| **length > 1).count() <= 1 {
            let factor = self.factor(norm(parameters), norm(update));
            return if factor < 1.0 {
                scale(update, factor)
            };
        }
        let units: usize =
            if shape.len() <= 3 { shape[1..].iter().product() } else { shape[shape.len() - 1] };
        let rows = update.len() / units;
        let square = |x: R| x.to_f64() * x.to_f64();
        by_column(
            update,
            units,
            |g, first, factors| {
                sum_rows(rows, units, first, factors, &|i| square(g[i]));
                // The other sum without more room: a few columns at a time.
                let mut sums = [0.0; 64];
                for (strip, factors) in factors.chunks_mut(sums.len()).enumerate() {
                    let sums = &mut sums[..factors.len()];
                    sum_rows(rows, units, first + 64 * strip, sums, &|i| square(parameters[i]));
                    for (factor, of_parameters) in factors.iter_mut().zip(sums) {
                        *factor = self.factor(of_parameters.sqrt(), factor.sqrt());
                    }
                }
            },
            |g, factor| R::from_f64(g.to_f64() * factor),
        );
    }

    fn formula(&self) -> &'static [FormulaLine] {
        &[FormulaLine {
            text: "u ← {u}·min(1, c·max(‖θ_j‖, 1e-3)/‖{u}_j‖)",
            latex: r"u &\leftarrow {u}\,\min\left(1, \frac{c\,\max(\lVert\theta_j\rVert, 10^{-3})}{\lVert {u}_j\rVert}\right)",
        }]
    }
}
