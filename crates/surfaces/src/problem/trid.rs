//! A quadratic whose variables hold each other up, far away.
//!
//! ```text
//! f = Σ (xᵢ − 1)² − Σ xᵢ xᵢ₋₁
//! ```
//!
//! A. Neumaier, in <https://www.sfu.ca/~ssurjano/trid.html>.
//!
//! Start: 0, f = n. Minimum: xᵢ = i (n + 1 − i), f = −n (n + 4) (n − 1) / 6. The Hessian is that of a chain
//! of springs: its condition number is near 0.4 (n + 1)².

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Trid {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "trid",
    about: "a quadratic whose variables hold each other up",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Trid {
    pub fn new(arguments: &Arguments) -> Result<Trid, CallError> {
        Ok(Trid { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for Trid {
    const SQUARES: bool = false;

    fn formula(&self) -> &'static str {
        "Σ (xᵢ − 1)² − Σ xᵢ xᵢ₋₁"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![0.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        let n = self.n as f64;
        let at = (1..=self.n).map(|i| i as f64 * (n + 1.0 - i as f64)).collect();
        vec![Minimum::global(at, -n * (n + 4.0) * (n - 1.0) / 6.0)]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variables(i.saturating_sub(1)..i + 1)
    }

    fn term<N: Number>(&self, _i: usize, x: &[N], _totals: &[N]) -> N {
        match x {
            [x1] => square(*x1 - 1.0),
            _ => square(x[1] - 1.0) - x[1] * x[0],
        }
    }
}
