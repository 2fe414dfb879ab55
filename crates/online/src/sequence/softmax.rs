//! Softmax regression, a row at a time.
//!
//! ```text
//! f_t(θ) = ln Σ_c exp(θ_c·x_t) − θ_{y_t}·x_t + λ/2 ‖θ‖²,    θ = [classes, features];    ‖∇f_t‖ ≤ √2‖x_t‖ + λ max ‖θ‖
//! ```
//!
//! The gradient is (p − e_{y_t}) x_tᵀ with p = softmax(θx_t), and ‖p − e_y‖² ≤ 2. There is no intercept.

use pulp::{Arch, Simd, WithSimd};
use thalweg_minimize::function;
use thalweg_sets::Set;

use crate::best::{Best, minimum};
use crate::rows::Rows;
use crate::vector::{dot, ridge};
use crate::{Memory, Sequence};

#[derive(Clone)]
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
        let square = ridge(self.λ, θ, g);
        let (x, class) = self.rows.after(self.memory.rounds);
        self.memory.rounds += 1;
        square + add(x, class, 1.0, θ, g, &mut self.scores)
    }

    fn best(&mut self) -> Best {
        let Softmax { rows, λ, memory: Memory { rounds, vector: near }, scores, .. } = self;
        let (λ, rounds) = (*λ, *rounds);
        let mut total = function(near.len(), |θ: &[f64], g: &mut [f64]| {
            Arch::new().dispatch(Total { rows, rounds, λ, θ, g, scores: &mut *scores })
        });
        let best = minimum(self.set, &mut total, near);
        near.clone_from(&best.point);
        best
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    fn duplicate(&self) -> Box<dyn Sequence> {
        Box::new(self.clone())
    }
}

/// What a point loses in all rounds, and its gradient. The widest vectors that the processor has change no bit: every sum
/// has an order of its own.
struct Total<'a> {
    rows: &'a Rows,
    rounds: u64,
    λ: f64,
    θ: &'a [f64],
    g: &'a mut [f64],
    scores: &'a mut [f64],
}

impl WithSimd for Total<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let Total { rows, rounds, λ, θ, g, scores } = self;
        let mut total = ridge(λ * rounds as f64, θ, g);
        for (x, class, times) in rows.within(rounds) {
            total += add(x, class, times, θ, g, scores);
        }
        total
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
