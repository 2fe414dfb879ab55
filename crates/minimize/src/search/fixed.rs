//! No search: the first trial of a direction that knows its length, else a step that is given.
//!
//! ```text
//! α = step
//! ```
//!
//! It may rise, and does where the step is too long. With `step` = 1, Newton's direction is the method as it is
//! defined; along the gradient, `step` is the learning rate of gradient descent.

use super::{Fault, Line, Sample, Search, Start};

/// Takes the same step always.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed {
    /// α, above 0.
    pub step: f64,
}

impl Default for Fixed {
    fn default() -> Self {
        Fixed { step: 1.0 }
    }
}

impl Search for Fixed {
    fn search(&self, line: &mut dyn Line, start: &Start) -> Result<Sample, Fault> {
        // Not written as ≥, so that a NaN ends here as well.
        if !(start.slope < 0.0) {
            return Err(Fault::NoDescent);
        }
        let sample = line.at(self.step.min(start.longest))?;
        if sample.value == f64::INFINITY { Err(Fault::NotFinite) } else { Ok(sample) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn it_takes_its_step_whatever_comes_of_it_but_not_into_infinity() {
        let fixed = Fixed { step: 0.5 };
        let (answer, asked, _) = run(&fixed, 7.0, |α| [α, -1.0]);
        assert_eq!((answer.unwrap().step, asked.len()), (0.5, 1));
        let (answer, ..) = run(&fixed, 7.0, |α| [if α > 0.0 { f64::NAN } else { 0.0 }, -1.0]);
        assert_eq!(answer, Err(Fault::NotFinite));
        assert_eq!(run(&fixed, 1.0, |_| [0.0, 0.0]).0, Err(Fault::NoDescent));
    }
}
