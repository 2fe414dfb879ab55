//! One method on one problem: which point it ends at, why there, and what that cost.

use thalweg_calls::{Call, CallError};
use thalweg_minimize::{
    Gradient, Hessian, Objective, Offer, Options, Products, Residuals, Solution, method,
};
use thalweg_surfaces::Problem;

/// Minimizes `problem` from `start` by the method that `call` names.
///
/// ```
/// use thalweg_minimize::{Options, Verdict};
///
/// let wood = thalweg_surfaces::problem(&"wood".parse()?)?;
/// let lbfgs = "lbfgs(memory=5)".parse()?;
/// let solution = thalweg_study::minimize(&*wood, &lbfgs, &wood.start(), Options::default())?;
/// assert_eq!(solution.verdict, Verdict::Gradient);
/// assert!(solution.x.iter().all(|x| (x - 1.0).abs() < 1e-5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the call is wrong, or the problem does not offer what the method needs.
pub fn minimize(
    problem: &dyn Problem,
    call: &Call,
    start: &[f64],
    options: Options<'_>,
) -> Result<Solution<f64>, CallError> {
    method(call)?.minimize(&mut Offered(problem), start, options)
}

/// A problem as an objective.
struct Offered<'a>(&'a dyn Problem);

impl Objective for Offered<'_> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }
}

impl Gradient<f64> for Offered<'_> {
    fn value_and_gradient(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
        self.0.value_and_gradient(x, g)
    }
}

impl Products<f64> for Offered<'_> {
    fn product(&mut self, x: &[f64], v: &[f64], hv: &mut [f64]) {
        self.0.hessian_product(x, v, hv);
    }
}

impl Hessian<f64> for Offered<'_> {
    fn hessian(&mut self, x: &[f64], h: &mut [f64]) {
        self.0.hessian(x, h);
    }
}

impl Residuals<f64> for Offered<'_> {
    fn residual_count(&self) -> usize {
        self.0.least_squares().map_or(0, |squares| squares.residual_count())
    }

    fn residuals(&mut self, x: &[f64], r: &mut [f64]) {
        self.0.least_squares().inspect(|squares| squares.residuals(x, r));
    }

    fn jacobian(&mut self, x: &[f64], j: &mut [f64]) {
        self.0.least_squares().inspect(|squares| squares.jacobian(x, j));
    }
}

impl Offer<f64> for Offered<'_> {
    fn as_products(&mut self) -> Option<&mut dyn Products<f64>> {
        Some(self)
    }

    fn as_hessian(&mut self) -> Option<&mut dyn Hessian<f64>> {
        Some(self)
    }

    fn as_residuals(&mut self) -> Option<&mut dyn Residuals<f64>> {
        match self.0.least_squares() {
            Some(_) => Some(self),
            None => None,
        }
    }
}
