//! What a minimization ends with: the best point, why it ended there, and what it cost.

use std::fmt;

use crate::{Counts, Fault};

/// The end of a minimization.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution<T> {
    /// The best point that was seen.
    pub x: Vec<T>,
    /// f there. It is finite unless f is not at the start.
    pub value: f64,
    /// The norm of the gradient there, as the stop measures it; with bounds, that of the projected gradient.
    pub gradient_norm: f64,
    /// Why it ended.
    pub verdict: Verdict,
    /// How often the objective was asked.
    pub counts: Counts,
    /// How many steps were taken.
    pub iterations: usize,
    /// The start, and what followed; see [`Options::history`](crate::Options::history).
    pub history: Vec<Iteration>,
}

impl<T> Solution<T> {
    /// Whether the gradient is zero, as far as the stop asks for it.
    pub fn is_solved(&self) -> bool {
        self.verdict == Verdict::Gradient
    }
}

/// One iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration {
    /// 0 at the start.
    pub iteration: usize,
    /// f after it.
    pub value: f64,
    /// The norm of the gradient after it.
    pub gradient_norm: f64,
    /// α, the step along the direction; in a trust region, the radius; in Levenberg-Marquardt, the damping.
    pub step: f64,
    /// Evaluations so far.
    pub evaluations: usize,
}

/// Why a minimization ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// The gradient is as small as was asked for.
    Gradient,
    /// The value is as low as was asked for.
    Value,
    /// The last step was as short as was asked for.
    Step,
    /// The last step lowered the value as little as was asked for.
    Change,
    /// The evaluations are used up.
    Evaluations,
    /// The iterations are used up.
    Iterations,
    /// The time is used up.
    Time,
    /// Who observes the minimization ended it.
    Observer,
    /// The gradient is zero and the Hessian has a negative eigenvalue, about this one, but no lower value was
    /// found along its eigenvector.
    Saddle {
        /// An upper bound on the least eigenvalue.
        curvature: f64,
    },
    /// The value fell below the floor.
    Unbounded,
    /// No lower value was found along the direction, nor down the gradient.
    Search(Fault),
    /// The value or the gradient at the start is infinite or NaN.
    NotFinite,
    /// The start, or the bounds, have another size than the objective.
    WrongSize {
        /// The coordinates of the objective.
        expected: usize,
        /// Those that were given.
        found: usize,
    },
}

impl Verdict {
    /// A word for tables and files.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Gradient => "gradient",
            Verdict::Value => "value",
            Verdict::Step => "step",
            Verdict::Change => "change",
            Verdict::Evaluations => "evaluations",
            Verdict::Iterations => "iterations",
            Verdict::Time => "time",
            Verdict::Observer => "observer",
            Verdict::Saddle { .. } => "saddle",
            Verdict::Unbounded => "unbounded",
            Verdict::Search(fault) => fault.name(),
            Verdict::NotFinite => "not-finite",
            Verdict::WrongSize { .. } => "wrong-size",
        }
    }
}

impl fmt::Display for Verdict {
    /// A sentence that says what happened and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Gradient => f.write_str("the gradient is as small as asked for"),
            Verdict::Value => f.write_str("the value is as low as asked for"),
            Verdict::Step => f.write_str("the last step was as short as asked for"),
            Verdict::Change => f.write_str("the last step lowered the value as little as asked for"),
            Verdict::Evaluations => f.write_str(
                "the evaluations are used up; allow more, or ask for a larger gradient or another method",
            ),
            Verdict::Iterations => f.write_str("the iterations are used up; allow more"),
            Verdict::Time => f.write_str("the time is used up; allow more"),
            Verdict::Observer => f.write_str("it was ended from outside"),
            Verdict::Saddle { curvature } => write!(
                f,
                "the gradient is zero at a saddle, where the Hessian has the eigenvalue {curvature:.3e} or a \
                 lower one, and no lower value was found beside it; start elsewhere"
            ),
            Verdict::Unbounded => f.write_str(
                "the value fell below the floor of the stop, as if there were no lowest one; add a \
                 constraint or a penalty, or lower the floor",
            ),
            Verdict::Search(fault) => write!(f, "no lower value was found: {fault}"),
            Verdict::NotFinite => f.write_str(
                "the value or the gradient at the start is infinite or NaN; start where f is defined",
            ),
            Verdict::WrongSize { expected, found } => write!(
                f,
                "the objective has {expected} coordinates, but {found} were given; give {expected}"
            ),
        }
    }
}
