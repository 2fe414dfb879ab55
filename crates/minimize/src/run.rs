//! What all methods share: the point they are at, the tests of the stop, the history, the best point.

use std::ops::ControlFlow;

use thalweg_matrix::Scalar;

use crate::direction::Point;
use crate::{Counted, Counts, Gradient, Iteration, Norm, Options, Solution, Stop, Verdict, vector};

/// A point, its value and its gradient.
#[derive(Clone, Debug)]
pub(crate) struct Place<T> {
    pub x: Vec<T>,
    pub g: Vec<T>,
    pub value: f64,
}

impl<T: Scalar> Place<T> {
    pub fn new(n: usize) -> Place<T> {
        Place { x: vec![T::default(); n], g: vec![T::default(); n], value: f64::INFINITY }
    }

    pub fn point(&self) -> Point<'_, T> {
        Point { x: &self.x, g: &self.g, value: self.value }
    }

    /// Evaluates the objective at x; whether value and gradient are finite.
    pub fn evaluate<F: Gradient<T> + ?Sized>(&mut self, objective: &mut Counted<'_, F>) -> bool {
        self.value = objective.value_and_gradient(&self.x, &mut self.g);
        self.value.is_finite() && vector::largest(&self.g).is_finite()
    }
}

/// A minimization under way.
pub(crate) struct Run<'o> {
    options: Options<'o>,
    started: f64,
    /// The norm of the gradient that counts as zero, once it is known.
    tolerance: f64,
    iteration: usize,
    history: Vec<Iteration>,
    /// The last iteration, which is not in the history before there is another one or the end.
    last: Option<Iteration>,
    /// Every how many iterations one goes into the history.
    stride: usize,
}

impl<'o> Run<'o> {
    pub fn new(options: Options<'o>) -> Run<'o> {
        let started = options.clock.map_or(0.0, |clock| clock());
        let history = Vec::with_capacity(options.history);
        Run { options, started, tolerance: f64::NAN, iteration: 0, history, last: None, stride: 1 }
    }

    /// Whether a gradient of this norm counts as zero.
    pub fn is_zero(&self, norm: f64) -> bool {
        norm <= self.tolerance
    }

    /// The norm of a gradient, as the stop measures it.
    pub fn norm<T: Scalar>(&self, g: &[T]) -> f64 {
        match self.options.stop.norm {
            Norm::Largest => vector::largest(g),
            Norm::Euclidean => vector::norm(g),
        }
    }

    /// Whether evaluations or time are used up.
    pub fn interrupted(&self, counts: Counts) -> Option<Verdict> {
        let Stop { evaluations, seconds, .. } = self.options.stop;
        if counts.evaluations() >= evaluations {
            return Some(Verdict::Evaluations);
        }
        let elapsed = self.options.clock.filter(|_| seconds < f64::INFINITY);
        elapsed.is_some_and(|clock| clock() - self.started >= seconds).then_some(Verdict::Time)
    }

    /// Takes the start into the history; the verdict, if it is the end already.
    pub fn begin(&mut self, value: f64, gradient_norm: f64, counts: Counts) -> Option<Verdict> {
        let stop = self.options.stop;
        self.tolerance = stop.gradient * if stop.relative { gradient_norm } else { 1.0 };
        let evaluations = counts.evaluations();
        self.report(Iteration { iteration: 0, value, gradient_norm, step: 0.0, evaluations })
            .or_else(|| self.verdict(value, gradient_norm, counts))
    }

    /// Takes an iteration into the history; the verdict, if it is the last one. `lowered` is the value before
    /// minus the value now, `moved` gives the share of max(1, ‖x‖∞) by which a coordinate moved at most.
    pub fn after(
        &mut self,
        value: f64,
        gradient_norm: f64,
        step: f64,
        counts: Counts,
        lowered: f64,
        moved: impl FnOnce() -> f64,
    ) -> Option<Verdict> {
        self.iteration += 1;
        let evaluations = counts.evaluations();
        let iteration = self.iteration;
        let ended = self.report(Iteration { iteration, value, gradient_norm, step, evaluations });
        let stop = self.options.stop;
        ended
            .or_else(|| self.verdict(value, gradient_norm, counts))
            .or_else(|| (stop.step > 0.0 && moved() <= stop.step).then_some(Verdict::Step))
            .or_else(|| {
                let small = lowered.abs() <= stop.change * value.abs().max(1.0);
                (stop.change > 0.0 && small).then_some(Verdict::Change)
            })
            .or_else(|| (iteration >= stop.iterations).then_some(Verdict::Iterations))
    }

    /// The tests that need no step.
    fn verdict(&self, value: f64, gradient_norm: f64, counts: Counts) -> Option<Verdict> {
        let stop = &self.options.stop;
        if gradient_norm <= self.tolerance {
            Some(Verdict::Gradient)
        } else if value <= stop.value {
            Some(Verdict::Value)
        } else if value < stop.floor {
            Some(Verdict::Unbounded)
        } else if stop.iterations == 0 {
            Some(Verdict::Iterations)
        } else {
            self.interrupted(counts)
        }
    }

    fn report(&mut self, iteration: Iteration) -> Option<Verdict> {
        if let Some(before) = self.last.replace(iteration) {
            self.keep(before);
        }
        let observe = self.options.observe.as_mut()?;
        (observe(&iteration) == ControlFlow::Break(())).then_some(Verdict::Observer)
    }

    /// Takes an iteration into the history, in which one place is left for the last.
    fn keep(&mut self, iteration: Iteration) {
        let places = self.options.history.saturating_sub(1);
        if !iteration.iteration.is_multiple_of(self.stride) {
            return;
        }
        if self.history.len() == places {
            let mut place = 0;
            self.history.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.stride *= 2;
        }
        if iteration.iteration.is_multiple_of(self.stride) && self.history.len() < places {
            self.history.push(iteration);
        }
    }

    /// The solution at the point that is the best.
    pub fn solution<T>(
        self,
        x: Vec<T>,
        value: f64,
        gradient_norm: f64,
        verdict: Verdict,
        counts: Counts,
    ) -> Solution<T> {
        let (iterations, mut history) = (self.iteration, self.history);
        history.extend(self.last.filter(|_| self.options.history > 0));
        Solution { x, value, gradient_norm, verdict, counts, iterations, history }
    }
}

/// The solution where the sizes are wrong: the start, unchanged.
pub(crate) fn wrong_size<T: Scalar>(start: &[T], expected: usize, found: usize) -> Solution<T> {
    Solution {
        x: start.to_vec(),
        value: f64::NAN,
        gradient_norm: f64::NAN,
        verdict: Verdict::WrongSize { expected, found },
        counts: Counts::default(),
        iterations: 0,
        history: Vec::new(),
    }
}

/// The start, evaluated; or the solution, if there is nothing to do.
pub(crate) fn begin<'o, T: Scalar, F: Gradient<T> + ?Sized>(
    objective: &mut Counted<'_, F>,
    start: &[T],
    options: Options<'o>,
) -> Result<(Run<'o>, Place<T>, f64), Box<Solution<T>>> {
    begin_with(objective, start, options, |run, here| run.norm(&here.g))
}

/// The same, where `norm` gives what counts as the norm of the gradient.
pub(crate) fn begin_with<'o, T: Scalar, F: Gradient<T> + ?Sized>(
    objective: &mut Counted<'_, F>,
    start: &[T],
    options: Options<'o>,
    norm: impl FnOnce(&Run<'o>, &Place<T>) -> f64,
) -> Result<(Run<'o>, Place<T>, f64), Box<Solution<T>>> {
    let n = objective.dimension();
    if start.len() != n {
        return Err(Box::new(wrong_size(start, n, start.len())));
    }
    let mut run = Run::new(options);
    let mut here = Place::new(n);
    here.x.copy_from_slice(start);
    let finite = here.evaluate(objective);
    let norm = norm(&run, &here);
    let verdict = match finite {
        true => run.begin(here.value, norm, objective.counts()),
        false => Some(Verdict::NotFinite),
    };
    match verdict {
        // A saddle has no gradient either; whoever sees curvature may look.
        None | Some(Verdict::Gradient) => Ok((run, here, norm)),
        Some(verdict) => {
            let counts = objective.counts();
            Err(Box::new(run.solution(here.x, here.value, norm, verdict, counts)))
        }
    }
}
