//! Xavier initialisation: signals keep their variance on the way forward, and gradients on the way back.
//!
//! ```text
//! xavier_uniform:  W_ij ~ U(−a, a),   a = gain √(6/(m + n))
//! xavier_normal:   W_ij ~ N(0, σ²),   σ = gain √(2/(m + n))
//! ```
//!
//! where m = fan_in and n = fan_out. Glorot & Bengio, *Understanding the difficulty of training deep
//! feedforward neural networks*, AISTATS 2010, equations 12 and 16. Forward needs m Var W = 1, backward
//! n Var W = 1; with both fans at hand, 2/(m + n) is the compromise. The normal is a plain one, as in
//! PyTorch; JAX and Keras draw a truncated one of the same variance.

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::{Fans, Normal, Start, Uniform, fans};

/// Uniform with variance 2/(m + n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct XavierUniform {
    /// The factor on the weights, from 0.
    pub gain: f64,
}

/// Normal with variance 2/(m + n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct XavierNormal {
    /// The factor on the weights, from 0.
    pub gain: f64,
}

const GAIN: Parameter = Parameter::number("gain", 1.0, Range::NonNegative, "factor on the weights");

impl Start for XavierUniform {
    const WORD: Word = Word {
        name: "xavier_uniform",
        about: "W ~ U(−a, a), a = gain·√(6/(m + n))",
        parameters: &[GAIN],
    };

    fn read(arguments: &Arguments) -> XavierUniform {
        XavierUniform { gain: arguments.number("gain") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("gain", self.gain)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        let Fans { fan_in: m, fan_out: n } = fans(shape);
        let limit = self.gain * (6.0 / (m + n) as f64).sqrt();
        Uniform { limit }.fill(shape, values, stream);
    }
}

impl Start for XavierNormal {
    const WORD: Word = Word {
        name: "xavier_normal",
        about: "W ~ N(0, σ²), σ = gain·√(2/(m + n))",
        parameters: &[GAIN],
    };

    fn read(arguments: &Arguments) -> XavierNormal {
        XavierNormal { gain: arguments.number("gain") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("gain", self.gain)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        let Fans { fan_in: m, fan_out: n } = fans(shape);
        let std = self.gain * (2.0 / (m + n) as f64).sqrt();
        Normal { std, mean: 0.0 }.fill(shape, values, stream);
    }
}
