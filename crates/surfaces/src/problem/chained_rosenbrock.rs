//! One curved valley through all variables.
//!
//! ```text
//! r₂ᵢ₋₁ = 10 (xᵢ₊₁ − xᵢ²),  r₂ᵢ = 1 − xᵢ,  i < n
//! ```
//!
//! Ph. L. Toint, *Some numerical results using a sparse matrix updating formula in unconstrained
//! optimization*, Mathematics of Computation 32, 1978, has chains of this kind.
//!
//! Start: (−1.2, 1, −1.2, …). Minimum: (1, …, 1), f = 0. For n from 4 to 30 there is exactly one other
//! minimum, near (−1, 1, …, 1): Y.-W. Shang & Y.-H. Qiu, *A note on the extended Rosenbrock function*,
//! Evolutionary Computation 14(1), 2006, <https://doi.org/10.1162/evco.2006.14.1.119>. It is listed for n = 4
//! and 5.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct ChainedRosenbrock {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "chained-rosenbrock",
    about: "one curved valley through all variables",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl ChainedRosenbrock {
    pub fn new(arguments: &Arguments) -> Result<ChainedRosenbrock, CallError> {
        Ok(ChainedRosenbrock { n: size(arguments, "n", 2..=MOST)? })
    }
}

impl Sum for ChainedRosenbrock {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², i < n"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        [-1.2, 1.0].iter().copied().cycle().take(self.n).collect()
    }

    fn minima(&self) -> Vec<Minimum> {
        let mut minima = vec![Minimum::global(vec![1.0; self.n], 0.0)];
        match self.n {
            4 => minima.push(Minimum::local(LOCAL_4.0.to_vec(), LOCAL_4.1)),
            5 => minima.push(Minimum::local(LOCAL_5.0.to_vec(), LOCAL_5.1)),
            _ => {}
        }
        minima
    }

    fn terms(&self) -> usize {
        2 * (self.n - 1)
    }

    fn reads(&self, i: usize) -> Reads {
        Reads::variables(i / 2..i / 2 + 2 - i % 2)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        match i % 2 {
            0 => (x[1] - square(x[0])) * 10.0,
            _ => -x[0] + 1.0,
        }
    }
}

const LOCAL_4: ([f64; 4], f64) = (
    [-0.7756592265653526, 0.6130933654850435, 0.38206284633839316, 0.1459720185521946],
    3.701428610430017,
);

const LOCAL_5: ([f64; 5], f64) = (
    [
        -0.9620510206947501,
        0.93573939597671,
        0.8807136041943205,
        0.7778776758544064,
        0.6050936785926528,
    ],
    3.930839434133028,
);
