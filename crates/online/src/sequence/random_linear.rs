//! Linear losses of fair coins.
//!
//! ```text
//! f_t(θ) = g_t·θ,    g_ti = ±1, each with probability ½
//! ```
//!
//! No player is expected to lose or to win, and the best fixed point of the box [−1, 1]ⁿ is expected to win
//! n·√(2T/π): this is the sequence by which no bound can be better than of the order √T; Cesa-Bianchi & Lugosi,
//! *Prediction, Learning, and Games*, 2006, theorem 3.7.

use thalweg_random::Stream;
use thalweg_sets::Set;

use super::linear::Sum;
use crate::{Best, Memory, Sequence};

#[derive(Clone)]
pub(crate) struct RandomLinear {
    dimension: usize,
    set: Set,
    coins: Stream,
    sum: Sum,
}

impl RandomLinear {
    pub fn new(dimension: usize, set: Set, seed: u64) -> RandomLinear {
        let coins = Stream::new(seed, "online/random-linear");
        RandomLinear { dimension, set, coins, sum: Sum::new(dimension) }
    }
}

impl Sequence for RandomLinear {
    fn formula(&self) -> String {
        "f_t(θ) = g_t·θ, g_ti = ±1, a fair coin each".into()
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn set(&self) -> Set {
        self.set
    }

    fn steepest(&self) -> f64 {
        (self.dimension as f64).sqrt()
    }

    fn play(&mut self, θ: &[f64], g: &mut [f64]) -> f64 {
        let round = self.coins.substream(self.sum.rounds());
        for (i, g) in g.iter_mut().enumerate() {
            *g = if round.uniform(i as u64) < 0.5 { 1.0 } else { -1.0 };
        }
        self.sum.add(g, θ)
    }

    fn best(&mut self) -> Best {
        self.sum.best(self.set)
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.sum.memory
    }

    fn duplicate(&self) -> Box<dyn Sequence> {
        Box::new(self.clone())
    }
}
