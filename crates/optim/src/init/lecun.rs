//! LeCun initialisation: a unit's input has the variance of what it is made from.
//!
//! ```text
//! lecun_uniform:  W_ij ~ U(−a, a),   a = gain √(3/m)
//! lecun_normal:   W_ij ~ N(0, σ²),   σ = gain √(1/m)
//! ```
//!
//! where m = fan_in. LeCun, Bottou, Orr & Müller, *Efficient BackProp*, in *Neural Networks: Tricks of
//! the Trade*, 1998, equation 16. What PyTorch's `Linear` starts from, U(−1/√m, 1/√m), is
//! `lecun_uniform` with a gain of √⅓: it shrinks the variance to a third in every linear layer.

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::{Normal, Start, Uniform, fans};

/// Uniform with variance 1/m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LecunUniform {
    /// The factor on the weights, from 0.
    pub gain: f64,
}

/// Normal with variance 1/m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LecunNormal {
    /// The factor on the weights, from 0.
    pub gain: f64,
}

const GAIN: Parameter = Parameter::number("gain", 1.0, Range::NonNegative, "factor on the weights");

impl Start for LecunUniform {
    const WORD: Word =
        Word {
            name: "lecun_uniform", about: "W ~ U(−a, a), a = gain·√(3/m)", parameters: &[GAIN]
        };

    fn read(arguments: &Arguments) -> LecunUniform {
        LecunUniform { gain: arguments.number("gain") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("gain", self.gain)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        let limit = self.gain * (3.0 / fans(shape).fan_in as f64).sqrt();
        Uniform { limit }.fill(shape, values, stream);
    }
}

impl Start for LecunNormal {
    const WORD: Word =
        Word {
            name: "lecun_normal", about: "W ~ N(0, σ²), σ = gain·√(1/m)", parameters: &[GAIN]
        };

    fn read(arguments: &Arguments) -> LecunNormal {
        LecunNormal { gain: arguments.number("gain") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("gain", self.gain)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        let std = self.gain * (1.0 / fans(shape).fan_in as f64).sqrt();
        Normal { std, mean: 0.0 }.fill(shape, values, stream);
    }
}
