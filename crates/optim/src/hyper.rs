//! A hyperparameter: a number, and how it moves over the steps.
//!
//! ```text
//! h_k = h₀ · s(k)          s a schedule, k = t − 1 the step counted from 0
//! ```

use std::fmt;

use crate::Step;
use crate::schedule::{Constant, Schedule};

/// A number that a schedule may move. Anything that takes one takes a plain number too.
///
/// ```
/// use thalweg_optim::schedule::{Linear, Schedule};
/// use thalweg_optim::{Hyper, Step};
///
/// let weight_decay = Hyper::new(0.1, Schedule::from(Linear { tau: 100, end: 0.0 }));
/// assert_eq!(weight_decay.at(Step::new(51)), 0.05);
/// assert_eq!(Hyper::from(0.9).at(Step::new(51)), 0.9);
/// ```
#[derive(Clone, PartialEq)]
pub struct Hyper {
    /// h₀, before the schedule.
    pub base: f64,
    /// How it moves.
    pub schedule: Schedule,
}

impl Hyper {
    /// A number that `schedule` moves.
    pub fn new(base: f64, schedule: Schedule) -> Hyper {
        Hyper { base, schedule }
    }

    /// The number at a step.
    pub fn at(&self, step: Step) -> f64 {
        self.after(step.t - 1)
    }

    /// The number after k steps: at step k + 1.
    pub fn after(&self, k: u64) -> f64 {
        match &self.schedule {
            // So that a number without a schedule keeps its bits.
            Schedule::Constant(_) => self.base,
            schedule => self.base * schedule.factor(k),
        }
    }
}

impl From<f64> for Hyper {
    fn from(base: f64) -> Hyper {
        Hyper { base, schedule: Schedule::from(Constant) }
    }
}

impl fmt::Debug for Hyper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schedule {
            Schedule::Constant(_) => write!(f, "{}", self.base),
            schedule => write!(f, "{}*{schedule}", self.base),
        }
    }
}
