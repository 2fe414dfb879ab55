//! Searches along a line: from φ(α) = f(x + αd) and φ′(α) to a step α.
//!
//! ```text
//!  φ │\                         φ(0) + c₁αφ′(0)   decrease: φ(α) is not above this line
//!    │ \‾‾‾‾────____
//!    │  \           ‾‾‾‾────____         curvature: |φ′(α)| ≤ −c₂φ′(0), the slope has become flat
//!    │   \_    ___/‾‾\_
//!    │     ‾‾‾‾        ‾‾‾‾
//!    └──────────────────────────── α
//! ```
//!
//! A search sees numbers only, never a vector: a [`Line`] gives it samples, and it answers with the sample that
//! it accepts, or says what is wrong. Where f is infinite or NaN, a sample has the value ∞; the searches step
//! back from there, to a share of the step.

mod backtracking;
mod fixed;
mod hager_zhang;
mod more_thuente;
mod strong_wolfe;

use std::fmt::{self, Debug};

pub use backtracking::{Backtracking, Interpolation};
pub use fixed::Fixed;
pub use hager_zhang::HagerZhang;
pub use more_thuente::MoreThuente;
pub use strong_wolfe::StrongWolfe;

/// Finds a step along a line.
pub trait Search: Debug + Send + Sync {
    /// A sample of the line that is good enough.
    ///
    /// # Errors
    ///
    /// If none was found; the line has kept the lowest one that was seen.
    fn search(&self, line: &mut dyn Line, start: &Start) -> Result<Sample, Fault>;
}

impl<S: Search + ?Sized> Search for Box<S> {
    fn search(&self, line: &mut dyn Line, start: &Start) -> Result<Sample, Fault> {
        (**self).search(line, start)
    }
}

impl<S: Search + ?Sized> Search for &S {
    fn search(&self, line: &mut dyn Line, start: &Start) -> Result<Sample, Fault> {
        (**self).search(line, start)
    }
}

/// φ(α) and φ′(α), where they are asked for.
pub trait Line {
    /// The sample at α.
    ///
    /// # Errors
    ///
    /// If the value is −∞, or the evaluations or the time of the whole minimization are used up.
    fn at(&mut self, step: f64) -> Result<Sample, Fault>;
}

/// The line at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// α
    pub step: f64,
    /// φ(α); ∞ where f or its gradient is infinite or NaN.
    pub value: f64,
    /// φ′(α); 0 where the value is infinite.
    pub slope: f64,
}

/// What is known before a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// φ(0)
    pub value: f64,
    /// φ′(0), below 0.
    pub slope: f64,
    /// The step to try first.
    pub trial: f64,
    /// The longest step that there is, at least the trial: one that falls up to there is good enough.
    pub longest: f64,
    /// By how much φ may be wrong: a smaller difference of values means nothing.
    pub rounding: f64,
}

/// Why a search found no step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The function does not fall along the direction.
    NoDescent,
    /// All evaluations of the search are used up.
    Limit,
    /// The steps left to try are as good as the same.
    TooShort,
    /// Wherever the search looked, the function is infinite or NaN.
    NotFinite,
    /// The value is −∞.
    Bottomless,
    /// The evaluations or the time of the whole minimization are used up.
    Interrupted,
}

impl Fault {
    /// A word for tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Fault::NoDescent => "no-descent",
            Fault::Limit => "search-limit",
            Fault::TooShort => "too-short",
            Fault::NotFinite => "search-not-finite",
            Fault::Bottomless => "bottomless",
            Fault::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::NoDescent => "the gradient does not say where the function falls; check it",
            Fault::Limit => {
                "the evaluations of a search were used up; check the gradient, or allow it more"
            }
            Fault::TooShort => {
                "steps became too short to make a difference; the gradient is wrong, the function jumps, or \
                 the point is as good as rounding lets it be"
            }
            Fault::NotFinite => {
                "the function is infinite or NaN next to the point; start elsewhere, or bound the step"
            }
            Fault::Bottomless => "the function is −∞; add a constraint or a penalty",
            Fault::Interrupted => "the evaluations or the time were used up",
        })
    }
}

impl Start {
    /// α = 0
    pub fn sample(&self) -> Sample {
        Sample { step: 0.0, value: self.value, slope: self.slope }
    }

    /// Whether φ has decreased enough: Armijo's condition, φ(α) ≤ φ(0) + c₁αφ′(0).
    ///
    /// Where the decrease to ask for drowns in the rounding of φ, the slope answers for it: on a parabola the
    /// condition is φ′(α) ≤ (2c₁ − 1)φ′(0). This is the approximate Wolfe condition of Hager & Zhang 2005,
    /// (4.1), with their ε_k the rounding.
    pub fn decreased(&self, sample: &Sample, c1: f64) -> bool {
        sample.value <= self.value + c1 * sample.step * self.slope
            || (sample.value <= self.value + self.rounding
                && -c1 * sample.step * self.slope <= self.rounding
                && sample.slope <= (2.0 * c1.min(0.5) - 1.0) * self.slope)
    }

    /// The sample if it is lower than the start, at the end of a search that found nothing better: that is worth
    /// taking, whatever the slope.
    fn lower_or(&self, sample: Sample, fault: Fault) -> Result<Sample, Fault> {
        if sample.value < self.value { Ok(sample) } else { Err(fault) }
    }

    /// Whether the slope has become flat: the strong condition on curvature, |φ′(α)| ≤ −c₂φ′(0).
    pub fn flattened(&self, sample: &Sample, c2: f64) -> bool {
        sample.slope.abs() <= -c2 * self.slope
    }
}

impl Sample {
    /// Whether the function is defined there.
    pub fn is_finite(&self) -> bool {
        self.value.is_finite()
    }
}

/// The step at which the cubic through the values and slopes of two samples is least; NaN if it has no
/// minimum. Nocedal & Wright, Numerical Optimization, 2nd ed., (3.59).
pub(crate) fn cubic_minimum(a: &Sample, b: &Sample) -> f64 {
    let d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.step - b.step);
    // The largest of the numbers is taken out of the root, whose square could overflow.
    let scale = d1.abs().max(a.slope.abs()).max(b.slope.abs());
    let inside = (d1 / scale).powi(2) - (a.slope / scale) * (b.slope / scale);
    let d2 = (b.step - a.step).signum() * scale * inside.sqrt();
    b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2)
}

/// The step at which the parabola through the value and slope of `a` and the value of `b` is least; N&W (3.57).
pub(crate) fn parabola_minimum(a: &Sample, b: &Sample) -> f64 {
    let width = b.step - a.step;
    let bend = b.value - a.value - a.slope * width;
    a.step - 0.5 * a.slope * width * width / bend
}

/// The step at which the slope would be zero if it went on in a straight line; NaN or infinite if it is the
/// same.
pub(crate) fn secant(a: &Sample, b: &Sample) -> f64 {
    a.step - a.slope * (b.step - a.step) / (b.slope - a.slope)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A line made of a function.
    pub(crate) struct Along<F> {
        pub(crate) f: F,
        pub(crate) asked: Vec<Sample>,
    }

    impl<F: Fn(f64) -> [f64; 2]> Line for Along<F> {
        fn at(&mut self, step: f64) -> Result<Sample, Fault> {
            let [value, slope] = (self.f)(step);
            let sample = if value.is_finite() && slope.is_finite() {
                Sample { step, value, slope }
            } else {
                Sample { step, value: f64::INFINITY, slope: 0.0 }
            };
            self.asked.push(sample);
            Ok(sample)
        }
    }

    /// The answer of a search, and the samples it took.
    pub(crate) fn run(
        search: &dyn Search,
        trial: f64,
        f: impl Fn(f64) -> [f64; 2],
    ) -> (Result<Sample, Fault>, Vec<Sample>, Start) {
        let [value, slope] = f(0.0);
        let start = Start {
            value,
            slope,
            trial,
            longest: f64::INFINITY,
            rounding: 4.0 * f64::EPSILON * value.abs(),
        };
        let mut line = Along { f, asked: Vec::new() };
        let answer = search.search(&mut line, &start);
        (answer, line.asked, start)
    }

    /// The six functions of Moré & Thuente 1994, section 5: φ and φ′.
    pub(crate) fn more_thuente_function(which: usize, α: f64) -> [f64; 2] {
        let yanai = |β1: f64, β2: f64| {
            let γ = |β: f64| (1.0 + β * β).sqrt() - β;
            let part = |weight: f64, shift: f64, β: f64, sign: f64| {
                let root = (shift * shift + β * β).sqrt();
                [weight * root, weight * sign * shift / root]
            };
            let [a, da] = part(γ(β1), 1.0 - α, β2, -1.0);
            let [b, db] = part(γ(β2), α, β1, 1.0);
            [a + b, da + db]
        };
        match which {
            1 => {
                let β = 2.0;
                [-α / (α * α + β), (α * α - β) / (α * α + β).powi(2)]
            }
            2 => {
                let z = α + 0.004;
                [z.powi(5) - 2.0 * z.powi(4), (5.0 * z - 8.0) * z.powi(3)]
            }
            3 => {
                let (β, l) = (0.01, 39.0);
                let half = l * std::f64::consts::FRAC_PI_2;
                let (base, slope) = if α <= 1.0 - β {
                    (1.0 - α, -1.0)
                } else if α >= 1.0 + β {
                    (α - 1.0, 1.0)
                } else {
                    ((α - 1.0).powi(2) / (2.0 * β) + β / 2.0, (α - 1.0) / β)
                };
                [base + (1.0 - β) / half * (half * α).sin(), slope + (1.0 - β) * (half * α).cos()]
            }
            4 => yanai(0.001, 0.001),
            5 => yanai(0.01, 0.001),
            6 => yanai(0.001, 0.01),
            _ => unreachable!("there are six"),
        }
    }

    /// On all six functions, from the starts of the paper, `search` finds a point that has both conditions.
    pub(crate) fn finds_wolfe_points(search: &dyn Search, c1: f64, c2: f64, most: usize) {
        for which in 1..=6 {
            for trial in [1e-3, 1e-1, 1e1, 1e3] {
                let (answer, asked, start) =
                    run(search, trial, |α| more_thuente_function(which, α));
                let sample = answer.unwrap_or_else(|fault| panic!("{which} {trial}: {fault}"));
                assert!(
                    start.decreased(&sample, c1) && start.flattened(&sample, c2),
                    "{which} {trial}: {sample:?}"
                );
                assert!(asked.contains(&sample));
                assert!(asked.len() <= most, "{which} {trial}: {} samples", asked.len());
            }
        }
    }

    /// Whatever the line is like, the search ends, and says what it found.
    pub(crate) fn survives(search: &dyn Search) {
        // Not finite from 0.3 on; the first steps fall there.
        let (answer, ..) =
            run(search, 1e3, |α| if α < 0.3 { [-α, -1.0] } else { [f64::NAN, f64::NAN] });
        assert!(answer.is_ok_and(|sample| sample.step < 0.3 && sample.value < 0.0), "{answer:?}");
        // An infinite gradient at a finite value.
        let (answer, ..) =
            run(search, 1.0, |α| if α < 0.5 { [-α, -1.0] } else { [-α, f64::INFINITY] });
        assert!(answer.is_ok_and(|sample| sample.step < 0.5), "{answer:?}");
        // Not finite anywhere but at the start.
        let (answer, ..) =
            run(search, 1.0, |α| if α == 0.0 { [0.0, -1.0] } else { [f64::NAN, 0.0] });
        assert_eq!(answer, Err(Fault::NotFinite));
        // Rises whatever its slope says.
        let (answer, ..) = run(search, 1.0, |α| [α, -1.0]);
        assert!(matches!(answer, Err(Fault::Limit | Fault::TooShort)), "{answer:?}");
        // Does not descend.
        for slope in [0.0, 1.0, f64::NAN] {
            let (answer, asked, _) = run(search, 1.0, |_| [0.0, slope]);
            assert_eq!((answer, asked.len()), (Err(Fault::NoDescent), 0));
        }
        // Falls forever: what was reached is accepted.
        let (answer, ..) = run(search, 1.0, |α| [-α, -1.0]);
        assert!(answer.is_ok_and(|sample| sample.value <= -1.0), "{answer:?}");
        // Jumps up.
        let (answer, ..) =
            run(search, 1.0, |α| if α < 0.01 { [-α, -1.0] } else { [10.0 - α, -1.0] });
        assert!(answer.is_ok_and(|sample| sample.step < 0.01) || answer.is_err(), "{answer:?}");
        // Jumps down.
        let (answer, ..) =
            run(search, 1.0, |α| if α < 0.9 { [-α, -1.0] } else { [-10.0 - α, -1.0] });
        assert!(answer.is_ok_and(|sample| sample.value < -0.5), "{answer:?}");
    }

    #[test]
    fn no_search_goes_beyond_the_longest_step_and_one_that_falls_to_there_takes_it() {
        let searches: [&dyn Search; 3] =
            [&StrongWolfe::default(), &MoreThuente::default(), &HagerZhang::default()];
        for search in searches {
            for (trial, longest) in [(1.0, 3.0), (3.0, 3.0), (1e-3, 3.0)] {
                let start = Start { value: 0.0, slope: -1.0, trial, longest, rounding: 0.0 };
                let mut line = Along { f: |α: f64| [-α, -1.0], asked: Vec::new() };
                let sample = search.search(&mut line, &start).unwrap();
                assert_eq!(sample.step, longest, "{search:?} from {trial}");
                assert!(line.asked.iter().all(|sample| sample.step <= longest));
                assert!(line.asked.len() <= 8, "{search:?} from {trial}");
            }
        }
    }

    #[test]
    fn interpolants_are_exact_on_their_own_kind() {
        let cubic =
            |α: f64| Sample { step: α, value: α.powi(3) - 3.0 * α, slope: 3.0 * α * α - 3.0 };
        for (a, b) in [(0.0, 0.5), (0.5, 0.0), (0.2, 3.0), (3.0, 0.2)] {
            assert!((cubic_minimum(&cubic(a), &cubic(b)) - 1.0).abs() < 1e-14);
        }
        let parabola =
            |α: f64| Sample { step: α, value: (α - 2.0).powi(2), slope: 2.0 * (α - 2.0) };
        for (a, b) in [(0.0, 0.5), (3.0, 0.0)] {
            assert!((parabola_minimum(&parabola(a), &parabola(b)) - 2.0).abs() < 1e-14);
            assert!((secant(&parabola(a), &parabola(b)) - 2.0).abs() < 1e-14);
            assert!((cubic_minimum(&parabola(a), &parabola(b)) - 2.0).abs() < 1e-14);
        }
    }
}
