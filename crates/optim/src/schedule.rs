//! How the learning rate moves over the steps.
//!
//! A schedule is data, and its factor a pure function of the step: ε_k = factor(k) · ε₀, where ε₀ is the
//! base learning rate and k = 0 the first step. It keeps no counter, so that a resumed run, a plot and
//! the training loop all see the same numbers. Any other hyperparameter may move in the same way;
//! [`Schedule::bounds`] says how far. What a [`Plateau`] measures is a state beside the schedule.
//!
//! ```
//! use thalweg_optim::schedule::{Linear, Schedule, schedule};
//!
//! let linear = schedule(&"linear(tau=100)".parse()?, None)?;
//! assert_eq!(linear, Schedule::from(Linear { tau: 100, end: 0.01 }));
//! assert_eq!(linear.factor(0), 1.0);
//! assert_eq!(linear.factor(50), 0.505);
//! assert_eq!(linear.factor(100_000), 0.01);
//!
//! // Durations may be epochs, where an epoch has a length.
//! let warm = schedule(&"warmup(steps=2epochs, then=cosine(steps=20epochs))".parse()?, Some(40.0))?;
//! assert_eq!(warm.to_string(), "warmup(steps=80, start=0, then=cosine(steps=800, end=0))");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::ops::RangeInclusive;

use thalweg_calls::{Argument, Arguments, Call, CallError, Value, Vocabulary, Word};

mod constant;
mod cosine;
mod cyclic;
mod exponential;
mod inverse_time;
mod join;
mod linear;
mod noam;
mod one_cycle;
mod one_cycle_momentum;
mod pieces;
mod piecewise;
mod piecewise_linear;
mod plateau;
mod polynomial;
mod step;
mod warm_restarts;
mod warmup;
mod wsd;

pub use constant::Constant;
pub use cosine::Cosine;
pub use cyclic::Cyclic;
pub use exponential::Exponential;
pub use inverse_time::InverseTime;
pub use join::Join;
pub use linear::Linear;
pub use noam::Noam;
pub use one_cycle::OneCycle;
pub use one_cycle_momentum::OneCycleMomentum;
pub use piecewise::Piecewise;
pub use piecewise_linear::PiecewiseLinear;
pub use plateau::{Plateau, PlateauState};
pub use polynomial::Polynomial;
pub use step::StepDecay;
pub use warm_restarts::WarmRestarts;
pub use warmup::Warmup;
pub use wsd::Wsd;

/// What the file of a schedule says of it.
trait Curve: Sized {
    /// The word that names it, and its parameters.
    const WORD: Word;

    /// The schedule with these arguments; epochs need `steps_per_epoch`.
    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Self, CallError>;

    /// The arguments that give it back when they are read, with every duration in steps.
    fn write(&self) -> Vec<Argument>;

    /// ε_k / ε₀, finite for every `k`.
    fn factor(&self, k: u64) -> f64;

    /// The smallest and the largest factor over all `k`, or a little more.
    fn bounds(&self) -> Bounds;

    /// The schedules that it is made of.
    fn parts(&self) -> Vec<&Schedule> {
        Vec::new()
    }
}

type Bounds = RangeInclusive<f64>;

macro_rules! schedules {
    ($($(#[$about:meta])+ $Curve:ident,)+) => {
        /// A schedule: the factor on the base learning rate at each step.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Schedule {
            $($(#[$about])+ $Curve($Curve),)+
        }

        /// The words for schedules.
        pub static SCHEDULES: Vocabulary =
            Vocabulary::new("schedule", &[$(&<$Curve as Curve>::WORD,)+]);

        /// The schedule that `call` names. Durations in epochs need `steps_per_epoch`.
        ///
        /// # Errors
        ///
        /// If the word or an argument is unknown, missing or out of range, or if a duration is in
        /// epochs and `steps_per_epoch` is `None`.
        pub fn schedule(call: &Call, steps_per_epoch: Option<f64>) -> Result<Schedule, CallError> {
            let arguments = SCHEDULES.resolve(call)?;
            $(if arguments.name() == <$Curve as Curve>::WORD.name {
                return $Curve::read(&arguments, steps_per_epoch).map(Schedule::$Curve);
            })+
            unreachable!("the vocabulary holds the words of the table and no others")
        }

        impl Schedule {
            /// The factor on the base learning rate at step `k`, from 0: dimensionless, finite, not
            /// negative.
            pub fn factor(&self, k: u64) -> f64 {
                match self {
                    $(Schedule::$Curve(curve) => curve.factor(k),)+
                }
            }

            /// The call that names the schedule, with every argument and every duration in steps.
            pub fn call(&self) -> Call {
                let (word, arguments) = match self {
                    $(Schedule::$Curve(curve) => (<$Curve as Curve>::WORD, curve.write()),)+
                };
                Call { name: word.name.to_owned(), arguments }
            }

            /// The bounds of the factor over all steps, whatever a plateau measures.
            fn extremes(&self) -> Bounds {
                match self {
                    $(Schedule::$Curve(curve) => curve.bounds(),)+
                }
            }

            fn parts(&self) -> Vec<&Schedule> {
                match self {
                    $(Schedule::$Curve(curve) => curve.parts(),)+
                }
            }
        }

        $(impl From<$Curve> for Schedule {
            fn from(curve: $Curve) -> Schedule {
                Schedule::$Curve(curve)
            }
        })+
    };
}

schedules! {
    /// 1 at every step.
    Constant,
    /// A straight line from 1 to `end` at step `tau`, and `end` from there on.
    Linear,
    /// A factor after every so many steps.
    StepDecay,
    /// A constant factor per step.
    Exponential,
    /// 1/(1 + kt) at step t.
    InverseTime,
    /// A power of the time that is left.
    Polynomial,
    /// Half a period of the cosine.
    Cosine,
    /// Half a period of the cosine, again and again.
    WarmRestarts,
    /// Up to the full rate, then down to almost nothing.
    OneCycle,
    /// Down while the rate goes up, and back.
    OneCycleMomentum,
    /// Up and down between two bounds.
    Cyclic,
    /// A line up, then down with the root of the step.
    Noam,
    /// A straight line up, the full rate, and down.
    Wsd,
    /// A factor of its own for every stretch of steps.
    Piecewise,
    /// Straight lines between points.
    PiecewiseLinear,
    /// A fall whenever a measurement stops improving.
    Plateau,
    /// A straight line up to 1, then another schedule.
    Warmup,
    /// Schedules one after another.
    Join,
}

impl Schedule {
    /// The smallest and the largest factor over all steps, and, where there is a plateau, over all that it
    /// may measure. Some bounds are not reached, but none is passed, so that a hyperparameter whose
    /// base value times each bound is in range stays in range.
    ///
    /// ```
    /// use thalweg_optim::schedule::schedule;
    ///
    /// let cycle = schedule(&"one_cycle_momentum(steps=100, low=0.9)".parse()?, None)?;
    /// assert_eq!(cycle.bounds(), 0.9..=1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bounds(&self) -> RangeInclusive<f64> {
        let (low, high) = self.extremes().into_inner();
        low * self.plateau().map_or(1.0, |plateau| plateau.smallest)..=high
    }

    /// The plateau in the schedule, if there is one.
    pub fn plateau(&self) -> Option<&Plateau> {
        match self {
            Schedule::Plateau(plateau) => Some(plateau),
            _ => self.parts().into_iter().find_map(Schedule::plateau),
        }
    }
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule::Constant(Constant)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.call())
    }
}

/// The part of a duration that has passed at step `k`: k/steps, and 1 from its end on.
fn passed(k: u64, steps: u64) -> f64 {
    if k < steps { k as f64 / steps as f64 } else { 1.0 }
}

/// The straight line from `from` where nothing has `passed` to `to` where all has.
fn line(from: f64, to: f64, passed: f64) -> f64 {
    within((1.0 - passed) * from + passed * to, from, to)
}

/// `x`, or where rounding took it out of the interval from `a` to `b`, the nearer end.
fn within(x: f64, a: f64, b: f64) -> f64 {
    x.max(a.min(b)).min(a.max(b))
}

/// The bounds that hold `a` and `b`.
fn both(a: f64, b: f64) -> Bounds {
    a.min(b)..=a.max(b)
}

/// The bounds that hold all that `a` and `b` do.
fn union(a: Bounds, b: Bounds) -> Bounds {
    a.start().min(*b.start())..=a.end().max(*b.end())
}

fn number(name: &str, x: f64) -> Argument {
    Argument { name: Some(name.to_owned()), value: Value::Number(x) }
}

fn duration(name: &str, steps: u64) -> Argument {
    number(name, steps as f64)
}

fn switch(name: &str, on: bool) -> Argument {
    Argument { name: Some(name.to_owned()), value: Value::Switch(on) }
}

/// The value of a parameter that counts from 0.
fn whole(arguments: &Arguments, name: &str) -> Result<u64, CallError> {
    let x = arguments.number(name);
    if x.fract() == 0.0 && (0.0..=2f64.powi(53)).contains(&x) {
        return Ok(x as u64);
    }
    let (word, value) = (arguments.name(), Value::Number(x));
    Err(CallError::new(format!("{word}({name}={value}): {name} must be a whole number from 0")))
}
