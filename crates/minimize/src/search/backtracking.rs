//! Steps back from the trial until the value has decreased enough.
//!
//! ```text
//! until φ(α) ≤ φ(0) + c₁αφ′(0):   α ← minimum of the interpolant, within [0.1α, 0.5α]
//! ```
//!
//! Nocedal & Wright, Numerical Optimization, 2nd ed., Algorithm 3.1, with the interpolation of p. 57: first the
//! parabola through φ(0), φ′(0) and φ(α), then the cubic.
//!
//! Departures: the cubic goes through φ′(α) too, which is known here, instead of the value before; and where
//! values differ by rounding alone, slopes decide (see [`Start::decreased`]).

use super::{Fault, Line, Sample, Search, Start, cubic_minimum, parabola_minimum};

/// Finds a step with enough decrease.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtracking {
    /// c₁, the share of the slope's promise that the value has to keep; from 0 to below 1.
    pub c1: f64,
    /// How the next step is found.
    pub interpolation: Interpolation,
    /// Evaluations for one search.
    pub evaluations: usize,
}

/// How the next step is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// It is half of the last.
    Halving,
    /// By a parabola.
    Quadratic,
    /// By a cubic.
    Cubic,
}

impl Default for Backtracking {
    fn default() -> Self {
        Backtracking { c1: 1e-4, interpolation: Interpolation::Cubic, evaluations: 30 }
    }
}

/// The share of the slope that may be left where the value cannot tell.
const FLAT: f64 = 0.9;

impl Search for Backtracking {
    fn search(&self, line: &mut dyn Line, start: &Start) -> Result<Sample, Fault> {
        // Not written as ≥, so that a NaN ends here as well.
        if !(start.slope < 0.0) {
            return Err(Fault::NoDescent);
        }
        let mut step = start.trial;
        let mut fault = Fault::NotFinite;
        for _ in 0..self.evaluations {
            let sample = line.at(step)?;
            if sample.is_finite() {
                fault = Fault::Limit;
            }
            // A value that has not decreased needs a slope that has.
            if start.decreased(&sample, self.c1)
                && (sample.value < start.value || start.flattened(&sample, FLAT))
            {
                return Ok(sample);
            }
            let minimum = match self.interpolation {
                _ if !sample.is_finite() => 0.1 * step,
                Interpolation::Halving => 0.5 * step,
                Interpolation::Quadratic => parabola_minimum(&start.sample(), &sample),
                Interpolation::Cubic => cubic_minimum(&start.sample(), &sample),
            };
            step *= if minimum.is_nan() { 0.5 } else { (minimum / step).clamp(0.1, 0.5) };
        }
        Err(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{more_thuente_function, run, survives};
    use super::*;

    const ALL: [Interpolation; 3] =
        [Interpolation::Halving, Interpolation::Quadratic, Interpolation::Cubic];

    #[test]
    fn it_finds_points_that_have_decreased_enough() {
        for interpolation in ALL {
            let search = Backtracking { interpolation, ..Backtracking::default() };
            for which in 1..=6 {
                for trial in [1e-3, 1e-1, 1e1, 1e3] {
                    let (answer, asked, start) =
                        run(&search, trial, |α| more_thuente_function(which, α));
                    let sample = answer.unwrap();
                    assert!(start.decreased(&sample, search.c1));
                    assert_eq!(asked.last(), Some(&sample));
                    assert!(
                        asked[..asked.len() - 1].iter().all(|s| !start.decreased(s, search.c1))
                    );
                }
            }
        }
    }

    #[test]
    fn whatever_the_line_is_like_it_ends() {
        for interpolation in ALL {
            survives(&Backtracking { interpolation, ..Backtracking::default() });
        }
    }

    #[test]
    fn an_interpolant_finds_the_bottom_of_a_parabola_at_once() {
        for interpolation in [Interpolation::Quadratic, Interpolation::Cubic] {
            let search = Backtracking { interpolation, c1: 0.4, ..Backtracking::default() };
            let (answer, asked, _) = run(&search, 8.0, |α| [(α - 3.0).powi(2), 2.0 * (α - 3.0)]);
            assert!((answer.unwrap().step - 3.0).abs() < 1e-14);
            assert_eq!(asked.len(), 2);
        }
    }
}
