//! The scale of cautious updates: what was masked away is made up for by the coordinates that are left.
//!
//! ```text
//! u ← u / max(#{i : uᵢ ≠ 0} / n, 0.001)
//! ```
//!
//! Liang, Chen, Liu & Liu 2024, *Cautious optimizers*, <https://arxiv.org/abs/2411.16085>, the authors'
//! `c_adamw`; n is the number of coordinates of the tensor.

use crate::{FormulaLine, Real, Step, Tensor, TensorRule};

/// Scales up what [`Cautious`](crate::Cautious) leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CautiousScale;

/// The scale of cautious updates.
pub fn cautious_scale() -> CautiousScale {
    CautiousScale
}

impl<R: Real> TensorRule<R> for CautiousScale {
    fn name(&self) -> &'static str {
        "CautiousScale"
    }

    fn update(&self, _step: Step, tensor: Tensor<'_, R>, _slots: &mut [&mut [R]]) {
        let zero = R::constant(0.0);
        let left = tensor.update.iter().filter(|u| **u != zero).count();
        let share = left as f64 / tensor.update.len() as f64;
        let scale = R::from_f64(1.0 / share.max(1e-3));
        tensor.update.iter_mut().for_each(|u| *u = *u * scale);
    }

    fn formula(&self) -> &'static [FormulaLine] {
        &[FormulaLine {
            text: "u ← {u}/max(#{i: {u}ᵢ≠0}/n, 0.001)",
            latex: r"u &\leftarrow \frac{{u}}{\max(\#\{i: {u}_i \neq 0\}/n,\ 0.001)}",
        }]
    }
}
