//! Two wells for each variable, of which one is deeper.
//!
//! ```text
//! f = ½ Σ (xᵢ⁴ − 16xᵢ² + 5xᵢ)
//! ```
//!
//! M. A. Styblinski & T.-S. Tang, *Experiments in nonconvex optimization: stochastic approximation with
//! function smoothing and simulated annealing*, Neural Networks 3(4), 1990.
//!
//! Start: 0. Critical points: each xᵢ is a root of 4x³ − 32x + 5: −2.903534… and 2.746803…, its minima, and
//! 0.156731…, its maximum; 2ⁿ minima, 3ⁿ − 2ⁿ − 1 saddles and one maximum. Listed are the global minimum,
//! f = −39.166165… n, and the minimum where all are positive, f = −25.029446… n.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct StyblinskiTang {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "styblinski-tang",
    about: "two wells for each variable, one deeper",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl StyblinskiTang {
    pub fn new(arguments: &Arguments) -> Result<StyblinskiTang, CallError> {
        Ok(StyblinskiTang { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for StyblinskiTang {
    const SQUARES: bool = false;

    fn formula(&self) -> &'static str {
        "½ Σ (xᵢ⁴ − 16xᵢ² + 5xᵢ)"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![0.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        let all = |x: f64| vec![x; self.n];
        let n = self.n as f64;
        vec![
            Minimum::global(all(-2.903534027771177), -39.16616570377141 * n),
            Minimum::local(all(2.746802770990837), -25.02944665528394 * n),
        ]
    }

    fn terms(&self) -> usize {
        self.n
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variables(i..i + 1)
    }

    fn term<N: Number>(&self, _i: usize, x: &[N], _totals: &[N]) -> N {
        (square(square(x[0])) - square(x[0]) * 16.0 + x[0] * 5.0) * 0.5
    }
}
