//! How the learning rate moves over the steps.
//!
//! A schedule is data, and its factor a pure function of the step: ε_k = factor(k) · ε₀, where ε₀ is the
//! base learning rate and k = 0 the first step. It keeps no counter, so that a resumed run, a plot and
//! the training loop all see the same numbers.
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

use thalweg_calls::{Argument, Arguments, Call, CallError, Value, Vocabulary, Word};

mod constant;
mod cosine;
mod exponential;
mod inverse_time;
mod join;
mod linear;
mod polynomial;
mod step;
mod warmup;

pub use constant::Constant;
pub use cosine::Cosine;
pub use exponential::Exponential;
pub use inverse_time::InverseTime;
pub use join::Join;
pub use linear::Linear;
pub use polynomial::Polynomial;
pub use step::StepDecay;
pub use warmup::Warmup;

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
}

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
    /// A straight line up to 1, then another schedule.
    Warmup,
    /// Schedules one after another.
    Join,
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

fn number(name: &str, x: f64) -> Argument {
    Argument { name: Some(name.to_owned()), value: Value::Number(x) }
}

fn duration(name: &str, steps: u64) -> Argument {
    number(name, steps as f64)
}
