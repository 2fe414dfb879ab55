//! Exponential decay.
//!
//! ```text
//! ε_t = ε₀ e^(−kt)
//! ```
//!
//! The second of the lecture's three ways to let the rate decay; t counts steps from 0, and k is the
//! lecture's letter, per step. It falls below every bound. PyTorch's `ExponentialLR` takes γ = e^(−k), and
//! counts in whatever unit its `step` is called, mostly epochs; optax's `exponential_decay` takes a rate
//! r per n steps, which is k = −ln(r)/n.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, number};

/// A constant factor per step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    /// k, per step, from 0.
    pub k: f64,
}

impl Curve for Exponential {
    const WORD: Word = Word {
        name: "exponential",
        about: "ε_t = ε₀·e^(−kt)",
        parameters: &[Parameter::required("k", Range::NonNegative, "decay per step")],
    };

    fn read(arguments: &Arguments, _: Option<f64>) -> Result<Exponential, CallError> {
        Ok(Exponential { k: arguments.number("k") })
    }

    fn write(&self) -> Vec<Argument> {
        vec![number("k", self.k)]
    }

    fn factor(&self, t: u64) -> f64 {
        (-self.k * t as f64).exp()
    }

    fn bounds(&self) -> Bounds {
        if self.k == 0.0 { 1.0..=1.0 } else { 0.0..=1.0 }
    }
}
