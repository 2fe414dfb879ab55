//! Ever flatter, variable by variable: a minimum that no quadratic describes.
//!
//! ```text
//! f = Σ |xᵢ|ⁱ⁺¹
//! ```
//!
//! S. Surjanovic & D. Bingham, *Virtual library of simulation experiments*, "Sum of different powers
//! function", <https://www.sfu.ca/~ssurjano/sumpow.html>.
//!
//! Start: (1, …, 1). Minimum: 0, f = 0, where only ∂²f/∂x₁² is not zero.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum};
use super::{MOST, Minimum, MinimumKind, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct SumOfPowers {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "sum-of-powers",
    about: "ever flatter, variable by variable",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl SumOfPowers {
    pub fn new(arguments: &Arguments) -> Result<SumOfPowers, CallError> {
        Ok(SumOfPowers { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for SumOfPowers {
    const SQUARES: bool = false;

    fn formula(&self) -> &'static str {
        "Σ |xᵢ|ⁱ⁺¹"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        let kind = if self.n > 1 { MinimumKind::Singular } else { MinimumKind::Regular };
        vec![Minimum::global(vec![0.0; self.n], 0.0).kind(kind)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variables(i..i + 1)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        x[0].abs().powi(i as i32 + 2)
    }
}
