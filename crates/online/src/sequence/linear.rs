//! Linear losses f_t(θ) = g_t·θ: all that the best fixed point depends on is the sum of the g_t.

use thalweg_sets::Set;

use crate::Best;
use crate::vector::dot;

/// The sum of what was dealt.
pub(crate) struct Sum(Vec<f64>);

impl Sum {
    pub fn new(dimension: usize) -> Sum {
        Sum(vec![0.0; dimension])
    }

    /// Counts g_t, and gives g_t·θ.
    pub fn add(&mut self, g: &[f64], θ: &[f64]) -> f64 {
        self.0.iter_mut().zip(g).for_each(|(sum, g)| *sum += g);
        dot(g, θ)
    }

    /// The lowest point of (Σ g_t)·θ.
    pub fn best(&self, set: Set) -> Best {
        let mut point = vec![0.0; self.0.len()];
        Best { value: set.lowest(&self.0, &mut point), gap: 0.0, point }
    }
}
