//! Logistic regression of two classes, a row at a time.
//!
//! ```text
//! f_t(θ) = ln(1 + exp(−y_t x_t·θ)) + λ/2 ‖θ‖²,    y_t = ±1;    ‖∇f_t‖ ≤ ‖x_t‖ + λ max ‖θ‖
//! ```
//!
//! There is no intercept; the rows of breast cancer have a 1 behind them. With λ, the best fixed point of all rows is
//! that of ridge regression.

use pulp::{Arch, Simd, WithSimd};
use thalweg_minimize::function;
use thalweg_sets::Set;

use crate::best::{Best, minimum};
use crate::rows::Rows;
use crate::vector::{dot, ridge};
use crate::{Memory, Sequence};

#[derive(Clone)]
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
        let square = ridge(self.λ, θ, g);
        let (x, class) = self.rows.after(self.memory.rounds);
        self.memory.rounds += 1;
        square + add(x, class, 1.0, θ, g)
    }

    fn best(&mut self) -> Best {
        let Logistic { rows, λ, memory: Memory { rounds, vector: near }, .. } = self;
        let (λ, rounds) = (*λ, *rounds);
        let mut total = function(near.len(), |θ: &[f64], g: &mut [f64]| {
            Arch::new().dispatch(Total { rows, rounds, λ, θ, g })
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
}

impl WithSimd for Total<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let Total { rows, rounds, λ, θ, g } = self;
        let mut total = ridge(λ * rounds as f64, θ, g);
        for (x, class, times) in rows.within(rounds) {
            total += add(x, class, times, θ, g);
        }
        total
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
