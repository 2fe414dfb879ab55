//! Inverse-time decay.
//!
//! ```text
//! ε_t = ε₀ / (1 + kt)
//! ```
//!
//! The third of the lecture's three ways to let the rate decay. The slide calls it "linearly decay", but
//! what grows linearly is 1/ε. It is the schedule of Robbins and Monro: Σε_t diverges and Σε_t² converges,
//! as their theorem asks (*A stochastic approximation method*, Annals of Mathematical Statistics 22(3),
//! 1951). t counts steps from 0, and k is the lecture's letter, per step. Keras calls it
//! `InverseTimeDecay`, with k = `decay_rate / decay_steps`; PyTorch and optax lack it.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, number};

/// 1/(1 + kt) at step t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InverseTime {
    /// k, per step, from 0.
    pub k: f64,
}

impl Curve for InverseTime {
    const WORD: Word = Word {
        name: "inverse_time",
        about: "ε_t = ε₀/(1 + kt)",
        parameters: &[Parameter::required("k", Range::NonNegative, "growth of ε₀/ε per step")],
    };

    fn read(arguments: &Arguments, _: Option<f64>) -> Result<InverseTime, CallError> {
        Ok(InverseTime { k: arguments.number("k") })
    }

    fn write(&self) -> Vec<Argument> {
        vec![number("k", self.k)]
    }

    fn factor(&self, t: u64) -> f64 {
        1.0 / (1.0 + self.k * t as f64)
    }

    fn bounds(&self) -> Bounds {
        // Products, sums and quotients are rounded correctly, so that it falls to the last bit.
        self.factor(u64::MAX)..=1.0
    }
}
