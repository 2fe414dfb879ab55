//! Functions that are sums, each term written once as its formula, and all derivatives of them.
//!
//! ```text
//! f(x) = Σᵢ tᵢ  or  Σᵢ tᵢ²,   tᵢ = tᵢ(a few neighbouring variables, a few totals)
//! s_k  = Σⱼ p_k(xⱼ)  or  Πⱼ p_k(xⱼ)          a total: what a term knows of all variables
//! ```
//!
//! A term is generic over its number. On f64 it gives the value; on dual numbers a + bε, ε² = 0, whose
//! arithmetic is that of values and first derivatives, it gives ∂tᵢ, one seeded input at a time; the crate
//! `num-dual` has them. The gradient is then
//!
//! ```text
//! ∂f/∂xⱼ = Σᵢ wᵢ ∂tᵢ/∂xⱼ + Σ_k (Σᵢ wᵢ ∂tᵢ/∂s_k) ∂s_k/∂xⱼ,   wᵢ = 1 or 2tᵢ
//! ```
//!
//! and costs a small multiple of the value, however many variables there are. The same code on x + vε gives
//! ∇f(x) + H v ε, the product with the Hessian, because the derivative of the gradient along v is Hv: B. A.
//! Pearlmutter, *Fast exact multiplication by the Hessian*, Neural Computation 6(1), 1994, section 3,
//! <https://doi.org/10.1162/neco.1994.6.1.147>.
//!
//! Every sum goes from the first term to the last one, so that the bits do not depend on who calls.

use std::fmt;
use std::iter::zip;
use std::ops::Range;
use std::sync::{Mutex, TryLockError};

use num_dual::{Dual, Dual64, DualNum, Real};

use super::{LeastSquares, Minimum, Problem};

/// What a formula calculates with: f64, or dual numbers over it.
pub(crate) trait Number: DualNum<Primitive = f64> + Copy {}

impl<N: DualNum<Primitive = f64> + Copy> Number for N {}

/// x², which every second formula has.
pub(crate) fn square<N: Number>(x: N) -> N {
    x * x
}

/// A function that is a sum.
pub(crate) trait Sum: fmt::Debug + Send + Sync {
    /// Whether f is the sum of the squares of the terms, which are residuals then.
    const SQUARES: bool;

    /// The formula for people.
    fn formula(&self) -> &'static str;

    /// n.
    fn dimension(&self) -> usize;

    /// Where a run starts when nothing else is said.
    fn start(&self) -> Vec<f64>;

    /// The minima that are known.
    fn minima(&self) -> Vec<Minimum>;

    /// How many terms there are.
    fn terms(&self) -> usize;

    /// What term i reads, at most [`WIDEST`] numbers; i counts from 0.
    fn reads(&self, i: usize) -> Reads;

    /// Term i of the variables and totals that it reads.
    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N;

    /// How many totals there are.
    fn totals(&self) -> usize {
        0
    }

    /// How total k is put together.
    fn fold(&self, _k: usize) -> Fold {
        Fold::Sum
    }

    /// What variable j, with the value x, gives to total k.
    fn part<N: Number>(&self, k: usize, _j: usize, _x: N) -> N {
        unreachable!("there is no total {k}")
    }
}

/// The most numbers that one term reads: those of Osborne's second function.
pub(crate) const WIDEST: usize = 11;

/// What a term reads.
pub(crate) struct Reads {
    variables: Range<usize>,
    totals: Range<usize>,
}

impl Reads {
    /// These variables.
    pub fn variables(variables: Range<usize>) -> Reads {
        Reads { variables, totals: 0..0 }
    }

    /// These totals.
    pub fn totals(totals: Range<usize>) -> Reads {
        Reads { variables: 0..0, totals }
    }

    /// One variable and these totals.
    pub fn variable_and_totals(variable: usize, totals: Range<usize>) -> Reads {
        Reads { variables: variable..variable + 1, totals }
    }

    /// Variable i of n and those beside it.
    pub fn neighbours(i: usize, n: usize) -> Reads {
        Reads::variables(i.saturating_sub(1)..(i + 2).min(n))
    }
}

/// [xᵢ₋₁, xᵢ, xᵢ₊₁] of what [`Reads::neighbours`] gives, zero outside of 1..n.
pub(crate) fn neighbours<N: Number>(i: usize, x: &[N]) -> [N; 3] {
    let here = i.min(1);
    let before = if i == 0 { N::zero() } else { x[0] };
    [before, x[here], x.get(here + 1).copied().unwrap_or_else(N::zero)]
}

/// How a total is put together from what the variables give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    Sum,
    Product,
}

/// A sum as a [`Problem`].
pub(crate) struct Summed<S> {
    sum: S,
    memory: Mutex<Memory>,
}

impl<S: Sum> Summed<S> {
    pub fn new(sum: S) -> Summed<S> {
        let memory = Mutex::new(Memory::of(&sum));
        Summed { sum, memory }
    }

    /// The memory of this problem, or another one while somebody else works in it.
    fn with_memory<R>(&self, work: impl FnOnce(&mut Memory) -> R) -> R {
        match self.memory.try_lock() {
            Ok(mut memory) => work(&mut memory),
            Err(TryLockError::Poisoned(poisoned)) => work(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => work(&mut Memory::of(&self.sum)),
        }
    }

    fn check(&self, x: &[f64], others: &[&[f64]]) {
        let n = self.sum.dimension();
        let fits = x.len() == n && others.iter().all(|other| other.len() == n);
        assert!(fits, "{:?} has {n} variables, and vectors are of that length", self.sum);
    }
}

impl<S: fmt::Debug> fmt::Debug for Summed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sum.fmt(f)
    }
}

impl<S: Sum> Problem for Summed<S> {
    fn formula(&self) -> &'static str {
        self.sum.formula()
    }

    fn dimension(&self) -> usize {
        self.sum.dimension()
    }

    fn start(&self) -> Vec<f64> {
        self.sum.start()
    }

    fn minima(&self) -> Vec<Minimum> {
        self.sum.minima()
    }

    fn value(&self, x: &[f64]) -> f64 {
        self.check(x, &[]);
        self.with_memory(|memory| {
            let totals = &mut memory.plain.totals;
            total(&self.sum, |j| x[j], totals);
            let terms = (0..self.sum.terms()).map(|i| term(&self.sum, i, x, totals));
            terms.fold(0.0, |f, t| if S::SQUARES { f + t * t } else { f + t })
        })
    }

    fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.check(x, &[gradient]);
        gradient.fill(0.0);
        let add = |j: usize, slope: f64| gradient[j] += slope;
        let terms = 0..self.sum.terms();
        self.with_memory(|memory| sweep(&self.sum, terms, |j| x[j], add, &mut memory.plain))
    }

    fn hessian_product(&self, x: &[f64], v: &[f64], product: &mut [f64]) {
        self.check(x, &[v, product]);
        product.fill(0.0);
        let at = |j: usize| Dual64::new(x[j], v[j]);
        let add = |j: usize, slope: Dual64| product[j] += slope.eps;
        let terms = 0..self.sum.terms();
        self.with_memory(|memory| sweep(&self.sum, terms, at, add, &mut memory.dual));
    }

    fn hessian(&self, x: &[f64], hessian: &mut [f64]) {
        self.check(x, &[]);
        let n = self.sum.dimension();
        assert_eq!(hessian.len(), n * n, "a Hessian of {n} variables has n² values");
        hessian.fill(0.0);
        // Through a total, a variable reaches terms that do not read it.
        let all = self.sum.totals() > 0;
        self.with_memory(|memory| {
            for column in 0..n {
                let at = |j: usize| Dual64::new(x[j], if j == column { 1.0 } else { 0.0 });
                // The other half is copied: it differs in the order of roundings.
                let add = |j: usize, slope: Dual64| {
                    if j >= column {
                        hessian[j * n + column] += slope.eps;
                    }
                };
                let terms = (0..self.sum.terms())
                    .filter(|&i| all || self.sum.reads(i).variables.contains(&column));
                sweep(&self.sum, terms, at, add, &mut memory.dual);
            }
        });
        for row in 0..n {
            for column in row + 1..n {
                hessian[row * n + column] = hessian[column * n + row];
            }
        }
    }

    fn least_squares(&self) -> Option<&dyn LeastSquares> {
        S::SQUARES.then_some(self as &dyn LeastSquares)
    }
}

impl<S: Sum> LeastSquares for Summed<S> {
    fn residual_count(&self) -> usize {
        self.sum.terms()
    }

    fn residuals(&self, x: &[f64], residuals: &mut [f64]) {
        self.check(x, &[]);
        assert_eq!(residuals.len(), self.sum.terms(), "one value for each residual");
        self.with_memory(|memory| {
            let totals = &mut memory.plain.totals;
            total(&self.sum, |j| x[j], totals);
            for (i, residual) in residuals.iter_mut().enumerate() {
                *residual = term(&self.sum, i, x, totals);
            }
        });
    }

    fn jacobian(&self, x: &[f64], jacobian: &mut [f64]) {
        self.check(x, &[]);
        let n = self.sum.dimension();
        assert_eq!(jacobian.len(), self.sum.terms() * n, "one row of n for each residual");
        jacobian.fill(0.0);
        let at = |j: usize| x[j];
        self.with_memory(|memory| {
            let Work { totals, suffixes, .. } = &mut memory.plain;
            total(&self.sum, at, totals);
            for (i, row) in jacobian.chunks_exact_mut(n).enumerate() {
                let reads = self.sum.reads(i);
                let (_, slopes) = term_and_slopes(&self.sum, i, &reads, at, totals);
                let (of_variables, of_totals) = slopes.split_at(reads.variables.len());
                for (j, slope) in zip(reads.variables, of_variables) {
                    row[j] += slope;
                }
                for (k, slope) in zip(reads.totals, of_totals) {
                    spread(&self.sum, k, *slope, at, |j, slope| row[j] += slope, suffixes);
                }
            }
        });
    }
}

/// Where the totals and their slopes lie, so that no evaluation allocates.
struct Memory {
    plain: Work<f64>,
    dual: Work<Dual64>,
}

struct Work<N> {
    totals: Vec<N>,
    /// ∂f/∂s_k.
    slopes: Vec<N>,
    /// For a total that is a product: the product of what comes after each variable.
    suffixes: Vec<N>,
}

impl Memory {
    fn of(sum: &impl Sum) -> Memory {
        Memory { plain: Work::of(sum), dual: Work::of(sum) }
    }
}

impl<N: Number> Work<N> {
    fn of(sum: &impl Sum) -> Work<N> {
        let count = sum.totals();
        let products = (0..count).any(|k| sum.fold(k) == Fold::Product);
        let suffixes = if products { sum.dimension() } else { 0 };
        let zeros = |count| vec![N::zero(); count];
        Work { totals: zeros(count), slopes: zeros(count), suffixes: zeros(suffixes) }
    }
}

/// f(x) from these terms; every part of ∂f/∂xⱼ goes to `add`.
fn sweep<S: Sum, N: Number>(
    sum: &S,
    terms: impl Iterator<Item = usize>,
    at: impl Fn(usize) -> N + Copy,
    mut add: impl FnMut(usize, N),
    Work { totals, slopes, suffixes }: &mut Work<N>,
) -> N {
    total(sum, at, totals);
    slopes.fill(N::zero());
    let mut f = N::zero();
    for i in terms {
        let reads = sum.reads(i);
        let (t, own) = term_and_slopes(sum, i, &reads, at, totals);
        let weight = if S::SQUARES { t * 2.0 } else { N::one() };
        f += if S::SQUARES { t * t } else { t };
        let (of_variables, of_totals) = own.split_at(reads.variables.len());
        for (j, &slope) in zip(reads.variables, of_variables) {
            add(j, weight * slope);
        }
        for (k, &slope) in zip(reads.totals, of_totals) {
            slopes[k] += weight * slope;
        }
    }
    for (k, &slope) in slopes.iter().enumerate() {
        spread(sum, k, slope, at, &mut add, suffixes);
    }
    f
}

/// Every s_k.
fn total<S: Sum, N: Number>(sum: &S, at: impl Fn(usize) -> N, totals: &mut [N]) {
    for (k, total) in totals.iter_mut().enumerate() {
        let parts = (0..sum.dimension()).map(|j| sum.part(k, j, at(j)));
        *total = match sum.fold(k) {
            Fold::Sum => parts.fold(N::zero(), |s, part| s + part),
            Fold::Product => parts.fold(N::one(), |s, part| s * part),
        };
    }
}

/// Gives slope · ∂s_k/∂xⱼ to `add`, for every j.
fn spread<S: Sum, N: Number>(
    sum: &S,
    k: usize,
    slope: N,
    at: impl Fn(usize) -> N,
    mut add: impl FnMut(usize, N),
    suffixes: &mut [N],
) {
    let n = sum.dimension();
    let part = |j: usize| sum.part(k, j, Dual::new(at(j), N::one()));
    match sum.fold(k) {
        Fold::Sum => (0..n).for_each(|j| add(j, slope * part(j).eps)),
        // Without division, since a factor may be zero.
        Fold::Product => {
            let mut after = N::one();
            for j in (0..n).rev() {
                suffixes[j] = after;
                after = part(j).re * after;
            }
            let mut before = slope;
            for (j, &after) in suffixes.iter().enumerate() {
                let part = part(j);
                add(j, before * part.eps * after);
                before *= part.re;
            }
        }
    }
}

/// tᵢ, with the roundings that it has beside its derivatives: a quotient of dual numbers is a product with
/// the reciprocal.
fn term<S: Sum>(sum: &S, i: usize, x: &[f64], totals: &[f64]) -> f64 {
    let Reads { variables, totals: read } = sum.reads(i);
    let mut inputs = [Real::new(0.0); WIDEST];
    let (count, width) = (variables.len(), variables.len() + read.len());
    for (input, &value) in zip(&mut inputs, x[variables].iter().chain(&totals[read])) {
        input.re = value;
    }
    let (x, totals) = inputs[..width].split_at(count);
    sum.term(i, x, totals).re
}

/// tᵢ, and its derivatives by the variables and then the totals that it reads.
fn term_and_slopes<S: Sum, N: Number>(
    sum: &S,
    i: usize,
    reads: &Reads,
    at: impl Fn(usize) -> N,
    totals: &[N],
) -> (N, [N; WIDEST]) {
    let (variables, width) = (reads.variables.len(), reads.variables.len() + reads.totals.len());
    let mut inputs = [Dual::new(N::zero(), N::zero()); WIDEST];
    let values = reads.variables.clone().map(at).chain(reads.totals.clone().map(|k| totals[k]));
    for (input, value) in zip(&mut inputs, values) {
        input.re = value;
    }
    let mut slopes = [N::zero(); WIDEST];
    if width == 0 {
        return (sum.term(i, &[], &[]), slopes);
    }
    let mut t = N::zero();
    for seeded in 0..width {
        inputs[seeded].eps = N::one();
        let (x, totals) = inputs[..width].split_at(variables);
        let dual = sum.term(i, x, totals);
        (t, slopes[seeded]) = (dual.re, dual.eps);
        inputs[seeded].eps = N::zero();
    }
    (t, slopes)
}
