//! Shampoo: the gradient between inverse roots of its covariances.
//!
//! ```text
//! L ← L + G·Gᵀ     R ← R + Gᵀ·G                     L₀ = R₀ = δI
//! u = L^(−1/4)·G·R^(−1/4)
//! D ← D + g²       u = g/√D                         for what is no matrix; D₀ = δ
//! ```
//!
//! Gupta, Koren & Singer 2018, Algorithm 1, <https://arxiv.org/abs/1802.09568>; vectors have the diagonal of
//! their matrix. With β₂ < 1 the sums are means, L ← β₂L + (1 − β₂)G·Gᵀ, as in Anil et al. 2020,
//! <https://arxiv.org/abs/2002.09018>, which also takes the roots only every so many steps: here at the steps
//! 1, 1 + every, 1 + 2·every, … Departures: a tensor of more than two axes is taken coordinate by coordinate,
//! like a vector; and what is left of δI, β₂ᵗδ, is kept apart from the slots and added under the root.

use thalweg_matrix::{Matrix, Threads, gram_scaled, inverse_root, product};

use super::workspaces::{Workspaces, matrix, rooms};
use crate::{FormulaLine, Level, Real, Step, Tensor, TensorRule, TensorSlot};

/// Below this the root of a covariance is not raised by its δ, so that the root of 0 is a number whose product
/// with 0 is 0, also in `f32`.
const LEAST: f64 = 1e-30;

/// Multiplies the gradient of a matrix by the inverse roots of its covariances.
#[derive(Debug)]
pub struct Shampoo<R> {
    /// β₂, the memory of the covariances; 1 for sums, else from 0 to below 1.
    pub beta2: f64,
    /// δ, what the covariances begin with; above 0.
    pub eps: f64,
    /// Steps from one pair of roots to the next; from 1.
    pub every: u64,
    workspaces: Workspaces<Vec<R>>,
}

/// Shampoo with δ, sums, and new roots at every step.
pub fn shampoo<R: Real>(eps: f64) -> Shampoo<R> {
    Shampoo { beta2: 1.0, eps, every: 1, workspaces: Workspaces::new() }
}

impl<R: Real> TensorRule<R> for Shampoo<R> {
    fn name(&self) -> &'static str {
        "Shampoo"
    }

    fn slots(&self, shape: &[usize]) -> Vec<TensorSlot> {
        let (left, right, diagonal) = match matrix(shape) {
            Some((rows, columns)) => ([rows; 2], [columns; 2], &[0][..]),
            None => ([0; 2], [0; 2], shape),
        };
        let square = |name, shape: [usize; 2]| match shape {
            [0, 0] => TensorSlot::zeros(name, &[0]),
            shape => TensorSlot::zeros(name, &shape),
        };
        vec![
            square("shampoo.L", left),
            square("shampoo.R", right),
            square("shampoo.L_root", left),
            square("shampoo.R_root", right),
            TensorSlot { start: self.eps, ..TensorSlot::zeros("shampoo.D", diagonal) },
        ]
    }

    fn update(&self, step: Step, tensor: Tensor<'_, R>, slots: &mut [&mut [R]]) {
        let Tensor { shape, update: g, .. } = tensor;
        let [left, right, left_root, right_root, diagonal, ..] = slots else {
            unreachable!("five slots are named")
        };
        let rest = if self.beta2 == 1.0 { 1.0 } else { 1.0 - self.beta2 };
        let (β, rest) = (R::from_f64(self.beta2), R::from_f64(rest));
        let Some((rows, columns)) = matrix(shape) else {
            return Level::widest().run(
                #[inline(always)]
                || by_coordinate(g, diagonal, β, rest),
            );
        };
        let left_of_δ = (self.beta2.powf(step.t as f64) * self.eps).max(LEAST);
        // A root is positive on its diagonal. It is 0 if there was no gradient when it was to be taken.
        let anew = (step.t - 1).is_multiple_of(self.every) || left_root[0] == R::constant(0.0);
        let of_gradient = Matrix::new(&*g, rows, columns);
        let side = |g: Matrix<'_, R>, sum: &mut [R], root: &mut [R]| {
            gram_scaled(rest, g, β, sum, Threads::Pool);
            if anew {
                // Sums that are not finite have no root: the one before stays, and before the first there
                // is no step.
                let _ = inverse_root(sum, g.rows(), 4, left_of_δ, root, Threads::Pool);
            }
        };
        rayon::join(
            || side(of_gradient, left, left_root),
            || side(of_gradient.transposed(), right, right_root),
        );
        self.workspaces.with(|values| {
            let [half] = rooms(values, [rows * columns]);
            let left_root = Matrix::new(left_root, rows, rows);
            product(left_root, Matrix::new(&*g, rows, columns), half, Threads::Pool);
            let right_root = Matrix::new(right_root, columns, columns);
            product(Matrix::new(&*half, rows, columns), right_root, g, Threads::Pool);
        });
    }

    fn formula(&self) -> &'static [FormulaLine] {
        const UPDATE: FormulaLine = FormulaLine {
            text: "u ← L^(−1/4)·{u}·R^(−1/4)",
            latex: r"u &\leftarrow L^{-1/4}\,{u}\,R^{-1/4}",
        };
        if self.beta2 == 1.0 {
            &[
                FormulaLine {
                    text: "L ← L + {u}·{u}ᵀ", latex: r"L &\leftarrow L + {u}\,{u}^\top"
                },
                FormulaLine {
                    text: "R ← R + {u}ᵀ·{u}", latex: r"R &\leftarrow R + {u}^\top {u}"
                },
                UPDATE,
            ]
        } else {
            &[
                FormulaLine {
                    text: "L ← β₂·L + (1−β₂)·{u}·{u}ᵀ",
                    latex: r"L &\leftarrow \beta_2 L + (1-\beta_2)\,{u}\,{u}^\top",
                },
                FormulaLine {
                    text: "R ← β₂·R + (1−β₂)·{u}ᵀ·{u}",
                    latex: r"R &\leftarrow \beta_2 R + (1-\beta_2)\,{u}^\top {u}",
                },
                UPDATE,
            ]
        }
    }
}

/// What is no matrix.
#[inline(always)]
fn by_coordinate<R: Real>(g: &mut [R], diagonal: &mut [R], β: R, rest: R) {
    let least = R::from_f64(LEAST);
    for (g, d) in g.iter_mut().zip(diagonal) {
        *d = β * *d + rest * (*g * *g);
        *g = *g / d.max(least).sqrt();
    }
}
