//! Losses of rows of data with λ/2 ‖θ‖² added to each, of whatever a row loses: a closure that is given a row, its
//! class, how often it counts and θ, and adds its gradient to g.

use pulp::{Arch, Simd, WithSimd};
use thalweg_minimize::function;
use thalweg_sets::Set;

use crate::Memory;
use crate::best::{Best, minimum};
use crate::rows::Rows;
use crate::vector::ridge;

/// The rows, and what was dealt of them.
#[derive(Clone)]
pub(crate) struct Regression {
    pub rows: Rows,
    pub λ: f64,
    pub set: Set,
    pub memory: Memory,
}

impl Regression {
    /// Of n parameters.
    pub fn new(rows: Rows, λ: f64, set: Set, n: usize) -> Regression {
        let mut near = vec![0.0; n];
        set.project(&mut near);
        Regression { rows, λ, set, memory: Memory::new(near) }
    }

    /// λ/2 ‖θ‖² in words, behind a formula.
    pub fn ridge(&self) -> String {
        if self.λ > 0.0 { format!(" + {}/2·‖θ‖²", self.λ) } else { String::new() }
    }

    /// What θ loses to the next row; after the last one comes the first.
    pub fn play<F>(&mut self, mut add: F, θ: &[f64], g: &mut [f64]) -> f64
    where
        F: FnMut(&[f64], usize, f64, &[f64], &mut [f64]) -> f64,
    {
        let square = ridge(self.λ, θ, g);
        let (x, class) = self.rows.after(self.memory.rounds);
        self.memory.rounds += 1;
        square + add(x, class, 1.0, θ, g)
    }

    /// The best fixed point of the rounds so far.
    pub fn best<F>(&mut self, mut add: F) -> Best
    where
        F: FnMut(&[f64], usize, f64, &[f64], &mut [f64]) -> f64,
    {
        let Regression { rows, λ, memory: Memory { rounds, vector: near }, .. } = self;
        let (λ, rounds) = (*λ, *rounds);
        let mut total = function(near.len(), |θ: &[f64], g: &mut [f64]| {
            Arch::new().dispatch(Total { rows, rounds, λ, θ, g, add: &mut add })
        });
        let best = minimum(self.set, &mut total, near);
        near.clone_from(&best.point);
        best
    }
}

/// What a point loses in all rounds, and its gradient. The widest vectors that the processor has change no bit: every sum
/// has an order of its own.
struct Total<'a, F> {
    rows: &'a Rows,
    rounds: u64,
    λ: f64,
    θ: &'a [f64],
    g: &'a mut [f64],
    add: &'a mut F,
}

impl<F> WithSimd for Total<'_, F>
where
    F: FnMut(&[f64], usize, f64, &[f64], &mut [f64]) -> f64,
{
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let Total { rows, rounds, λ, θ, g, add } = self;
        let mut total = ridge(λ * rounds as f64, θ, g);
        for (x, class, times) in rows.within(rounds) {
            total += add(x, class, times, θ, g);
        }
        total
    }
}
