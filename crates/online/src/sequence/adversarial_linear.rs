//! Linear losses against the point that is played.
//!
//! ```text
//! f_t(θ) = g_t·θ,    g_ti = 1 where θ_ti is at or above the middle of the set, else −1
//! ```
//!
//! The middle is that of the bounds of a box, 0 of a ball, total/n of a simplex. Wherever a player stands away from
//! it, that is what costs: a player who moves little loses in every round, one who moves much is chased to and fro.

use thalweg_sets::Set;

use super::linear::Sum;
use crate::{Best, Memory, Sequence};

#[derive(Clone)]
pub(crate) struct AdversarialLinear {
    dimension: usize,
    set: Set,
    sum: Sum,
}

impl AdversarialLinear {
    pub fn new(dimension: usize, set: Set) -> AdversarialLinear {
        AdversarialLinear { dimension, set, sum: Sum::new(dimension) }
    }

    fn middle(&self) -> f64 {
        match self.set {
            Set::Box { low, high } => 0.5 * (low + high),
            Set::Ball { .. } => 0.0,
            Set::Simplex { total } => total / self.dimension as f64,
        }
    }
}

impl Sequence for AdversarialLinear {
    fn formula(&self) -> String {
        "f_t(θ) = g_t·θ, g_ti = 1 where θ_ti is at or above the middle of the set, else −1".into()
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

    fn is_oblivious(&self) -> bool {
        false
    }

    fn play(&mut self, θ: &[f64], g: &mut [f64]) -> f64 {
        let middle = self.middle();
        for (g, θ) in g.iter_mut().zip(θ) {
            *g = if *θ >= middle { 1.0 } else { -1.0 };
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
