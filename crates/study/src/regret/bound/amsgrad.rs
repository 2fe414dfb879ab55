//! AMSGrad on a box, without momentum.
//!
//! ```text
//! R(T) ≤ D∞²√T/α Σ_i (√v̂_{T,i} + δ) + α√(1 + ln T)/√(1 − β₂) Σ_i ‖g_{1:T,i}‖₂       α_t = α/√t, β₁ = 0
//! ```
//!
//! Reddi, Kale & Kumar, *On the convergence of Adam and beyond*, ICLR 2018, theorem 4,
//! <https://openreview.net/forum?id=ryQu7f-RZ>. With β₁ₜ that falls there is one more sum, Σ_t β₁ₜ √v̂_t/α_t; with a
//! fixed β₁ it grows like T√T, and the theorem says nothing.
//!
//! The theorem needs two things of v̂: that √v̂_t/α_t never falls, and that v̂_t ≥ v_t. Both hold of the two forms that
//! the rule has: of the largest v_t/(1 − β₂ᵗ) so far, and of the largest v_t so far over 1 − β₂ᵗ, since t/(1 − β₂ᵗ)
//! only grows. δ, which the paper does not have, only adds to √v̂.

use std::slice;

use thalweg_calls::Arguments;
use thalweg_optim::Hyper;

use super::{Found, Theorem, over_root};

pub(crate) struct Amsgrad {
    α: f64,
    β2: f64,
    δ: f64,
    corrected: bool,
    width: f64,
    /// 1 − β₂ᵗ
    begun: f64,
    squares: Vec<f64>,
    v: Vec<f64>,
    /// The largest, of v or of what is corrected.
    most: Vec<f64>,
}

impl Amsgrad {
    pub fn of(a: &Arguments, lr: Hyper, width: f64, n: usize) -> Result<Found, String> {
        let fixed = |name: &str| match a.scheduled(name) {
            (x, None) => Ok(x),
            _ => Err(format!("theorem 4 of Reddi, Kale & Kumar 2018 takes a fixed {name}")),
        };
        if fixed("beta1")? != 0.0 {
            return Err("theorem 4 of Reddi, Kale & Kumar 2018 wants β₁ₜ that falls to 0: with a fixed β₁ its \
                        second sum grows like T√T; take beta1=0"
                .into());
        }
        let α = over_root(&lr).filter(|α| *α > 0.0);
        let α = α.ok_or(
            "theorem 4 of Reddi, Kale & Kumar 2018 takes the rate α/√t: write lr=α*noam(warmup=1)",
        )?;
        let theorem = Amsgrad {
            α,
            β2: fixed("beta2")?,
            δ: fixed("eps")?,
            corrected: a.switch("corrected"),
            width,
            begun: 0.0,
            squares: vec![0.0; n],
            v: vec![0.0; n],
            most: vec![0.0; n],
        };
        Ok((
            "Reddi, Kale & Kumar 2018, theorem 4",
            "D∞²·√T/α·Σ√v̂_{T,i} + α·√(1 + ln T)/√(1 − β₂)·Σ‖g_{1:T,i}‖".into(),
            Theorem::Amsgrad(theorem),
        ))
    }

    pub fn see(&mut self, g: &[f64]) {
        self.begun += self.β2_rest() * (1.0 - self.begun);
        let correction = if self.corrected { 1.0 / self.begun } else { 1.0 };
        let (β2, rest) = (self.β2, self.β2_rest());
        for (i, g) in g.iter().enumerate() {
            self.squares[i] += g * g;
            self.v[i] = β2 * self.v[i] + rest * g * g;
            self.most[i] = self.most[i].max(correction * self.v[i]);
        }
    }

    fn β2_rest(&self) -> f64 {
        1.0 - self.β2
    }

    pub fn numbers(&mut self) -> Vec<(&'static str, &mut [f64])> {
        let Amsgrad { begun, squares, v, most, .. } = self;
        vec![("begun", slice::from_mut(begun)), ("squares", squares), ("v", v), ("most", most)]
    }

    pub fn at(&self, t: u64) -> f64 {
        let Amsgrad { α, δ, width, .. } = self;
        let correction = if self.corrected { 1.0 } else { 1.0 / self.begun };
        let roots: f64 = self.most.iter().map(|most| (correction * most).sqrt() + δ).sum();
        let lengths: f64 = self.squares.iter().map(|sum| sum.sqrt()).sum();
        let t = t as f64;
        let way = width * width * t.sqrt() / α * roots;
        way + α * (1.0 + t.ln()).sqrt() / self.β2_rest().sqrt() * lengths
    }
}
