//! A step with enough decrease at which the slope has become flat.
//!
//! ```text
//! bracket:  α ← trial, and further, until a pair of steps has an acceptable one between them
//! zoom:     (lo, hi): lo has decreased enough and is the lowest such; φ falls from lo towards hi
//!           α ← minimum of the cubic through lo and hi, kept away from both
//! ```
//!
//! Nocedal & Wright, Numerical Optimization, 2nd ed., Algorithms 3.5 and 3.6, with conditions (3.7).
//!
//! Departures: an interval that has not halved in two steps is halved, as in Moré & Thuente 1994; what the
//! first steps see as infinite is a `hi` without slope; and where the values differ by rounding alone, slopes
//! decide (see [`Start::decreased`]).

use super::{Fault, Line, Sample, Search, Start, cubic_minimum};

/// Finds a step that meets the strong Wolfe conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrongWolfe {
    /// c₁, the share of the slope's promise that the value has to keep; from 0 to below c₂.
    pub c1: f64,
    /// c₂, the share of the slope that may be left; from c₁ to below 1. 0.9 for (quasi-)Newton directions, less
    /// for conjugate gradients.
    pub c2: f64,
    /// How much further the search may look in one go, as a multiple of what it has looked through; less than 1 counts
    /// as 1.
    pub growth: f64,
    /// Evaluations for one search.
    pub evaluations: usize,
}

impl Default for StrongWolfe {
    fn default() -> Self {
        StrongWolfe { c1: 1e-4, c2: 0.9, growth: 20.0, evaluations: 30 }
    }
}

/// How near to the ends of an interval the cubic may come, as a share of it. It is small, since halving looks after
/// intervals that do not shrink.
const MARGIN: f64 = 1e-3;
/// Where the next step is tried if the last one was infinite, as a share of the way.
const BACK: f64 = 0.1;

impl Search for StrongWolfe {
    fn search(&self, line: &mut dyn Line, start: &Start) -> Result<Sample, Fault> {
        // Not written as ≥, so that a NaN ends here as well.
        if !(start.slope < 0.0) {
            return Err(Fault::NoDescent);
        }
        let mut previous = start.sample();
        // The least step that is known to be infinite.
        let mut ceiling: Option<f64> = None;
        let mut step = start.trial;
        for evaluation in 1..=self.evaluations {
            let sample = line.at(step)?;
            if !sample.is_finite() {
                ceiling = Some(step);
                step = previous.step + BACK * (step - previous.step);
                continue;
            }
            let left = self.evaluations - evaluation;
            if !start.decreased(&sample, self.c1)
                || (previous.step > 0.0 && sample.value > previous.value + start.rounding)
            {
                return self.zoom(line, start, previous, sample, left);
            }
            if start.flattened(&sample, self.c2) {
                return Ok(sample);
            }
            if sample.slope >= 0.0 {
                return self.zoom(line, start, sample, previous, left);
            }
            if left == 0 || sample.step >= start.longest {
                // It falls as far as the search could look.
                return Ok(sample);
            }
            let width = sample.step - previous.step;
            let (least, most) = match ceiling {
                None => (sample.step + MARGIN * width, sample.step + self.growth.max(1.0) * width),
                Some(ceiling) => {
                    let room = ceiling - sample.step;
                    if room <= 1e-3 * ceiling {
                        // It falls up to where it ends, as a barrier or a logarithm does from inside.
                        return start.lower_or(sample, Fault::NotFinite);
                    }
                    (sample.step + BACK * room, sample.step + 0.5 * room)
                }
            };
            let minimum = cubic_minimum(&previous, &sample);
            // A cubic without a minimum ahead says: as far as allowed.
            step = if minimum > sample.step { minimum.clamp(least, most) } else { most };
            step = step.min(start.longest);
            previous = sample;
        }
        start.lower_or(previous, Fault::NotFinite)
    }
}

impl StrongWolfe {
    fn zoom(
        &self,
        line: &mut dyn Line,
        start: &Start,
        mut low: Sample,
        mut high: Sample,
        evaluations: usize,
    ) -> Result<Sample, Fault> {
        // The widths of the interval one and two steps ago.
        let mut widths = [f64::INFINITY; 2];
        for _ in 0..evaluations {
            let width = high.step - low.step;
            if width.abs() <= f64::EPSILON * low.step.abs().max(high.step.abs()) {
                return start.lower_or(low, Fault::TooShort);
            }
            let minimum = cubic_minimum(&low, &high);
            let share = (minimum - low.step) / width;
            let share = if !high.is_finite() {
                BACK
            } else if share.is_nan() || width.abs() > 0.5 * widths[1] {
                0.5
            } else {
                share.clamp(MARGIN, 1.0 - MARGIN)
            };
            widths = [width.abs(), widths[0]];
            let sample = line.at(low.step + share * width)?;
            if !start.decreased(&sample, self.c1) || sample.value > low.value + start.rounding {
                high = sample;
                continue;
            }
            if start.flattened(&sample, self.c2) {
                return Ok(sample);
            }
            if sample.slope * width >= 0.0 {
                high = low;
            }
            low = sample;
        }
        // Enough decrease is worth taking, whatever the slope.
        start.lower_or(low, Fault::Limit)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finds_wolfe_points, run, survives};
    use super::*;

    #[test]
    fn it_finds_points_that_meet_both_conditions() {
        finds_wolfe_points(&StrongWolfe::default(), 1e-4, 0.9, 24);
        let exact = StrongWolfe { c1: 1e-3, c2: 1e-3, ..StrongWolfe::default() };
        finds_wolfe_points(&exact, 1e-3, 1e-3, 30);
    }

    #[test]
    fn whatever_the_line_is_like_it_ends() {
        survives(&StrongWolfe::default());
    }

    #[test]
    fn a_parabola_takes_one_step_more_than_the_trial() {
        let parabola = |α: f64| [(α - 3.0).powi(2), 2.0 * (α - 3.0)];
        let exact = StrongWolfe { c1: 1e-4, c2: 1e-6, ..StrongWolfe::default() };
        for trial in [0.5, 1.0, 5.0, 20.0] {
            let (answer, asked, _) = run(&exact, trial, parabola);
            assert!((answer.unwrap().step - 3.0).abs() < 1e-6);
            assert_eq!(asked.len(), 2, "{trial}");
        }
    }

    #[test]
    fn where_values_are_rounded_away_slopes_decide() {
        // Near its minimum at 1, 10⁸ + (α − 1)²·10⁻⁸ is a constant to the last digit.
        let rounded = |α: f64| [1e8 + 1e-8 * (α - 1.0).powi(2), 2e-8 * (α - 1.0)];
        let exact = StrongWolfe { c2: 0.01, ..StrongWolfe::default() };
        let (answer, ..) = run(&exact, 3.0, rounded);
        assert!((answer.unwrap().step - 1.0).abs() <= 0.01);
    }
}
