//! A step that meets the Wolfe conditions or, where values cannot tell, the approximate ones.
//!
//! ```text
//! T1   φ(α) ≤ φ(0) + δαφ′(0)  and  φ′(α) ≥ σφ′(0)
//! T2   (2δ − 1)φ′(0) ≥ φ′(α) ≥ σφ′(0)  and  φ(α) ≤ φ(0) + ε_k,   ε_k = ε|φ(0)|
//!
//! [a, b]   φ(a) ≤ φ(0) + ε_k,  φ′(a) < 0,  φ′(b) ≥ 0              the opposite slope condition
//! L0       [a, b] ← bracket(trial)
//! L1       [A, B] ← secant²(a, b)
//! L2       if B − A > γ(b − a): update with the middle of [A, B]
//! ```
//!
//! Hager & Zhang, A new conjugate gradient method with guaranteed descent and an efficient line search, SIAM J.
//! Optim. 16(1), 2005, <https://doi.org/10.1137/030601880>, section 4, and Algorithm 851, ACM TOMS 32(1), 2006,
//! for `bracket`. Where the slope decides, steps are right to the rounding of φ′, not to its root.
//!
//! Departure: a step that is infinite is an end b whose slope is positive.

use super::{Fault, Line, Sample, Search, Start, secant};

/// Finds a step that meets the approximate Wolfe conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HagerZhang {
    /// c₁, the paper's δ; from 0 to below 0.5.
    pub c1: f64,
    /// c₂, the paper's σ; from c₁ to below 1.
    pub c2: f64,
    /// ε, by which share of |φ(0)| the value may rise in T2.
    pub epsilon: f64,
    /// γ, to which share an interval has to shrink; from 0 to 1.
    pub gamma: f64,
    /// ρ, by how much the trial grows while nothing is bracketed; above 1.
    pub rho: f64,
    /// Evaluations for one search.
    pub evaluations: usize,
}

impl Default for HagerZhang {
    fn default() -> Self {
        HagerZhang { c1: 0.1, c2: 0.9, epsilon: 1e-6, gamma: 0.66, rho: 5.0, evaluations: 50 }
    }
}

/// The middle, in the bisection of U3.
const THETA: f64 = 0.5;

impl Search for HagerZhang {
    fn search(&self, line: &mut dyn Line, start: &Start) -> Result<Sample, Fault> {
        // Not written as ≥, so that a NaN ends here as well.
        if !(start.slope < 0.0) {
            return Err(Fault::NoDescent);
        }
        let mut under_way = UnderWay {
            search: self,
            line,
            start,
            ceiling: start.value + (self.epsilon * start.value.abs()).max(start.rounding),
            left: self.evaluations,
            lowest: start.sample(),
            finite: false,
        };
        match under_way.run() {
            Found::Accepted(sample) => Ok(sample),
            Found::Fault(fault @ (Fault::Interrupted | Fault::Bottomless)) => Err(fault),
            // Enough decrease is worth taking, whatever the slope.
            Found::Fault(_)
                if start.decreased(&under_way.lowest, self.c1) && under_way.lowest.step > 0.0 =>
            {
                Ok(under_way.lowest)
            }
            Found::Fault(fault) => Err(if under_way.finite { fault } else { Fault::NotFinite }),
        }
    }
}

/// What ends a search, from wherever it is found.
enum Found {
    Accepted(Sample),
    Fault(Fault),
}

struct UnderWay<'a> {
    search: &'a HagerZhang,
    line: &'a mut dyn Line,
    start: &'a Start,
    /// φ(0) + ε_k
    ceiling: f64,
    left: usize,
    lowest: Sample,
    finite: bool,
}

impl UnderWay<'_> {
    fn run(&mut self) -> Found {
        match self.shrink() {
            Err(found) => found,
            Ok(never) => match never {},
        }
    }

    /// L0 to L2, until a step is accepted or none is left.
    fn shrink(&mut self) -> Result<std::convert::Infallible, Found> {
        let (mut a, mut b) = self.bracket()?;
        loop {
            let width = b.step - a.step;
            if width <= f64::EPSILON * b.step {
                return Err(Found::Fault(Fault::TooShort));
            }
            let (mut a2, mut b2) = self.secant2(a, b)?;
            if b2.step - a2.step > self.search.gamma * width {
                let middle = self.at(0.5 * (a2.step + b2.step))?;
                (a2, b2) = self.update(a2, b2, middle)?;
            }
            (a, b) = (a2, b2);
        }
    }

    /// The sample at a step, unless the search ends with it.
    fn at(&mut self, step: f64) -> Result<Sample, Found> {
        let Some(left) = self.left.checked_sub(1) else { return Err(Found::Fault(Fault::Limit)) };
        self.left = left;
        let sample = self.line.at(step).map_err(Found::Fault)?;
        self.finite |= sample.is_finite();
        if sample.value < self.lowest.value {
            self.lowest = sample;
        }
        let (slope, HagerZhang { c1, c2, .. }) = (self.start.slope, *self.search);
        let flat = sample.slope >= c2 * slope;
        let wolfe = sample.value <= self.start.value + c1 * step * slope;
        let approximate = (2.0 * c1 - 1.0) * slope >= sample.slope && sample.value <= self.ceiling;
        if flat && (wolfe || approximate) {
            return Err(Found::Accepted(sample));
        }
        Ok(sample)
    }

    /// Whether the sample is an end b: the slope has turned, or the function ends there.
    fn turned(sample: &Sample) -> bool {
        sample.slope >= 0.0 || !sample.is_finite()
    }

    /// B0 to B3: grows the trial until it has the opposite slope condition with a step before it.
    fn bracket(&mut self) -> Result<(Sample, Sample), Found> {
        let mut a = self.start.sample();
        let mut step = self.start.trial;
        loop {
            let c = self.at(step)?;
            if !c.is_finite() || c.value > self.ceiling && c.slope < 0.0 {
                return self.bisect(a, c);
            }
            if Self::turned(&c) {
                return Ok((a, c));
            }
            if c.step >= self.start.longest {
                return Err(Found::Accepted(c));
            }
            a = c;
            step = (step * self.search.rho).min(self.start.longest);
        }
    }

    /// U3: [a, b] with φ(b) too high, until an end has the opposite slope condition.
    fn bisect(&mut self, mut a: Sample, mut b: Sample) -> Result<(Sample, Sample), Found> {
        loop {
            // From infinity it goes back further.
            let share = if b.is_finite() { THETA } else { 0.1 };
            let d = self.at((1.0 - share) * a.step + share * b.step)?;
            if d.is_finite() && d.slope >= 0.0 {
                return Ok((a, d));
            }
            if d.value <= self.ceiling {
                a = d
            } else {
                b = d
            }
            if b.step - a.step <= f64::EPSILON * b.step {
                return Err(Found::Fault(Fault::TooShort));
            }
        }
    }

    /// U0 to U3: the interval with c taken in.
    fn update(&mut self, a: Sample, b: Sample, c: Sample) -> Result<(Sample, Sample), Found> {
        if !(a.step < c.step && c.step < b.step) {
            Ok((a, b))
        } else if c.is_finite() && c.slope >= 0.0 {
            Ok((a, c))
        } else if c.value <= self.ceiling {
            Ok((c, b))
        } else {
            self.bisect(a, c)
        }
    }

    /// S1 to S4: two secant steps.
    fn secant2(&mut self, a: Sample, b: Sample) -> Result<(Sample, Sample), Found> {
        let inside = |step: f64, a: &Sample, b: &Sample| a.step < step && step < b.step;
        let c = secant(&a, &b);
        if !inside(c, &a, &b) {
            return Ok((a, b));
        }
        let sample = self.at(c)?;
        let (a2, b2) = self.update(a, b, sample)?;
        let again = if b2 == sample {
            secant(&b, &b2)
        } else if a2 == sample {
            secant(&a, &a2)
        } else {
            return Ok((a2, b2));
        };
        if !inside(again, &a2, &b2) {
            return Ok((a2, b2));
        }
        let sample = self.at(again)?;
        self.update(a2, b2, sample)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{more_thuente_function, run, survives};
    use super::*;

    #[test]
    fn it_finds_points_that_meet_the_approximate_conditions() {
        for (search, most) in [
            (HagerZhang::default(), 20),
            (HagerZhang { c1: 1e-3, c2: 1e-3, ..HagerZhang::default() }, 50),
        ] {
            for which in 1..=6 {
                for trial in [1e-3, 1e-1, 1e1, 1e3] {
                    let (answer, asked, start) =
                        run(&search, trial, |α| more_thuente_function(which, α));
                    let sample = answer.unwrap();
                    assert!(sample.slope >= search.c2 * start.slope);
                    assert!(sample.value <= start.value + 1e-6 * start.value.abs());
                    assert!(asked.len() <= most, "{which} {trial}: {}", asked.len());
                }
            }
        }
    }

    #[test]
    fn whatever_the_line_is_like_it_ends() {
        survives(&HagerZhang::default());
    }

    #[test]
    fn where_values_are_rounded_away_slopes_decide() {
        let rounded = |α: f64| [1e8 + 1e-8 * (α - 1.0).powi(2), 2e-8 * (α - 1.0)];
        let exact = HagerZhang { c2: 0.101, ..HagerZhang::default() };
        let (answer, ..) = run(&exact, 3.0, rounded);
        assert!((answer.unwrap().step - 1.0).abs() <= 0.9);
    }
}
