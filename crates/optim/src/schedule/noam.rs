//! The schedule of the transformer: a line up, then down with the root of the step.
//!
//! ```text
//! ε_k = min((k + 1)/W, √(W/(k + 1))) ε₀
//! ```
//!
//! Vaswani et al., *Attention is all you need*, NeurIPS 2017, equation 3,
//! <https://arxiv.org/abs/1706.03762>: rate = d^(−½) min(step^(−½), step · W^(−3/2)), with step = k + 1 counted
//! from 1. The departure is the unit: the factor is 1 at its peak, step W, so that ε₀ is the largest rate.
//! Theirs is ε₀ = (d W)^(−½): with d = 512 and W = 4000, about 7e-4. tensor2tensor, where it was first
//! used, calls it "noam". PyTorch and optax have no word for it.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Word};

use super::{Bounds, Curve, both, duration, union};

/// A line up, then down with the root of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noam {
    /// W: how many steps it takes to the full rate; 0 counts as 1.
    pub warmup: u64,
}

impl Curve for Noam {
    const WORD: Word = Word {
        name: "noam",
        about: "ε_k = min((k + 1)/W, √(W/(k + 1)))·ε₀",
        parameters: &[Parameter::steps("warmup", "W, steps to the full rate")],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Noam, CallError> {
        Ok(Noam { warmup: arguments.steps("warmup", steps_per_epoch)? })
    }

    fn write(&self) -> Vec<Argument> {
        vec![duration("warmup", self.warmup)]
    }

    fn factor(&self, k: u64) -> f64 {
        let step = k as f64 + 1.0;
        let w = self.warmup.max(1) as f64;
        (step / w).min((w / step).sqrt())
    }

    fn bounds(&self) -> Bounds {
        // Quotients and roots are rounded correctly, so that each branch is monotone to the last bit.
        union(both(self.factor(0), 1.0), both(self.factor(u64::MAX), 1.0))
    }
}
