//! Stochastic weight averaging.
//!
//! ```text
//! a_n = a_(n−1) + (θ_t − a_(n−1))/n    at the steps t = start, start + every, …;  n counts them from 1
//! ```
//!
//! Izmailov, Podoprikhin, Garipov, Vetrov, Wilson, *Averaging Weights Leads to Wider Optima and Better
//! Generalization*, UAI 2018, algorithm 1, <https://arxiv.org/abs/1803.05407>. The running mean is that of
//! PyTorch's `AveragedModel`. Before `start` there is no average, and the iterate is that of the inner
//! optimizer.

use super::average::{Average, Weights};
use crate::{Optimizer, Stored};

/// The same weight for every so many steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equal {
    /// The first step, from 1, after which the weights count.
    pub start: u64,
    /// How many steps lie between two that count, from 1.
    pub every: u64,
}

/// The mean of the weights at every so many steps.
pub type Swa<T> = Average<T, Equal>;

impl<T: Stored> Swa<T> {
    /// The mean of the weights of `inner` after the steps `start`, `start + every` and so on, both from 1.
    ///
    /// # Panics
    ///
    /// If either is 0.
    pub fn new(inner: Box<dyn Optimizer<T>>, start: u64, every: u64) -> Swa<T> {
        assert!(start > 0 && every > 0, "steps are counted from 1");
        Average::with(inner, Equal { start, every })
    }
}

impl Weights for Equal {
    const WORD: &'static str = "swa";
    const NAME: &'static str = "Swa";

    fn weight(&self, t: u64) -> Option<f64> {
        let late = t.checked_sub(self.start)?;
        late.is_multiple_of(self.every).then(|| 1.0 / (late / self.every + 1) as f64)
    }

    fn begun(&self, t: u64) -> bool {
        t >= self.start
    }
}
