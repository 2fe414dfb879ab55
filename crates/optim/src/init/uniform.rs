//! Independent uniform weights.
//!
//! ```text
//! W_ij ~ U(−limit, limit),   variance limit²/3
//! ```

use std::iter::zip;

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::Start;

/// Uniform between two limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    /// The largest magnitude, from 0.
    pub limit: f64,
}

impl Start for Uniform {
    const WORD: Word = Word {
        name: "uniform",
        about: "W ~ U(−limit, limit)",
        parameters: &[Parameter::required("limit", Range::NonNegative, "largest magnitude")],
    };

    fn read(arguments: &Arguments) -> Uniform {
        Uniform { limit: arguments.number("limit") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("limit", self.limit)]
    }

    fn fill(&self, _: &[usize], values: &mut [f64], stream: Stream) {
        for (i, value) in zip(0.., values) {
            *value = self.limit * (2.0 * stream.uniform(i) - 1.0);
        }
    }
}
