//! One cycle: up to the full rate, then down to almost nothing.
//!
//! ```text
//! ε_k = A(start, 1, k/a) ε₀                      for k ≤ a = warm·T − 1
//! ε_k = A(1, end, (k − a)/(T − 1 − a)) ε₀        for a < k < T − 1
//! ε_k = end ε₀                                   from T − 1 on
//!
//! A(x, y, p) = y + ½ (x − y) (1 + cos(πp)), or x + (y − x) p with `linear`
//! ```
//!
//! Smith & Topin, *Super-convergence: very fast training of neural networks using large learning rates*,
//! 2017, <https://arxiv.org/abs/1708.07120>, who name it 1cycle. Theirs has straight lines and three phases:
//! up, down again as long, and then far below the start. That is `one_cycle(linear=true,
//! three_phases=true)`:
//!
//! ```text
//! A(1, start, (k − a)/a) for a < k ≤ b = 2a, then A(start, end, (k − b)/(T − 1 − b))
//! ```
//!
//! This is PyTorch's `OneCycleLR` relative to its `max_lr`, which here is the base rate: start =
//! 1/`div_factor` and end = 1/(`div_factor`·`final_div_factor`), with the same defaults. Its steps are kept,
//! also the peak at warm·T − 1, which need not be whole and may lie before the first step. Three departures:
//! after T − 1 the rate stays (PyTorch goes on along the curve for one more step and then stops with an
//! error), a peak at step 0 exactly is reached there (PyTorch divides by 0), and three phases that do not
//! fit into T are refused.
//!
//! optax's `cosine_onecycle_schedule` and `linear_onecycle_schedule` peak at ⌊warm·T⌋ and end at T, a step
//! later each; the second always has three phases, the third from `pct_final` on.
//! [`OneCycleMomentum`](super::OneCycleMomentum) is the other half of the policy.

use std::f64::consts::PI;

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, both, duration, line, number, switch, union};

/// Up to the full rate, then down to almost nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// T: how many steps the cycle has. With 0, every step has the last rate.
    pub steps: u64,
    /// The part of the cycle in which the rate rises, from 0 to 1; to ½ with three phases.
    pub warm: f64,
    /// The factor at the first step, from 0.
    pub start: f64,
    /// The factor at the last step and after it, from 0.
    pub end: f64,
    /// Whether the phases are straight lines rather than half periods of the cosine.
    pub linear: bool,
    /// Whether the rate goes back to `start` as fast as it rose, before it goes to `end`.
    pub three_phases: bool,
}

impl Curve for OneCycle {
    const WORD: Word = Word {
        name: "one_cycle",
        about: "from start·ε₀ up to ε₀ at step warm·T − 1, then down to end·ε₀ at T − 1",
        parameters: &[
            Parameter::steps("steps", "T, steps in the cycle"),
            WARM,
            Parameter::number("start", 0.04, Range::NonNegative, "the factor at the first step"),
            Parameter::number("end", 4e-6, Range::NonNegative, "the factor from the last step on"),
            LINEAR,
            THREE_PHASES,
        ],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<OneCycle, CallError> {
        let Cycle { steps, warm, linear, three_phases } = Cycle::read(arguments, steps_per_epoch)?;
        let (start, end) = (arguments.number("start"), arguments.number("end"));
        Ok(OneCycle { steps, warm, start, end, linear, three_phases })
    }

    fn write(&self) -> Vec<Argument> {
        vec![
            duration("steps", self.steps),
            number("warm", self.warm),
            number("start", self.start),
            number("end", self.end),
            switch("linear", self.linear),
            switch("three_phases", self.three_phases),
        ]
    }

    fn factor(&self, k: u64) -> f64 {
        let OneCycle { steps, warm, start, end, linear, three_phases } = *self;
        Cycle { steps, warm, linear, three_phases }.at(k, start, 1.0, end)
    }

    fn bounds(&self) -> Bounds {
        if self.steps == 0 {
            return self.end..=self.end;
        }
        union(both(self.start, 1.0), self.end..=self.end)
    }
}

pub(super) const WARM: Parameter =
    Parameter::number("warm", 0.3, Range::Unit, "the part of the cycle that goes to the peak");
pub(super) const LINEAR: Parameter =
    Parameter::switch("linear", false, "straight lines rather than half cosines");
pub(super) const THREE_PHASES: Parameter =
    Parameter::switch("three_phases", false, "back to the start as fast, and only then to the end");

/// When the phases of a cycle are, and how they are drawn.
pub(super) struct Cycle {
    pub steps: u64,
    pub warm: f64,
    pub linear: bool,
    pub three_phases: bool,
}

impl Cycle {
    pub fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Cycle, CallError> {
        let (warm, three_phases) = (arguments.number("warm"), arguments.switch("three_phases"));
        if three_phases && warm > 0.5 {
            return Err(CallError::new(format!(
                "{}(warm={warm}): with three phases warm must be a number from 0 to 0.5",
                arguments.name()
            )));
        }
        let steps = arguments.steps("steps", steps_per_epoch)?;
        Ok(Cycle { steps, warm, linear: arguments.switch("linear"), three_phases })
    }

    /// The value at step `k` of what is `start` at first, `peak` at the peak and `end` at the end.
    pub fn at(&self, k: u64, start: f64, peak: f64, end: f64) -> f64 {
        let k = k as f64;
        let last = self.steps as f64 - 1.0;
        let a = self.warm * self.steps as f64 - 1.0;
        let phase = |from, to, passed: f64| {
            let passed = passed.clamp(0.0, 1.0);
            line(from, to, if self.linear { passed } else { 0.5 * (1.0 - (PI * passed).cos()) })
        };
        // The cycle as it ends: in two phases from the peak, in three from the start at 2a.
        let (b, from) = if self.three_phases { (2.0 * a, start) } else { (a, peak) };
        if k <= a {
            // An a of 0 has its peak at step 0.
            if a == 0.0 { peak } else { phase(start, peak, k / a) }
        } else if k <= b {
            phase(peak, start, (k - a) / (b - a))
        } else if k < last {
            phase(from, end, (k - b) / (last - b))
        } else {
            end
        }
    }
}
