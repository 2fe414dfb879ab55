//! LARS: a learning rate for each tensor, by how large its gradient is beside its parameters.
//!
//! ```text
//! u ← (g + λθ) · η‖θ‖/(‖g‖ + λ‖θ‖ + δ)          1 in place of the ratio where ‖θ‖ or ‖g‖ is 0
//! ```
//!
//! You, Gitman & Ginsburg 2017, *Large batch training of convolutional networks*, Algorithm 1,
//! <https://arxiv.org/abs/1708.03888>, which has δ = 0. Learning rate and momentum come after it, with the
//! rate inside the velocity. `optax.lars` has ‖g + λθ‖ below; without decay the two agree.

use super::parallel::{norm, pieces};
use crate::norm::GRAIN;
use crate::{FormulaLine, Hyper, Real, Step, Tensor, TensorRule};

/// Scales the gradient by the ratio of norms, and adds the decay.
#[derive(Clone, Debug, PartialEq)]
pub struct Lars {
    /// η, the trust coefficient; above 0.
    pub trust: Hyper,
    /// δ; from 0.
    pub eps: Hyper,
    /// λ of the decay that is part of the gradient; from 0.
    pub weight_decay: Hyper,
}

/// The trust ratio of LARS, without decay and with δ = 0.
pub fn lars(trust: impl Into<Hyper>) -> Lars {
    Lars { trust: trust.into(), eps: 0.0.into(), weight_decay: 0.0.into() }
}

impl<R: Real> TensorRule<R> for Lars {
    fn name(&self) -> &'static str {
        "Lars"
    }

    fn update(&self, step: Step, tensor: Tensor<'_, R>, _slots: &mut [&mut [R]]) {
        let Tensor { parameters, update, .. } = tensor;
        let (η, δ, λ) = (self.trust.at(step), self.eps.at(step), self.weight_decay.at(step));
        let (size, steepness) = (norm(parameters), norm(update));
        let ratio = if size > 0.0 && steepness > 0.0 {
            η * size / (steepness + λ * size + δ)
        } else {
            1.0
        };
        pieces(update, 1, GRAIN, &|begin, update: &mut [R]| {
            for (u, θ) in update.iter_mut().zip(&parameters[begin..]) {
                *u = R::from_f64(ratio * (u.to_f64() + λ * θ.to_f64()));
            }
        });
    }

    fn formula(&self) -> &'static [FormulaLine] {
        &[FormulaLine {
            text: "u ← ({u} + λ·θ)·η·‖θ‖/(‖{u}‖ + λ·‖θ‖ + δ)",
            latex: r"u &\leftarrow ({u} + \lambda\theta)\,\frac{\eta\lVert\theta\rVert}{\lVert {u}\rVert + \lambda\lVert\theta\rVert + \delta}",
        }]
    }
}
