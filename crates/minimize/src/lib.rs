//! Minimizers of smooth functions: a direction, a search along it, and a stop.
//!
//! ```text
//!            ┌────────── x ← x + αd ──────────┐
//!            ▼                                │
//! objective ──► direction d ──► search α ──► stop ──► solution: x, verdict, counts, history
//! f, ∇f, Hv, H   steepest …       φ(α), φ′(α)
//! ```
//!
//! ```
//! use thalweg_minimize::direction::lbfgs;
//! use thalweg_minimize::search::StrongWolfe;
//! use thalweg_minimize::{LineSearch, Method, Options, Verdict, function};
//!
//! let mut rosenbrock = function(2, |x: &[f64], g: &mut [f64]| {
//!     let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
//!     g.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
//!     a * a + 100.0 * b * b
//! });
//! let mut method = LineSearch { direction: lbfgs(10), search: StrongWolfe::default() };
//! let solution = method.minimize(&mut rosenbrock, &[-1.2, 1.0], Options::default());
//! assert_eq!(solution.verdict, Verdict::Gradient);
//! assert!((solution.x[0] - 1.0).abs() < 1e-6);
//! assert!(solution.counts.values < 60);
//! ```
//!
//! | method | needs | memory |
//! |---|---|---|
//! | [`LineSearch`] of a [`direction`] and a [`search`] | a gradient, or more | from 8 vectors to n² |
//! | [`LbfgsB`] | a gradient, and bounds | 2m + 19 vectors |
//! | [`TrustRegion`] | products | 8 vectors |
//! | [`LevenbergMarquardt`] | residuals and their Jacobian | (3m + n)·n |
//!
//! [`method()`] makes each of them from a call, `lbfgs(memory=5, search=more-thuente)`. [`steps`] takes those of
//! L-BFGS one at a time, on an objective that may change between them.
//!
//! What an objective offers is said by its type ([`Gradient`], [`Products`], [`Hessian`], [`Residuals`]), and what a
//! method needs by its bounds, so that they cannot miss each other. Whatever the function is like, a minimization
//! ends with a [`Verdict`] and the best point that was seen. Memory is taken at the start; an iteration takes none.

// The formulas are written in the letters of their sources.
#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]
#![allow(confusable_idents, reason = "Greek letters stand in formulas only")]
// `!(x < 0.0)` is true of a NaN, which is meant.
#![allow(clippy::neg_cmp_op_on_partial_ord, reason = "a NaN is to take the same way")]

mod bounded;
mod dense;
pub mod direction;
mod levenberg_marquardt;
mod line_search;
mod named;
mod objective;
mod run;
pub mod search;
mod solution;
mod steps;
mod stop;
mod trust;
mod vector;

pub use bounded::{LbfgsB, NoRoom};
pub use levenberg_marquardt::LevenbergMarquardt;
pub use line_search::LineSearch;
pub use named::{METHODS, Named, Offer, SEARCHES, method, steps};
pub use objective::{
    Counted, Counts, Differences, Function, Gradient, Hessian, Objective, Products, Residuals,
    Squares, Value, WithHessian, WithProducts, differences, function, residuals,
};
pub use search::Fault;
pub use solution::{Iteration, Solution, Verdict};
pub use steps::{Ending, Stepped, Steps};
pub use stop::{Norm, Observer, Options, Stop};
pub use trust::TrustRegion;

/// A way to minimize objectives of the type `F`, in numbers of the type `T`.
pub trait Method<T, F: ?Sized> {
    /// Minimizes from `start`.
    fn minimize(&mut self, objective: &mut F, start: &[T], options: Options<'_>) -> Solution<T>;
}
