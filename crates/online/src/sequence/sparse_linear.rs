//! Sparse features, few of them frequent: AdaGrad's case.
//!
//! ```text
//! f_t(θ) = −Σ_i x_ti s_ti θ_i       x_ti = 1 with probability p_i = i^(−α), else 0
//!                                   s_ti = w_i with probability ¾, else −w_i;   w_i = ±1, a fair coin each
//! ```
//!
//! Features as in Duchi, Hazan & Singer, *Adaptive subgradient methods for online learning and stochastic
//! optimization*, JMLR 12, 2011, section 1.3, <https://jmlr.org/papers/v12/duchi11a.html>, on the box [−1, 1]ⁿ. A
//! feature hints at its sign w_i whenever it is there, the rare as the frequent.
//!
//! By E‖g_{1:T,i}‖ ≤ √(p_i T), AdaGrad's bound √2·D∞·Σ_i ‖g_{1:T,i}‖ is expected to be at most 2√2·Σ_i √p_i·√T, where
//! Σ √p_i is about ln n for α = 2. The bound of gradient descent at its best fixed rate, D·√(Σ_t ‖g_t‖²), is
//! expected to be at most 2√n·√(Σ p_i)·√T, where Σ p_i stays below π²/6: log n against √n.

use thalweg_random::Stream;
use thalweg_sets::Set;

use super::linear::Sum;
use crate::{Best, Growth, Memory, Sequence};

#[derive(Clone)]
pub(crate) struct SparseLinear {
    /// p_i
    shares: Vec<f64>,
    /// w_i
    signs: Vec<f64>,
    draws: Stream,
    steepest: f64,
    sum: Sum,
}

impl SparseLinear {
    /// `rounds` is how many will be played at most, since the longest gradient of them is G.
    pub fn new(dimension: usize, alpha: f64, seed: u64, rounds: u64) -> SparseLinear {
        let stream = |name: &str| Stream::new(seed, &format!("online/sparse-linear/{name}"));
        let coins = stream("signs");
        let sign = |i| if coins.uniform(i) < 0.5 { 1.0 } else { -1.0 };
        let mut losses = SparseLinear {
            shares: (1..=dimension).map(|i| (i as f64).powf(-alpha)).collect(),
            signs: (0..dimension as u64).map(sign).collect(),
            draws: stream("rounds"),
            steepest: 0.0,
            sum: Sum::new(dimension),
        };
        let mut g = vec![0.0; dimension];
        for t in 0..rounds {
            losses.deal(t, &mut g);
            let features = g.iter().filter(|g| **g != 0.0).count();
            losses.steepest = losses.steepest.max((features as f64).sqrt());
        }
        losses
    }

    fn deal(&self, t: u64, g: &mut [f64]) {
        let round = self.draws.substream(t);
        for (i, g) in g.iter_mut().enumerate() {
            // One number decides both: a share p_i of them is below p_i, and of these three in four below ¾p_i.
            let (u, p) = (round.uniform(i as u64), self.shares[i]);
            *g = match u {
                u if u < 0.75 * p => -self.signs[i],
                u if u < p => self.signs[i],
                _ => 0.0,
            };
        }
    }
}

impl Sequence for SparseLinear {
    fn formula(&self) -> String {
        "f_t(θ) = −Σ x_ti s_ti θ_i, x_ti = 1 with probability i^(−α), s_ti = w_i three times in four"
            .into()
    }

    fn dimension(&self) -> usize {
        self.shares.len()
    }

    fn set(&self) -> Set {
        Set::Box { low: -1.0, high: 1.0 }
    }

    fn steepest(&self) -> f64 {
        self.steepest
    }

    fn play(&mut self, θ: &[f64], g: &mut [f64]) -> f64 {
        self.deal(self.sum.rounds(), g);
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

    fn growths(&self) -> Vec<Growth> {
        let roots: f64 = self.shares.iter().map(|p| p.sqrt()).sum();
        let all: f64 = self.shares.iter().sum();
        let n = self.shares.len() as f64;
        vec![
            Growth {
                name: "adaptive, log n".into(),
                formula: "E ≤ 2√2·Σ√p_i·√T".into(),
                factor: 2.0 * 2f64.sqrt() * roots,
            },
            Growth {
                name: "one rate for all, √n".into(),
                formula: "E ≤ 2√n·√(Σp_i)·√T".into(),
                factor: 2.0 * n.sqrt() * all.sqrt(),
            },
        ]
    }
}
