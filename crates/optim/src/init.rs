//! What the parameters are before the first step.
//!
//! Weights are stored as [fan_in, fan_out], because activations are rows: y = x·W + b. Units that start
//! alike stay alike, so weights are drawn at random, and how large they are drawn decides whether
//! signals grow or vanish with depth.
//!
//! Biases need no randomness: `zeros` mostly, `constant(0.1)` before a ReLU, so that its units begin
//! active, and `constant(1)` for the forget gate of an LSTM, so that it begins by remembering.
//!
//! Every number is a pure function of (initialiser, shape, stream). It is computed in `f64` and then
//! rounded, so that runs in `f32` and in `f64` start from the same point.
//!
//! ```
//! use thalweg_optim::init::{Initializer, XavierUniform, initializer};
//! use thalweg_random::Stream;
//!
//! let xavier = initializer(&"xavier_uniform".parse()?)?;
//! assert_eq!(xavier, Initializer::from(XavierUniform { gain: 1.0 }));
//!
//! let mut weights = vec![0.0f32; 784 * 128];
//! xavier.fill(&[784, 128], &mut weights, Stream::new(42, "init/layer1/weights"));
//! let limit = (6.0f32 / (784.0 + 128.0)).sqrt();
//! assert!(weights.iter().all(|weight| weight.abs() <= limit));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::iter::zip;

use thalweg_calls::{Argument, Arguments, Call, CallError, Value, Vocabulary, Word};
use thalweg_random::Stream;

use crate::Real;

mod constant;
mod fans;
mod he;
mod identity;
mod lecun;
mod lsuv;
mod normal;
mod orthogonal;
mod sparse;
mod truncated_normal;
mod uniform;
mod xavier;

pub use constant::{Constant, Zeros};
pub use fans::{Fans, fans};
pub use he::{HeNormal, HeUniform};
pub use identity::Identity;
pub use lecun::{LecunNormal, LecunUniform};
pub use lsuv::Lsuv;
pub use normal::Normal;
pub use orthogonal::Orthogonal;
pub use sparse::Sparse;
pub use truncated_normal::TruncatedNormal;
pub use uniform::Uniform;
pub use xavier::{XavierNormal, XavierUniform};

/// What the file of an initialiser says of it.
trait Start: Sized {
    /// The word that names it, and its parameters, all of them numbers.
    const WORD: Word;

    /// The initialiser with these arguments.
    fn read(arguments: &Arguments) -> Self;

    /// The arguments that give it back when they are read.
    fn write(&self) -> Vec<(&'static str, f64)>;

    /// Writes every element of `values`, of which there is at least one; they are 0 before.
    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream);
}

macro_rules! initializers {
    ($($(#[$about:meta])+ $Start:ident,)+) => {
        /// An initialiser.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Initializer {
            $($(#[$about])+ $Start($Start),)+
        }

        /// The words for initialisers.
        pub static INITIALIZERS: Vocabulary =
            Vocabulary::new("initializer", &[$(&<$Start as Start>::WORD,)+]);

        /// The initialiser that `call` names.
        ///
        /// # Errors
        ///
        /// If the word or an argument is unknown, missing or out of range.
        pub fn initializer(call: &Call) -> Result<Initializer, CallError> {
            let arguments = INITIALIZERS.resolve(call)?;
            $(if arguments.name() == <$Start as Start>::WORD.name {
                return Ok($Start::read(&arguments).into());
            })+
            unreachable!("the vocabulary holds the words of the table and no others")
        }

        impl Initializer {
            fn fill_exactly(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
                match self {
                    $(Initializer::$Start(start) => start.fill(shape, values, stream),)+
                }
            }

            /// The call that names the initialiser, with every argument.
            pub fn call(&self) -> Call {
                let (word, arguments) = match self {
                    $(Initializer::$Start(start) => (<$Start as Start>::WORD, start.write()),)+
                };
                let named = |(name, x): (&str, f64)| Argument {
                    name: Some(name.to_owned()),
                    value: Value::Number(x),
                };
                let arguments = arguments.into_iter().map(named).collect();
                Call { name: word.name.to_owned(), arguments }
            }
        }

        $(impl From<$Start> for Initializer {
            fn from(start: $Start) -> Initializer {
                Initializer::$Start(start)
            }
        })+
    };
}

initializers! {
    /// 0 everywhere.
    Zeros,
    /// The same value everywhere.
    Constant,
    /// Normal with a given deviation.
    Normal,
    /// Normal, without what lies beyond two deviations.
    TruncatedNormal,
    /// Uniform between two limits.
    Uniform,
    /// Uniform with variance 2/(m + n).
    XavierUniform,
    /// Normal with variance 2/(m + n).
    XavierNormal,
    /// Uniform with variance 2/m.
    HeUniform,
    /// Normal with variance 2/m.
    HeNormal,
    /// Uniform with variance 1/m.
    LecunUniform,
    /// Normal with variance 1/m.
    LecunNormal,
    /// The same number of non-zero incoming weights for every unit.
    Sparse,
    /// A random orthogonal matrix.
    Orthogonal,
    /// The identity.
    Identity,
    /// Orthogonal, then scaled to unit variance of the outputs.
    Lsuv,
}

impl Initializer {
    /// Writes the initial values of a tensor with this `shape`, slowest dimension first. A tensor
    /// without elements is left as it is.
    ///
    /// # Panics
    ///
    /// If `values` does not have as many elements as the shape.
    pub fn fill<T: Real>(&self, shape: &[usize], values: &mut [T], stream: Stream) {
        let size: usize = shape.iter().product();
        assert_eq!(values.len(), size, "the values of a tensor with shape {shape:?}");
        if values.is_empty() {
            return;
        }
        let mut exact = vec![0.0; values.len()];
        self.fill_exactly(shape, &mut exact, stream);
        for (value, exact) in zip(values, exact) {
            *value = T::from_f64(exact);
        }
    }

    /// Whether the values are only a start, which the trainer scales by what it measures on data: see
    /// [`Lsuv::correction`].
    pub fn is_data_driven(&self) -> bool {
        matches!(self, Initializer::Lsuv(_))
    }
}

impl fmt::Display for Initializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.call())
    }
}
