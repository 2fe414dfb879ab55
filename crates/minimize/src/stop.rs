//! When a minimization ends, and who is told on the way.

use std::fmt;
use std::ops::ControlFlow;

use crate::Iteration;

/// When a minimization ends; the first test that holds says so in the verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// The gradient counts as zero where its norm is at most this.
    pub gradient: f64,
    /// Which norm.
    pub norm: Norm,
    /// Whether `gradient` is a share of the norm at the start.
    pub relative: bool,
    /// A step that moves no coordinate by more than this share of max(1, ‖x‖∞) is the last one; 0 is off.
    pub step: f64,
    /// A step that lowers f by no more than this share of max(1, |f|) is the last one; 0 is off.
    pub change: f64,
    /// A value as low as this is enough; −∞ is off.
    pub value: f64,
    /// A value below this is taken for a sign that f has no lower bound.
    pub floor: f64,
    /// At most this many evaluations, as [`Counts::evaluations`](crate::Counts::evaluations) counts them. The
    /// search that is under way ends, too.
    pub evaluations: usize,
    /// At most this many iterations.
    pub iterations: usize,
    /// At most this many seconds, by the clock of the [`Options`]; without a clock it is off.
    pub seconds: f64,
}

impl Default for Stop {
    fn default() -> Stop {
        Stop {
            gradient: 1e-6,
            norm: Norm::Largest,
            relative: false,
            step: 0.0,
            change: 0.0,
            value: f64::NEG_INFINITY,
            floor: -1e20,
            evaluations: 2000,
            iterations: usize::MAX,
            seconds: f64::INFINITY,
        }
    }
}

/// A norm of the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// ‖g‖∞, the largest of the coordinates.
    Largest,
    /// ‖g‖₂
    Euclidean,
}

/// Who is told of each iteration, and may end the minimization.
pub type Observer<'a> = dyn FnMut(&Iteration) -> ControlFlow<()> + 'a;

/// When to end, what to keep, whom to tell.
pub struct Options<'a> {
    /// When to end.
    pub stop: Stop,
    /// Seconds since some moment; nothing here reads a clock that it was not given.
    pub clock: Option<&'a dyn Fn() -> f64>,
    /// Called at the start and after every iteration; if it breaks, the minimization ends there.
    pub observe: Option<&'a mut Observer<'a>>,
    /// How many iterations the history holds. If there are more, every second one is left out, and so on, but never
    /// the last one, so that the history spans the whole.
    pub history: usize,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { stop: Stop::default(), clock: None, observe: None, history: 1000 }
    }
}

impl From<Stop> for Options<'_> {
    fn from(stop: Stop) -> Self {
        Options { stop, ..Options::default() }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("stop", &self.stop)
            .field("clock", &self.clock.is_some())
            .field("observe", &self.observe.is_some())
            .field("history", &self.history)
            .finish()
    }
}
