//! The exponential moving average of the weights.
//!
//! ```text
//! a_1 = θ_1,   a_t = d·a_(t−1) + (1−d)·θ_t
//! warmup:      d_t = min(d, (1+t)/(10+t))
//! ```
//!
//! Polyak, Juditsky, *Acceleration of stochastic approximation by averaging*, SIAM J. Control Optim. 30(4),
//! 1992, with weights that fall exponentially, as in PyTorch's `AveragedModel` with `get_ema_multi_avg_fn`,
//! which also begins with a copy. The warm-up is that of TensorFlow's `ExponentialMovingAverage` with
//! `num_updates` t.

use super::average::{Average, Weights};
use crate::{Optimizer, Stored};

/// Weights that fall exponentially.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    /// d, the part of the average that stays, from 0 to below 1.
    pub decay: f64,
    /// Whether early averages forget faster.
    pub warmup: bool,
}

/// The exponential moving average of the weights.
pub type Ema<T> = Average<T, Exponential>;

impl<T: Stored> Ema<T> {
    /// An average of the weights of `inner`, of which the part `decay` stays at each step, or less with
    /// `warmup` at the early ones.
    pub fn new(inner: Box<dyn Optimizer<T>>, decay: f64, warmup: bool) -> Ema<T> {
        Average::with(inner, Exponential { decay, warmup })
    }
}

impl Weights for Exponential {
    const WORD: &'static str = "ema";
    const NAME: &'static str = "Ema";

    fn weight(&self, t: u64) -> Option<f64> {
        let t = t as f64;
        let most = if self.warmup { (1.0 + t) / (10.0 + t) } else { 1.0 };
        Some(1.0 - self.decay.min(most))
    }

    fn begun(&self, t: u64) -> bool {
        t > 0
    }
}
