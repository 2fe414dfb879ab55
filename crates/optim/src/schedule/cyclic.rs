//! Cyclical rates: up and down between two bounds.
//!
//! ```text
//! ε_k = (low + (1 − low) Λ(k) s) ε₀
//!
//! c = ⌊k/(U + D)⌋,  j = k − c (U + D),   Λ = j/U for j < U,   (U + D − j)/D from there on
//! s = γ^k, times 2^(−c) with `halve`
//! ```
//!
//! Smith, *Cyclical learning rates for training neural networks*, WACV 2017, section 3.1,
//! <https://arxiv.org/abs/1506.01186>. His three policies are the defaults ("triangular"), `halve=true`
//! ("triangular2") and a `gamma` below 1 ("exp_range"); as here each is a factor, they may be combined. He
//! advises a lower bound of a third or a quarter of the upper one (section 3.3), hence the default of `low`,
//! and half a cycle of 2 to 10 epochs.
//!
//! This is PyTorch's `CyclicLR` with ε₀ = `max_lr` and low = `base_lr`/`max_lr`; it finds the place in the
//! cycle in floating point, and here it is found in whole numbers. Its cyclical momentum, which it has on by
//! default, is the same schedule turned over: on a momentum of `base_momentum`, low =
//! `max_momentum`/`base_momentum` > 1. optax has none.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::{Bounds, Curve, both, duration, line, number, switch};

/// Up and down between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cyclic {
    /// U: steps from `low` to 1.
    pub up: u64,
    /// D: steps from 1 back to `low`. With `up` and `down` 0, the triangle is 1 at every step.
    pub down: u64,
    /// The factor at the first step of a cycle, from 0; above 1 the cycle begins by falling.
    pub low: f64,
    /// What the height is multiplied by at every step, from 0 to 1.
    pub gamma: f64,
    /// Whether each cycle has half the height of the one before it.
    pub halve: bool,
}

impl Curve for Cyclic {
    const WORD: Word = Word {
        name: "cyclic",
        about: "from low·ε₀ to ε₀ in U steps and back in D, again and again",
        parameters: &[
            Parameter::steps("up", "U, steps from low to the full rate"),
            Parameter::steps("down", "D, steps back to low"),
            Parameter::number("low", 0.25, Range::NonNegative, "the factor between two cycles"),
            Parameter::number("gamma", 1.0, Range::Unit, "γ, what each step leaves of the height"),
            Parameter::switch("halve", false, "half the height in every cycle"),
        ],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Cyclic, CallError> {
        Ok(Cyclic {
            up: arguments.steps("up", steps_per_epoch)?,
            down: arguments.steps("down", steps_per_epoch)?,
            low: arguments.number("low"),
            gamma: arguments.number("gamma"),
            halve: arguments.switch("halve"),
        })
    }

    fn write(&self) -> Vec<Argument> {
        vec![
            duration("up", self.up),
            duration("down", self.down),
            number("low", self.low),
            number("gamma", self.gamma),
            switch("halve", self.halve),
        ]
    }

    fn factor(&self, k: u64) -> f64 {
        let (cycle, triangle) = self.triangle(k);
        let halved = if self.halve { 0.5f64.powf(cycle as f64) } else { 1.0 };
        let scale = self.gamma.powf(k as f64) * halved;
        line(self.low, 1.0, triangle * scale)
    }

    fn bounds(&self) -> Bounds {
        both(self.low, 1.0)
    }
}

impl Cyclic {
    /// c and Λ at step `k`.
    fn triangle(&self, k: u64) -> (u128, f64) {
        let [k, up, down] = [k, self.up, self.down].map(u128::from);
        let total = up + down;
        if total == 0 {
            return (0, 1.0);
        }
        let j = k % total;
        let height = if j < up { (j, up) } else { (total - j, down) };
        (k / total, height.0 as f64 / height.1 as f64)
    }
}
