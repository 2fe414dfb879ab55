//! Independent normal weights without outliers.
//!
//! ```text
//! W_ij ~ N(mean, std²), given that |W_ij − mean| ≤ 2 std
//! ```
//!
//! `std` is that of the normal before it is cut, as in TensorFlow's, JAX's and so DeepOBS's
//! `truncated_normal`; what is drawn deviates by 0.8796 `std`. PyTorch's `trunc_normal_` takes its limits
//! in units of the weights, by default ±2 and not ±2 `std`.

use std::iter::zip;

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::Start;

/// Normal, without what lies beyond two deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruncatedNormal {
    /// The standard deviation before the cut, from 0.
    pub std: f64,
    /// The mean.
    pub mean: f64,
}

impl Start for TruncatedNormal {
    const WORD: Word = Word {
        name: "truncated_normal",
        about: "W ~ N(mean, std²) within mean ± 2·std",
        parameters: &[
            Parameter::number("std", 0.01, Range::NonNegative, "deviation before the cut"),
            Parameter::number("mean", 0.0, Range::Any, "mean"),
        ],
    };

    fn read(arguments: &Arguments) -> TruncatedNormal {
        TruncatedNormal { std: arguments.number("std"), mean: arguments.number("mean") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("std", self.std), ("mean", self.mean)]
    }

    fn fill(&self, _: &[usize], values: &mut [f64], stream: Stream) {
        for (i, value) in zip(0.., values) {
            *value = self.mean + self.std * within_two(stream, i);
        }
    }
}

/// Standard normal, given that it is in [−2, 2]: drawn again until it is.
///
/// Each attempt has a stream of its own, so that the number at an index depends on no other.
fn within_two(stream: Stream, index: u64) -> f64 {
    let mut attempt = 0;
    loop {
        let z = stream.substream(attempt).normal(index);
        if z.abs() <= 2.0 {
            return z;
        }
        attempt += 1;
    }
}
