//! Functions of n variables for methods that minimise: the 35 of Moré, Garbow & Hillstrom, classical ones of
//! any size, and every surface; each in a file with its formula, source, start and known minima.
//!
//! J. J. Moré, B. S. Garbow & K. E. Hillstrom, *Testing unconstrained optimization software*, ACM TOMS 7(1),
//! 1981, <https://doi.org/10.1145/355934.355936>, is "the paper" in those files, and a problem number is its.
//! Its functions are sums of squares, f = Σ rᵢ², without a factor ½.
//!
//! ```
//! use thalweg_surfaces::problem;
//!
//! let wood = problem(&"wood".parse()?)?;
//! let mut gradient = [0.0; 4];
//! assert_eq!(wood.value_and_gradient(&[-3.0, -1.0, -3.0, -1.0], &mut gradient), 19192.0);
//!
//! // The product of the Hessian with a vector, at a cost of a few gradients.
//! let large = problem(&"rosenbrock(n=100000)".parse()?)?;
//! let (v, mut product) = (vec![1.0; 100_000], vec![0.0; 100_000]);
//! large.hessian_product(&large.start(), &v, &mut product);
//! assert_eq!(product[..2], [1810.0, 680.0]);
//!
//! let least_squares = large.least_squares().expect("it is a sum of squares");
//! assert_eq!(least_squares.residual_count(), 100_000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod ackley;
pub mod bard;
pub mod beale;
pub mod biggs_exp6;
pub mod box_3d;
pub mod brown_almost_linear;
pub mod brown_badly_scaled;
pub mod brown_dennis;
pub mod broyden_banded;
pub mod broyden_tridiagonal;
pub mod chained_rosenbrock;
pub mod chebyquad;
pub mod discrete_boundary_value;
pub mod discrete_integral_equation;
pub mod dixon_price;
pub mod ellipsoid;
pub mod freudenstein_roth;
pub mod gaussian;
pub mod griewank;
pub mod gulf;
pub mod helical_valley;
pub mod jennrich_sampson;
pub mod kowalik_osborne;
pub mod levy;
pub mod linear_full_rank;
pub mod linear_rank_1;
pub mod linear_rank_1_zero;
pub mod meyer;
pub mod osborne_1;
pub mod osborne_2;
pub mod penalty_1;
pub mod penalty_2;
pub mod powell_badly_scaled;
pub mod powell_singular;
pub mod quadratic;
pub mod rastrigin;
pub mod rosenbrock;
pub mod schwefel;
pub mod sphere;
pub mod styblinski_tang;
pub mod sum_of_powers;
pub mod trid;
pub mod trigonometric;
pub mod variably_dimensioned;
pub mod watson;
pub mod wood;
pub mod zakharov;

mod plane;
mod sum;

use std::fmt::Debug;
use std::ops::RangeInclusive;

use thalweg_calls::{Arguments, Call, CallError, Vocabulary, Word};

use crate::{TABLE as SURFACE_TABLE, surface};
use plane::Plane;
use sum::{Sum, Summed};

/// A twice differentiable function f of n variables, in f64.
///
/// No function value panics: far away it may overflow to infinity, and derivatives then to NaN.
///
/// # Panics
///
/// Every method, if a slice does not have the length that it is said to have.
pub trait Problem: Debug + Send + Sync {
    /// The formula, for people.
    fn formula(&self) -> &'static str;

    /// n, how many variables there are.
    fn dimension(&self) -> usize;

    /// Where a run starts when nothing else is said: n values.
    fn start(&self) -> Vec<f64>;

    /// The minima that are known, the global ones first. It need not be all of them.
    fn minima(&self) -> Vec<Minimum>;

    /// f(x).
    fn value(&self, x: &[f64]) -> f64;

    /// f(x), with ∇f(x) written to `gradient`, n values.
    fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64;

    /// Writes H v to `product`, n values, H being the second derivatives at x.
    fn hessian_product(&self, x: &[f64], v: &[f64], product: &mut [f64]);

    /// Writes the second derivatives at x to `hessian`, n × n values, exactly symmetric.
    fn hessian(&self, x: &[f64], hessian: &mut [f64]);

    /// The residuals, if f is the sum of their squares.
    fn least_squares(&self) -> Option<&dyn LeastSquares> {
        None
    }
}

/// The residuals r of a function f = Σ rᵢ², i = 1, …, m.
///
/// # Panics
///
/// Every method, if a slice does not have the length that it is said to have.
pub trait LeastSquares {
    /// m, how many residuals there are.
    fn residual_count(&self) -> usize;

    /// Writes r(x) to `residuals`, m values.
    fn residuals(&self, x: &[f64], residuals: &mut [f64]);

    /// Writes ∂rᵢ/∂xⱼ to `jacobian`, m × n values, those of one residual beside each other.
    fn jacobian(&self, x: &[f64], jacobian: &mut [f64]);
}

/// A minimum, or a value that f approaches from above.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// Where, to the last digits of f64; `None` if the value alone is known, or if it is at infinity.
    pub at: Option<Vec<f64>>,
    /// f there.
    pub value: f64,
    /// Whether f is nowhere lower.
    pub global: bool,
    /// What f does around it.
    pub kind: MinimumKind,
}

/// What a function does around a minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinimumKind {
    /// All eigenvalues of the Hessian are positive.
    Regular,
    /// An eigenvalue of the Hessian is zero: methods of second order are slow here, or the minimum is one of
    /// a curve.
    Singular,
    /// f has no gradient here.
    Kink,
    /// At infinity.
    Infinite,
}

impl Minimum {
    pub(crate) fn global(at: Vec<f64>, value: f64) -> Minimum {
        Minimum { at: Some(at), value, global: true, kind: MinimumKind::Regular }
    }

    pub(crate) fn local(at: Vec<f64>, value: f64) -> Minimum {
        Minimum { global: false, ..Minimum::global(at, value) }
    }

    /// A global minimum whose place has no closed form, and depends on the size.
    pub(crate) fn somewhere(value: f64) -> Minimum {
        Minimum { at: None, value, global: true, kind: MinimumKind::Regular }
    }

    pub(crate) fn at_infinity(value: f64) -> Minimum {
        Minimum { at: None, value, global: false, kind: MinimumKind::Infinite }
    }

    pub(crate) fn kind(self, kind: MinimumKind) -> Minimum {
        Minimum { kind, ..self }
    }
}

/// The words that [`problem`] knows: those of this module, and those of [`SURFACES`](crate::SURFACES).
///
/// `rosenbrock` and `beale` are sums of squares here, and start where the paper does.
pub static PROBLEMS: Vocabulary = Vocabulary::new("problem", &WORDS);

/// The problem that a call names; `_` in its name is read as `-`.
///
/// # Errors
///
/// If the name or an argument is unknown (the nearest known one is suggested) or out of range, and if a
/// vector of the size asked for cannot be had.
///
/// ```
/// use thalweg_surfaces::problem;
///
/// assert_eq!(problem(&"chebyquad(n=9)".parse()?)?.dimension(), 9);
/// assert_eq!(problem(&"six_hump_camel".parse()?)?.dimension(), 2);
///
/// let error = problem(&"powell-singular(n=6)".parse()?).unwrap_err();
/// assert_eq!(error.to_string(), "powell-singular(n=6): n must be a multiple of 4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn problem(call: &Call) -> Result<Box<dyn Problem>, CallError> {
    let arguments = PROBLEMS.resolve(&call.hyphenated())?;
    match TABLE.iter().find(|(word, _)| word.name == arguments.name()) {
        Some((_, make)) => make(&arguments),
        None => Ok(Box::new(Plane(surface(call)?))),
    }
}

/// The most variables that a problem has where nothing else limits it: vectors of 0.8 GB.
pub(crate) const MOST: usize = 100_000_000;

/// The most variables where an evaluation costs n² or more.
pub(crate) const MOST_DENSE: usize = 1000;

/// A size from the arguments.
pub(crate) fn size(
    arguments: &Arguments,
    name: &str,
    range: RangeInclusive<usize>,
) -> Result<usize, CallError> {
    let size = arguments.number(name) as usize;
    if range.contains(&size) {
        return Ok(size);
    }
    let (least, most) = range.into_inner();
    Err(out_of_range(arguments, name, size, &format!("from {least} to {most}")))
}

/// The argument n, which counts groups of variables.
pub(crate) fn size_in_groups(arguments: &Arguments, group: usize) -> Result<usize, CallError> {
    let n = size(arguments, "n", group..=MOST)?;
    if n.is_multiple_of(group) {
        return Ok(n);
    }
    Err(out_of_range(arguments, "n", n, &format!("a multiple of {group}")))
}

fn out_of_range(arguments: &Arguments, name: &str, size: usize, must: &str) -> CallError {
    CallError::new(format!("{}({name}={size}): {name} must be {must}", arguments.name()))
}

/// Makes a problem from arguments of its word.
type Make = fn(&Arguments) -> Result<Box<dyn Problem>, CallError>;

/// A sum as a problem, if vectors of its size can be had.
fn summed<S: Sum + 'static>(sum: S) -> Result<Box<dyn Problem>, CallError> {
    let n = sum.dimension();
    match Vec::<f64>::new().try_reserve_exact(n) {
        Ok(()) => Ok(Box::new(Summed::new(sum))),
        Err(_) => Err(CallError::new(format!("{sum:?}: there is no memory for {n} variables"))),
    }
}

const TABLE: [(&Word, Make); 47] = [
    (&rosenbrock::WORD, |arguments| summed(rosenbrock::Rosenbrock::new(arguments)?)),
    (&freudenstein_roth::WORD, |_| summed(freudenstein_roth::FreudensteinRoth)),
    (&powell_badly_scaled::WORD, |_| summed(powell_badly_scaled::PowellBadlyScaled)),
    (&brown_badly_scaled::WORD, |_| summed(brown_badly_scaled::BrownBadlyScaled)),
    (&beale::WORD, |_| summed(beale::Beale)),
    (&jennrich_sampson::WORD, |arguments| {
        summed(jennrich_sampson::JennrichSampson::new(arguments)?)
    }),
    (&helical_valley::WORD, |_| summed(helical_valley::HelicalValley)),
    (&bard::WORD, |_| summed(bard::Bard)),
    (&gaussian::WORD, |_| summed(gaussian::Gaussian)),
    (&meyer::WORD, |_| summed(meyer::Meyer)),
    (&gulf::WORD, |arguments| summed(gulf::Gulf::new(arguments)?)),
    (&box_3d::WORD, |arguments| summed(box_3d::Box3d::new(arguments)?)),
    (&powell_singular::WORD, |arguments| summed(powell_singular::PowellSingular::new(arguments)?)),
    (&wood::WORD, |_| summed(wood::Wood)),
    (&kowalik_osborne::WORD, |_| summed(kowalik_osborne::KowalikOsborne)),
    (&brown_dennis::WORD, |arguments| summed(brown_dennis::BrownDennis::new(arguments)?)),
    (&osborne_1::WORD, |_| summed(osborne_1::Osborne1)),
    (&biggs_exp6::WORD, |arguments| summed(biggs_exp6::BiggsExp6::new(arguments)?)),
    (&osborne_2::WORD, |_| summed(osborne_2::Osborne2)),
    (&watson::WORD, |arguments| summed(watson::Watson::new(arguments)?)),
    (&penalty_1::WORD, |arguments| summed(penalty_1::Penalty1::new(arguments)?)),
    (&penalty_2::WORD, |arguments| summed(penalty_2::Penalty2::new(arguments)?)),
    (&variably_dimensioned::WORD, |arguments| {
        summed(variably_dimensioned::VariablyDimensioned::new(arguments)?)
    }),
    (&trigonometric::WORD, |arguments| summed(trigonometric::Trigonometric::new(arguments)?)),
    (&brown_almost_linear::WORD, |arguments| {
        summed(brown_almost_linear::BrownAlmostLinear::new(arguments)?)
    }),
    (&discrete_boundary_value::WORD, |arguments| {
        summed(discrete_boundary_value::DiscreteBoundaryValue::new(arguments)?)
    }),
    (&discrete_integral_equation::WORD, |arguments| {
        summed(discrete_integral_equation::DiscreteIntegralEquation::new(arguments)?)
    }),
    (&broyden_tridiagonal::WORD, |arguments| {
        summed(broyden_tridiagonal::BroydenTridiagonal::new(arguments)?)
    }),
    (&broyden_banded::WORD, |arguments| summed(broyden_banded::BroydenBanded::new(arguments)?)),
    (&linear_full_rank::WORD, |arguments| {
        summed(linear_full_rank::LinearFullRank::new(arguments)?)
    }),
    (&linear_rank_1::WORD, |arguments| summed(linear_rank_1::LinearRank1::new(arguments)?)),
    (&linear_rank_1_zero::WORD, |arguments| {
        summed(linear_rank_1_zero::LinearRank1Zero::new(arguments)?)
    }),
    (&chebyquad::WORD, |arguments| summed(chebyquad::Chebyquad::new(arguments)?)),
    (&sphere::WORD, |arguments| summed(sphere::Sphere::new(arguments)?)),
    (&ellipsoid::WORD, |arguments| summed(ellipsoid::Ellipsoid::new(arguments)?)),
    (&quadratic::WORD, |arguments| summed(quadratic::Quadratic::new(arguments)?)),
    (&sum_of_powers::WORD, |arguments| summed(sum_of_powers::SumOfPowers::new(arguments)?)),
    (&chained_rosenbrock::WORD, |arguments| {
        summed(chained_rosenbrock::ChainedRosenbrock::new(arguments)?)
    }),
    (&dixon_price::WORD, |arguments| summed(dixon_price::DixonPrice::new(arguments)?)),
    (&trid::WORD, |arguments| summed(trid::Trid::new(arguments)?)),
    (&zakharov::WORD, |arguments| summed(zakharov::Zakharov::new(arguments)?)),
    (&styblinski_tang::WORD, |arguments| summed(styblinski_tang::StyblinskiTang::new(arguments)?)),
    (&rastrigin::WORD, |arguments| summed(rastrigin::Rastrigin::new(arguments)?)),
    (&ackley::WORD, |arguments| summed(ackley::Ackley::new(arguments)?)),
    (&griewank::WORD, |arguments| summed(griewank::Griewank::new(arguments)?)),
    (&levy::WORD, |arguments| summed(levy::Levy::new(arguments)?)),
    (&schwefel::WORD, |arguments| summed(schwefel::Schwefel::new(arguments)?)),
];

/// Surfaces that have words of their own here: the first of their table.
const REPLACED: usize = 2;

const WORDS: [&Word; TABLE.len() + SURFACE_TABLE.len() - REPLACED] = {
    let mut words = [TABLE[0].0; TABLE.len() + SURFACE_TABLE.len() - REPLACED];
    let mut i = 0;
    while i < words.len() {
        words[i] =
            if i < TABLE.len() { TABLE[i].0 } else { SURFACE_TABLE[i - TABLE.len() + REPLACED].0 };
        i += 1;
    }
    words
};
