//! Linear, but for one product of all variables; problem 27, m = n.
//!
//! ```text
//! rᵢ = xᵢ + Σⱼ xⱼ − (n + 1)  for i < n,   rₙ = Πⱼ xⱼ − 1
//! ```
//!
//! K. M. Brown, *A quadratically convergent Newton-like method based upon Gaussian elimination*, SIAM Journal
//! on Numerical Analysis 6(4), 1969.
//!
//! Start: ½. Minima: (α, …, α, α¹⁻ⁿ), f = 0, where n αⁿ − (n + 1) αⁿ⁻¹ + 1 = 0; α = 1 is a solution, and one
//! other is below it. Near (0, …, 0, n + 1), f = 1: the paper calls it a minimum; it is a plateau of rₙ = −1,
//! and for n > 2 its Hessian is singular. n is at most 10⁷: for the slopes of a product three more numbers
//! are kept for each variable.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Fold, Number, Reads, Sum};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct BrownAlmostLinear {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "brown-almost-linear",
    about: "linear but for one product of all variables",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl BrownAlmostLinear {
    pub fn new(arguments: &Arguments) -> Result<BrownAlmostLinear, CallError> {
        Ok(BrownAlmostLinear { n: size(arguments, "n", 2..=MOST / 10)? })
    }
}

impl Sum for BrownAlmostLinear {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (xᵢ + Σ xⱼ − (n + 1))² + (Π xⱼ − 1)², i < n"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![0.5; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        let mut minima = vec![Minimum::global(vec![1.0; self.n], 0.0)];
        // Further on, the two roots are too close for f64.
        if self.n <= 100 {
            let n = self.n as i32;
            let alpha = root_below_one(n);
            let mut at = vec![alpha; self.n];
            at[self.n - 1] = alpha.powi(1 - n);
            minima.push(Minimum::global(at, 0.0));
        }
        minima
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        if i + 1 < self.n { Reads::variable_and_totals(i, 0..1) } else { Reads::totals(1..2) }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        if i + 1 < self.n { x[0] + totals[0] - (self.n as f64 + 1.0) } else { totals[0] - 1.0 }
    }

    fn totals(&self) -> usize {
        2
    }

    fn fold(&self, k: usize) -> Fold {
        if k == 0 { Fold::Sum } else { Fold::Product }
    }

    fn part<N: Number>(&self, _k: usize, _j: usize, x: N) -> N {
        x
    }
}

/// The root of n αⁿ − (n + 1) αⁿ⁻¹ + 1 between 0 and where it turns, by halving.
fn root_below_one(n: i32) -> f64 {
    let m = f64::from(n);
    let (mut low, mut high) = (0.0, 1.0 - 1.0 / (m * m));
    loop {
        let middle: f64 = (low + high) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        match middle.powi(n - 1) * (m * middle - (m + 1.0)) + 1.0 {
            p if p > 0.0 => low = middle,
            _ => high = middle,
        }
    }
}
