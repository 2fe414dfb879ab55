//! The methods people call by name, each a direction and a search along it.

use thalweg_calls::{Arguments, Call, CallError, Parameter, Range, Vocabulary, Word};
use thalweg_matrix::Scalar;

use crate::direction::{
    Beta, ConjugateGradient, Direction, SteepestDescent, bfgs, lbfgs, newton, newton_cg,
    saddle_free_newton,
};
use crate::search::{
    Backtracking, Fixed, HagerZhang, Interpolation, MoreThuente, Search, StrongWolfe,
};
use crate::{
    Gradient, Hessian, LbfgsB, LevenbergMarquardt, LineSearch, Method, Options, Products,
    Residuals, Solution, Steps, TrustRegion,
};

/// An objective behind a pointer, which says when asked what else it offers.
pub trait Offer<T>: Gradient<T> {
    /// The same objective, if it knows products with its Hessian.
    fn as_products(&mut self) -> Option<&mut dyn Products<T>> {
        None
    }

    /// The same objective, if it knows its Hessian.
    fn as_hessian(&mut self) -> Option<&mut dyn Hessian<T>> {
        None
    }

    /// The same objective, if it is a sum of squares.
    fn as_residuals(&mut self) -> Option<&mut dyn Residuals<T>> {
        None
    }
}

/// A method that was called by its name.
pub struct Named<T> {
    call: Call,
    method: Needs<T>,
}

/// A method, and what its objectives have to offer.
enum Needs<T> {
    Gradient(Box<dyn for<'a> Method<T, dyn Gradient<T> + 'a>>),
    Products(Box<dyn for<'a> Method<T, dyn Products<T> + 'a>>),
    Hessian(Box<dyn for<'a> Method<T, dyn Hessian<T> + 'a>>),
    Residuals(Box<dyn for<'a> Method<T, dyn Residuals<T> + 'a>>),
}

/// The method that `call` names, in numbers of the type `T`; `_` in a word is read as `-`.
///
/// ```
/// use thalweg_minimize::{Gradient, Objective, Offer, Options, method};
///
/// struct Bowl;
/// impl Objective for Bowl {
///     fn dimension(&self) -> usize {
///         2
///     }
/// }
/// impl Gradient<f64> for Bowl {
///     fn value_and_gradient(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
///         g.copy_from_slice(&[2.0 * x[0], 20.0 * x[1]]);
///         x[0] * x[0] + 10.0 * x[1] * x[1]
///     }
/// }
/// impl Offer<f64> for Bowl {}
///
/// let mut lbfgs = method::<f64>(&"lbfgs(memory=5, search=more_thuente, c2=0.5)".parse()?)?;
/// let solution = lbfgs.minimize(&mut Bowl, &[3.0, 1.0], Options::default())?;
/// assert!(solution.is_solved());
///
/// let error = method::<f64>(&"newton".parse()?)?
///     .minimize(&mut Bowl, &[3.0, 1.0], Options::default())
///     .unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "newton needs the Hessian, which the objective does not offer; lbfgs needs its gradient alone"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If a word or an argument is unknown, missing, or out of range.
pub fn method<T: Scalar>(call: &Call) -> Result<Named<T>, CallError> {
    let a = METHODS.resolve(&call.hyphenated())?;
    let count = |name: &str| a.number(name) as usize;
    let method = match a.name() {
        "gradient-descent" => first_order(SteepestDescent, &a)?,
        "conjugate-gradient" => {
            let beta = match a.choice("beta") {
                "fletcher-reeves" => Beta::FletcherReeves,
                "polak-ribiere" => Beta::PolakRibiere,
                _ => Beta::HagerZhang,
            };
            first_order(ConjugateGradient { beta }, &a)?
        }
        "bfgs" => {
            let mut direction = bfgs();
            direction.damped = a.switch("damped");
            first_order(direction, &a)?
        }
        "lbfgs" => first_order(lbfgs::<T>(memory(&a)?), &a)?,
        "lbfgs-b" => {
            let [lower, upper] = ["lower", "upper"].map(|name| a.number(name));
            if lower > upper {
                return Err(CallError::new(format!(
                    "lbfgs-b: lower = {lower} is above upper = {upper}"
                )));
            }
            let (memory, search) = (memory(&a)?, search(&a)?);
            Needs::Gradient(Box::new(InBox { memory, lower, upper, search }))
        }
        "newton" => {
            Needs::Hessian(Box::new(LineSearch { direction: newton(), search: search(&a)? }))
        }
        "saddle-free-newton" => {
            let direction = saddle_free_newton();
            Needs::Hessian(Box::new(LineSearch { direction, search: search(&a)? }))
        }
        "newton-cg" => {
            let mut direction = newton_cg(count("products"));
            direction.forcing = a.number("forcing");
            Needs::Products(Box::new(LineSearch { direction, search: search(&a)? }))
        }
        "trust-region" => {
            let [radius, largest, eta, forcing] =
                ["radius", "largest", "eta", "forcing"].map(|name| a.number(name));
            if radius > largest {
                return Err(CallError::new(format!(
                    "trust-region: radius = {radius} is above largest = {largest}"
                )));
            }
            if eta >= 0.25 {
                return Err(CallError::new(format!(
                    "trust-region(eta={eta}): eta must be below 0.25, where the radius shrinks"
                )));
            }
            let products = count("products");
            Needs::Products(Box::new(TrustRegion { radius, largest, eta, products, forcing }))
        }
        "gauss-newton" => Needs::Residuals(Box::new(LevenbergMarquardt { damping: 0.0 })),
        "levenberg-marquardt" => {
            Needs::Residuals(Box::new(LevenbergMarquardt { damping: a.number("damping") }))
        }
        name => unreachable!("the vocabulary has no method {name}"),
    };
    Ok(Named { call: a.brief(), method })
}

impl<T: Scalar> Named<T> {
    /// The call, with what differs from the defaults.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Minimizes from `start`.
    ///
    /// # Errors
    ///
    /// If the objective does not offer what the method needs, or has so many coordinates that a matrix of them
    /// is out of the question.
    pub fn minimize(
        &mut self,
        objective: &mut dyn Offer<T>,
        start: &[T],
        options: Options<'_>,
    ) -> Result<Solution<T>, CallError> {
        let name = &self.call.name;
        let missing = |what: &str| {
            CallError::new(format!(
                "{name} needs {what}, which the objective does not offer; lbfgs needs its gradient alone"
            ))
        };
        let n = objective.dimension();
        if self.keeps_matrices() && n > LARGEST_DENSE {
            return Err(CallError::new(format!(
                "{name} keeps matrices of n² numbers, each {:.3e} bytes for n = {n}; lbfgs and newton-cg keep a \
                 few vectors",
                (n as f64).powi(2) * 8.0
            )));
        }
        Ok(match &mut self.method {
            Needs::Gradient(method) => method.minimize(objective, start, options),
            Needs::Products(method) => {
                let objective = objective.as_products();
                let objective = objective.ok_or_else(|| missing("products with the Hessian"))?;
                method.minimize(objective, start, options)
            }
            Needs::Hessian(method) => {
                let objective = objective.as_hessian().ok_or_else(|| missing("the Hessian"))?;
                method.minimize(objective, start, options)
            }
            Needs::Residuals(method) => {
                let objective = objective.as_residuals().ok_or_else(|| missing("residuals"))?;
                method.minimize(objective, start, options)
            }
        })
    }
}

/// The most coordinates of which a method may keep a matrix: 8 GiB in `f64`.
const LARGEST_DENSE: usize = 1 << 15;

impl<T> Named<T> {
    fn keeps_matrices(&self) -> bool {
        match self.method {
            Needs::Gradient(_) => self.call.name == "bfgs",
            Needs::Products(_) => false,
            Needs::Hessian(_) | Needs::Residuals(_) => true,
        }
    }
}

/// The steps of the method that `call` names, one at a time from `start`: those of L-BFGS.
///
/// # Errors
///
/// If a word or an argument is unknown or out of range, or the method is another one.
pub fn steps<T: Scalar>(call: &Call, start: &[T]) -> Result<Steps<T>, CallError> {
    let a = METHODS.resolve(&call.hyphenated())?;
    match a.name() {
        "lbfgs" => Ok(Steps::new(memory(&a)?, search(&a)?, start)),
        name => Err(CallError::new(format!("{name} takes no steps on batches; lbfgs does"))),
    }
}

/// L-BFGS-B with the same bounds on all coordinates.
struct InBox {
    memory: usize,
    lower: f64,
    upper: f64,
    search: Box<dyn Search>,
}

impl<T: Scalar, F: Gradient<T> + ?Sized> Method<T, F> for InBox {
    fn minimize(&mut self, objective: &mut F, start: &[T], options: Options<'_>) -> Solution<T> {
        let n = objective.dimension();
        let bounds = [self.lower, self.upper].map(|bound| vec![T::rounded(bound); n]);
        let [lower, upper] = bounds;
        let method = LbfgsB::new(self.memory, lower, upper, &self.search);
        let mut method = method.expect("the bounds were compared when the method was named");
        method.minimize(objective, start, options)
    }
}

fn first_order<T: Scalar>(
    direction: impl for<'a> Direction<T, dyn Gradient<T> + 'a> + 'static,
    a: &Arguments,
) -> Result<Needs<T>, CallError> {
    Ok(Needs::Gradient(Box::new(LineSearch { direction, search: search(a)? })))
}

/// The most steps that are kept: their products with each other are a matrix of so many rows.
const LARGEST_MEMORY: usize = 1000;

fn memory(a: &Arguments) -> Result<usize, CallError> {
    match a.number("memory") as usize {
        memory if memory > LARGEST_MEMORY => Err(CallError::new(format!(
            "{}(memory={memory}): memory must be at most {LARGEST_MEMORY}",
            a.name()
        ))),
        memory => Ok(memory),
    }
}

/// The search along the directions of a method.
fn search(method: &Arguments) -> Result<Box<dyn Search>, CallError> {
    let a = SEARCHES.resolve(method.call("search"))?;
    let name = a.name();
    let evaluations = if a.has("evaluations") { a.number("evaluations") as usize } else { 1 };
    // What was not written is the search's own.
    let given = |of: &str, own: f64| match method.number(of) {
        0.0 => own,
        given => given,
    };
    let conditions = |own: [f64; 2]| {
        let (c1, c2) = (given("c1", own[0]), given("c2", own[1]));
        if c1 >= c2 {
            return Err(CallError::new(format!(
                "{}: c1 = {c1} must be below c2 = {c2}, or no step may have both conditions",
                method.name()
            )));
        }
        Ok((c1, c2))
    };
    // Conjugate directions need the slope nearly gone; Nocedal & Wright, 5.2.
    let c2 = if method.name() == "conjugate-gradient" { 0.1 } else { 0.9 };
    Ok(match name {
        "strong-wolfe" => {
            let (c1, c2) = conditions([1e-4, c2])?;
            let growth = a.number("growth");
            if growth < 1.0 {
                return Err(CallError::new(format!(
                    "strong-wolfe(growth={growth}): growth must be at least 1"
                )));
            }
            Box::new(StrongWolfe { c1, c2, growth, evaluations })
        }
        "more-thuente" => {
            let (c1, c2) = conditions([1e-4, c2])?;
            Box::new(MoreThuente { c1, c2, evaluations })
        }
        "hager-zhang" => {
            let (c1, c2) = conditions([0.1, 0.9])?;
            if c1 >= 0.5 {
                return Err(CallError::new(format!(
                    "{}: c1 = {c1} must be below 0.5 for hager-zhang",
                    method.name()
                )));
            }
            let [epsilon, gamma, rho] = ["epsilon", "gamma", "rho"].map(|name| a.number(name));
            if rho <= 1.0 {
                return Err(CallError::new(format!(
                    "hager-zhang(rho={rho}): rho must be above 1, or nothing is bracketed"
                )));
            }
            Box::new(HagerZhang { c1, c2, epsilon, gamma, rho, evaluations })
        }
        "backtracking" => {
            let interpolation = match a.choice("interpolation") {
                "halving" => Interpolation::Halving,
                "quadratic" => Interpolation::Quadratic,
                _ => Interpolation::Cubic,
            };
            Box::new(Backtracking { c1: given("c1", 1e-4), interpolation, evaluations })
        }
        "fixed" => Box::new(Fixed { step: a.number("step") }),
        name => unreachable!("the vocabulary has no search {name}"),
    })
}

/// The words that [`method`] knows.
pub static METHODS: Vocabulary = Vocabulary {
    kind: "method",
    words: &[
        &GRADIENT_DESCENT,
        &CONJUGATE_GRADIENT,
        &BFGS,
        &LBFGS,
        &LBFGS_B,
        &NEWTON,
        &NEWTON_CG,
        &SADDLE_FREE_NEWTON,
        &TRUST_REGION,
        &GAUSS_NEWTON,
        &LEVENBERG_MARQUARDT,
    ],
    shared: &[
        Parameter::call("search", "search", "strong-wolfe", "how far along a direction"),
        Parameter::number(
            "c1",
            0.0,
            Range::Fraction,
            "the share of the slope's promise that a value has to keep; 0 is the search's own",
        ),
        Parameter::number(
            "c2",
            0.0,
            Range::Fraction,
            "the share of the slope that may be left; 0 is the search's own",
        ),
    ],
    sharing: &[
        &GRADIENT_DESCENT,
        &CONJUGATE_GRADIENT,
        &BFGS,
        &LBFGS,
        &LBFGS_B,
        &NEWTON,
        &NEWTON_CG,
        &SADDLE_FREE_NEWTON,
    ],
};

/// The words for searches.
pub static SEARCHES: Vocabulary =
    Vocabulary::new("search", &[&STRONG_WOLFE, &MORE_THUENTE, &HAGER_ZHANG, &BACKTRACKING, &FIXED]);

static GRADIENT_DESCENT: Word =
    Word { name: "gradient-descent", about: "down the gradient", parameters: &[] };

static CONJUGATE_GRADIENT: Word = Word {
    name: "conjugate-gradient",
    about: "nonlinear conjugate gradients",
    parameters: &[Parameter::choice(
        "beta",
        &["hager-zhang", "polak-ribiere", "fletcher-reeves"],
        "how much of the direction before is kept",
    )],
};

static BFGS: Word = Word {
    name: "bfgs",
    about: "an inverse Hessian from all steps, n² numbers",
    parameters: &[Parameter::switch(
        "damped",
        false,
        "damp steps without curvature (Powell) instead of leaving them out",
    )],
};

static LBFGS: Word = Word {
    name: "lbfgs",
    about: "an inverse Hessian from the last steps, 2·memory vectors",
    parameters: &[Parameter::number("memory", 10.0, Range::Count, "steps that are kept")],
};

static LBFGS_B: Word = Word {
    name: "lbfgs-b",
    about: "L-BFGS with each coordinate between two bounds",
    parameters: &[
        Parameter::number("memory", 10.0, Range::Count, "steps that are kept"),
        Parameter::required("lower", Range::Any, "least value of each coordinate"),
        Parameter::required("upper", Range::Any, "greatest value of each coordinate"),
    ],
};

static NEWTON: Word =
    Word { name: "newton", about: "the Hessian, factored and made positive", parameters: &[] };

const PRODUCTS: Parameter =
    Parameter::number("products", 200.0, Range::Count, "products with the Hessian for one step");
const FORCING: Parameter =
    Parameter::number("forcing", 0.1, Range::Fraction, "share of the gradient a step may leave");

static NEWTON_CG: Word = Word {
    name: "newton-cg",
    about: "Newton's direction by conjugate gradients",
    parameters: &[PRODUCTS, FORCING],
};

static SADDLE_FREE_NEWTON: Word = Word {
    name: "saddle-free-newton",
    about: "Newton's direction with absolute curvatures",
    parameters: &[],
};

static TRUST_REGION: Word = Word {
    name: "trust-region",
    about: "a quadratic model within a radius, by conjugate gradients (Steihaug)",
    parameters: &[
        Parameter::number("radius", 1.0, Range::Positive, "radius at the start"),
        Parameter::number("largest", 1e3, Range::Positive, "largest radius"),
        Parameter::number("eta", 0.1, Range::Fraction, "share of the promise a step has to keep"),
        PRODUCTS,
        FORCING,
    ],
};

static GAUSS_NEWTON: Word = Word {
    name: "gauss-newton",
    about: "least squares as if residuals were linear, damped once a step fails",
    parameters: &[],
};

static LEVENBERG_MARQUARDT: Word = Word {
    name: "levenberg-marquardt",
    about: "least squares, damped",
    parameters: &[Parameter::number("damping", 1e-3, Range::Positive, "damping at the start")],
};

const EVALUATIONS: Parameter =
    Parameter::number("evaluations", 30.0, Range::Count, "evaluations for one search");

static STRONG_WOLFE: Word = Word {
    name: "strong-wolfe",
    about: "enough decrease and a flat slope, by cubics",
    parameters: &[
        EVALUATIONS,
        Parameter::number("growth", 20.0, Range::Positive, "how much further to look in one go"),
    ],
};

static MORE_THUENTE: Word = Word {
    name: "more-thuente",
    about: "enough decrease and a flat slope, as in MINPACK-2",
    parameters: &[EVALUATIONS],
};

static HAGER_ZHANG: Word = Word {
    name: "hager-zhang",
    about: "slopes instead of values where these are rounded",
    parameters: &[
        Parameter::number("evaluations", 50.0, Range::Count, "evaluations for one search"),
        Parameter::number("epsilon", 1e-6, Range::NonNegative, "share by which a value may rise"),
        Parameter::number("gamma", 0.66, Range::Fraction, "to what share an interval must shrink"),
        Parameter::number("rho", 5.0, Range::Positive, "growth while nothing is bracketed"),
    ],
};

static BACKTRACKING: Word = Word {
    name: "backtracking",
    about: "back from the trial until the value has decreased enough",
    parameters: &[
        EVALUATIONS,
        Parameter::choice(
            "interpolation",
            &["cubic", "quadratic", "halving"],
            "how the next step is found",
        ),
    ],
};

static FIXED: Word = Word {
    name: "fixed",
    about: "always the same step",
    parameters: &[Parameter::number("step", 1.0, Range::Positive, "in multiples of the direction")],
};
