//! Where to take a function so that its mean is its integral; problem 35, m ≥ n.
//!
//! ```text
//! rᵢ = 1/n Σⱼ Tᵢ(xⱼ) − ∫₀¹ Tᵢ(x) dx,   Tᵢ the Chebyshev polynomial on [0, 1]
//! ∫₀¹ Tᵢ = 0 for odd i,  −1/(i² − 1) for even i
//! ```
//!
//! R. Fletcher, *Function minimization without evaluating derivatives: a review*, The Computer Journal 8(1),
//! 1965.
//!
//! Start: xⱼ = j/(n + 1). Minima for m = n, all with their coordinates in any order: f = 0 for n from 1 to 7
//! and for 9; 3.516873…·10⁻³ for 8; for 10, 4.772713…·10⁻³ is the least that is known, where the paper lists
//! a local one, 6.503954…·10⁻³. A value costs m n, and a Hessian m n³, so m is at most 1000.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST_DENSE, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Chebyquad {
    n: usize,
    m: usize,
}

pub(crate) static WORD: Word = Word {
    name: "chebyquad",
    about: "where to take a function for its mean",
    parameters: &[
        Parameter::number("n", 8.0, Range::Count, "variables"),
        Parameter::number("m", 0.0, Range::Whole, "residuals; 0 for n"),
    ],
};

impl Chebyquad {
    pub fn new(arguments: &Arguments) -> Result<Chebyquad, CallError> {
        let n = size(arguments, "n", 1..=MOST_DENSE)?;
        let m =
            if arguments.number("m") == 0.0 { n } else { size(arguments, "m", n..=MOST_DENSE)? };
        Ok(Chebyquad { n, m })
    }
}

impl Sum for Chebyquad {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (1/n Σ Tᵢ(xⱼ) − ∫ Tᵢ)², Tᵢ Chebyshev polynomials on [0, 1]"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        (1..=self.n).map(|j| j as f64 / (self.n as f64 + 1.0)).collect()
    }

    fn minima(&self) -> Vec<Minimum> {
        match (self.n, self.m) {
            (1..=7 | 9, m) if m == self.n => vec![Minimum::somewhere(0.0)],
            (8, 8) => vec![Minimum::global(AT_8.0.to_vec(), AT_8.1)],
            (10, 10) => vec![
                Minimum::global(AT_10.0.to_vec(), AT_10.1),
                Minimum::local(LOCAL_10.0.to_vec(), LOCAL_10.1),
            ],
            _ => Vec::new(),
        }
    }

    fn terms(&self) -> usize {
        self.m
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::totals(i..i + 1)
    }

    fn term<N: Number>(&self, i: usize, _x: &[N], totals: &[N]) -> N {
        let order = i as f64 + 1.0;
        let integral = if i.is_multiple_of(2) { 0.0 } else { -1.0 / (order * order - 1.0) };
        totals[0] / self.n as f64 - integral
    }

    fn totals(&self) -> usize {
        self.m
    }

    fn part<N: Number>(&self, k: usize, _j: usize, x: N) -> N {
        // T₀ = 1, T₁ = z, Tᵢ₊₁ = 2z Tᵢ − Tᵢ₋₁ for z = 2x − 1.
        let z = x * 2.0 - 1.0;
        let (mut before, mut polynomial) = (N::one(), z);
        for _ in 0..k {
            (before, polynomial) = (polynomial, z * polynomial * 2.0 - before);
        }
        polynomial
    }
}

const AT_8: ([f64; 8], f64) = (
    [
        0.04315276015101663,
        0.1930908403841861,
        0.26632870689027294,
        0.5,
        0.5,
        0.7336712931097271,
        0.8069091596158139,
        0.9568472398489833,
    ],
    0.0035168737256779316,
);

const AT_10: ([f64; 10], f64) = (
    [
        0.07474816621460248,
        0.17151817694809268,
        0.286434152584,
        0.3596464506289341,
        0.616738335038745,
        0.47075052286659347,
        0.616738335038745,
        0.7998108015386137,
        0.8448546422409267,
        0.9670066269819255,
    ],
    0.004772713696375349,
);

const LOCAL_10: ([f64; 10], f64) = (
    [
        0.0596199005358127,
        0.16670828183586142,
        0.2391706589426085,
        0.3988842923060445,
        0.3988842923060445,
        0.6011157076939555,
        0.6011157076939555,
        0.7608293410573915,
        0.8332917181641386,
        0.9403800994641873,
    ],
    0.006503954800882306,
);
