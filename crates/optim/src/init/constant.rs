//! The same value everywhere.
//!
//! ```text
//! W = 0      W = value
//! ```
//!
//! For biases and scales. Weights that start so leave all units of a layer alike for ever, since each
//! gets the same gradient (Goodfellow, Bengio & Courville, *Deep Learning*, 2016, section 8.4, which also
//! has the usual constants for biases).

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::Start;

/// 0 everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zeros;

/// The same value everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// The value.
    pub value: f64,
}

impl Start for Zeros {
    const WORD: Word = Word { name: "zeros", about: "W = 0, for biases", parameters: &[] };

    fn read(_: &Arguments) -> Zeros {
        Zeros
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        Constant { value: 0.0 }.fill(shape, values, stream);
    }
}

impl Start for Constant {
    const WORD: Word = Word {
        name: "constant",
        about: "W = value, for biases: 0.1 for ReLU, 1 for the forget gate of an LSTM",
        parameters: &[Parameter::required("value", Range::Any, "the value")],
    };

    fn read(arguments: &Arguments) -> Constant {
        Constant { value: arguments.number("value") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("value", self.value)]
    }

    fn fill(&self, _: &[usize], values: &mut [f64], _: Stream) {
        values.fill(self.value);
    }
}
