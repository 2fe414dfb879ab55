//! Logistic regression of two classes, a row at a time.
//!
//! ```text
//! f_t(θ) = ln(1 + exp(−y_t x_t·θ)) + λ/2 ‖θ‖²,    y_t = ±1;    ‖∇f_t‖ ≤ ‖x_t‖ + λ max ‖θ‖
//! ```
//!
//! There is no intercept; the rows of breast cancer have a 1 behind them. With λ, the best fixed point of all rows is
//! that of ridge regression.

use thalweg_sets::Set;

use super::regression::Regression;
use crate::rows::Rows;
use crate::vector::dot;
use crate::{Best, Memory, Sequence};

#[derive(Clone)]
pub(crate) struct Logistic {
    regression: Regression,
    steepest: f64,
}

impl Logistic {
    pub fn new(rows: Rows, λ: f64, set: Set, rounds: u64) -> Logistic {
        let n = rows.columns;
        let steepest = rows.longest(rounds) + λ * set.reach(n);
        Logistic { regression: Regression::new(rows, λ, set, n), steepest }
    }
}

impl Sequence for Logistic {
    fn formula(&self) -> String {
        let ridge = self.regression.ridge();
        format!("f_t(θ) = ln(1 + exp(−y_t x_t·θ)){ridge}")
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
        self.regression.play(add, θ, g)
    }

    #[expect(
        clippy::redundant_closure,
        reason = "a function passed by name is not inlined, and so not for wide vectors"
    )]
    fn best(&mut self) -> Best {
        self.regression.best(
            #[inline(always)]
            |x, class, times, θ, g| add(x, class, times, θ, g),
        )
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.regression.memory
    }

    fn duplicate(&self) -> Box<dyn Sequence> {
        Box::new(self.clone())
    }
}

/// times·ln(1 + exp(−y x·θ)), and its gradient is added to g.
#[inline(always)]
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
