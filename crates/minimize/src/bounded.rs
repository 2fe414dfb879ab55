//! L-BFGS-B: a function with a lower and an upper bound on each coordinate.
//!
//! ```text
//! m(z) = f + gᵀ(z − x) + ½(z − x)ᵀB(z − x)          B = θI − WMWᵀ from the last steps
//! W = [Y  θS],   M = [−D  Lᵀ; L  θSᵀS]⁻¹            D, L: diagonal and lower part of SᵀY;  θ = yᵀy/sᵀy
//!
//! x^c ← the first minimum of m along P(x − tg)       the generalised Cauchy point
//! x̂   ← the minimum of m over the coordinates that x^c leaves free
//! x   ← x + α(x̂ − x),  α by a search within the bounds
//! ```
//!
//! Byrd, Lu, Nocedal & Zhu, A limited memory algorithm for bound constrained optimization, SIAM J. Sci. Comput. 16(5),
//! 1995, <https://doi.org/10.1137/0916069>: Algorithm CP of section 4 and the direct primal method of section 5.1. The
//! minimum over the free coordinates is projected into the bounds, and cut off on the way only if that does not
//! descend (Morales & Nocedal, Remark on Algorithm 778, ACM TOMS 38(1), 2011).
//!
//! What counts as the gradient is the projected one, P(x − g) − x: it is zero where nothing within the bounds is lower
//! nearby.
//!
//! Departure: where the formula has M, systems with M⁻¹ are solved, and (I − MN)⁻¹M is (M⁻¹ − N)⁻¹.

use std::fmt;

use thalweg_matrix::Scalar;

use crate::direction::{Length, Step};
use crate::line_search::{Taken, Walk};
use crate::run::{self, wrong_size};
use crate::search::{Fault, Search};
use crate::{Counted, Gradient, Method, Options, Solution, Verdict, dense, vector};

/// L-BFGS with bounds.
#[derive(Clone, Debug)]
pub struct LbfgsB<T, S> {
    memory: usize,
    lower: Vec<T>,
    upper: Vec<T>,
    /// How far to go; strong Wolfe conditions keep B positive.
    pub search: S,
}

/// Bounds that leave no room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoRoom {
    /// The first coordinate between whose bounds nothing lies.
    pub coordinate: usize,
    /// Its bounds.
    pub bounds: [f64; 2],
}

impl std::error::Error for NoRoom {}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NoRoom { coordinate, bounds: [lower, upper] } = self;
        write!(
            f,
            "nothing lies between the bounds of coordinate {coordinate}, {lower} and {upper}; the lower one comes first"
        )
    }
}

impl<T: Scalar, S> LbfgsB<T, S> {
    /// L-BFGS from the last `memory` steps, at least one, within bounds; ±∞ is none.
    ///
    /// ```
    /// use thalweg_minimize::search::StrongWolfe;
    /// use thalweg_minimize::{LbfgsB, Method, Options, function};
    ///
    /// let mut bowl = function(2, |x: &[f64], g: &mut [f64]| {
    ///     g.copy_from_slice(&[2.0 * (x[0] - 3.0), 2.0 * (x[1] + 1.0)]);
    ///     (x[0] - 3.0).powi(2) + (x[1] + 1.0).powi(2)
    /// });
    /// let upper = vec![2.0, f64::INFINITY];
    /// let mut method = LbfgsB::new(10, vec![0.0; 2], upper, StrongWolfe::default())?;
    /// let solution = method.minimize(&mut bowl, &[1.0, 1.0], Options::default());
    /// assert!(solution.is_solved());
    /// assert_eq!(solution.x, [2.0, 0.0]);
    /// # Ok::<(), thalweg_minimize::NoRoom>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a lower bound is above its upper bound, or one of them is NaN.
    pub fn new(memory: usize, lower: Vec<T>, upper: Vec<T>, search: S) -> Result<Self, NoRoom> {
        for (coordinate, (&lower, &upper)) in lower.iter().zip(&upper).enumerate() {
            if !(lower <= upper) {
                return Err(NoRoom { coordinate, bounds: [lower.into(), upper.into()] });
            }
        }
        Ok(LbfgsB { memory: memory.max(1), lower, upper, search })
    }
}

impl<T: Scalar, F: Gradient<T> + ?Sized, S: Search> Method<T, F> for LbfgsB<T, S> {
    fn minimize(&mut self, objective: &mut F, start: &[T], options: Options<'_>) -> Solution<T> {
        let n = objective.dimension();
        if let Some(found) = [&self.lower, &self.upper].map(Vec::len).into_iter().find(|&l| l != n)
        {
            return wrong_size(start, n, found);
        }
        let (lower, upper) = (&self.lower, &self.upper);
        let mut inside = start.to_vec();
        project(&mut inside, lower, upper);
        let mut objective = Counted::new(objective);
        let mut projected = vec![T::default(); n];
        let begun = run::begin_with(&mut objective, &inside, options, |run, here| {
            projected_gradient(&here.x, &here.g, lower, upper, &mut projected);
            run.norm(&projected)
        });
        let (mut run, here, norm) = match begun {
            Ok(begun) => begun,
            Err(solution) => return *solution,
        };
        let mut walk = Walk::new(here, norm);
        walk.bounds = Some((lower.clone(), upper.clone()));
        let mut model = Model::new(self.memory, n);
        // In a box all around, the target of a step without curvature is no further than a corner.
        let boxed = lower.iter().chain(upper).all(|&bound| bound.into().is_finite());
        let mut verdict = run.is_zero(norm).then_some(Verdict::Gradient);
        let mut taken: Option<Taken> = None;
        loop {
            if let Some(verdict) = verdict {
                return walk.solution(run, verdict, objective.counts());
            }
            if let Some(Taken { length, slope, end_slope }) = taken {
                let step = Step { from: walk.last.point(), length, slope, end_slope };
                if step.is_curved(T::UNIT.into()) {
                    model.learn(&walk.here.x, &walk.here.g, &walk.last.x, &walk.last.g);
                }
            }
            let length =
                if model.order.is_empty() && !boxed { Length::Unknown } else { Length::Known };
            let descends = model.target(&walk.here.x, &walk.here.g, lower, upper);
            walk.most = f64::INFINITY;
            for i in 0..n {
                let d: f64 = model.target[i] - walk.here.x[i].into();
                walk.d[i] = T::rounded(d);
                let bound = if d > 0.0 { upper[i] } else { lower[i] };
                if d != 0.0 {
                    let room = (bound.into() - walk.here.x[i].into()) / d;
                    walk.most = walk.most.min(room.max(1.0));
                }
            }
            let found = match descends {
                true => walk.step_twice(&self.search, length, None, &run, &mut objective),
                false => Err(Fault::NoDescent),
            };
            match found {
                Ok(step) => {
                    taken = Some(step);
                    let (x, g) = (&walk.here.x, &walk.here.g);
                    projected_gradient(x, g, lower, upper, &mut projected);
                    let norm = run.norm(&projected);
                    verdict = walk.report_norm(&mut run, norm, step.length, objective.counts());
                }
                Err(Fault::Interrupted) => verdict = run.interrupted(objective.counts()),
                Err(Fault::Bottomless) => verdict = Some(Verdict::Unbounded),
                // What was learned is of no use here; the projected gradient may be.
                Err(_) if !model.order.is_empty() => {
                    model.order.clear();
                    taken = None;
                }
                Err(fault) => verdict = Some(Verdict::Search(fault)),
            }
        }
    }
}

/// x ← P(x)
pub(crate) fn project<T: Scalar>(x: &mut [T], lower: &[T], upper: &[T]) {
    for ((x, &lower), &upper) in x.iter_mut().zip(lower).zip(upper) {
        // Written so that a NaN stays.
        if *x < lower {
            *x = lower;
        } else if *x > upper {
            *x = upper;
        }
    }
}

/// out ← P(x − g) − x
fn projected_gradient<T: Scalar>(x: &[T], g: &[T], lower: &[T], upper: &[T], out: &mut [T]) {
    for (i, out) in out.iter_mut().enumerate() {
        let (x, g): (f64, f64) = (x[i].into(), g[i].into());
        let step = (-g).max(lower[i].into() - x).min(upper[i].into() - x);
        // `max` and `min` would hide a NaN.
        *out = T::rounded(if g.is_nan() { g } else { step });
    }
}

/// The quadratic model, and memory for its minimum.
#[derive(Debug)]
struct Model<T> {
    memory: usize,
    n: usize,
    /// s and y of each slot, one after the other.
    pairs: Vec<T>,
    /// The slots of the pairs that are known, oldest first.
    order: Vec<usize>,
    /// s_iᵀy_j and s_iᵀs_j for slots i and j, in rows of m.
    sy: Vec<f64>,
    ss: Vec<f64>,
    θ: f64,
    /// M⁻¹ factored, and another matrix of its size.
    middle: Vec<f64>,
    pivots: Vec<usize>,
    reduced: Vec<f64>,
    reduced_pivots: Vec<usize>,
    /// ZᵀW
    zw: Vec<f64>,
    /// Vectors of 2k.
    p: Vec<f64>,
    c: Vec<f64>,
    w: Vec<f64>,
    mw: Vec<f64>,
    v: Vec<f64>,
    /// Breakpoints of the projected gradient, and the coordinates in their order.
    breaks: Vec<f64>,
    sorted: Vec<usize>,
    /// x^c, then x̂.
    target: Vec<f64>,
    /// The direction along the projected gradient, then the way from x^c.
    d: Vec<f64>,
    free: Vec<usize>,
}

impl<T: Scalar> Model<T> {
    fn new(memory: usize, n: usize) -> Model<T> {
        let (m, zeros) = (memory, |length: usize| vec![0.0; length]);
        Model {
            memory,
            n,
            pairs: vec![T::default(); 2 * m * n],
            order: Vec::with_capacity(m),
            sy: zeros(m * m),
            ss: zeros(m * m),
            θ: 1.0,
            middle: zeros(4 * m * m),
            pivots: vec![0; 2 * m],
            reduced: zeros(4 * m * m),
            reduced_pivots: vec![0; 2 * m],
            zw: zeros(2 * m * n),
            p: zeros(2 * m),
            c: zeros(2 * m),
            w: zeros(2 * m),
            mw: zeros(2 * m),
            v: zeros(2 * m),
            breaks: zeros(n),
            sorted: Vec::with_capacity(n),
            target: zeros(n),
            d: zeros(n),
            free: Vec::with_capacity(n),
        }
    }

    fn s(&self, slot: usize) -> &[T] {
        &self.pairs[2 * slot * self.n..][..self.n]
    }

    fn y(&self, slot: usize) -> &[T] {
        &self.pairs[(2 * slot + 1) * self.n..][..self.n]
    }

    /// Takes in the pair of a step, in place of the oldest one if there is no room.
    fn learn(&mut self, x: &[T], g: &[T], x_before: &[T], g_before: &[T]) {
        let (m, n) = (self.memory, self.n);
        let new = if self.order.len() < m { self.order.len() } else { self.order.remove(0) };
        let (s, y) = self.pairs[2 * new * n..][..2 * n].split_at_mut(n);
        for i in 0..n {
            (s[i], y[i]) = (x[i] - x_before[i], g[i] - g_before[i]);
        }
        self.order.push(new);
        for place in 0..self.order.len() {
            let i = self.order[place];
            let [sy, ys, ss] = [
                vector::dot(self.s(i), self.y(new)),
                vector::dot(self.s(new), self.y(i)),
                vector::dot(self.s(i), self.s(new)),
            ];
            (self.sy[i * m + new], self.sy[new * m + i]) = (sy, ys);
            (self.ss[i * m + new], self.ss[new * m + i]) = (ss, ss);
        }
        let curvature = self.sy[new * m + new];
        self.θ = vector::dot(self.y(new), self.y(new)) / curvature;
        // Rounding can take away the curvature that the slopes had.
        if !(curvature > 0.0 && self.θ.is_normal() && self.factor_middle()) {
            self.order.clear();
        }
        if self.order.is_empty() {
            self.θ = 1.0;
        }
    }

    /// Factors M⁻¹; whether it is regular.
    fn factor_middle(&mut self) -> bool {
        let size = 2 * self.order.len();
        let mut middle = std::mem::take(&mut self.middle);
        self.fill_middle(&mut middle);
        let regular = dense::lu(&mut middle[..size * size], size, &mut self.pivots);
        self.middle = middle;
        regular
    }

    /// middle ← M⁻¹
    fn fill_middle(&self, middle: &mut [f64]) {
        let (m, k) = (self.memory, self.order.len());
        for (row, &i) in self.order.iter().enumerate() {
            for (column, &j) in self.order.iter().enumerate() {
                let below = if row > column { self.sy[i * m + j] } else { 0.0 };
                let above = if column > row { self.sy[j * m + i] } else { 0.0 };
                let diagonal = if row == column { -self.sy[i * m + i] } else { 0.0 };
                middle[row * 2 * k + column] = diagonal;
                middle[row * 2 * k + k + column] = above;
                middle[(k + row) * 2 * k + column] = below;
                middle[(k + row) * 2 * k + k + column] = self.θ * self.ss[i * m + j];
            }
        }
    }

    /// w ← row i of W
    fn row(&self, i: usize, w: &mut [f64]) {
        let k = self.order.len();
        for (place, &slot) in self.order.iter().enumerate() {
            w[place] = self.y(slot)[i].into();
            w[k + place] = self.θ * self.s(slot)[i].into();
        }
    }

    /// out ← Wᵀv
    fn times_w(&self, v: &[f64], out: &mut [f64]) {
        let k = self.order.len();
        let dot = |a: &[T]| a.iter().zip(v).map(|(&a, v)| a.into() * v).sum::<f64>();
        for (place, &slot) in self.order.iter().enumerate() {
            out[place] = dot(self.y(slot));
            out[k + place] = self.θ * dot(self.s(slot));
        }
    }

    /// v ← Mv
    fn times_m(&self, v: &mut [f64]) {
        let size = 2 * self.order.len();
        dense::lu_solve(&self.middle[..size * size], size, &self.pivots, &mut v[..size]);
    }

    /// target ← x̂; whether it lies downhill.
    fn target(&mut self, x: &[T], g: &[T], lower: &[T], upper: &[T]) -> bool {
        self.cauchy(x, g, lower, upper);
        self.minimize_free(x, g, lower, upper);
        let slope: f64 = (0..self.n).map(|i| (self.target[i] - x[i].into()) * g[i].into()).sum();
        slope < 0.0
    }

    /// Algorithm CP: target ← x^c, c ← Wᵀ(x^c − x), and the free coordinates.
    fn cauchy(&mut self, x: &[T], g: &[T], lower: &[T], upper: &[T]) {
        let (n, size) = (self.n, 2 * self.order.len());
        self.sorted.clear();
        for i in 0..n {
            let (x, g): (f64, f64) = (x[i].into(), g[i].into());
            let bound: f64 = if g < 0.0 { upper[i].into() } else { lower[i].into() };
            self.breaks[i] = if g == 0.0 { f64::INFINITY } else { (x - bound) / g };
            self.d[i] = if self.breaks[i] > 0.0 { -g } else { 0.0 };
            self.target[i] = x;
            if self.breaks[i] > 0.0 && self.breaks[i] < f64::INFINITY {
                self.sorted.push(i);
            }
        }
        let breaks = &self.breaks;
        self.sorted.sort_unstable_by(|&i, &j| breaks[i].total_cmp(&breaks[j]).then(i.cmp(&j)));
        let [mut p, mut c, mut w, mut mw] =
            [&mut self.p, &mut self.c, &mut self.w, &mut self.mw].map(std::mem::take);
        self.times_w(&self.d, &mut p);
        c.fill(0.0);
        let dot =
            |a: &[f64], b: &[f64]| -> f64 { a[..size].iter().zip(b).map(|(a, b)| a * b).sum() };
        let mut slope = -self.d.iter().map(|d| d * d).sum::<f64>();
        mw.copy_from_slice(&p);
        self.times_m(&mut mw);
        let first_bend = -self.θ * slope;
        let mut bend = first_bend - dot(&p, &mw);
        let mut t = 0.0;
        let mut to_minimum = -slope / bend;
        let mut passed = 0;
        while let Some(&b) = self.sorted.get(passed) {
            let δ = self.breaks[b] - t;
            if !(to_minimum >= δ) {
                break;
            }
            let g_b: f64 = g[b].into();
            let bound: f64 = if g_b < 0.0 { upper[b].into() } else { lower[b].into() };
            let z_b = bound - x[b].into();
            self.target[b] = bound;
            self.d[b] = 0.0;
            for (c, p) in c.iter_mut().zip(&p) {
                *c += δ * p;
            }
            self.row(b, &mut w);
            mw.copy_from_slice(&w);
            self.times_m(&mut mw);
            slope += δ * bend + g_b * g_b + self.θ * g_b * z_b - g_b * dot(&mw, &c);
            bend -= self.θ * g_b * g_b + 2.0 * g_b * dot(&mw, &p) + g_b * g_b * dot(&mw, &w);
            // What is left of the bend can be rounding alone.
            bend = bend.max(f64::EPSILON * first_bend);
            for (p, w) in p.iter_mut().zip(&w) {
                *p += g_b * w;
            }
            to_minimum = if slope < 0.0 { -slope / bend } else { 0.0 };
            t = self.breaks[b];
            passed += 1;
        }
        let further = if to_minimum.is_finite() { to_minimum.max(0.0) } else { 0.0 };
        t += further;
        for (c, p) in c.iter_mut().zip(&p) {
            *c += further * p;
        }
        self.free.clear();
        for i in 0..n {
            if self.d[i] != 0.0 {
                self.target[i] =
                    (x[i].into() + t * self.d[i]).max(lower[i].into()).min(upper[i].into());
            }
            if self.target[i] > lower[i].into() && self.target[i] < upper[i].into() {
                self.free.push(i);
            }
        }
        (self.p, self.c, self.w, self.mw) = (p, c, w, mw);
    }

    /// The direct primal method: from target = x^c to x̂.
    fn minimize_free(&mut self, x: &[T], g: &[T], lower: &[T], upper: &[T]) {
        let (size, count, θ) = (2 * self.order.len(), self.free.len(), self.θ);
        if size == 0 || count == 0 {
            return;
        }
        let [mut v, mut mc, mut r] = [&mut self.v, &mut self.mw, &mut self.d].map(std::mem::take);
        let [mut reduced, mut zw] = [&mut self.reduced, &mut self.zw].map(std::mem::take);
        self.fill_zw(&mut zw);
        let zw_of = |column: usize| &zw[column * count..][..count];
        let (matrix, way) = (&mut reduced[..size * size], &mut r[..count]);
        mc.copy_from_slice(&self.c);
        self.times_m(&mut mc);
        // r = Zᵀ(g + θ(x^c − x) − WMc), the reduced gradient.
        for (r, &i) in way.iter_mut().zip(&self.free) {
            *r = g[i].into() + θ * (self.target[i] - x[i].into());
        }
        for (mc, zw) in mc[..size].iter().zip(zw.chunks_exact(count)) {
            vector::add_scaled(way, -mc, zw);
        }
        // (M⁻¹ − N) v = WᵀZr,  N = WᵀZZᵀW/θ
        self.fill_middle(matrix);
        for i in 0..size {
            v[i] = vector::dot(zw_of(i), way);
            for j in 0..=i {
                let entry = matrix[i * size + j] - vector::dot(zw_of(i), zw_of(j)) / θ;
                (matrix[i * size + j], matrix[j * size + i]) = (entry, entry);
            }
        }
        if dense::lu(matrix, size, &mut self.reduced_pivots) {
            dense::lu_solve(matrix, size, &self.reduced_pivots, &mut v[..size]);
            // −(r + ZᵀWv/θ)/θ
            for (v, zw) in v[..size].iter().zip(zw.chunks_exact(count)) {
                vector::add_scaled(way, v / θ, zw);
            }
            // Along this way x^c would be cut off; and the slope at its projection.
            let (mut share, mut slope) = (1.0f64, 0.0);
            for i in 0..self.n {
                slope += (self.target[i] - x[i].into()) * g[i].into();
            }
            for (way, &i) in way.iter_mut().zip(&self.free) {
                *way /= -θ;
                let from = self.target[i];
                let (least, most): (f64, f64) = (lower[i].into(), upper[i].into());
                let to = (from + *way).max(least).min(most);
                slope += (to - from) * g[i].into();
                if *way != 0.0 {
                    let bound = if *way > 0.0 { most } else { least };
                    share = share.min((bound - from) / *way);
                }
            }
            if way.iter().all(|way| way.is_finite()) {
                for (way, &i) in way.iter().zip(&self.free) {
                    let way = if slope < 0.0 { *way } else { share * way };
                    self.target[i] =
                        (self.target[i] + way).max(lower[i].into()).min(upper[i].into());
                }
            }
        }
        (self.v, self.mw, self.d, self.reduced, self.zw) = (v, mc, r, reduced, zw);
    }

    /// zw ← ZᵀW, the rows of W that belong to the free coordinates, column by column.
    fn fill_zw(&self, zw: &mut [f64]) {
        let (k, count) = (self.order.len(), self.free.len());
        let (of_y, of_s) = zw.split_at_mut(k * count);
        let columns = of_y.chunks_exact_mut(count).zip(of_s.chunks_exact_mut(count));
        for ((of_y, of_s), &slot) in columns.zip(&self.order) {
            let (s, y) = (self.s(slot), self.y(slot));
            for ((of_y, of_s), &i) in of_y.iter_mut().zip(of_s).zip(&self.free) {
                (*of_y, *of_s) = (y[i].into(), self.θ * s[i].into());
            }
        }
    }
}
