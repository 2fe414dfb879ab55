//! Gradient noise that dies away.
//!
//! ```text
//! g ← g + N(0, σ²),     σ² = η/(1 + k)^γ,     k = t − 1 from 0
//! ```
//!
//! Neelakantan, Vilnis, Le, Sutskever, Kaiser, Kurach & Martens 2015, *Adding gradient noise improves
//! learning for very deep networks*, equation 1, with γ = 0.55, <https://arxiv.org/abs/1511.06807>;
//! `optax.add_noise`. What is drawn depends on the seed, the name of the tensor, the step and the place
//! alone: a run that is resumed sees what one that was not interrupted does, with any number of threads.

use thalweg_random::Stream;

use super::parallel::pieces;
use crate::{FormulaLine, Hyper, Real, Step, Tensor, TensorRule};

/// Normal numbers take some 20 ns each.
const GRAIN: usize = 1 << 10;

/// Adds noise to the gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientNoise {
    /// η, the variance at the first step; from 0.
    pub variance: Hyper,
    /// γ, how fast it dies away; from 0.
    pub decay: f64,
    /// What it is drawn from.
    pub seed: u64,
}

/// Noise of variance η/(1 + k)^γ.
pub fn gradient_noise(variance: impl Into<Hyper>, decay: f64, seed: u64) -> GradientNoise {
    GradientNoise { variance: variance.into(), decay, seed }
}

impl<R: Real> TensorRule<R> for GradientNoise {
    fn name(&self) -> &'static str {
        "GradientNoise"
    }

    fn update(&self, step: Step, tensor: Tensor<'_, R>, _slots: &mut [&mut [R]]) {
        let σ = (self.variance.at(step) / (step.t as f64).powf(self.decay)).sqrt();
        let of_name = Stream::new(self.seed, tensor.name).bits(0);
        let stream = Stream::new(self.seed, "optimizer/noise").substream(of_name).substream(step.t);
        pieces(tensor.update, 1, GRAIN, &|begin, update: &mut [R]| {
            for (i, u) in (begin as u64..).zip(update) {
                *u = R::from_f64(u.to_f64() + σ * stream.normal(i));
            }
        });
    }

    fn formula(&self) -> &'static [FormulaLine] {
        &[FormulaLine {
            text: "u ← {u} + N(0, η/(1+k)^γ)",
            latex: r"u &\leftarrow {u} + \mathcal{N}\left(0, \frac{\eta}{(1+k)^\gamma}\right)",
        }]
    }
}
