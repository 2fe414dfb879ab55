//! He initialisation: LeCun's, with a gain for what a rectifier takes away.
//!
//! ```text
//! he_uniform:  W_ij ~ U(−a, a),   a = gain √(3/m)
//! he_normal:   W_ij ~ N(0, σ²),   σ = gain √(1/m)
//! ```
//!
//! where m = fan_in and gain = √2. He, Zhang, Ren & Sun, *Delving deep into rectifiers*, ICCV 2015,
//! equation 10: a ReLU halves the mean square of its input, so that ½ m Var W = 1. For a leaky ReLU of
//! slope a the gain is √(2/(1 + a²)) (their equation 15). The fan is that of the forward pass; they
//! show that either fan will do. PyTorch calls this `kaiming_normal_` with `nonlinearity="relu"`.

use std::f64::consts::SQRT_2;

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::{LecunNormal, LecunUniform, Start};

/// Uniform with variance gain²/m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeUniform {
    /// The factor on the weights, from 0: √2 for ReLU.
    pub gain: f64,
}

/// Normal with variance gain²/m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeNormal {
    /// The factor on the weights, from 0: √2 for ReLU.
    pub gain: f64,
}

const GAIN: Parameter =
    Parameter::number("gain", SQRT_2, Range::NonNegative, "factor on the weights, √2 for ReLU");

impl Start for HeUniform {
    const WORD: Word = Word {
        name: "he_uniform",
        about: "W ~ U(−a, a), a = gain·√(3/m), gain = √2 for ReLU",
        parameters: &[GAIN],
    };

    fn read(arguments: &Arguments) -> HeUniform {
        HeUniform { gain: arguments.number("gain") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("gain", self.gain)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        LecunUniform { gain: self.gain }.fill(shape, values, stream);
    }
}

impl Start for HeNormal {
    const WORD: Word = Word {
        name: "he_normal",
        about: "W ~ N(0, σ²), σ = gain·√(1/m), gain = √2 for ReLU",
        parameters: &[GAIN],
    };

    fn read(arguments: &Arguments) -> HeNormal {
        HeNormal { gain: arguments.number("gain") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("gain", self.gain)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        LecunNormal { gain: self.gain }.fill(shape, values, stream);
    }
}
