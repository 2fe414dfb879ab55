//! A convex quadratic with a condition number κ, along the axes or turned away from them.
//!
//! ```text
//! f = ½ Σ λᵢ yᵢ²,  λᵢ = κ^((i − 1)/(n − 1)),  y = Q (x − 1)
//! Q = I − 2/n · 1 1ᵀ where rotated: a reflection, so that H = Q diag(λ) Q is dense
//! ```
//!
//! The eigenvalues λ go from 1 to κ in equal ratios. Conjugate gradients and quasi-Newton methods with exact
//! searches end after n steps, Newton's method after one. See Nocedal & Wright, *Numerical Optimization*,
//! Springer 2006, section 5.1.
//!
//! Start: 0. Minimum: (1, …, 1), f = 0.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Quadratic {
    n: usize,
    condition: f64,
    rotated: bool,
}

pub(crate) static WORD: Word = Word {
    name: "quadratic",
    about: "a convex quadratic with a condition number, along the axes or not",
    parameters: &[
        Parameter::number("n", 10.0, Range::Count, "variables"),
        Parameter::number(
            "condition",
            100.0,
            Range::Positive,
            "κ, the largest by the smallest eigenvalue",
        ),
        Parameter::switch("rotated", true, "turn it away from the axes"),
    ],
};

impl Quadratic {
    pub fn new(arguments: &Arguments) -> Result<Quadratic, CallError> {
        let condition = arguments.number("condition");
        if condition < 1.0 {
            return Err(CallError::new(format!(
                "quadratic(condition={condition}): condition must be a number from 1"
            )));
        }
        let rotated = arguments.switch("rotated");
        Ok(Quadratic { n: size(arguments, "n", 1..=MOST)?, condition, rotated })
    }
}

impl Sum for Quadratic {
    const SQUARES: bool = false;

    fn formula(&self) -> &'static str {
        "½ Σ λᵢ yᵢ², λᵢ = κ^((i − 1)/(n − 1)), y = x − 1 or its reflection"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![0.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![1.0; self.n], 0.0)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        if self.rotated { Reads::variable_and_totals(i, 0..1) } else { Reads::variables(i..i + 1) }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        let λ = self.condition.powf(i as f64 / (self.n.max(2) as f64 - 1.0));
        let along = x[0] - 1.0;
        // One total more is Σ (xⱼ − 1).
        let y = totals.iter().fold(along, |y, &s| y - s * (2.0 / self.n as f64));
        square(y) * (0.5 * λ)
    }

    fn totals(&self) -> usize {
        usize::from(self.rotated)
    }

    fn part<N: Number>(&self, _k: usize, _j: usize, x: N) -> N {
        x - 1.0
    }
}
