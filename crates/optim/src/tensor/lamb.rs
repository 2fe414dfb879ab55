//! LAMB: the update of each tensor is as large as the tensor itself, times the learning rate.
//!
//! ```text
//! u ← u · ‖θ‖/‖u‖          1 in place of the ratio where either norm is 0
//! ```
//!
//! You, Li, Reddi, Hseu, Kumar, Bhojanapalli, Song, Demmel, Keutzer & Hsieh 2020, *Large batch optimization
//! for deep learning*, Algorithm 2 with φ(z) = z, <https://arxiv.org/abs/1904.00962>; `optax.lamb`. It stands
//! after Adam and the decay, before the learning rate.

use super::parallel::{norm, scale};
use crate::{FormulaLine, Real, Step, Tensor, TensorRule};

/// Gives the update the norm of the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lamb;

/// The trust ratio of LAMB.
pub fn lamb() -> Lamb {
    Lamb
}

impl<R: Real> TensorRule<R> for Lamb {
    fn name(&self) -> &'static str {
        "Lamb"
    }

    fn update(&self, _step: Step, tensor: Tensor<'_, R>, _slots: &mut [&mut [R]]) {
        let (size, of_update) = (norm(tensor.parameters), norm(tensor.update));
        if size > 0.0 && of_update > 0.0 {
            scale(tensor.update, size / of_update);
        }
    }

    fn formula(&self) -> &'static [FormulaLine] {
        &[FormulaLine {
            text: "u ← {u}·‖θ‖/‖{u}‖",
            latex: r"u &\leftarrow {u}\,\frac{\lVert\theta\rVert}{\lVert {u}\rVert}",
        }]
    }
}
