//! Prodigy's estimate of how far the start is from the solution, which takes the place of a learning rate.
//!
//! ```text
//! γ = d ε √(1−ρ₂ᵗ)/(1−ρ₁ᵗ)                    without bias correction: γ = dε
//! q ← ρ₃ q + (d/d₀) γ Σ g (θ₀ − θ)            over all tensors
//! s ← ρ₃ s + (d/d₀) γ g                       with safeguarded warm-up d in place of γ
//! d̂ = c q / Σ |s|
//! d ← max(d, d̂)   if d = d₀
//! d_max ← max(d_max, d̂)
//! d ← min(d_max, d·growth)
//! ```
//!
//! Mishchenko & Defazio 2024, *Prodigy*, Algorithm 4, <https://arxiv.org/abs/2306.06101>, as in the authors'
//! package `prodigyopt` 1.1.2. The sums are over all tensors, so that d is known only once all have been
//! gone through; [`Prodigy`](crate::Prodigy) then takes the step with it.
//!
//! Departures: as long as every gradient has been 0 the package leaves the step out, decay and count
//! included; here it is taken, with d as it was.

use crate::norm::{BLOCK, middle};
use crate::rule::ProdigyNumbers;
use crate::{FormulaLine, Hyper, Real, Step, Tensor, TensorRule, TensorSlot};

/// Estimates the distance d. The update passes as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ProdigyDistance {
    /// What both parts of Prodigy know.
    pub numbers: ProdigyNumbers,
    /// ρ₃, the memory of the estimate; from 0 to below 1.
    pub beta3: Hyper,
    /// d₀, the estimate at the start; above 0.
    pub d0: f64,
    /// c, a factor on the estimate; above 0.
    pub d_coef: f64,
    /// By what factor d may grow in a step; from 1, ∞ for any.
    pub growth: f64,
    /// Whether a warm-up of the rate is left out of the estimate's weights.
    pub safeguard_warmup: bool,
}

impl<R: Real> TensorRule<R> for ProdigyDistance {
    fn name(&self) -> &'static str {
        "ProdigyDistance"
    }

    fn slots(&self, shape: &[usize]) -> Vec<TensorSlot> {
        vec![
            TensorSlot::zeros("prodigy.s", shape),
            TensorSlot::zeros("prodigy.θ₀", shape),
            // Whether θ₀ is known: it is where the tensor was when its first gradient came.
            TensorSlot::zeros("prodigy.begun", &[1]),
        ]
    }

    fn update(&self, step: Step, tensor: Tensor<'_, R>, slots: &mut [&mut [R]]) {
        self.update_and_sum(step, tensor, slots);
    }

    fn update_and_sum(
        &self,
        step: Step,
        tensor: Tensor<'_, R>,
        slots: &mut [&mut [R]],
    ) -> [f64; 2] {
        let Tensor { parameters, update: g, .. } = tensor;
        let [s, start, begun, ..] = slots else { unreachable!("three slots are named") };
        if begun[0] == R::constant(0.0) {
            begun[0] = R::constant(1.0);
            start.copy_from_slice(parameters);
        }
        let d = step.numbers[0];
        let γ = self.numbers.rate(step, d);
        if self.numbers.lr.at(step) * step.rate == 0.0 {
            return [0.0; 2];
        }
        let ρ = self.beta3.at(step);
        let weight = d / self.d0 * if self.safeguard_warmup { d } else { γ };
        let [along, size] = sums(parameters, g, s, start, ρ, weight);
        [d / self.d0 * γ * along, size]
    }

    fn numbers_count(&self) -> usize {
        4
    }

    fn numbers(&self) -> Vec<(&'static str, f64)> {
        let d0 = self.d0;
        vec![
            ("prodigy.d", d0),
            ("prodigy.d_max", d0),
            ("prodigy.numerator", 0.0),
            ("prodigy.d_before", d0),
        ]
    }

    fn settle(&self, step: Step, [along, size]: [f64; 2], numbers: &mut [f64]) {
        let [d, d_max, numerator, before] = numbers else { unreachable!("four numbers are named") };
        *before = *d;
        // Nothing has come yet, or the rate is 0: nothing is learned of the distance.
        if size == 0.0 {
            return;
        }
        *numerator = self.beta3.at(step) * *numerator + along;
        let estimate = self.d_coef * *numerator / size;
        let from = if *d == self.d0 { d.max(estimate) } else { *d };
        *d_max = d_max.max(estimate);
        *d = d_max.min(from * self.growth);
    }

    fn formula(&self) -> &'static [FormulaLine] {
        &[
            FormulaLine {
                text: "q ← ρ₃·q + d·γ·Σ{u}·(θ₀ − θ)/d₀",
                latex: r"q &\leftarrow \rho_3 q + \frac{d\gamma}{d_0}\sum {u}(\theta_0 - \theta)",
            },
            FormulaLine {
                text: "s ← ρ₃·s + d·γ·{u}/d₀",
                latex: r"s &\leftarrow \rho_3 s + \frac{d\gamma}{d_0} {u}",
            },
            FormulaLine {
                text: "d ← max(d, c·q/Σ|s|)",
                latex: r"d &\leftarrow \max\left(d, \frac{c\,q}{\sum\lvert s\rvert}\right)",
            },
        ]
    }
}

/// Moves s on, and gives Σ g(θ₀ − θ) and Σ |s|. Where it splits depends on the length alone.
fn sums<R: Real>(p: &[R], g: &[R], s: &mut [R], start: &[R], ρ: f64, weight: f64) -> [f64; 2] {
    if s.len() <= BLOCK {
        let (ρ, weight) = (R::from_f64(ρ), R::from_f64(weight));
        let mut sums = [0.0; 2];
        for (i, s) in s.iter_mut().enumerate() {
            *s = ρ * *s + weight * g[i];
            sums[0] += g[i].to_f64() * (start[i].to_f64() - p[i].to_f64());
            sums[1] += s.to_f64().abs();
        }
        return sums;
    }
    let at = middle(s.len(), BLOCK);
    let (s, other_s) = s.split_at_mut(at);
    let (left, right) = rayon::join(
        || sums(&p[..at], &g[..at], s, &start[..at], ρ, weight),
        || sums(&p[at..], &g[at..], other_s, &start[at..], ρ, weight),
    );
    [left[0] + right[0], left[1] + right[1]]
}
