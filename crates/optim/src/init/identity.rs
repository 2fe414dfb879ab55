//! The identity: a layer that begins by passing its input on.
//!
//! ```text
//! W = gain · I
//! ```
//!
//! Le, Jaitly & Hinton, *A simple way to initialize recurrent networks of rectified linear units*, 2015.
//! Where the matrix is not square, the inputs or units left over get 0. In a kernel [kh, kw, in, out] the
//! identity stands at the centre tap, kh/2 and kw/2 rounded down, as in PyTorch's `dirac_`: the
//! convolution passes its input on. A tensor of one dimension is one column.

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::Start;

/// The identity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Identity {
    /// The value on the diagonal.
    pub gain: f64,
}

impl Start for Identity {
    const WORD: Word = Word {
        name: "identity",
        about: "W = gain·I, for recurrent weights",
        parameters: &[Parameter::number("gain", 1.0, Range::Any, "value on the diagonal")],
    };

    fn read(arguments: &Arguments) -> Identity {
        Identity { gain: arguments.number("gain") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("gain", self.gain)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], _: Stream) {
        let (kernel, inputs, outputs) = match *shape {
            [ref kernel @ .., inputs, outputs] => (kernel, inputs, outputs),
            _ => (&[][..], values.len(), 1),
        };
        let centre = kernel.iter().fold(0, |tap, size| tap * size + size / 2);
        for i in 0..inputs.min(outputs) {
            values[(centre * inputs + i) * outputs + i] = self.gain;
        }
    }
}
