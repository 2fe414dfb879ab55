//! L-BFGS a step at a time, on objectives that may change from step to step, as batches do.
//!
//! ```text
//! on f_k, from x:
//!     (s, y) ← the step before, on the objective that it was taken on:  y = ∇f_k−1(x) − ∇f_k−1(x₋)
//!     d ← −H ∇f_k(x)
//!     α ← search(φ),   φ(α) = f_k(x + αd)
//!     x ← x + αd
//! ```
//!
//! Both gradients of a pair are of the same objective, as in Schraudolph, Yu & Günter, *A stochastic quasi-Newton
//! method for online convex optimization*, AISTATS 2007, section 3.2
//! (<https://proceedings.mlr.press/v2/schraudolph07a.html>), so that y is curvature and not the difference of two
//! batches; a pair is kept over as many objectives as the memory holds. Where the objective stays the same, these are
//! the steps of [`LineSearch`](crate::LineSearch), and value and gradient at x are known from the step before.
//!
//! Where the search finds nothing lower, the pairs are forgotten and the gradient is tried; if that fails too, the
//! step is left out.

use std::fmt;

use thalweg_matrix::Scalar;

use crate::direction::{Direction, Lbfgs};
use crate::line_search::{Taken, Walk};
use crate::run::{Place, Run};
use crate::search::Search;
use crate::{Counted, Fault, Gradient, Options, Stop, vector};

/// L-BFGS, a step at a time.
///
/// ```
/// use thalweg_minimize::{Ending, function, steps};
///
/// let mut lbfgs = steps::<f64>(&"lbfgs(memory=5)".parse()?, &[-1.2, 1.0])?;
/// let mut rosenbrock = function(2, |x: &[f64], g: &mut [f64]| {
///     let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
///     g.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
///     a * a + 100.0 * b * b
/// });
/// for step in 0..40 {
///     assert_eq!(lbfgs.step(&mut rosenbrock, step == 0).ending, Ending::Taken);
/// }
/// assert!(lbfgs.x().iter().all(|x| (x - 1.0).abs() < 1e-6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Steps<T> {
    memory: usize,
    direction: Lbfgs<T>,
    search: Box<dyn Search>,
    walk: Walk<T>,
    taken: Option<Taken>,
}

/// What a step was like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepped {
    /// f where the step began.
    pub value: f64,
    /// ‖∇f‖₂ there.
    pub gradient_norm: f64,
    /// α, in multiples of the direction; 0 if no step was taken.
    pub length: f64,
    /// How often f was asked.
    pub evaluations: usize,
    /// How it ended.
    pub ending: Ending,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By a step along the direction, or at a point where the gradient is zero, which is not left.
    Taken,
    /// Nothing lower was found along the direction; the pairs are forgotten, and the step was along the gradient.
    Down(Fault),
    /// Nothing lower was found along the gradient either; x is where it was.
    Stayed(Fault),
    /// f or its gradient is not finite at x, and nothing was searched.
    NotFinite,
}

impl<T: Scalar> Steps<T> {
    pub(crate) fn new(memory: usize, search: Box<dyn Search>, start: &[T]) -> Steps<T> {
        let mut direction = crate::direction::lbfgs(memory);
        Direction::<T, ()>::start(&mut direction, start.len());
        let mut here = Place::new(start.len());
        here.x.copy_from_slice(start);
        let walk = Walk::new(here, f64::INFINITY);
        Steps { memory, direction, search, walk, taken: None }
    }

    /// x
    pub fn x(&self) -> &[T] {
        &self.walk.here.x
    }

    /// Takes a step on `objective`. Unless it `is_new`, it is the one of the step before, and what is known of it at
    /// x is not asked again.
    ///
    /// # Panics
    ///
    /// If the objective writes a gradient of another length than x.
    pub fn step<F: Gradient<T> + ?Sized>(&mut self, objective: &mut F, is_new: bool) -> Stepped {
        let mut objective = Counted::new(objective);
        // The searches have limits of their own.
        let stop = Stop { evaluations: usize::MAX, ..Stop::default() };
        let run = &Run::new(Options { stop, history: 0, ..Options::default() });
        let Steps { direction, search, walk, taken, .. } = self;
        if is_new {
            if let Some(taken) = taken.take() {
                direction.learn_from(&walk.step_taken(taken), walk.here.point());
            }
            walk.here.evaluate(&mut objective);
            walk.trust_values();
        }
        let (value, gradient_norm) = (walk.here.value, vector::norm(&walk.here.g));
        let stepped = |length, ending, evaluations| Stepped {
            value,
            gradient_norm,
            length,
            evaluations,
            ending,
        };
        if !(value.is_finite() && gradient_norm.is_finite()) {
            return stepped(0.0, Ending::NotFinite, objective.counts().evaluations());
        }
        if gradient_norm == 0.0 {
            return stepped(0.0, Ending::Taken, objective.counts().evaluations());
        }
        let (step, ending) = match walk.along(direction, search, *taken, run, &mut objective) {
            Ok(step) => (Some(step), Ending::Taken),
            Err(fault) => {
                Direction::<T, F>::forget(direction);
                match walk.down(search, fault, *taken, run, &mut objective) {
                    Ok(step) => (Some(step), Ending::Down(fault)),
                    Err(fault) => (None, Ending::Stayed(fault)),
                }
            }
        };
        *taken = step;
        let length = step.map_or(0.0, |step| step.length);
        stepped(length, ending, objective.counts().evaluations())
    }

    /// The vectors that are remembered, by name.
    pub fn vectors(&self) -> [(&'static str, &[T]); 4] {
        let Walk { here, last, .. } = &self.walk;
        let pairs = self.direction.pairs();
        [("pairs", pairs), ("x_before", &last.x), ("g_before", &last.g), ("g", &here.g)]
    }

    /// The numbers that are remembered beside them: a fixed count for each memory.
    pub fn numbers(&self) -> Vec<f64> {
        let Walk { here, last, .. } = &self.walk;
        let Taken { length, slope, end_slope } =
            self.taken.unwrap_or(Taken { length: 0.0, slope: 0.0, end_slope: 0.0 });
        let of_walk = [here.value, last.value, self.walk.rounding, length, slope, end_slope];
        of_walk.into_iter().chain(self.direction.numbers()).collect()
    }

    /// Goes on at `x` from what [`Steps::vectors`] and [`Steps::numbers`] gave. A vector that is asked for by name and
    /// not written stays as it is.
    ///
    /// # Panics
    ///
    /// If `x` or the numbers are not as many as there were.
    pub fn restore(&mut self, x: &[T], numbers: &[f64], vector: &mut dyn FnMut(&str, &mut [T])) {
        assert_eq!(numbers.len(), self.numbers().len(), "the numbers are those of another memory");
        let Walk { here, last, rounding, .. } = &mut self.walk;
        here.x.copy_from_slice(x);
        vector("pairs", self.direction.pairs_mut());
        vector("x_before", &mut last.x);
        vector("g_before", &mut last.g);
        vector("g", &mut here.g);
        let (of_walk, of_direction) = numbers.split_at(OF_WALK);
        (here.value, last.value, *rounding) = (of_walk[0], of_walk[1], of_walk[2]);
        let taken = Taken { length: of_walk[3], slope: of_walk[4], end_slope: of_walk[5] };
        self.taken = (taken.length != 0.0).then_some(taken);
        self.direction.set_numbers(of_direction);
    }

    /// The update as a formula, one line per assignment.
    pub fn formula(&self) -> String {
        format!(
            "s, y ← θ − θ₋, ∇J(θ) − ∇J(θ₋)    on the batch of the step before\n\
             d ← −H∇J(θ),  H ≈ (∇²J)⁻¹        from the last {} pairs\n\
             α ← search(J(θ + αd))            on the batch of the step\n\
             θ ← θ + αd",
            self.memory
        )
    }
}

/// How many numbers are those of the walk.
const OF_WALK: usize = 6;

impl<T> fmt::Debug for Steps<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps")
            .field("memory", &self.memory)
            .field("search", &self.search)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{function, steps};

    /// Two quadratics with the same Hessian diag(1, 100) and minima at different places.
    fn quadratic(at: f64) -> impl Gradient<f64> {
        function(2, move |x: &[f64], g: &mut [f64]| {
            let d = [x[0] - at, x[1] + at];
            g.copy_from_slice(&[d[0], 100.0 * d[1]]);
            0.5 * d[0] * d[0] + 50.0 * d[1] * d[1]
        })
    }

    #[test]
    fn pairs_are_of_one_objective_each_and_are_kept_over_others() {
        let mut lbfgs = steps(&"lbfgs(memory=4)".parse().unwrap(), &[3.0, -2.0]).unwrap();
        for step in 0..12 {
            lbfgs.step(&mut quadratic(f64::from(step % 3)), true);
        }
        // For two coordinates, a tile holds s and y of each pair in turn. A y between objectives would be off by ∇ at
        // the distance of their minima.
        let [(name, pairs), ..] = lbfgs.vectors();
        assert_eq!((name, pairs.len()), ("pairs", 4 * 4));
        for pair in pairs.chunks(4) {
            let (s, y) = pair.split_at(2);
            assert!(s[0] != 0.0 && (y[0] - s[0]).abs() < 1e-12, "{pair:?}");
            assert!((y[1] - 100.0 * s[1]).abs() < 1e-12 * (1.0 + y[1].abs()), "{pair:?}");
        }
    }

    #[test]
    fn a_step_that_cannot_be_taken_says_why_and_leaves_x_where_it_is() {
        let start = [1.0, 1.0];
        let mut lbfgs = steps::<f64>(&"lbfgs".parse().unwrap(), &start).unwrap();
        let mut wrong = function(2, |x: &[f64], g: &mut [f64]| {
            g.copy_from_slice(&[-1.0, -1.0]);
            x[0] + x[1]
        });
        let stepped = lbfgs.step(&mut wrong, true);
        assert!(matches!(stepped.ending, Ending::Stayed(_)), "{stepped:?}");
        assert_eq!((lbfgs.x(), stepped.length, stepped.value), (&start[..], 0.0, 2.0));
        let mut nowhere = function(2, |_: &[f64], g: &mut [f64]| {
            g.fill(f64::NAN);
            f64::NAN
        });
        let stepped = lbfgs.step(&mut nowhere, true);
        assert_eq!((stepped.ending, stepped.evaluations), (Ending::NotFinite, 1));
        // It is as if nothing had been.
        assert_eq!(lbfgs.step(&mut quadratic(0.0), true).ending, Ending::Taken);
        let mut flat = function(2, |_: &[f64], g: &mut [f64]| {
            g.fill(0.0);
            3.0
        });
        let before = lbfgs.x().to_vec();
        let stepped = lbfgs.step(&mut flat, true);
        assert_eq!((stepped.ending, stepped.length, lbfgs.x()), (Ending::Taken, 0.0, &before[..]));
    }

    #[test]
    fn methods_that_take_no_steps_on_batches_are_refused() {
        let error = steps::<f64>(&"newton".parse().unwrap(), &[1.0]).unwrap_err();
        assert_eq!(error.to_string(), "newton takes no steps on batches; lbfgs does");
        let error = steps::<f64>(&"lbfgs(memory=1e9)".parse().unwrap(), &[1.0]).unwrap_err();
        assert_eq!(error.to_string(), "lbfgs(memory=1000000000): memory must be at most 1000");
    }
}
