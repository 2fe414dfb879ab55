//! The numbers of NumPy's `RandomState`: the Mersenne Twister, 53-bit uniforms and Marsaglia's polar
//! method, with one normal kept for the next call.

use rand_mt::Mt;

/// `numpy.random.RandomState(seed)`.
#[derive(Clone, Debug)]
pub(super) struct LegacyRandom {
    bits: Mt,
    kept: Option<f64>,
}

impl LegacyRandom {
    pub(super) fn new(seed: u32) -> LegacyRandom {
        LegacyRandom { bits: Mt::new(seed), kept: None }
    }

    /// `random_sample()`: 27 bits, then 26.
    pub(super) fn uniform(&mut self) -> f64 {
        let high = f64::from(self.bits.next_u32() >> 5);
        let low = f64::from(self.bits.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// `standard_normal()`.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(kept) = self.kept.take() {
            return kept;
        }
        loop {
            let x1 = 2.0 * self.uniform() - 1.0;
            let x2 = 2.0 * self.uniform() - 1.0;
            let r2 = x1 * x1 + x2 * x2;
            if r2 < 1.0 && r2 != 0.0 {
                let f = (-2.0 * r2.ln() / r2).sqrt();
                self.kept = Some(f * x1);
                return f * x2;
            }
        }
    }
}
