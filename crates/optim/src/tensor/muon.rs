//! Muon: momentum whose matrices are made orthogonal, so that all directions move alike.
//!
//! ```text
//! b ← μb + (1 − μ)g
//! x = (1 − μ)g + μb with Nesterov's look ahead, else b
//! u = √max(1, out/in) · U·Vᵀ, nearly, for x = U·Σ·Vᵀ              weights are [in, out]
//! ```
//!
//! Jordan et al. 2024, <https://kellerjordan.github.io/posts/muon/>, in the order of the author's `muon.py`:
//! U·Vᵀ comes of some steps of Newton-Schulz, see [`thalweg_matrix::newton_schulz`], which leave the singular
//! values between 0.68 and 1.21. Departure: they are calculated in the numbers of the parameters, not in
//! `bf16`.
//!
//! It is a rule for matrices; what is none gets AdamW in a chain of its own, as the optimizer `muon(…)`
//! arranges it. Any other tensor that comes here is taken for a matrix whose columns are its last axis.

use thalweg_matrix::{MUON, Threads, Workspace, newton_schulz};

use super::workspaces::Workspaces;
use crate::{FormulaLine, Hyper, Level, Real, Step, Tensor, TensorRule, TensorSlot};

/// Makes the momentum of a matrix orthogonal.
#[derive(Debug)]
pub struct Muon<R> {
    /// μ, the memory of the mean; from 0 to below 1.
    pub momentum: Hyper,
    /// Whether the update looks ahead.
    pub nesterov: bool,
    /// Steps of Newton-Schulz, some 3 to 6.
    pub steps: usize,
    workspaces: Workspaces<Workspace<R>>,
}

/// Muon with μ, with Nesterov's look ahead and five steps of Newton-Schulz.
pub fn muon<R: Real>(momentum: impl Into<Hyper>) -> Muon<R> {
    let workspaces = Workspaces::new();
    Muon { momentum: momentum.into(), nesterov: true, steps: 5, workspaces }
}

impl<R: Real> TensorRule<R> for Muon<R> {
    fn name(&self) -> &'static str {
        "Muon"
    }

    fn slots(&self, shape: &[usize]) -> Vec<TensorSlot> {
        vec![TensorSlot::zeros("muon.b", shape)]
    }

    fn update(&self, step: Step, tensor: Tensor<'_, R>, slots: &mut [&mut [R]]) {
        let Tensor { shape, update, .. } = tensor;
        let [b, ..] = slots else { unreachable!("a slot is named") };
        if update.is_empty() {
            return;
        }
        let μ = self.momentum.at(step);
        let (μ, rest) = (R::from_f64(μ), R::from_f64(1.0 - μ));
        let level = Level::widest();
        level.run(
            #[inline(always)]
            || mean(update, b, μ, rest, self.nesterov),
        );
        let columns = shape.last().copied().unwrap_or(1);
        let rows = update.len() / columns;
        self.workspaces.with(|workspace| {
            newton_schulz(update, rows, columns, self.steps, MUON, workspace, Threads::Pool);
        });
        if columns > rows {
            let factor = R::from_f64((columns as f64 / rows as f64).sqrt());
            level.run(
                #[inline(always)]
                || update.iter_mut().for_each(|u| *u = factor * *u),
            );
        }
    }

    fn formula(&self) -> &'static [FormulaLine] {
        const MEAN: FormulaLine = FormulaLine {
            text: "b ← μ·b + (1−μ)·{u}",
            latex: r"b &\leftarrow \mu b + (1-\mu)\,{u}",
        };
        if self.nesterov {
            &[
                MEAN,
                FormulaLine {
                    text: "u ← √max(1, out/in)·orthogonal((1−μ)·{u} + μ·b)",
                    latex: r"u &\leftarrow \sqrt{\max(1, \text{out}/\text{in})}\,\operatorname{orthogonal}((1-\mu)\,{u} + \mu b)",
                },
            ]
        } else {
            &[
                MEAN,
                FormulaLine {
                    text: "u ← √max(1, out/in)·orthogonal(b)",
                    latex: r"u &\leftarrow \sqrt{\max(1, \text{out}/\text{in})}\,\operatorname{orthogonal}(b)",
                },
            ]
        }
    }
}

/// The mean, and in place of the gradient what is to be made orthogonal.
#[inline(always)]
fn mean<R: Real>(g: &mut [R], b: &mut [R], μ: R, rest: R, nesterov: bool) {
    if nesterov {
        for (g, b) in g.iter_mut().zip(b) {
            *b = μ * *b + rest * *g;
            *g = rest * *g + μ * *b;
        }
    } else {
        for (g, b) in g.iter_mut().zip(b) {
            *b = μ * *b + rest * *g;
            *g = *b;
        }
    }
}
