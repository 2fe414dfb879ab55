//! SOAP: Adam in the eigenvectors of Shampoo's covariances.
//!
//! ```text
//! G′ = Q_Lᵀ·G·Q_R
//! s ← β₁s + (1 − β₁)G′             r ← β₂r + (1 − β₂)G′²
//! u = Q_L·[s/(√r + δ)]·Q_Rᵀ · √(1 − β₂ᵗ)/(1 − β₁ᵗ)                   t from 1 at the second step
//! L ← βL + (1 − β)G·Gᵀ             R ← βR + (1 − β)Gᵀ·G
//! if t mod every = 0, for each side:   W = L·Q_L, its columns by falling diagonal of Q_Lᵀ·W
//!                                      Q_L ← Q of W = Q·R, and s and r go along
//! ```
//!
//! Vyas et al. 2024, Algorithm 3, <https://arxiv.org/abs/2409.11321>, in the order of the authors' `soap.py`:
//! the first gradient makes L and R and their eigenvectors, and takes no step; what is no matrix goes through
//! the same lines without Q. Departures: the mean is kept in the basis, and turned only when that changes,
//! which saves two products at a step; the orthogonal factor is calculated in the numbers of the parameters;
//! and decay comes before the step, as everywhere.
//!
//! Beside two slots like Adam's it keeps two matrices for each side, [in, in] and [out, out], so that it is not
//! for sides of many thousands. A covariance that is not finite leaves its basis as it is.

use thalweg_matrix::{Matrix, Threads, eigen, gram_scaled, orthogonal_factor, product};

use super::workspaces::{Workspaces, matrix, rooms};
use crate::{
    FormulaLine, Hyper, Lane, Level, Link, Real, Rule, Step, Tensor, TensorRule, TensorSlot, Update,
};

/// Adam in the basis of each matrix.
#[derive(Debug)]
pub struct Soap<R> {
    /// β₁, the memory of the mean; from 0 to below 1.
    pub beta1: Hyper,
    /// β₂, the memory of the mean square; from 0 to below 1.
    pub beta2: Hyper,
    /// β, the memory of the covariances; from 0 to below 1.
    pub shampoo_beta: Hyper,
    /// δ, outside the root before it is corrected; above 0.
    pub eps: Hyper,
    /// Steps from one basis to the next; from 1.
    pub every: u64,
    workspaces: Workspaces<Workspace<R>>,
}

/// What is worked in: numbers, and an order of columns for each side.
struct Workspace<R> {
    values: Vec<R>,
    orders: [Vec<usize>; 2],
}

impl<R> Default for Workspace<R> {
    fn default() -> Workspace<R> {
        Workspace { values: Vec::new(), orders: Default::default() }
    }
}

/// SOAP with β₁, β₂ and δ, with β = 0.95 and a new basis every 10 steps; the authors have 0.95, 0.95 and
/// 1e-8.
pub fn soap<R: Real>(
    beta1: impl Into<Hyper>,
    beta2: impl Into<Hyper>,
    eps: impl Into<Hyper>,
) -> Soap<R> {
    Soap {
        beta1: beta1.into(),
        beta2: beta2.into(),
        shampoo_beta: 0.95.into(),
        eps: eps.into(),
        every: 10,
        workspaces: Workspaces::new(),
    }
}

impl<R: Real> TensorRule<R> for Soap<R> {
    fn name(&self) -> &'static str {
        "Soap"
    }

    fn slots(&self, shape: &[usize]) -> Vec<TensorSlot> {
        let [left, right] = match matrix(shape) {
            Some((rows, columns)) => [vec![rows; 2], vec![columns; 2]],
            None => [vec![0], vec![0]],
        };
        vec![
            TensorSlot::zeros("soap.s", shape),
            TensorSlot::zeros("soap.r", shape),
            TensorSlot::zeros("soap.L", &left),
            TensorSlot::zeros("soap.R", &right),
            TensorSlot::zeros("soap.Q_L", &left),
            TensorSlot::zeros("soap.Q_R", &right),
        ]
    }

    fn update(&self, step: Step, tensor: Tensor<'_, R>, slots: &mut [&mut [R]]) {
        let Tensor { shape, update: g, .. } = tensor;
        let [s, r, left, right, left_basis, right_basis, ..] = slots else {
            unreachable!("six slots are named")
        };
        let sides = matrix(shape).map(|(rows, columns)| {
            let left = Side { n: rows, covariance: left, basis: left_basis };
            (left, Side { n: columns, covariance: right, basis: right_basis })
        });
        match sides {
            None if step.t == 1 => g.fill(R::constant(0.0)),
            None => self.moments(step, g, s, r),
            Some((left, right)) => {
                self.workspaces.with(|room| self.matrix(step, g, s, r, left, right, room));
            }
        }
    }

    fn formula(&self) -> &'static [FormulaLine] {
        &[
            FormulaLine {
                text: "g′ ← Q_Lᵀ·{u}·Q_R", latex: r"g' &\leftarrow Q_L^\top\,{u}\,Q_R"
            },
            FormulaLine {
                text: "s ← β₁·s + (1−β₁)·g′",
                latex: r"s &\leftarrow \beta_1 s + (1-\beta_1)\,g'",
            },
            FormulaLine {
                text: "r ← β₂·r + (1−β₂)·g′²",
                latex: r"r &\leftarrow \beta_2 r + (1-\beta_2)\,g'^2",
            },
            FormulaLine {
                text: "u ← √(1−β₂ᵗ)/(1−β₁ᵗ)·Q_L·[s/(√r + δ)]·Q_Rᵀ",
                latex: r"u &\leftarrow \frac{\sqrt{1-\beta_2^t}}{1-\beta_1^t}\,Q_L\,\frac{s}{\sqrt{r} + \delta}\,Q_R^\top",
            },
            FormulaLine {
                text: "L ← β·L + (1−β)·{u}·{u}ᵀ",
                latex: r"L &\leftarrow \beta L + (1-\beta)\,{u}\,{u}^\top",
            },
            FormulaLine {
                text: "R ← β·R + (1−β)·{u}ᵀ·{u}",
                latex: r"R &\leftarrow \beta R + (1-\beta)\,{u}^\top {u}",
            },
            FormulaLine {
                text: "Q_L, Q_R ← QR(L·Q_L), QR(R·Q_R) now and then",
                latex: r"Q_L, Q_R &\leftarrow \operatorname{QR}(L Q_L), \operatorname{QR}(R Q_R) \text{ now and then}",
            },
        ]
    }
}

impl<R: Real> Soap<R> {
    /// s/(√r + δ) with the corrections, in place of the gradient.
    fn moments(&self, step: Step, g: &mut [R], s: &mut [R], r: &mut [R]) {
        let [beta1, beta2] = [self.beta1.at(step), self.beta2.at(step)];
        // The first gradient took no step.
        let t = (step.t - 1) as f64;
        let factor = (1.0 - beta2.powf(t)).sqrt() / (1.0 - beta1.powf(t));
        let [β1, rest1, β2, rest2, δ, factor] =
            [beta1, 1.0 - beta1, beta2, 1.0 - beta2, self.eps.at(step), factor].map(R::from_f64);
        Level::widest().run(
            #[inline(always)]
            || {
                for (g, (s, r)) in g.iter_mut().zip(s.iter_mut().zip(r)) {
                    *s = β1 * *s + rest1 * *g;
                    *r = β2 * *r + rest2 * (*g * *g);
                    *g = factor * *s / (r.sqrt() + δ);
                }
            },
        );
    }

    #[allow(clippy::too_many_arguments, reason = "a matrix and all that is remembered of it")]
    fn matrix(
        &self,
        step: Step,
        g: &mut [R],
        s: &mut [R],
        r: &mut [R],
        mut left: Side<'_, R>,
        mut right: Side<'_, R>,
        Workspace { values, orders }: &mut Workspace<R>,
    ) {
        let (rows, columns) = (left.n, right.n);
        let lengths = [rows * columns, rows * columns, 2 * rows * rows, 2 * columns * columns];
        let [half, turned, left_room, right_room] = rooms(values, lengths);
        let β = self.shampoo_beta.at(step);
        let (β, rest) = (R::from_f64(β), R::from_f64(1.0 - β));
        let [left_order, right_order] = orders;
        let (left_order, right_order) =
            (by_index(left_order, rows), by_index(right_order, columns));

        // An orthogonal matrix has no row of zeros.
        if left.basis[..rows].iter().all(|q| *q == R::constant(0.0)) {
            let gradient = Matrix::new(&*g, rows, columns);
            rayon::join(
                || left.begin(gradient, rest, left_room),
                || right.begin(gradient.transposed(), rest, right_room),
            );
            return g.fill(R::constant(0.0));
        }
        let transform =
            |a: Matrix<'_, R>, x: &[R], b: Matrix<'_, R>, half: &mut [R], y: &mut [R]| {
                product(a, Matrix::new(x, rows, columns), half, Threads::Pool);
                product(Matrix::new(&*half, rows, columns), b, y, Threads::Pool);
            };
        transform(left.q().transposed(), g, right.q(), half, turned);
        self.moments(step, turned, s, r);
        {
            let gradient = Matrix::new(&*g, rows, columns);
            gram_scaled(rest, gradient, β, left.covariance, Threads::Pool);
            gram_scaled(rest, gradient.transposed(), β, right.covariance, Threads::Pool);
        }
        transform(left.q(), turned, right.q().transposed(), half, g);

        if (step.t - 1).is_multiple_of(self.every) {
            transform(left.q(), s, right.q().transposed(), half, turned);
            rayon::join(
                || left.turn(left_room, left_order),
                || right.turn(right_room, right_order),
            );
            transform(left.q().transposed(), turned, right.q(), half, s);
            for (row, from) in turned.chunks_exact_mut(columns).zip(left_order) {
                let from = &r[*from * columns..][..columns];
                row.iter_mut().zip(&*right_order).for_each(|(r, j)| *r = from[*j]);
            }
            r.copy_from_slice(turned);
        }
    }
}

/// The numbers below `n`, in order.
fn by_index(order: &mut Vec<usize>, n: usize) -> &mut [usize] {
    order.clear();
    order.extend(0..n);
    order
}

/// What is remembered of one side of a matrix.
struct Side<'a, R> {
    n: usize,
    covariance: &'a mut [R],
    basis: &'a mut [R],
}

impl<R: Real> Side<'_, R> {
    fn q(&self) -> Matrix<'_, R> {
        Matrix::new(&*self.basis, self.n, self.n)
    }

    /// The covariance of the first gradient, and its eigenvectors, largest first.
    fn begin(&mut self, g: Matrix<'_, R>, rest: R, room: &mut [R]) {
        gram_scaled(rest, g, R::constant(0.0), self.covariance, Threads::Pool);
        let values = &mut room[..self.n];
        match eigen(self.covariance, self.n, values, self.basis) {
            Ok(()) => self.basis.chunks_exact_mut(self.n).for_each(<[R]>::reverse),
            Err(_) => self.basis.iter_mut().step_by(self.n + 1).for_each(|q| *q = R::constant(1.0)),
        }
    }

    /// A step of power iteration, with the columns in a new order, which is written.
    fn turn(&mut self, room: &mut [R], order: &mut [usize]) {
        let n = self.n;
        let (powers, sorted) = room.split_at_mut(n * n);
        product(Matrix::new(&*self.covariance, n, n), self.q(), powers, Threads::Pool);
        if !powers.iter().all(|x| x.to_f64().is_finite()) {
            return;
        }
        let diagonal = &mut sorted[..n];
        diagonal.fill(R::constant(0.0));
        for (q, x) in self.basis.chunks_exact(n).zip(powers.chunks_exact(n)) {
            for (d, (q, x)) in diagonal.iter_mut().zip(q.iter().zip(x)) {
                *d = *d + *q * *x;
            }
        }
        let falling = |i: &usize, j: &usize| {
            let [x, y] = [*i, *j].map(|i| diagonal[i].to_f64());
            y.total_cmp(&x).then(i.cmp(j))
        };
        order.sort_unstable_by(falling);
        for (sorted, row) in sorted.chunks_exact_mut(n).zip(powers.chunks_exact(n)) {
            sorted.iter_mut().zip(&*order).for_each(|(sorted, j)| *sorted = row[*j]);
        }
        orthogonal_factor(sorted, n, self.basis);
    }
}

/// Takes no first step: SOAP's gradient of that step goes into the bases alone, and decay rests with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AfterFirst;

impl Rule for AfterFirst {
    type Slots<V: Lane> = ();

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, ()> {
        let taken = V::letter("[t>1]", self.learning_rate(step));
        #[inline(always)]
        move |_θ, u, ()| taken * u
    }

    fn learning_rate(&self, step: Step) -> f64 {
        if step.t > 1 { 1.0 } else { 0.0 }
    }
}

impl Link for AfterFirst {}
