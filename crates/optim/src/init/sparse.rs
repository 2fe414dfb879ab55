//! Sparse initialisation: every unit listens to few inputs, but to those well.
//!
//! ```text
//! W_ij ~ N(0, std²)   for k inputs i, drawn for each unit j without replacement
//! W_ij = 0            for the others
//! ```
//!
//! Martens, *Deep learning via Hessian-free optimization*, ICML 2010, section 5: k = 15, and the size of
//! what a unit receives does not depend on the width of the layer below. The lecture's slide has "exactly
//! k non-zero weights at each layer"; Martens gives each *unit* k non-zero incoming weights, and so does
//! this. PyTorch's `sparse_` counts zeros instead, and, with weights stored [out, in], per input.
//!
//! A unit with fewer than k inputs listens to all of them.

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::Start;
use super::fans::matrix;

/// The same number of non-zero incoming weights for every unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sparse {
    /// k: how many.
    pub k: usize,
    /// Their standard deviation, from 0.
    pub std: f64,
}

impl Start for Sparse {
    const WORD: Word = Word {
        name: "sparse",
        about: "k weights ~ N(0, std²) into every unit, the others 0",
        parameters: &[
            Parameter::number("k", 15.0, Range::Count, "non-zero incoming weights of a unit"),
            Parameter::number("std", 1.0, Range::NonNegative, "their standard deviation"),
        ],
    };

    fn read(arguments: &Arguments) -> Sparse {
        Sparse { k: arguments.number("k") as usize, std: arguments.number("std") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("k", self.k as f64), ("std", self.std)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        let (inputs, units) = matrix(shape);
        for j in 0..units {
            // Which inputs, and how strongly, must not come from the same bits.
            let [which, strength] = [2 * j, 2 * j + 1].map(|n| stream.substream(n as u64));
            for i in which.permutation(inputs).into_iter().take(self.k) {
                values[i * units + j] = self.std * strength.normal(i as u64);
            }
        }
    }
}
