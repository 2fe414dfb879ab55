//! Cosine decay with warm restarts, SGDR.
//!
//! ```text
//! ε_k = ε_T + ½ (ε₀ − ε_T) (1 + cos(π T_cur/T_i)),   T_i = T₀ multⁱ,   T_cur = k − T₀ (multⁱ − 1)/(mult − 1)
//! ```
//!
//! Loshchilov & Hutter, *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017, equation 5,
//! <https://arxiv.org/abs/1608.03983>. Run i begins anew at the full rate; T_cur counts the steps since
//! then, and run i + 1 is `mult` times as long (section 3; they use 1 and 2). The run and its first step
//! are found in whole numbers, so that no restart comes a step early or late, however far away.
//!
//! This is PyTorch's `CosineAnnealingWarmRestarts`, which takes a whole `T_mult`, too, but finds the run by
//! a logarithm in floating point when it is given a step. optax's `sgdr_schedule` takes a list of runs
//! instead, each with a warm-up, and stops at the end of the last one. As in both, the step at which a run
//! would end is the first of the next, so ε_T itself is not reached.

use thalweg_calls::{Argument, Arguments, CallError, Parameter, Range, Word};

use super::cosine::half_period;
use super::{Bounds, Curve, both, duration, number};

/// Half a period of the cosine, again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmRestarts {
    /// T₀: the length of the first run. With 0, every step has the last rate.
    pub steps: u64,
    /// How many times as long each run is as the one before it; 0 counts as 1.
    pub mult: u64,
    /// ε_T / ε₀, from 0.
    pub end: f64,
}

impl Curve for WarmRestarts {
    const WORD: Word = Word {
        name: "warm_restarts",
        about: "ε_k = ε_T + ½·(ε₀ − ε_T)·(1 + cos(πT_cur/T_i)), T_i = T₀·multⁱ",
        parameters: &[
            Parameter::steps("steps", "T₀, steps until the first restart"),
            Parameter::number("mult", 1.0, Range::Count, "growth of the time between restarts"),
            Parameter::number("end", 0.0, Range::NonNegative, "ε_T/ε₀"),
        ],
    };

    fn read(
        arguments: &Arguments,
        steps_per_epoch: Option<f64>,
    ) -> Result<WarmRestarts, CallError> {
        let steps = arguments.steps("steps", steps_per_epoch)?;
        let mult = arguments.number("mult") as u64;
        Ok(WarmRestarts { steps, mult, end: arguments.number("end") })
    }

    fn write(&self) -> Vec<Argument> {
        vec![
            duration("steps", self.steps),
            number("mult", self.mult as f64),
            number("end", self.end),
        ]
    }

    fn factor(&self, k: u64) -> f64 {
        if self.steps == 0 {
            return self.end;
        }
        let (current, length) = run(k, self.steps, self.mult);
        half_period(self.end, current as f64 / length as f64)
    }

    fn bounds(&self) -> Bounds {
        if self.steps == 0 { self.end..=self.end } else { both(1.0, self.end) }
    }
}

/// T_cur and T_i at step `k`: how much of its run has passed, and how long the run is.
fn run(k: u64, steps: u64, mult: u64) -> (u128, u128) {
    let (mut current, mut length) = (u128::from(k), u128::from(steps));
    if mult <= 1 {
        return (current % length, length);
    }
    // Every run is at least twice as long as the one before it, so these are 64 rounds at the most, and
    // the last length is below 2⁶⁴ · mult.
    while current >= length {
        current -= length;
        length *= u128::from(mult);
    }
    (current, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runs_begin_where_the_geometric_sum_says() {
        for (steps, mult) in [(1, 2), (3, 2), (100, 3), (7, 10), (1 << 40, 2), (1, u64::MAX)] {
            let (steps_, mult_) = (u128::from(steps), u128::from(mult));
            let mut power = 1;
            for i in 0..64 {
                let first = steps_ * ((power - 1) / (mult_ - 1));
                let Ok(k) = u64::try_from(first) else { break };
                assert_eq!(run(k, steps, mult), (0, steps_ * power), "{steps} · {mult}^{i}");
                if i > 0 {
                    let before = steps_ * (power / mult_);
                    assert_eq!(
                        run(k - 1, steps, mult),
                        (before - 1, before),
                        "{steps} · {mult}^{i}"
                    );
                }
                power *= mult_;
            }
        }
    }
}
