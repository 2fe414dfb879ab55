//! Gradient centralisation: the gradient of what feeds one output has mean 0.
//!
//! ```text
//! g_j ← g_j − mean(g_j)          of each column j of a matrix [in, out]
//! ```
//!
//! Yong, Huang, Hua & Zhang 2020, *Gradient centralization*, equation 1,
//! <https://arxiv.org/abs/2004.01461>; `optax.centralize`. The mean is over all axes but the last, which is
//! the output's here; vectors and scalars stay as they are.

use super::parallel::{by_column, sum_rows};
use crate::{FormulaLine, Real, Step, Tensor, TensorRule};

/// Takes the mean off the gradient of each unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Centralize;

/// Gradient centralisation.
pub fn centralize() -> Centralize {
    Centralize
}

impl<R: Real> TensorRule<R> for Centralize {
    fn name(&self) -> &'static str {
        "Centralize"
    }

    fn update(&self, _step: Step, tensor: Tensor<'_, R>, _slots: &mut [&mut [R]]) {
        let Tensor { shape: [.., columns], update, .. } = tensor else { return };
        let columns = *columns;
        if tensor.shape.len() < 2 || update.is_empty() {
            return;
        }
        let rows = update.len() / columns;
        by_column(
            update,
            columns,
            |g, first, means| {
                sum_rows(rows, columns, first, means, &|i| g[i].to_f64());
                means.iter_mut().for_each(|mean| *mean /= rows as f64);
            },
            |g, mean| R::from_f64(g.to_f64() - mean),
        );
    }

    fn formula(&self) -> &'static [FormulaLine] {
        &[FormulaLine {
            text: "u ← {u} − mean({u}_j)",
            latex: r"u &\leftarrow {u} - \operatorname{mean}({u}_j)",
        }]
    }
}
