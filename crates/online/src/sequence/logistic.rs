//! Logistic regression of two classes, a row at a time.
//!
//! ```text
//! f_t(θ) = ln(1 + exp(−y_t x_t·θ)) + λ/2 ‖θ‖²,    y_t = ±1;    ‖∇f_t‖ ≤ ‖x_t‖ + λ max ‖θ‖
//! ```
//!
//! There is no intercept; the rows of breast cancer have a 1 behind them. With λ, the best fixed point of all rows is
//! that of ridge regression.

use thalweg_minimize::function;
use thalweg_sets::Set;

use crate::best::{Best, minimum};
use crate::rows::Rows;
use crate::vector::dot;
use crate::{Memory, Sequence};

pub(crate) struct Logistic {
    rows: Rows,
    λ: f64,
    set: Set,
    steepest: f64,
    memory: Memory,
}

impl Logistic {
    pub fn new(rows: Rows, λ: f64, set: Set, rounds: u64) -> Logistic {
        let n = rows.columns;
        let steepest = rows.longest(rounds) + λ * set.reach(n);
        let mut near = vec![0.0; n];
        set.project(&mut near);
        Logistic { rows, λ, set, steepest, memory: Memory::new(near) }
    }
}

impl Sequence for Logistic {
    fn formula(&self) -> String {
        let ridge =
            if self.λ > 0.0 { format!(" + {}/2·‖θ‖²", self.λ) } else { String::new() };
        format!("f_t(θ) = ln(1 + exp(−y_t x_t·θ)){ridge}")
    }

    fn data(&self) -> Option<String> {
        Some(self.rows.data.clone())
    }

    fn dimension(&self) -> usize {
        self.rows.columns
    }

    fn set(&self) -> Set {
        self.set
    }

    fn steepest(&self) -> f64 {
        self.steepest
    }

    fn play(&mut self, θ: &[f64], g: &mut [f64]) -> f64 {
        g.iter_mut().zip(θ).for_each(|(g, θ)| *g = self.λ * θ);
        let ridge = 0.5 * self.λ * dot(θ, θ);
        let (x, class) = self.rows.after(self.memory.rounds);
        self.memory.rounds += 1;
        ridge + add(x, class, 1.0, θ, g)
    }

    fn best(&mut self) -> Best {
        let (rows, t) = (&self.rows, self.memory.rounds);
        let λ = self.λ * t as f64;
        let mut total = function(rows.columns, |θ: &[f64], g: &mut [f64]| {
            g.iter_mut().zip(θ).for_each(|(g, θ)| *g = λ * θ);
            let ridge = 0.5 * λ * dot(θ, θ);
            ridge + rows.within(t).map(|(x, class, times)| add(x, class, times, θ, g)).sum::<f64>()
        });
        let best = minimum(self.set, &mut total, &self.memory.vector);
        self.memory.vector.clone_from(&best.point);
        best
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }
}

/// times·ln(1 + exp(−y x·θ)), and its gradient is added to g.
fn add(x: &[f64], class: usize, times: f64, θ: &[f64], g: &mut [f64]) -> f64 {
    let y = if class == 1 { 1.0 } else { -1.0 };
    let m = -y * dot(x, θ);
    // e = exp(−|m|) is at most 1, so that nothing overflows.
    let e = (-m.abs()).exp();
    let share = if m > 0.0 { 1.0 } else { e } / (1.0 + e);
    let slope = -times * y * share;
    g.iter_mut().zip(x).for_each(|(g, x)| *g += slope * x);
    times * (m.max(0.0) + e.ln_1p())
}
