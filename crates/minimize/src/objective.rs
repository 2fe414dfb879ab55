//! What is minimized: f, and as much of ∇f, H·v and H as it offers, which its type says.
//!
//! ```text
//! Objective ── Value       f(x)
//!     │   └─── Gradient    f(x) and ∇f(x) ──┬── Products   H(x)·v
//!     │                                     └── Hessian    H(x)
//!     └─────── Residuals   r(x) and J(x), where f = ‖r‖²
//! ```
//!
//! Closures become objectives by [`function`] and [`residuals`]; an objective that knows only its values gets
//! a gradient by [`differences`].

use thalweg_matrix::Scalar;

/// A function of a fixed number of coordinates.
pub trait Objective {
    /// n, the number of coordinates.
    fn dimension(&self) -> usize;
}

/// A function that knows its values.
pub trait Value<T>: Objective {
    /// f(x). Where f is not defined it is NaN or infinite; a method then looks elsewhere.
    fn value(&mut self, x: &[T]) -> f64;
}

/// A function that knows its gradient.
pub trait Gradient<T>: Objective {
    /// f(x), and g ← ∇f(x). What was in `g` does not count.
    fn value_and_gradient(&mut self, x: &[T], g: &mut [T]) -> f64;
}

/// A function that knows products with its Hessian, which cost about as much as a gradient.
pub trait Products<T>: Gradient<T> {
    /// hv ← H(x)·v
    fn product(&mut self, x: &[T], v: &[T], hv: &mut [T]);
}

/// A function that knows its Hessian, n² numbers.
pub trait Hessian<T>: Gradient<T> {
    /// h ← H(x), symmetric, n by n.
    fn hessian(&mut self, x: &[T], h: &mut [T]);
}

/// A sum of squares f(x) = ‖r(x)‖² = Σ rᵢ(x)², whose parts are known.
pub trait Residuals<T>: Objective {
    /// m, the number of residuals.
    fn residual_count(&self) -> usize;

    /// r ← r(x)
    fn residuals(&mut self, x: &[T], r: &mut [T]);

    /// j ← J(x) = ∂r/∂x, m by n, row by row.
    fn jacobian(&mut self, x: &[T], j: &mut [T]);
}

/// An objective from a closure that gives f(x) and writes ∇f(x).
///
/// ```
/// use thalweg_minimize::{Gradient, function};
///
/// let mut bowl = function(2, |x: &[f64], g: &mut [f64]| {
///     g.copy_from_slice(&[x[0], 4.0 * x[1]]);
///     0.5 * x[0] * x[0] + 2.0 * x[1] * x[1]
/// });
/// let mut g = [0.0; 2];
/// assert_eq!(bowl.value_and_gradient(&[1.0, 1.0], &mut g), 2.5);
/// assert_eq!(g, [1.0, 4.0]);
/// ```
pub fn function<T, F: FnMut(&[T], &mut [T]) -> f64>(n: usize, f: F) -> Function<F> {
    Function { n, f }
}

/// What [`function`] gives.
#[derive(Clone, Debug)]
pub struct Function<F> {
    n: usize,
    f: F,
}

impl<F> Objective for Function<F> {
    fn dimension(&self) -> usize {
        self.n
    }
}

impl<T, F: FnMut(&[T], &mut [T]) -> f64> Gradient<T> for Function<F> {
    fn value_and_gradient(&mut self, x: &[T], g: &mut [T]) -> f64 {
        (self.f)(x, g)
    }
}

impl<F> Function<F> {
    /// The same objective, with products from a closure that gets x and v and writes H(x)·v.
    pub fn with_products<T, P: FnMut(&[T], &[T], &mut [T])>(self, p: P) -> WithProducts<Self, P> {
        WithProducts { objective: self, p }
    }

    /// The same objective, with the Hessian from a closure that gets x and writes H(x).
    pub fn with_hessian<T, H: FnMut(&[T], &mut [T])>(self, h: H) -> WithHessian<Self, H> {
        WithHessian { objective: self, h }
    }
}

/// An objective with products beside it.
#[derive(Clone, Debug)]
pub struct WithProducts<F, P> {
    objective: F,
    p: P,
}

impl<F, P> WithProducts<F, P> {
    /// The same objective, with the Hessian from a closure that gets x and writes H(x).
    pub fn with_hessian<T, H: FnMut(&[T], &mut [T])>(self, h: H) -> WithHessian<Self, H> {
        WithHessian { objective: self, h }
    }
}

impl<F: Objective, P> Objective for WithProducts<F, P> {
    fn dimension(&self) -> usize {
        self.objective.dimension()
    }
}

impl<T, F: Gradient<T>, P> Gradient<T> for WithProducts<F, P> {
    fn value_and_gradient(&mut self, x: &[T], g: &mut [T]) -> f64 {
        self.objective.value_and_gradient(x, g)
    }
}

impl<T, F: Gradient<T>, P: FnMut(&[T], &[T], &mut [T])> Products<T> for WithProducts<F, P> {
    fn product(&mut self, x: &[T], v: &[T], hv: &mut [T]) {
        (self.p)(x, v, hv);
    }
}

/// An objective with its Hessian beside it.
#[derive(Clone, Debug)]
pub struct WithHessian<F, H> {
    objective: F,
    h: H,
}

impl<F: Objective, H> Objective for WithHessian<F, H> {
    fn dimension(&self) -> usize {
        self.objective.dimension()
    }
}

impl<T, F: Gradient<T>, H> Gradient<T> for WithHessian<F, H> {
    fn value_and_gradient(&mut self, x: &[T], g: &mut [T]) -> f64 {
        self.objective.value_and_gradient(x, g)
    }
}

impl<T, F: Products<T>, H> Products<T> for WithHessian<F, H> {
    fn product(&mut self, x: &[T], v: &[T], hv: &mut [T]) {
        self.objective.product(x, v, hv);
    }
}

impl<T, F: Gradient<T>, H: FnMut(&[T], &mut [T])> Hessian<T> for WithHessian<F, H> {
    fn hessian(&mut self, x: &[T], h: &mut [T]) {
        (self.h)(x, h);
    }
}

/// A sum of squares of `m` residuals from two closures: one writes r(x), the other J(x), row by row.
pub fn residuals<T, R: FnMut(&[T], &mut [T]), J: FnMut(&[T], &mut [T])>(
    n: usize,
    m: usize,
    r: R,
    j: J,
) -> Squares<R, J> {
    Squares { n, m, r, j }
}

/// What [`residuals`] gives.
#[derive(Clone, Debug)]
pub struct Squares<R, J> {
    n: usize,
    m: usize,
    r: R,
    j: J,
}

impl<R, J> Objective for Squares<R, J> {
    fn dimension(&self) -> usize {
        self.n
    }
}

impl<T, R: FnMut(&[T], &mut [T]), J: FnMut(&[T], &mut [T])> Residuals<T> for Squares<R, J> {
    fn residual_count(&self) -> usize {
        self.m
    }

    fn residuals(&mut self, x: &[T], r: &mut [T]) {
        (self.r)(x, r);
    }

    fn jacobian(&mut self, x: &[T], j: &mut [T]) {
        (self.j)(x, j);
    }
}

/// The gradient of a function that knows only its values, by central differences: 2n values for one gradient,
/// right to about two thirds of the digits of f.
///
/// ```
/// use thalweg_minimize::{Gradient, Objective, Value, differences};
///
/// struct Cube;
/// impl Objective for Cube {
///     fn dimension(&self) -> usize {
///         1
///     }
/// }
/// impl Value<f64> for Cube {
///     fn value(&mut self, x: &[f64]) -> f64 {
///         x[0].powi(3)
///     }
/// }
///
/// let mut g = [0.0];
/// assert_eq!(differences(Cube).value_and_gradient(&[2.0], &mut g), 8.0);
/// assert!((g[0] - 12.0).abs() < 1e-8);
/// ```
pub fn differences<T, F: Value<T>>(objective: F) -> Differences<T, F> {
    Differences { x: Vec::with_capacity(objective.dimension()), objective }
}

/// What [`differences`] gives.
#[derive(Clone, Debug)]
pub struct Differences<T, F> {
    objective: F,
    x: Vec<T>,
}

impl<T, F: Objective> Objective for Differences<T, F> {
    fn dimension(&self) -> usize {
        self.objective.dimension()
    }
}

impl<T: Scalar, F: Value<T>> Gradient<T> for Differences<T, F> {
    fn value_and_gradient(&mut self, x: &[T], g: &mut [T]) -> f64 {
        self.x.clear();
        self.x.extend_from_slice(x);
        // h = u^(1/3)·max(1, |x|) balances the rounding of f with the third derivative; Nocedal & Wright, 8.1.
        let share: f64 = T::UNIT.into().cbrt();
        for (i, g) in g.iter_mut().enumerate() {
            let here: f64 = x[i].into();
            let h = share * here.abs().max(1.0);
            let [high, low] = [T::rounded(here + h), T::rounded(here - h)];
            self.x[i] = high;
            let above = self.objective.value(&self.x);
            self.x[i] = low;
            let below = self.objective.value(&self.x);
            self.x[i] = x[i];
            *g = T::rounded((above - below) / (high.into() - low.into()));
        }
        self.objective.value(x)
    }
}

/// How often an objective was asked, and for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Values f(x), or residuals r(x).
    pub values: usize,
    /// Gradients ∇f(x), or Jacobians J(x).
    pub gradients: usize,
    /// Products H·v.
    pub products: usize,
    /// Hessians H.
    pub hessians: usize,
}

impl Counts {
    /// What a bound on evaluations counts: values, since a gradient comes with one, products, which cost about
    /// as much, and Hessians.
    pub fn evaluations(&self) -> usize {
        self.values + self.products + self.hessians
    }
}

/// An objective and how often it was asked.
#[derive(Debug)]
pub struct Counted<'a, F: ?Sized> {
    objective: &'a mut F,
    counts: Counts,
}

impl<'a, F: ?Sized> Counted<'a, F> {
    /// An objective that was not asked yet.
    pub fn new(objective: &'a mut F) -> Self {
        Counted { objective, counts: Counts::default() }
    }

    /// How often it was asked.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// n, the number of coordinates.
    pub fn dimension(&self) -> usize
    where
        F: Objective,
    {
        self.objective.dimension()
    }

    /// f(x), and g ← ∇f(x).
    pub fn value_and_gradient<T>(&mut self, x: &[T], g: &mut [T]) -> f64
    where
        F: Gradient<T>,
    {
        self.counts.values += 1;
        self.counts.gradients += 1;
        self.objective.value_and_gradient(x, g)
    }

    /// hv ← H(x)·v
    pub fn product<T>(&mut self, x: &[T], v: &[T], hv: &mut [T])
    where
        F: Products<T>,
    {
        self.counts.products += 1;
        self.objective.product(x, v, hv);
    }

    /// h ← H(x)
    pub fn hessian<T>(&mut self, x: &[T], h: &mut [T])
    where
        F: Hessian<T>,
    {
        self.counts.hessians += 1;
        self.objective.hessian(x, h);
    }

    /// r ← r(x)
    pub fn residuals<T>(&mut self, x: &[T], r: &mut [T])
    where
        F: Residuals<T>,
    {
        self.counts.values += 1;
        self.objective.residuals(x, r);
    }

    /// j ← J(x)
    pub fn jacobian<T>(&mut self, x: &[T], j: &mut [T])
    where
        F: Residuals<T>,
    {
        self.counts.gradients += 1;
        self.objective.jacobian(x, j);
    }
}
