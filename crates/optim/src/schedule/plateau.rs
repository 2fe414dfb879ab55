//! The rate that falls when a measurement stops improving.
//!
//! ```text
//! p improves if   p < (1 − threshold) best   or, not relative,   p < best − threshold
//! maximize:       p > (1 + threshold) best   or, not relative,   p > best + threshold
//!
//! improves: best ← p, bad ← 0;   else: bad ← bad + 1
//! cooldown > 0: cooldown ← cooldown − 1, bad ← 0
//! bad > patience: f ← min(f, max(factor·f, smallest)), cooldown ← its first value, bad ← 0
//! ```
//!
//! with best = ∞ (−∞ with `maximize`) and f = 1 at the start. This is PyTorch's `ReduceLROnPlateau`, and
//! there is no paper: it is what people did by hand, as in He et al., *Deep residual learning for image
//! recognition*, CVPR 2016, section 3.4, "divided by 10 when the error plateaus".
//!
//! It is the one schedule that is no function of the step. As a [`Schedule`](super::Schedule) its factor is
//! 1 at every step; beside it stands a [`PlateauState`], which whoever measures keeps, feeds with
//! [`Plateau::measured`] and saves, and whose factor multiplies that of the whole schedule in which the
//! plateau stands. It counts measurements, not steps, also those before the plateau's own piece begins.
//!
//! The departures from PyTorch: f is relative to ε₀, so that `smallest` is `min_lr`/ε₀, and every fall
//! counts, however small (PyTorch passes over one of at most `eps` = 1e-8, in units of the rate). As there, a
//! NaN is no improvement. A relative threshold of 1 or more, which no measurement could ever pass while it
//! should fall, is refused.
//!
//! optax's `reduce_on_plateau` differs: its threshold is relative and absolute at once, it always minimizes,
//! it falls at the n-th bad value in a row for a patience of n (here and in PyTorch at the one after it), and
//! it may take the mean of several values (`accumulation_size`) as one measurement.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, number, switch, whole};

/// A fall whenever a measurement stops improving.
///
/// ```
/// use thalweg_optim::schedule::schedule;
///
/// let schedule = schedule(&"warmup(steps=10, then=plateau(patience=1))".parse()?, None)?;
/// let plateau = schedule.plateau().expect("there is one");
/// let mut state = plateau.start();
/// for loss in [1.0, 0.5, 0.6, 0.7] {
///     plateau.measured(&mut state, loss);
/// }
/// // The second loss in a row that was no better is more than a patience of 1.
/// assert_eq!(schedule.factor(5) * state.factor, 0.5 * 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    /// What each fall multiplies by, from 0 to below 1.
    pub factor: f64,
    /// How many measurements in a row may be no better before the rate falls.
    pub patience: u64,
    /// By how much a measurement must be better than the best one, from 0.
    pub threshold: f64,
    /// Whether `threshold` is a part of the best measurement; if not, it has the measurement's unit.
    pub relative: bool,
    /// How many measurements after a fall are not counted as bad.
    pub cooldown: u64,
    /// The least factor, from 0 to 1.
    pub smallest: f64,
    /// Whether larger measurements are better.
    pub maximize: bool,
}

/// What a plateau knows of the measurements so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateauState {
    /// The best measurement, in its unit; infinite before the first.
    pub best: f64,
    /// How many measurements in a row were no better.
    pub bad: u64,
    /// How many measurements are left that do not count as bad.
    pub cooldown: u64,
    /// The factor on the base rate, from 0 to 1, beside that of the schedule.
    pub factor: f64,
}

impl Plateau {
    /// The state before any measurement.
    pub fn start(&self) -> PlateauState {
        let best = if self.maximize { f64::NEG_INFINITY } else { f64::INFINITY };
        PlateauState { best, bad: 0, cooldown: 0, factor: 1.0 }
    }

    /// Takes in a measurement. NaN is no improvement.
    pub fn measured(&self, state: &mut PlateauState, p: f64) {
        if self.improves(p, state.best) {
            state.best = p;
            state.bad = 0;
        } else {
            state.bad += 1;
        }
        if state.cooldown > 0 {
            state.cooldown -= 1;
            state.bad = 0;
        }
        if state.bad > self.patience {
            let fallen = (state.factor * self.factor).max(self.smallest);
            state.factor = state.factor.min(fallen);
            state.cooldown = self.cooldown;
            state.bad = 0;
        }
    }

    fn improves(&self, p: f64, best: f64) -> bool {
        match (self.maximize, self.relative) {
            (false, true) => p < best * (1.0 - self.threshold),
            (false, false) => p < best - self.threshold,
            (true, true) => p > best * (1.0 + self.threshold),
            (true, false) => p > best + self.threshold,
        }
    }
}

impl PlateauState {
    /// The state as numbers, to be saved: best, bad, cooldown, factor.
    pub fn to_numbers(&self) -> [f64; 4] {
        [self.best, self.bad as f64, self.cooldown as f64, self.factor]
    }

    /// The state that [`PlateauState::to_numbers`] gave; `None` if it gives no such numbers: the counts are
    /// whole and at most 2⁵³, the factor is from 0 to 1, and nothing is NaN.
    pub fn from_numbers([best, bad, cooldown, factor]: [f64; 4]) -> Option<PlateauState> {
        let valid = !best.is_nan() && (0.0..=1.0).contains(&factor);
        let state = PlateauState { best, bad: count(bad)?, cooldown: count(cooldown)?, factor };
        valid.then_some(state)
    }
}

/// A whole number that f64 holds exactly with all that are smaller.
fn count(x: f64) -> Option<u64> {
    ((0.0..=2f64.powi(53)).contains(&x) && x.fract() == 0.0).then_some(x as u64)
}

impl Curve for Plateau {
    const WORD: Word = Word {
        name: "plateau",
        about: "ε ← factor·ε whenever a measurement stops improving",
        parameters: &[
            Parameter::number("factor", 0.1, Range::Fraction, "what each fall multiplies by"),
            Parameter::number("patience", 10.0, Range::NonNegative, "bad measurements it bears"),
            Parameter::number("threshold", 1e-4, Range::NonNegative, "what counts as better"),
            Parameter::switch("relative", true, "threshold as a part of the best measurement"),
            Parameter::number(
                "cooldown",
                0.0,
                Range::NonNegative,
                "measurements of rest after a fall",
            ),
            Parameter::number("smallest", 0.0, Range::Unit, "the least factor"),
            Parameter::switch("maximize", false, "whether larger measurements are better"),
        ],
    };

    fn read(arguments: &Arguments, _: Option<f64>) -> Result<Plateau, CallError> {
        let plateau = Plateau {
            factor: arguments.number("factor"),
            patience: whole(arguments, "patience")?,
            threshold: arguments.number("threshold"),
            relative: arguments.switch("relative"),
            cooldown: whole(arguments, "cooldown")?,
            smallest: arguments.number("smallest"),
            maximize: arguments.switch("maximize"),
        };
        let Plateau { threshold, relative, maximize, .. } = plateau;
        if relative && !maximize && threshold >= 1.0 {
            return Err(CallError::new(format!(
                "plateau(threshold={threshold}): a relative threshold must be below 1; with relative=false it is absolute"
            )));
        }
        Ok(plateau)
    }

    fn write(&self) -> Vec<Argument> {
        vec![
            number("factor", self.factor),
            number("patience", self.patience as f64),
            number("threshold", self.threshold),
            switch("relative", self.relative),
            number("cooldown", self.cooldown as f64),
            number("smallest", self.smallest),
            switch("maximize", self.maximize),
        ]
    }

    fn factor(&self, _k: u64) -> f64 {
        1.0
    }

    fn bounds(&self) -> Bounds {
        1.0..=1.0
    }
}
