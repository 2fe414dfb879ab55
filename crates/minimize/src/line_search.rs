//! The loop of all methods that go along a line: direction, search, stop.
//!
//! ```text
//! until the stop says so:
//!     d ← direction(x)                     −g instead, if d does not descend
//!     α ← search(φ),   φ(α) = f(x + αd)
//!     x ← x + αd
//! ```
//!
//! Where a search fails, the lowest point that it saw is taken if it is lower. If not, values may be less exact than
//! the last digits of f, as they are where large terms cancel: the search begins again, and from there on slopes
//! decide where values differ by less than 10⁻¹⁰ of f. If that fails too, the direction forgets what it knew, and
//! the gradient is tried. Only then does the minimization end.
//!
//! The first trial is α = 1 where the direction has a length. Where it has none, it is, at the start, a step that is 1
//! long, or a fifth of x where that is more, or shorter: min(1, max(1, ‖x‖₂/5)/‖d‖₂). Later it is the step after which a
//! parabola is as much lower as f was after the last one, 2(f − f₋)/φ′(0) (Nocedal & Wright, Numerical Optimization,
//! 2nd ed., (3.60)), or, where f has changed by rounding alone, the step that promises as much, α₋φ′₋(0)/φ′(0).

use thalweg_matrix::Scalar;

use crate::bounded::project;
use crate::direction::{Direction, Length, Step};
use crate::run::{self, Place, Run};
use crate::search::{Fault, Line, Sample, Search, Start};
use crate::{Counted, Counts, Gradient, Method, Options, Solution, Verdict, vector};

/// A direction and a search along it.
#[derive(Clone, Debug)]
pub struct LineSearch<D, S> {
    /// Where to go.
    pub direction: D,
    /// How far.
    pub search: S,
}

/// How much of |f| a difference of values has to be to mean something, in rounding units: at first, and once a
/// search has failed.
const ROUNDING: [f64; 2] = [8.0, 524_288.0];
/// How long the first step may be, as a share of x: coordinates of 10⁶ seldom wait for a step of 1.
const OF_X: f64 = 0.2;
/// How many steps are tried each way from a saddle.
const LOOKS: i32 = 24;

impl<T, F, D, S> Method<T, F> for LineSearch<D, S>
where
    T: Scalar,
    F: Gradient<T> + ?Sized,
    D: Direction<T, F>,
    S: Search,
{
    fn minimize(&mut self, objective: &mut F, start: &[T], options: Options<'_>) -> Solution<T> {
        let mut objective = Counted::new(objective);
        let (mut run, here, norm) = match run::begin(&mut objective, start, options) {
            Ok(begun) => begun,
            Err(solution) => return *solution,
        };
        self.direction.start(start.len());
        let mut walk = Walk::new(here, norm);
        let mut taken = None;
        let mut verdict = run.is_zero(norm).then_some(Verdict::Gradient);
        loop {
            if verdict == Some(Verdict::Gradient) {
                match walk.leave_saddle(&mut self.direction, &mut objective) {
                    Left::Minimum => {}
                    Left::Not { curvature } => verdict = Some(Verdict::Saddle { curvature }),
                    Left::By { length } => {
                        taken = None;
                        verdict = walk.report(&mut run, length, objective.counts());
                        continue;
                    }
                }
            }
            if let Some(verdict) = verdict {
                return walk.solution(run, verdict, objective.counts());
            }
            let step = walk
                .along(&mut self.direction, &self.search, taken, &run, &mut objective)
                .or_else(|fault| {
                    self.direction.forget();
                    walk.down(&self.search, fault, taken, &run, &mut objective)
                });
            match step {
                Ok(step) => {
                    taken = Some(step);
                    verdict = walk.report(&mut run, step.length, objective.counts());
                }
                Err(Fault::Interrupted) => verdict = run.interrupted(objective.counts()),
                Err(Fault::Bottomless) => verdict = Some(Verdict::Unbounded),
                Err(fault) => verdict = Some(Verdict::Search(fault)),
            }
        }
    }
}

/// What is known of the last step, besides where it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub length: f64,
    pub slope: f64,
    pub end_slope: f64,
}

/// How a point without gradient was left.
enum Left {
    /// Not, since nothing curves downwards.
    Minimum,
    /// Not, though it curves downwards.
    Not { curvature: f64 },
    /// By a step along the direction that curves downwards.
    By { length: f64 },
}

/// The points of a minimization.
pub(crate) struct Walk<T> {
    pub here: Place<T>,
    /// What was evaluated last; after a step, where that began.
    pub last: Place<T>,
    /// What is the lowest of a search.
    lowest: Place<T>,
    pub d: Vec<T>,
    /// The longest step along d.
    pub most: f64,
    /// The least and the greatest values of the coordinates.
    pub bounds: Option<(Vec<T>, Vec<T>)>,
    /// The best point, where `here` is not.
    best: Vec<T>,
    /// Its value and the norm of its gradient; ∞ while `here` has always been the best.
    best_value: f64,
    best_norm: f64,
    /// The norm of the gradient `here`.
    norm: f64,
    /// By how many rounding units values may be wrong.
    pub rounding: f64,
}

impl<T: Scalar> Walk<T> {
    pub fn new(here: Place<T>, norm: f64) -> Walk<T> {
        let n = here.x.len();
        Walk {
            here,
            last: Place::new(n),
            lowest: Place::new(n),
            d: vec![T::default(); n],
            most: f64::INFINITY,
            bounds: None,
            best: vec![T::default(); n],
            best_value: f64::INFINITY,
            best_norm: f64::INFINITY,
            norm,
            rounding: ROUNDING[0],
        }
    }

    /// The step that was taken.
    pub fn step_taken(&self, Taken { length, slope, end_slope }: Taken) -> Step<'_, T> {
        Step { from: self.last.point(), length, slope, end_slope }
    }

    /// Begins anew with values that are exact but for the last digits.
    pub fn trust_values(&mut self) {
        self.rounding = ROUNDING[0];
    }

    /// A step along the direction.
    pub fn along<F: Gradient<T> + ?Sized>(
        &mut self,
        direction: &mut impl Direction<T, F>,
        search: &impl Search,
        taken: Option<Taken>,
        run: &Run<'_>,
        objective: &mut Counted<'_, F>,
    ) -> Result<Taken, Fault> {
        // Taken out, since a step borrows the rest.
        let mut d = std::mem::take(&mut self.d);
        let step = taken.map(|taken| self.step_taken(taken));
        let length = direction.next(step.as_ref(), self.here.point(), objective, &mut d);
        self.d = d;
        self.step_twice(search, length, taken, run, objective)
    }

    /// A step down the gradient, where a step along the direction failed.
    pub fn down<F: Gradient<T> + ?Sized>(
        &mut self,
        search: &impl Search,
        fault: Fault,
        taken: Option<Taken>,
        run: &Run<'_>,
        objective: &mut Counted<'_, F>,
    ) -> Result<Taken, Fault> {
        if matches!(fault, Fault::Interrupted | Fault::Bottomless) {
            return Err(fault);
        }
        vector::negate(&self.here.g, &mut self.d);
        self.step(search, Length::Unknown, taken, run, objective)
    }

    /// A step along d, where slopes may have to decide.
    pub fn step_twice<F: Gradient<T> + ?Sized>(
        &mut self,
        search: &impl Search,
        length: Length,
        taken: Option<Taken>,
        run: &Run<'_>,
        objective: &mut Counted<'_, F>,
    ) -> Result<Taken, Fault> {
        match self.step(search, length, taken, run, objective) {
            Err(Fault::Limit | Fault::TooShort) if self.rounding < ROUNDING[1] => {
                self.rounding = ROUNDING[1];
                self.step(search, length, taken, run, objective)
            }
            step => step,
        }
    }

    /// A step along d.
    fn step<F: Gradient<T> + ?Sized>(
        &mut self,
        search: &impl Search,
        length: Length,
        taken: Option<Taken>,
        run: &Run<'_>,
        objective: &mut Counted<'_, F>,
    ) -> Result<Taken, Fault> {
        let slope = vector::dot(&self.here.g, &self.d);
        let trial = match (length, taken) {
            (Length::Known, _) => 1.0,
            (Length::Unknown, Some(taken)) => {
                let lowered = self.last.value - self.here.value;
                if lowered > self.rounding() {
                    -2.0 * lowered / slope
                } else {
                    taken.length * taken.slope / slope
                }
            }
            (Length::Unknown, None) => {
                let far = 1f64.max(OF_X * vector::norm(&self.here.x));
                1f64.min(far / vector::norm(&self.d))
            }
        };
        let trial = if trial.is_normal() { trial.min(self.most) } else { 1.0 };
        let start = Start {
            value: self.here.value,
            slope,
            trial,
            longest: self.most,
            rounding: self.rounding(),
        };
        let mut ray = Ray { walk: self, objective, run, asked: None, lowest: None };
        let answer = search.search(&mut ray, &start);
        let (asked, lowest) = (ray.asked, ray.lowest);
        let sample = match (answer, lowest) {
            (Ok(sample), _) => sample,
            (Err(Fault::Bottomless), _) => return Err(Fault::Bottomless),
            (Err(_), Some(lowest)) => lowest,
            (Err(fault), None) => return Err(fault),
        };
        if lowest == Some(sample) {
            std::mem::swap(&mut self.last, &mut self.lowest);
        } else if asked != Some(sample) {
            // Neither the last nor the lowest one: it is not held any more.
            self.place(sample.step);
            self.last.evaluate(objective);
        }
        // A step that is rounded away would be taken forever.
        if sample.value >= self.here.value && self.last.x == self.here.x {
            return Err(Fault::TooShort);
        }
        self.go();
        Ok(Taken { length: sample.step, slope, end_slope: sample.slope })
    }

    /// The x of `last`, a step along d.
    fn place(&mut self, step: f64) {
        vector::step(&self.here.x, step, &self.d, &mut self.last.x);
        if let Some((lower, upper)) = &self.bounds {
            // Rounding can lead out of them.
            project(&mut self.last.x, lower, upper);
        }
    }

    /// Goes to `last`, and keeps the point before if that is better.
    fn go(&mut self) {
        let Walk { here, last, .. } = self;
        if last.value > here.value && here.value < self.best_value {
            self.best.copy_from_slice(&here.x);
            (self.best_value, self.best_norm) = (here.value, self.norm);
        }
        std::mem::swap(here, last);
    }

    /// By how much a value may be wrong.
    fn rounding(&self) -> f64 {
        self.rounding * T::UNIT.into() * self.here.value.abs()
    }

    /// At a point without gradient, looks both ways along a direction that curves downwards.
    fn leave_saddle<F: Gradient<T> + ?Sized>(
        &mut self,
        direction: &mut impl Direction<T, F>,
        objective: &mut Counted<'_, F>,
    ) -> Left {
        let Some(curvature) = direction.escape(self.here.point(), objective, &mut self.d) else {
            return Left::Minimum;
        };
        let longest = vector::largest(&self.here.x).max(1.0) / vector::norm(&self.d);
        let enough = self.here.value - self.rounding();
        for length in (0..LOOKS).map(|k| longest * 0.25f64.powi(k)) {
            for α in [length, -length] {
                vector::step(&self.here.x, α, &self.d, &mut self.last.x);
                if self.last.evaluate(objective) && self.last.value < enough {
                    self.go();
                    return Left::By { length };
                }
            }
        }
        Left::Not { curvature }
    }

    fn report(&mut self, run: &mut Run<'_>, step: f64, counts: Counts) -> Option<Verdict> {
        let norm = run.norm(&self.here.g);
        self.report_norm(run, norm, step, counts)
    }

    /// The same, where `norm` is what counts as the gradient's.
    pub fn report_norm(
        &mut self,
        run: &mut Run<'_>,
        norm: f64,
        step: f64,
        counts: Counts,
    ) -> Option<Verdict> {
        self.norm = norm;
        let Walk { here, last, .. } = &*self;
        let moved = || vector::distance(&here.x, &last.x) / vector::largest(&here.x).max(1.0);
        run.after(here.value, self.norm, step, counts, last.value - here.value, moved)
    }

    pub fn solution(self, run: Run<'_>, verdict: Verdict, counts: Counts) -> Solution<T> {
        // A gradient of zero is worth more than a value that is lower by rounding.
        if self.best_value < self.here.value && verdict != Verdict::Gradient {
            run.solution(self.best, self.best_value, self.best_norm, verdict, counts)
        } else {
            run.solution(self.here.x, self.here.value, self.norm, verdict, counts)
        }
    }
}

/// φ(α) = f(x + αd), as the search sees it.
struct Ray<'a, 'b, 'o, T, F: ?Sized> {
    walk: &'a mut Walk<T>,
    objective: &'a mut Counted<'b, F>,
    run: &'a Run<'o>,
    /// The sample that `last` holds.
    asked: Option<Sample>,
    /// The sample that `lowest` holds, below the start.
    lowest: Option<Sample>,
}

impl<T: Scalar, F: Gradient<T> + ?Sized> Line for Ray<'_, '_, '_, T, F> {
    fn at(&mut self, step: f64) -> Result<Sample, Fault> {
        if self.run.interrupted(self.objective.counts()).is_some() {
            return Err(Fault::Interrupted);
        }
        self.walk.place(step);
        let Walk { here, last, lowest, d, .. } = &mut *self.walk;
        last.value = self.objective.value_and_gradient(&last.x, &mut last.g);
        if last.value == f64::NEG_INFINITY {
            return Err(Fault::Bottomless);
        }
        // Where one of the coordinates of the gradient is not finite, neither is the product.
        let slope = vector::dot(&last.g, d);
        if !(last.value.is_finite() && slope.is_finite()) {
            self.asked = None;
            return Ok(Sample { step, value: f64::INFINITY, slope: 0.0 });
        }
        let sample = Sample { step, value: last.value, slope };
        if sample.value < self.lowest.map_or(here.value, |lowest| lowest.value) {
            std::mem::swap(last, lowest);
            self.lowest = Some(sample);
            self.asked = None;
        } else {
            self.asked = Some(sample);
        }
        Ok(sample)
    }
}
