//! One cycle for the momentum: down while the rate goes up, and back.
//!
//! ```text
//! α_k = A(1, low, k/a) α₀                     for k ≤ a = warm·T − 1
//! α_k = A(low, 1, (k − a)/(T − 1 − a)) α₀     for a < k < T − 1
//! α_k = α₀                                    from T − 1 on
//! ```
//!
//! with A, and what three phases are, as in [`OneCycle`](super::OneCycle). Smith, *A disciplined approach to
//! neural network hyper-parameters: part 1*, 2018, section 4.3, <https://arxiv.org/abs/1803.09820>: the
//! larger the rate, the smaller the momentum has to be, and he lets it go from 0.95 to 0.85 and back.
//!
//! This is the other half of PyTorch's `OneCycleLR`, with α₀ = `max_momentum` and low =
//! `base_momentum`/`max_momentum`, by default 0.85/0.95. It is a factor like every schedule: a momentum of
//! 0.95 under it does what PyTorch does by default, and so does the β₁ of Adam. (PyTorch overwrites the
//! momentum that the optimizer was given with its own `max_momentum`; here the optimizer's is kept.) optax
//! has only the half for the rate.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::one_cycle::{Cycle, LINEAR, THREE_PHASES, WARM};
use super::{Bounds, Curve, duration, number, switch};

/// Down while the rate goes up, and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycleMomentum {
    /// T: how many steps the cycle has. With 0, every step has the full momentum.
    pub steps: u64,
    /// The part of the cycle in which the momentum falls, from 0 to 1; to ½ with three phases.
    pub warm: f64,
    /// The factor where the rate has its peak, from 0 to 1.
    pub low: f64,
    /// Whether the phases are straight lines rather than half periods of the cosine.
    pub linear: bool,
    /// Whether the momentum rises as fast as it fell and then stays.
    pub three_phases: bool,
}

impl Curve for OneCycleMomentum {
    const WORD: Word = Word {
        name: "one_cycle_momentum",
        about: "from α₀ down to low·α₀ at step warm·T − 1, then back to α₀ at T − 1",
        parameters: &[
            Parameter::steps("steps", "T, steps in the cycle"),
            WARM,
            Parameter::number("low", 0.85 / 0.95, Range::Unit, "the factor at the rate's peak"),
            LINEAR,
            THREE_PHASES,
        ],
    };

    fn read(
        arguments: &Arguments,
        steps_per_epoch: Option<f64>,
    ) -> Result<OneCycleMomentum, CallError> {
        let Cycle { steps, warm, linear, three_phases } = Cycle::read(arguments, steps_per_epoch)?;
        let low = arguments.number("low");
        Ok(OneCycleMomentum { steps, warm, low, linear, three_phases })
    }

    fn write(&self) -> Vec<Argument> {
        vec![
            duration("steps", self.steps),
            number("warm", self.warm),
            number("low", self.low),
            switch("linear", self.linear),
            switch("three_phases", self.three_phases),
        ]
    }

    fn factor(&self, k: u64) -> f64 {
        let OneCycleMomentum { steps, warm, low, linear, three_phases } = *self;
        Cycle { steps, warm, linear, three_phases }.at(k, 1.0, low, 1.0)
    }

    fn bounds(&self) -> Bounds {
        if self.steps == 0 { 1.0..=1.0 } else { self.low..=1.0 }
    }
}
