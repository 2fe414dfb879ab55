//! Independent normal weights.
//!
//! ```text
//! W_ij ~ N(mean, std²)
//! ```
//!
//! The lecture's "Gaussian initialization: typically with mean 0 and small variance". A deviation that
//! does not depend on the fans suits one width only; see [`XavierNormal`](super::XavierNormal).

use std::iter::zip;

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::Start;

/// Normal with a given deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// The standard deviation, from 0.
    pub std: f64,
    /// The mean.
    pub mean: f64,
}

impl Start for Normal {
    const WORD: Word = Word {
        name: "normal",
        about: "W ~ N(mean, std²)",
        parameters: &[
            Parameter::number("std", 0.01, Range::NonNegative, "standard deviation"),
            Parameter::number("mean", 0.0, Range::Any, "mean"),
        ],
    };

    fn read(arguments: &Arguments) -> Normal {
        Normal { std: arguments.number("std"), mean: arguments.number("mean") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("std", self.std), ("mean", self.mean)]
    }

    fn fill(&self, _: &[usize], values: &mut [f64], stream: Stream) {
        for (i, value) in zip(0.., values) {
            *value = self.mean + self.std * stream.normal(i);
        }
    }
}
