//! Functions of two variables on which optimizers can be watched: each with its exact gradient and
//! Hessian, and with every critical point in its window. Functions of n variables, by which methods are
//! compared, are in [`problem`](mod@problem).
//!
//! A [`Surface`] is named by a call, the same on the command line, in files and on the page. Which
//! ones there are, with their parameters, is the vocabulary [`SURFACES`].
//!
//! ```
//! use thalweg_surfaces::{CriticalKind, surface};
//!
//! let ravine = surface(&"ravine(k=100)".parse()?)?;
//! assert_eq!(ravine.value([10.0, 1.0]), 100.0);
//! assert_eq!(ravine.gradient([10.0, 1.0]), [10.0, 100.0]);
//! assert_eq!(ravine.hessian([10.0, 1.0]), [[1.0, 0.0], [0.0, 100.0]]);
//!
//! let [bottom] = ravine.critical_points()[..] else { panic!("a ravine has one critical point") };
//! assert_eq!(bottom.kind, CriticalKind::Minimum { global: true });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod beale;
pub mod dupont;
pub mod himmelblau;
pub mod lilipads_local_minimum;
pub mod monkey_saddle;
pub mod plateau;
pub mod problem;
pub mod ravine;
pub mod rosenbrock;
pub mod saddle;
pub mod six_hump_camel;
pub mod wells;

use std::fmt::Debug;

pub use problem::{LeastSquares, Minimum, MinimumKind, PROBLEMS, Problem, problem};
use thalweg_calls::{Arguments, Call, CallError, Vocabulary, Word};

/// A twice differentiable function f of p = (x, y), in f64.
///
/// Far outside the window of [`domain`](Surface::domain) the numbers may overflow to infinity; they
/// never panic.
pub trait Surface: Debug + Send + Sync {
    /// The formula in x and y, for people: `(1 − x)² + 100 (y − x²)²`.
    fn formula(&self) -> &'static str;

    /// f(p).
    fn value(&self, p: [f64; 2]) -> f64;

    /// ∇f(p) = [∂f/∂x, ∂f/∂y].
    fn gradient(&self, p: [f64; 2]) -> [f64; 2];

    /// The second derivatives at p, [[∂²f/∂x², ∂²f/∂x∂y], [∂²f/∂x∂y, ∂²f/∂y²]].
    fn hessian(&self, p: [f64; 2]) -> [[f64; 2]; 2];

    /// Where a run starts when nothing else is said.
    fn start(&self) -> [f64; 2];

    /// The window to draw: [[least x, greatest x], [least y, greatest y]].
    fn domain(&self) -> [[f64; 2]; 2];

    /// Every point of the window where the gradient is zero, in no particular order.
    fn critical_points(&self) -> Vec<CriticalPoint>;
}

/// A point where the gradient is zero, to the last digit of f64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CriticalPoint {
    /// Where.
    pub at: [f64; 2],
    /// The value of the function there.
    pub value: f64,
    /// What the function does around it.
    pub kind: CriticalKind,
}

/// What a function does around a critical point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CriticalKind {
    /// Both eigenvalues of the Hessian are positive.
    Minimum {
        /// Whether the function is nowhere lower.
        global: bool,
    },
    /// Both eigenvalues of the Hessian are negative.
    Maximum,
    /// The eigenvalues of the Hessian have different signs.
    Saddle,
    /// An eigenvalue of the Hessian is zero, so that it does not tell.
    Degenerate,
}

/// The words that [`surface`] knows.
pub static SURFACES: Vocabulary = Vocabulary::new("surface", &WORDS);

/// The surface that a call names; `_` in its name is read as `-`.
///
/// # Errors
///
/// If the name or an argument is unknown (the nearest known one is suggested) or out of range.
///
/// ```
/// use thalweg_surfaces::surface;
///
/// let camel = surface(&"six_hump_camel".parse()?)?;
/// assert_eq!(camel.value([0.0, 1.0]), 0.0);
///
/// let error = surface(&"ravine(k=-1)".parse()?).unwrap_err();
/// assert_eq!(error.to_string(), "ravine(k=-1): k must be a number above 0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn surface(call: &Call) -> Result<Box<dyn Surface>, CallError> {
    let arguments = SURFACES.resolve(&call.hyphenated())?;
    let entry = TABLE.iter().find(|(word, _)| word.name == arguments.name());
    let (_, build) = entry.expect("the vocabulary holds the words of the table, and no others");
    Ok(build(&arguments))
}

/// Makes a surface from arguments of its word.
type Build = fn(&Arguments) -> Box<dyn Surface>;

const TABLE: [(&Word, Build); 10] = [
    (&rosenbrock::WORD, |_| Box::new(rosenbrock::Rosenbrock)),
    (&beale::WORD, |_| Box::new(beale::Beale)),
    (&himmelblau::WORD, |_| Box::new(himmelblau::Himmelblau)),
    (&six_hump_camel::WORD, |_| Box::new(six_hump_camel::SixHumpCamel)),
    (&ravine::WORD, |arguments| Box::new(ravine::Ravine::new(arguments))),
    (&saddle::WORD, |_| Box::new(saddle::Saddle)),
    (&monkey_saddle::WORD, |_| Box::new(monkey_saddle::MonkeySaddle)),
    (&plateau::WORD, |_| Box::new(plateau::Plateau)),
    (&dupont::WORD, |_| Box::new(dupont::DUPONT)),
    (&lilipads_local_minimum::WORD, |_| Box::new(lilipads_local_minimum::LILIPADS_LOCAL_MINIMUM)),
];

const WORDS: [&Word; TABLE.len()] = {
    let mut words = [TABLE[0].0; TABLE.len()];
    let mut i = 1;
    while i < words.len() {
        words[i] = TABLE[i].0;
        i += 1;
    }
    words
};

impl CriticalPoint {
    const fn global_minimum(at: [f64; 2], value: f64) -> CriticalPoint {
        CriticalPoint { at, value, kind: CriticalKind::Minimum { global: true } }
    }

    const fn local_minimum(at: [f64; 2], value: f64) -> CriticalPoint {
        CriticalPoint { at, value, kind: CriticalKind::Minimum { global: false } }
    }

    const fn saddle(at: [f64; 2], value: f64) -> CriticalPoint {
        CriticalPoint { at, value, kind: CriticalKind::Saddle }
    }

    const fn maximum(at: [f64; 2], value: f64) -> CriticalPoint {
        CriticalPoint { at, value, kind: CriticalKind::Maximum }
    }
}
