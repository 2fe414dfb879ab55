//! Where Adam goes to the worst point: one very large gradient among a hundred small ones.
//!
//! ```text
//! online:      f_t(θ) = 1010θ where t mod 101 = 1, else −10θ
//! stochastic:  f_t(θ) = 1010θ with probability 0.01, else −10θ          on [−1, 1], from θ_1 = 1
//! ```
//!
//! Reddi, Kale & Kumar, *On the convergence of Adam and beyond*, ICLR 2018, section 5, "Synthetic Experiments",
//! <https://openreview.net/forum?id=ryQu7f-RZ>; there β₁ = 0.9 and β₂ = 0.99. The best point is −1 in both. The start
//! is the one that theorem 1 has.

use thalweg_random::Stream;
use thalweg_sets::Set;

use super::linear::Sum;
use crate::{Best, Memory, Sequence};

const LARGE: f64 = 1010.0;
const SMALL: f64 = -10.0;

#[derive(Clone)]
pub(crate) struct ReddiSynthetic {
    /// What the large gradient is drawn from, if it is.
    draws: Option<Stream>,
    sum: Sum,
}

impl ReddiSynthetic {
    pub fn new(stochastic: bool, seed: u64) -> ReddiSynthetic {
        let draws = stochastic.then(|| Stream::new(seed, "online/reddi-synthetic"));
        ReddiSynthetic { draws, sum: Sum::new(1) }
    }
}

impl Sequence for ReddiSynthetic {
    fn formula(&self) -> String {
        let when = match self.draws {
            Some(_) => "with probability 0.01",
            None => "where t mod 101 = 1",
        };
        format!("f_t(θ) = 1010θ {when}, else −10θ")
    }

    fn dimension(&self) -> usize {
        1
    }

    fn set(&self) -> Set {
        Set::Box { low: -1.0, high: 1.0 }
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0]
    }

    fn steepest(&self) -> f64 {
        LARGE
    }

    fn play(&mut self, θ: &[f64], g: &mut [f64]) -> f64 {
        let t = self.sum.rounds() + 1;
        let large = match self.draws {
            Some(draws) => draws.uniform(t) < 0.01,
            None => t % 101 == 1,
        };
        g[0] = if large { LARGE } else { SMALL };
        self.sum.add(g, θ)
    }

    fn best(&mut self) -> Best {
        self.sum.best(self.set())
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.sum.memory
    }

    fn duplicate(&self) -> Box<dyn Sequence> {
        Box::new(self.clone())
    }
}
