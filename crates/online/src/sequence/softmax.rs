//! Softmax regression, a row at a time.
//!
//! ```text
//! f_t(θ) = ln Σ_c exp(θ_c·x_t) − θ_{y_t}·x_t + λ/2 ‖θ‖²,    θ = [classes, features];    ‖∇f_t‖ ≤ √2‖x_t‖ + λ max ‖θ‖
//! ```
//!
//! The gradient is (p − e_{y_t}) x_tᵀ with p = softmax(θx_t), and ‖p − e_y‖² ≤ 2. There is no intercept.

use thalweg_sets::Set;

use super::regression::Regression;
use crate::rows::Rows;
use crate::vector::dot;
use crate::{Best, Memory, Sequence};

#[derive(Clone)]
pub(crate) struct Softmax {
    regression: Regression,
    steepest: f64,
    scores: Vec<f64>,
}

impl Softmax {
    pub fn new(rows: Rows, λ: f64, set: Set, rounds: u64) -> Softmax {
        let n = rows.columns * rows.classes;
        let steepest = 2f64.sqrt() * rows.longest(rounds) + λ * set.reach(n);
        let scores = vec![0.0; rows.classes];
        Softmax { regression: Regression::new(rows, λ, set, n), steepest, scores }
    }
}

impl Sequence for Softmax {
    fn formula(&self) -> String {
        let ridge = self.regression.ridge();
        format!("f_t(θ) = ln Σ_c exp(θ_c·x_t) − θ_y·x_t{ridge}")
    }

    fn data(&self) -> Option<String> {
        Some(self.regression.rows.data.clone())
    }

    fn dimension(&self) -> usize {
        self.regression.memory.vector.len()
    }

    fn set(&self) -> Set {
        self.regression.set
    }

    fn steepest(&self) -> f64 {
        self.steepest
    }

    fn play(&mut self, θ: &[f64], g: &mut [f64]) -> f64 {
        let scores = &mut self.scores;
        self.regression.play(|x, class, times, θ, g| add(x, class, times, θ, g, scores), θ, g)
    }

    fn best(&mut self) -> Best {
        let scores = &mut self.scores;
        self.regression.best(
            #[inline(always)]
            |x, class, times, θ, g| add(x, class, times, θ, g, scores),
        )
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.regression.memory
    }

    fn duplicate(&self) -> Box<dyn Sequence> {
        Box::new(self.clone())
    }
}

/// times·(ln Σ exp(θ_c·x) − θ_y·x), and its gradient is added to g.
#[inline(always)]
fn add(x: &[f64], class: usize, times: f64, θ: &[f64], g: &mut [f64], scores: &mut [f64]) -> f64 {
    let n = x.len();
    for (score, θ) in scores.iter_mut().zip(θ.chunks(n)) {
        *score = dot(θ, x);
    }
    let own = scores[class];
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter_mut().for_each(|score| *score = (*score - most).exp());
    let sum: f64 = scores.iter().sum();
    for (c, (g, score)) in g.chunks_mut(n).zip(&*scores).enumerate() {
        let slope = times * (score / sum - if c == class { 1.0 } else { 0.0 });
        g.iter_mut().zip(x).for_each(|(g, x)| *g += slope * x);
    }
    times * (sum.ln() + most - own)
}
