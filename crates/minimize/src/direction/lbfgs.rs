//! L-BFGS: BFGS from the last m steps alone, in 2m vectors of memory.
//!
//! ```text
//! d = −Hg, where H is the update of BFGS by the pairs (s_i, y_i), oldest first, of γI,   γ = yᵀs / yᵀy of the newest
//!
//! q ← g
//! for i from newest to oldest:   α_i = ρ_i s_iᵀq      q ← q − α_i y_i          ρ_i = 1 / y_iᵀs_i
//! r ← γq
//! for i from oldest to newest:   β = ρ_i y_iᵀr        r ← r + (α_i − β) s_i
//! d = −r
//! ```
//!
//! Nocedal & Wright, Numerical Optimization, 2nd ed., Algorithms 7.4 and 7.5.
//!
//! Departure: the loops run over numbers instead of vectors. q and r are sums of g, s_i and y_i, so that every product
//! in them is a sum of sᵀg, yᵀg, sᵀy and yᵀy (Chen, Wang & Zhou, Large-scale L-BFGS using MapReduce, NIPS 2014). Of
//! these, a step makes 4m new ones, in one pass that also makes the new pair; the sum that is d takes a second
//! pass. Each of the 2m vectors is read twice, as in the loops over vectors, but q and r are read and written once and
//! not 2m times: for m = 10, 4m + 10 vectors go through memory instead of 8m + 8.
//!
//! The vectors lie in tiles, one of each vector side by side, so that a pass goes straight through memory:
//!
//! ```text
//!   ┌ tile 0 ───────────────────────────────┬ tile 1 ──────
//!   │ s₀ y₀ │ s₁ y₁ │ … │ s_m−1 y_m−1        │ s₀ y₀ │ …
//! ```
//!
//! What looks ahead in a processor stops at the end of a page, which is a tile long. So the passes ask memory for the
//! next pair while they are at one.
//!
//! A pair with yᵀs ≤ u·(−sᵀg₋), u the rounding unit, has no curvature and is left out; a search for a flat slope does
//! not end with one. Since yᵀs = α(φ′(α) − φ′(0)), that is known before any vector is touched.

use pulp::Arch;
use thalweg_matrix::{Aligned, Scalar};

use super::{Direction, Length, Point, Step};
use crate::{Counted, vector};

/// The direction −Hg.
#[derive(Clone, Debug)]
pub struct Lbfgs<T> {
    /// m, how many pairs are kept; at least 1.
    memory: usize,
    n: usize,
    /// The pairs, in tiles.
    pairs: Aligned<T>,
    tile: usize,
    /// The slots of the pairs that are known, oldest first.
    order: Vec<usize>,
    /// s_iᵀy_j and y_iᵀy_j for slots i and j, in rows of m; of sᵀy, what is needed: i not newer than j.
    sy: Vec<f64>,
    yy: Vec<f64>,
    /// s_iᵀg and y_iᵀg.
    sg: Vec<f64>,
    yg: Vec<f64>,
    /// What d is made of: the factor of s_i and that of y_i.
    of_s: Vec<f64>,
    of_y: Vec<f64>,
}

/// L-BFGS with the last `memory` steps, at least one.
pub fn lbfgs<T: Scalar>(memory: usize) -> Lbfgs<T> {
    Lbfgs {
        memory: memory.max(1),
        n: 0,
        pairs: Aligned::default(),
        tile: 0,
        order: Vec::new(),
        sy: Vec::new(),
        yy: Vec::new(),
        sg: Vec::new(),
        yg: Vec::new(),
        of_s: Vec::new(),
        of_y: Vec::new(),
    }
}

/// Coordinates in a tile: those of g and y stay in the nearest cache while the pairs stream by.
const TILE: usize = 512;

impl<T: Scalar, F: ?Sized> Direction<T, F> for Lbfgs<T> {
    fn start(&mut self, n: usize) {
        let m = self.memory;
        self.n = n;
        self.tile = TILE.min(n.max(1));
        self.pairs = Aligned::new(n.div_ceil(self.tile) * self.tile * 2 * m, T::default());
        self.order.clear();
        self.order.reserve(m);
        for numbers in [&mut self.sy, &mut self.yy] {
            numbers.resize(m * m, 0.0);
        }
        for numbers in [&mut self.sg, &mut self.yg, &mut self.of_s, &mut self.of_y] {
            numbers.resize(m, 0.0);
        }
    }

    fn next(
        &mut self,
        step: Option<&Step<'_, T>>,
        here: Point<'_, T>,
        _: &mut Counted<'_, F>,
        d: &mut [T],
    ) -> Length {
        match step {
            Some(step) if step.is_curved(T::UNIT.into()) => self.learn(step, here),
            _ => self.multiply(here.g),
        }
        let Some(&newest) = self.order.last() else {
            vector::negate(here.g, d);
            return Length::Unknown;
        };
        let at = newest * self.memory + newest;
        let γ = self.sy[at] / self.yy[at];
        self.two_loops(γ);
        self.combine(γ, here.g, d);
        Length::Known
    }

    fn forget(&mut self) {
        self.order.clear();
    }
}

impl<T: Scalar> Lbfgs<T> {
    /// Takes in the pair of a step, if it has one, where the next direction is of another objective: that is asked
    /// for without a step.
    pub(crate) fn learn_from(&mut self, step: &Step<'_, T>, here: Point<'_, T>) {
        if step.is_curved(T::UNIT.into()) {
            self.learn(step, here);
        }
    }

    /// All pairs, in their tiles.
    pub(crate) fn pairs(&self) -> &[T] {
        &self.pairs
    }

    pub(crate) fn pairs_mut(&mut self) -> &mut [T] {
        &mut self.pairs
    }

    /// What is known of the pairs: how many there are, the slot of the oldest, sᵀy and yᵀy.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = f64> {
        let oldest = self.order.first().copied().unwrap_or(0);
        let order = [self.order.len() as f64, oldest as f64];
        order.into_iter().chain(self.sy.iter().copied()).chain(self.yy.iter().copied())
    }

    pub(crate) fn set_numbers(&mut self, numbers: &[f64]) {
        let m = self.memory;
        let (count, oldest) = ((numbers[0] as usize).min(m), numbers[1] as usize);
        self.order.clear();
        // Slots fill up in order, and after that their order only turns.
        self.order.extend((0..count).map(|k| (oldest + k) % m));
        self.sy.copy_from_slice(&numbers[2..2 + m * m]);
        self.yy.copy_from_slice(&numbers[2 + m * m..]);
    }

    /// Takes in the pair of a step, in place of the oldest one if there is no room, and with it all products.
    fn learn(&mut self, step: &Step<'_, T>, here: Point<'_, T>) {
        let m = self.memory;
        let new = if self.order.len() < m {
            // Slots fill up in order, and after that their order only turns.
            self.order.len()
        } else {
            self.order.remove(0)
        };
        self.order.push(new);
        let (tile, order) = (self.tile, &self.order);
        let [sy, yy] = [&mut self.sy, &mut self.yy];
        let [sg, yg] = [&mut self.sg, &mut self.yg];
        for &i in order {
            (sy[i * m + new], yy[i * m + new], sg[i], yg[i]) = (0.0, 0.0, 0.0, 0.0);
        }
        for (k, tiles) in self.pairs.chunks_exact_mut(2 * m * tile).enumerate() {
            let part = k * tile..self.n.min((k + 1) * tile);
            let (before, from) = tiles.split_at_mut(2 * new * tile);
            let (pair, after) = from.split_at_mut(2 * tile);
            let (s_new, y_new) = pair.split_at_mut(tile);
            let (s_new, y_new) = (&mut s_new[..part.len()], &mut y_new[..part.len()]);
            let g = &here.g[part.clone()];
            vector::difference(&here.x[part.clone()], &step.from.x[part.clone()], s_new);
            vector::difference(g, &step.from.g[part.clone()], y_new);
            let (s_new, y_new) = (&*s_new, &*y_new);
            for &i in order {
                let pair = match i.cmp(&new) {
                    std::cmp::Ordering::Less => &before[2 * i * tile..],
                    std::cmp::Ordering::Greater => &after[2 * (i - new - 1) * tile..],
                    std::cmp::Ordering::Equal => &[],
                };
                let (s, y) = if i == new {
                    (s_new, y_new)
                } else {
                    (&pair[..part.len()], &pair[tile..][..part.len()])
                };
                let products = vector::sums([s, y, s, y], [y_new, y_new, g, g], [2 * tile; 2]);
                sy[i * m + new] += products[0];
                yy[i * m + new] += products[1];
                sg[i] += products[2];
                yg[i] += products[3];
            }
        }
        for &i in order {
            yy[new * m + i] = yy[i * m + new];
        }
        let at = new * m + new;
        // Rounding can take away the curvature that the slopes had, and squares can leave the range of numbers.
        let usable = sy[at] > 0.0 && (1.0 / sy[at]).is_finite() && yy[at].is_finite();
        if !usable {
            self.order.clear();
        }
    }

    /// Makes the products with g alone, where a step has no pair.
    fn multiply(&mut self, g: &[T]) {
        let (m, tile) = (self.memory, self.tile);
        self.sg.fill(0.0);
        self.yg.fill(0.0);
        for (k, tiles) in self.pairs.chunks_exact(2 * m * tile).enumerate() {
            let g = &g[k * tile..self.n.min((k + 1) * tile)];
            for &i in &self.order {
                let pair = &tiles[2 * i * tile..];
                let (s, y) = (&pair[..g.len()], &pair[tile..][..g.len()]);
                self.sg[i] += vector::dot(s, g);
                self.yg[i] += vector::dot(y, g);
            }
        }
    }

    /// The factors of r = γg + Σ of_y_i y_i + Σ of_s_i s_i.
    fn two_loops(&mut self, γ: f64) {
        let m = self.memory;
        let (order, sy, yy) = (&self.order, &self.sy, &self.yy);
        let (of_s, of_y) = (&mut self.of_s, &mut self.of_y);
        for (place, &i) in order.iter().enumerate().rev() {
            // s_iᵀq, with what newer pairs took from q.
            let newer = order[place + 1..].iter();
            let sq = self.sg[i] - newer.map(|&j| of_s[j] * sy[i * m + j]).sum::<f64>();
            // α_i stands in the place of α_i − β until that is known.
            of_s[i] = sq / sy[i * m + i];
        }
        for &i in order {
            of_y[i] = -γ * of_s[i];
        }
        for (place, &i) in order.iter().enumerate() {
            let from_y: f64 = order.iter().map(|&j| of_y[j] * yy[i * m + j]).sum();
            let from_s: f64 = order[..place].iter().map(|&j| of_s[j] * sy[j * m + i]).sum();
            let β = (γ * self.yg[i] + from_y + from_s) / sy[i * m + i];
            of_s[i] -= β;
        }
    }

    /// d ← −r
    fn combine(&self, γ: f64, g: &[T], d: &mut [T]) {
        let (m, tile) = (self.memory, self.tile);
        let arch = Arch::new();
        for (k, tiles) in self.pairs.chunks_exact(2 * m * tile).enumerate() {
            let part = k * tile..self.n.min((k + 1) * tile);
            let (g, d) = (&g[part.clone()], &mut d[part]);
            let mut sum = [0.0f64; TILE];
            let sum = &mut sum[..g.len()];
            arch.dispatch(
                #[inline(always)]
                || {
                    for (sum, &g) in sum.iter_mut().zip(g) {
                        *sum = -γ * g.into();
                    }
                },
            );
            for &i in &self.order {
                let pair = &tiles[2 * i * tile..];
                let (s, y) = (&pair[..g.len()], &pair[tile..][..g.len()]);
                vector::subtract_sum(sum, [self.of_s[i], self.of_y[i]], [s, y], 2 * tile);
            }
            for (d, &sum) in d.iter_mut().zip(&*sum) {
                *d = T::rounded(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Algorithm 7.4 as it stands.
    fn two_loops_over_vectors(pairs: &[(Vec<f64>, Vec<f64>)], g: &[f64]) -> Vec<f64> {
        let add_scaled = |y: &mut [f64], α: f64, x: &[f64]| {
            y.iter_mut().zip(x).for_each(|(y, x)| *y += α * x);
        };
        let mut q = g.to_vec();
        let mut α = Vec::new();
        for (s, y) in pairs.iter().rev() {
            α.push(vector::dot(s, &q) / vector::dot(y, s));
            add_scaled(&mut q, -α[α.len() - 1], y);
        }
        if let Some((s, y)) = pairs.last() {
            let γ = vector::dot(s, y) / vector::dot(y, y);
            q.iter_mut().for_each(|q| *q *= γ);
        }
        for (s, y) in pairs {
            let β = vector::dot(y, &q) / vector::dot(y, s);
            add_scaled(&mut q, α.pop().unwrap() - β, s);
        }
        q.iter().map(|q| -q).collect()
    }

    fn directions_are_those_of_the_loops_over_vectors<T: Scalar>(n: usize, bound: f64) {
        let memory = 4;
        let mut lbfgs = lbfgs::<T>(memory);
        Direction::<T, ()>::start(&mut lbfgs, n);
        let numbers = |k: usize| -> Vec<T> {
            (0..n).map(|i| T::rounded(((i * 7 + k * 13) as f64 * 0.71).sin())).collect()
        };
        // The gradient of a quadratic with the Hessian diag(1, 2, …), up to 9.
        let gradient = |x: &[T]| -> Vec<T> {
            let h = |i: usize| T::rounded((1 + i % 9) as f64);
            x.iter().enumerate().map(|(i, &x)| h(i) * x).collect()
        };
        let mut pairs: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        let mut from = numbers(0);
        let mut d = vec![T::default(); n];
        for k in 1..12 {
            let to = numbers(k);
            let (g0, g1) = (gradient(&from), gradient(&to));
            // Every third step has no curvature, as it says.
            let end_slope = if k % 3 == 0 { -1.0 } else { 0.0 };
            let step = Step {
                from: Point { x: &from, g: &g0, value: 0.0 },
                length: 1.0,
                slope: -1.0,
                end_slope,
            };
            if k % 3 != 0 {
                let wide = |a: &[T], b: &[T]| -> Vec<f64> {
                    a.iter().zip(b).map(|(&a, &b)| (a - b).into()).collect()
                };
                pairs.push((wide(&to, &from), wide(&g1, &g0)));
                if pairs.len() > memory {
                    pairs.remove(0);
                }
            }
            let here = Point { x: &to, g: &g1, value: 0.0 };
            lbfgs.next(Some(&step), here, &mut Counted::new(&mut ()), &mut d);
            let g1: Vec<f64> = g1.iter().map(|&g| g.into()).collect();
            let expected = two_loops_over_vectors(&pairs, &g1);
            let scale = vector::largest(&expected);
            for (&d, expected) in d.iter().zip(expected) {
                let d: f64 = d.into();
                assert!((d - expected).abs() <= bound * scale, "{n} {k}: {d} {expected}");
            }
            from = to;
        }
    }

    #[test]
    fn directions_are_those_of_the_loops_over_vectors_in_f64() {
        for n in [1, 2, 7, 511, 512, 513, 1500] {
            directions_are_those_of_the_loops_over_vectors::<f64>(n, 1e-11);
        }
    }

    #[test]
    fn directions_are_those_of_the_loops_over_vectors_in_f32() {
        for n in [2, 513, 1500] {
            directions_are_those_of_the_loops_over_vectors::<f32>(n, 1e-6);
        }
    }
}
