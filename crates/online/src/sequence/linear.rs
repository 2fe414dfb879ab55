//! Linear losses f_t(θ) = g_t·θ: all that the best fixed point depends on is the sum of the g_t.

use thalweg_sets::Set;

use crate::vector::dot;
use crate::{Best, Memory};

/// The sum of what was dealt.
#[derive(Clone)]
pub(crate) struct Sum {
    pub memory: Memory,
}

impl Sum {
    pub fn new(dimension: usize) -> Sum {
        Sum { memory: Memory::new(vec![0.0; dimension]) }
    }

    /// How many rounds were dealt.
    pub fn rounds(&self) -> u64 {
        self.memory.rounds
    }

    /// Counts g_t, and gives g_t·θ.
    pub fn add(&mut self, g: &[f64], θ: &[f64]) -> f64 {
        self.memory.rounds += 1;
        self.memory.vector.iter_mut().zip(g).for_each(|(sum, g)| *sum += g);
        dot(g, θ)
    }

    /// The lowest point of (Σ g_t)·θ.
    pub fn best(&self, set: Set) -> Best {
        let sum = &self.memory.vector;
        let mut point = vec![0.0; sum.len()];
        Best { value: set.lowest(sum, &mut point), gap: 0.0, point }
    }
}
