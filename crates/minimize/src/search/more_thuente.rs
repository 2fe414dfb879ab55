//! A step that meets the strong Wolfe conditions, by Moré and Thuente's safeguarded interpolation.
//!
//! ```text
//! ψ(α) = φ(α) − φ(0) − c₁αφ′(0)      stands for φ until some ψ(α) ≤ 0 with φ′(α) ≥ 0 is found
//! x        the best step so far       I = [x, y], or open to the right
//! α⁺       one of four interpolants   case by case, from values and slopes at x and α
//! I⁺       = (x, α)  if ψ(α) > ψ(x);  (α, y)  if ψ still falls towards y;  (α, x)  otherwise
//! ```
//!
//! Moré & Thuente, Line search algorithms with guaranteed sufficient decrease, ACM TOMS 20(3), 1994,
//! <https://doi.org/10.1145/192115.192132>: the algorithm of section 2, modified as in section 3, with the trial
//! values of section 4.
//!
//! Departures: a step that is infinite is stepped back from, and never enters the interval; and where values
//! differ by rounding alone, slopes decide (see [`Start::decreased`]).

use super::{Fault, Line, Sample, Search, Start, cubic_minimum, parabola_minimum, secant};

/// Finds a step that meets the strong Wolfe conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MoreThuente {
    /// c₁, the paper's μ: the share of the slope's promise that the value has to keep; from 0 to below c₂.
    pub c1: f64,
    /// c₂, the paper's η: the share of the slope that may be left; from c₁ to below 1.
    pub c2: f64,
    /// Evaluations for one search.
    pub evaluations: usize,
}

impl Default for MoreThuente {
    fn default() -> Self {
        MoreThuente { c1: 1e-4, c2: 0.9, evaluations: 30 }
    }
}

/// The paper's δ: an interval that has not shrunk to this share in two steps is halved, and no interpolant in a
/// bracket goes further than this share of it.
const SHRINK: f64 = 0.66;
/// While nothing is bracketed, how far beyond a step to look, as multiples of the move to it; the paper's δ_max,
/// and its lower counterpart.
const BEYOND: [f64; 2] = [1.1, 4.0];
/// Where the next step is tried if the last one was infinite, as a share of the way.
const BACK: f64 = 0.1;

impl Search for MoreThuente {
    fn search(&self, line: &mut dyn Line, start: &Start) -> Result<Sample, Fault> {
        // Not written as ≥, so that a NaN ends here as well.
        if !(start.slope < 0.0) {
            return Err(Fault::NoDescent);
        }
        let promise = self.c1 * start.slope;
        let mut interval =
            Interval { best: start.sample(), other: start.sample(), bracketed: false };
        let mut modified = true;
        let mut widths = [f64::INFINITY; 2];
        // The least step that is known to be infinite.
        let mut ceiling = f64::INFINITY;
        let mut bounds = [0.0, (1.0 + BEYOND[1]) * start.trial];
        let mut step = start.trial;
        for _ in 0..self.evaluations {
            let sample = line.at(step)?;
            if !sample.is_finite() {
                ceiling = step;
                step = interval.best.step + BACK * (step - interval.best.step);
                bounds = [interval.best.step, ceiling];
                continue;
            }
            let decreased = start.decreased(&sample, self.c1);
            if decreased && start.flattened(&sample, self.c2) {
                return Ok(sample);
            }
            if decreased && sample.slope >= 0.0 {
                modified = false;
            }
            step = if modified && sample.value <= interval.best.value && !decreased {
                interval.tilt(-promise);
                let step = interval.next(sample.tilted(-promise), bounds);
                interval.tilt(promise);
                step
            } else {
                interval.next(sample, bounds)
            };
            let (x, y) = (interval.best.step, interval.other.step);
            if interval.bracketed {
                let width = (y - x).abs();
                if width <= f64::EPSILON * x.max(y) {
                    break;
                }
                if width >= SHRINK * widths[1] {
                    step = x + 0.5 * (y - x);
                }
                widths = [width, widths[0]];
                bounds = [x.min(y), x.max(y)];
                step = step.clamp(bounds[0], bounds[1]);
            } else {
                let room = ceiling - sample.step;
                if ceiling.is_finite() && room <= 1e-3 * ceiling {
                    // It falls up to where it ends, as a barrier or a logarithm does from inside.
                    return start.lower_or(sample, Fault::NotFinite);
                }
                if sample.step >= start.longest && decreased {
                    return Ok(sample);
                }
                step = step.min(start.longest);
                if step >= ceiling {
                    step = sample.step + 0.5 * room;
                }
                bounds = BEYOND.map(|times| step + times * (step - x));
            }
        }
        // Enough decrease is worth taking, whatever the slope.
        let nowhere = interval.best.step == 0.0 && !interval.bracketed;
        start.lower_or(interval.best, if nowhere { Fault::NotFinite } else { Fault::Limit })
    }
}

/// The interval of uncertainty: the best step so far, the other end, and whether a minimum lies between them.
struct Interval {
    best: Sample,
    other: Sample,
    bracketed: bool,
}

impl Sample {
    /// The sample of φ(α) + tα.
    fn tilted(self, t: f64) -> Sample {
        Sample { value: self.value + t * self.step, slope: self.slope + t, ..self }
    }
}

impl Interval {
    fn tilt(&mut self, t: f64) {
        self.best = self.best.tilted(t);
        self.other = self.other.tilted(t);
    }

    /// Takes a sample in, and gives the step to try next.
    fn next(&mut self, sample: Sample, [least, most]: [f64; 2]) -> f64 {
        let (x, y) = (self.best, self.other);
        let turned = sample.slope * x.slope.signum() < 0.0;
        let ahead = if sample.step > x.step { most } else { least };
        let nearer = |to: f64, a: f64, b: f64| if (a - to).abs() < (b - to).abs() { a } else { b };
        let or = |a: f64, b: f64| if a.is_finite() { a } else { b };
        let step = if sample.value > x.value {
            // Case 1: it has risen.
            self.bracketed = true;
            let parabola = parabola_minimum(&x, &sample);
            let cubic = or(cubic_minimum(&x, &sample), parabola);
            if (cubic - x.step).abs() < (parabola - x.step).abs() {
                cubic
            } else {
                cubic + 0.5 * (parabola - cubic)
            }
        } else if turned {
            // Case 2: lower, and the slope has turned.
            self.bracketed = true;
            let zero = secant(&x, &sample);
            let cubic = or(cubic_minimum(&x, &sample), zero);
            if nearer(sample.step, cubic, zero) == cubic { zero } else { cubic }
        } else if sample.slope.abs() < x.slope.abs() {
            // Case 3: lower, and the slope is becoming flat.
            let zero = secant(&x, &sample);
            let cubic = cubic_minimum(&x, &sample);
            let forward = (cubic - sample.step) * (sample.step - x.step) > 0.0;
            let cubic = if forward && cubic.is_finite() { cubic } else { ahead };
            if self.bracketed {
                let step = nearer(sample.step, cubic, zero);
                let most = sample.step + SHRINK * (y.step - sample.step);
                if sample.step > x.step { step.min(most) } else { step.max(most) }
            } else {
                let near = nearer(sample.step, cubic, zero);
                if near == cubic { zero } else { cubic }.clamp(least, most)
            }
        } else if self.bracketed {
            // Case 4: lower, and as steep as before.
            or(cubic_minimum(&sample, &y), 0.5 * (sample.step + y.step))
        } else {
            ahead
        };
        if sample.value > x.value {
            self.other = sample;
        } else {
            if turned {
                self.other = x;
            }
            self.best = sample;
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finds_wolfe_points, more_thuente_function, run, survives};
    use super::*;

    #[test]
    fn it_finds_points_that_meet_both_conditions() {
        finds_wolfe_points(&MoreThuente::default(), 1e-4, 0.9, 15);
        let exact = MoreThuente { c1: 1e-3, c2: 1e-3, evaluations: 40 };
        finds_wolfe_points(&exact, 1e-3, 1e-3, 40);
    }

    #[test]
    fn it_takes_the_evaluations_that_the_paper_says() {
        // Tables 1 to 6: μ and η, and evaluations from the starts 10⁻³, 10⁻¹, 10¹, 10³; MINPACK-2's `dcsrch`, as it
        // is in SciPy, takes as many.
        for (which, c1, c2, counts) in [
            (1, 1e-3, 1e-1, [6, 3, 1, 4]),
            (2, 1e-1, 1e-1, [12, 8, 8, 11]),
            (3, 1e-1, 1e-1, [12, 12, 10, 13]),
            (4, 1e-3, 1e-3, [4, 1, 3, 4]),
            (5, 1e-3, 1e-3, [6, 3, 7, 8]),
            (6, 1e-3, 1e-3, [13, 11, 8, 11]),
        ] {
            let found = [1e-3, 1e-1, 1e1, 1e3].map(|trial| {
                let search = MoreThuente { c1, c2, evaluations: 40 };
                let (answer, asked, _) = run(&search, trial, |α| more_thuente_function(which, α));
                answer.map(|_| asked.len())
            });
            assert_eq!(found, counts.map(Ok), "function {which}");
        }
    }

    #[test]
    fn whatever_the_line_is_like_it_ends() {
        survives(&MoreThuente::default());
    }
}
