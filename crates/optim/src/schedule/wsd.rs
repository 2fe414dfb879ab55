//! Warm-up, stable, decay: the schedule that does not need to know the end when it begins.
//!
//! ```text
//! ε_k = (k/W) ε₀                                  for k < W
//! ε_k = ε₀                                        for W ≤ k < W + S
//! ε_k = ((1 − f(x)) + f(x) end) ε₀, x = (k − W − S)/D     for W + S ≤ k < W + S + D
//! ε_k = end ε₀                                    from there on
//!
//! f(x) = x, or √x with `sqrt`
//! ```
//!
//! Hu et al., *MiniCPM: unveiling the potential of small language models with scalable training
//! strategies*, 2024, section 4.2, <https://arxiv.org/abs/2404.06395>, leave the decay open and use an
//! exponential one. The two here are those of Hägele et al., *Scaling laws and compute-optimal training
//! beyond fixed training durations*, NeurIPS 2024, section 3, <https://arxiv.org/abs/2405.18392>: the line,
//! and "1-sqrt", 1 − √x, which they find better. Both papers decay to about 0; `end` is a departure.
//!
//! As in [`Warmup`](super::Warmup), the first step has the factor 0 and step W is the first with the full
//! rate. PyTorch and optax have no such word; it is their `SequentialLR` or `join_schedules` of three.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, both, duration, line, number, passed, switch, union};

/// A straight line up, the full rate, and down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wsd {
    /// W: steps to the full rate. With 0 there is no warm-up.
    pub warmup: u64,
    /// S: steps with the full rate.
    pub stable: u64,
    /// D: steps from the full rate to the last one. With 0 it falls at once.
    pub decay: u64,
    /// The last rate over ε₀, from 0.
    pub end: f64,
    /// Whether the decay is 1 − √x rather than 1 − x.
    pub sqrt: bool,
}

impl Curve for Wsd {
    const WORD: Word = Word {
        name: "wsd",
        about: "warm-up, stable, decay: a line up to ε₀, ε₀, and down to end·ε₀",
        parameters: &[
            Parameter::steps("warmup", "W, steps to the full rate"),
            Parameter::steps("stable", "S, steps with the full rate"),
            Parameter::steps("decay", "D, steps to the last rate"),
            Parameter::number("end", 0.0, Range::NonNegative, "the last rate over ε₀"),
            Parameter::switch("sqrt", false, "decay as 1 − √x rather than 1 − x"),
        ],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Wsd, CallError> {
        let steps = |name| arguments.steps(name, steps_per_epoch);
        Ok(Wsd {
            warmup: steps("warmup")?,
            stable: steps("stable")?,
            decay: steps("decay")?,
            end: arguments.number("end"),
            sqrt: arguments.switch("sqrt"),
        })
    }

    fn write(&self) -> Vec<Argument> {
        vec![
            duration("warmup", self.warmup),
            duration("stable", self.stable),
            duration("decay", self.decay),
            number("end", self.end),
            switch("sqrt", self.sqrt),
        ]
    }

    fn factor(&self, k: u64) -> f64 {
        if k < self.warmup {
            return passed(k, self.warmup);
        }
        let k = k - self.warmup;
        if k < self.stable {
            return 1.0;
        }
        let x = passed(k - self.stable, self.decay);
        line(1.0, self.end, if self.sqrt { x.sqrt() } else { x })
    }

    fn bounds(&self) -> Bounds {
        let after = both(1.0, self.end);
        if self.warmup == 0 { after } else { union(0.0..=1.0, after) }
    }
}
