//! A curved valley: its floor is easy to reach and slow to follow.
//!
//! ```text
//! f(x, y) = (1 − x)² + 100 (y − x²)²
//! ```
//!
//! H. H. Rosenbrock, *An automatic method for finding the greatest or least value of a function*, The
//! Computer Journal 3(3), 1960, <https://doi.org/10.1093/comjnl/3.3.175>.
//!
//! Starts: (−1.2, 1), Rosenbrock's own, f = 24.2; (−0.5, 1.5) in DeepOBS.
//!
//! Critical points: the global minimum (1, 1), f = 0, where the Hessian has the condition number 2508.

use thalweg_calls::Word;

use crate::{CriticalPoint, Surface};

/// (1 − x)² + 100 (y − x²)²
#[derive(Clone, Copy, Debug)]
pub struct Rosenbrock;

pub(crate) static WORD: Word = Word {
    name: "rosenbrock",
    about: "a curved valley, easy to reach and slow to follow",
    parameters: &[],
};

impl Surface for Rosenbrock {
    fn formula(&self) -> &'static str {
        "(1 − x)² + 100 (y − x²)²"
    }

    fn value(&self, [x, y]: [f64; 2]) -> f64 {
        (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
    }

    fn gradient(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let r = y - x * x;
        [-2.0 * (1.0 - x) - 400.0 * x * r, 200.0 * r]
    }

    fn hessian(&self, [x, y]: [f64; 2]) -> [[f64; 2]; 2] {
        let r = y - x * x;
        let xy = -400.0 * x;
        [[2.0 - 400.0 * r + 800.0 * x * x, xy], [xy, 200.0]]
    }

    fn start(&self) -> [f64; 2] {
        [-1.2, 1.0]
    }

    fn domain(&self) -> [[f64; 2]; 2] {
        [[-2.0, 2.0], [-1.0, 3.0]]
    }

    fn critical_points(&self) -> Vec<CriticalPoint> {
        vec![CriticalPoint::global_minimum([1.0, 1.0], 0.0)]
    }
}
