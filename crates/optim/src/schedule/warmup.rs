//! Linear warm-up before another schedule.
//!
//! ```text
//! ε_k = (start + (1 − start) k/W) ε₀   for k < W
//! ε_k = ε′_(k−W)                       from W on, where ε′ is the schedule `then`
//! ```
//!
//! Goyal et al., *Accurate, large minibatch SGD: training ImageNet in 1 hour*, 2017, section 2.2, who
//! start at the rate for a small batch and let it grow by the same amount at every step.
//!
//! Libraries differ on the first step. Here it has exactly the factor `start`, and step W is the first
//! with the full rate, as in optax's `linear_schedule` and PyTorch's `LinearLR` (which refuses a start of
//! 0); with the default `start=0` the first step moves nothing. Schedule-free and others take (k + 1)/W:
//! that is `warmup(steps=W−1, start=1/W)`.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Value, Word};

use super::{Bounds, Curve, Schedule, both, duration, line, number, passed, schedule, union};

/// A straight line up to 1, then another schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Warmup {
    /// W: how long it takes to reach the full rate. With 0 there is no warm-up.
    pub steps: u64,
    /// The factor at the first step, from 0.
    pub start: f64,
    /// What follows, on a clock of its own that starts at 0.
    pub then: Box<Schedule>,
}

impl Curve for Warmup {
    const WORD: Word = Word {
        name: "warmup",
        about: "ε_k = (start + (1 − start)·k/W)·ε₀ for W steps, then another schedule",
        parameters: &[
            Parameter::steps("steps", "W, steps to the full rate"),
            Parameter::number("start", 0.0, Range::NonNegative, "the factor at the first step"),
            Parameter::call("then", "schedule", "constant", "what follows, its clock at 0"),
        ],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Warmup, CallError> {
        let steps = arguments.steps("steps", steps_per_epoch)?;
        let then = Box::new(schedule(arguments.call("then"), steps_per_epoch)?);
        Ok(Warmup { steps, start: arguments.number("start"), then })
    }

    fn write(&self) -> Vec<Argument> {
        let then = Value::Call(self.then.call());
        vec![
            duration("steps", self.steps),
            number("start", self.start),
            Argument { name: Some("then".to_owned()), value: then },
        ]
    }

    fn factor(&self, k: u64) -> f64 {
        if k >= self.steps {
            return self.then.factor(k - self.steps);
        }
        line(self.start, 1.0, passed(k, self.steps))
    }

    fn bounds(&self) -> Bounds {
        let then = self.then.extremes();
        if self.steps == 0 { then } else { union(both(self.start, 1.0), then) }
    }

    fn parts(&self) -> Vec<&Schedule> {
        vec![&self.then]
    }
}
