//! Softmax regression, a row at a time.
//!
//! ```text
//! f_t(θ) = ln Σ_c exp(θ_c·x_t) − θ_{y_t}·x_t + λ/2 ‖θ‖²,    θ = [classes, features];    ‖∇f_t‖ ≤ √2‖x_t‖ + λ max ‖θ‖
//! ```
//!
//! The gradient is (p − e_{y_t}) x_tᵀ with p = softmax(θx_t), and ‖p − e_y‖² ≤ 2. There is no intercept.

use thalweg_minimize::function;
use thalweg_sets::Set;

use crate::best::{Best, minimum};
use crate::rows::Rows;
use crate::vector::dot;
use crate::{Memory, Sequence};

pub(crate) struct Softmax {
    rows: Rows,
    λ: f64,
    set: Set,
    steepest: f64,
    memory: Memory,
    scores: Vec<f64>,
}

impl Softmax {
    pub fn new(rows: Rows, λ: f64, set: Set, rounds: u64) -> Softmax {
        let n = rows.columns * rows.classes;
        let steepest = 2f64.sqrt() * rows.longest(rounds) + λ * set.reach(n);
        let mut near = vec![0.0; n];
        set.project(&mut near);
        let scores = vec![0.0; rows.classes];
        Softmax { rows, λ, set, steepest, memory: Memory::new(near), scores }
    }
}

impl Sequence for Softmax {
    fn formula(&self) -> String {
        let ridge =
            if self.λ > 0.0 { format!(" + {}/2·‖θ‖²", self.λ) } else { String::new() };
        format!("f_t(θ) = ln Σ_c exp(θ_c·x_t) − θ_y·x_t{ridge}")
    }

    fn data(&self) -> Option<String> {
        Some(self.rows.data.clone())
    }

    fn dimension(&self) -> usize {
        self.memory.vector.len()
    }

    fn set(&self) -> Set {
        self.set
    }

    fn steepest(&self) -> f64 {
        self.steepest
    }

    fn play(&mut self, θ: &[f64], g: &mut [f64]) -> f64 {
        let ridge = begin(self.λ, θ, g);
        let (x, class) = self.rows.after(self.memory.rounds);
        self.memory.rounds += 1;
        ridge + add(x, class, 1.0, θ, g, &mut self.scores)
    }

    fn best(&mut self) -> Best {
        let (rows, t, scores) = (&self.rows, self.memory.rounds, &mut self.scores);
        let λ = self.λ * t as f64;
        let mut total = function(self.memory.vector.len(), |θ: &[f64], g: &mut [f64]| {
            let ridge = begin(λ, θ, g);
            let losses = rows.within(t).map(|(x, class, times)| add(x, class, times, θ, g, scores));
            ridge + losses.sum::<f64>()
        });
        let best = minimum(self.set, &mut total, &self.memory.vector);
        self.memory.vector.clone_from(&best.point);
        best
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }
}

/// λ/2 ‖θ‖², and g ← λθ.
fn begin(λ: f64, θ: &[f64], g: &mut [f64]) -> f64 {
    g.iter_mut().zip(θ).for_each(|(g, θ)| *g = λ * θ);
    0.5 * λ * dot(θ, θ)
}

/// times·(ln Σ exp(θ_c·x) − θ_y·x), and its gradient is added to g.
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
