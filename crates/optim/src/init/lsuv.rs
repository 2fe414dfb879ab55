//! Layer-sequential unit variance: orthogonal weights, scaled until real data leave each layer with
//! variance 1.
//!
//! ```text
//! W ← Q, orthogonal
//! for each layer, from the first:
//!     while |Var(y) − 1| ≥ tolerance, at most `iterations` times:   W ← W / √Var(y)
//! ```
//!
//! where y are the layer's outputs on a minibatch. Mishkin & Matas, *All you need is a good init*, ICLR
//! 2016, algorithm 1; the defaults are those of the authors' code. Only the first line is done here: the
//! loop needs data, and is the trainer's, with [`Lsuv::correction`] as its step.

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::{Orthogonal, Start};

/// Orthogonal, then scaled to unit variance of the outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lsuv {
    /// How far from 1 a variance may be, above 0.
    pub tolerance: f64,
    /// How often the weights of a layer are scaled at most.
    pub iterations: u64,
}

impl Lsuv {
    /// What to multiply a layer's weights by when its outputs have this `variance`: 1/√variance.
    ///
    /// `None` if the variance is within the tolerance, and if it is 0, infinite or NaN, which no factor
    /// can mend.
    ///
    /// ```
    /// use thalweg_optim::init::Lsuv;
    ///
    /// let lsuv = Lsuv { tolerance: 0.1, iterations: 10 };
    /// assert_eq!(lsuv.correction(4.0), Some(0.5));
    /// assert_eq!(lsuv.correction(1.05), None);
    /// ```
    pub fn correction(&self, variance: f64) -> Option<f64> {
        let usable = variance.is_finite() && variance > 0.0;
        let far = (variance - 1.0).abs() >= self.tolerance;
        (usable && far).then(|| 1.0 / variance.sqrt())
    }
}

impl Start for Lsuv {
    const WORD: Word = Word {
        name: "lsuv",
        about: "orthogonal, then each layer scaled to outputs of variance 1 on data",
        parameters: &[
            Parameter::number(
                "tolerance",
                0.1,
                Range::Positive,
                "how far from 1 a variance may be",
            ),
            Parameter::number("iterations", 10.0, Range::Count, "most scalings of a layer"),
        ],
    };

    fn read(arguments: &Arguments) -> Lsuv {
        Lsuv {
            tolerance: arguments.number("tolerance"),
            iterations: arguments.number("iterations") as u64,
        }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("tolerance", self.tolerance), ("iterations", self.iterations as f64)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        Orthogonal { gain: 1.0 }.fill(shape, values, stream);
    }
}
