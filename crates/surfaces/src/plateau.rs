//! A pit in a plain: far from it there is a slope, but hardly any.
//!
//! ```text
//! f(x, y) = 1 − e,  e = exp(−(x² + y²)/2)
//! ```
//!
//! Made for this library, after the plateaus of Goodfellow, Bengio & Courville, *Deep Learning*, MIT
//! Press 2016, section 8.2.3.
//!
//! Start: (6, 0), where the gradient is 6 e⁻¹⁸ ≈ 9.1 · 10⁻⁸: with a rate of 0.1, gradient descent stays
//! where it is, and methods that divide by the size of the gradient do not.
//!
//! Critical points: the global minimum (0, 0), f = 0.

use thalweg_calls::Word;

use crate::{CriticalPoint, Surface};

/// 1 − exp(−(x² + y²)/2)
#[derive(Clone, Copy, Debug)]
pub struct Plateau;

pub(crate) static WORD: Word = Word {
    name: "plateau",
    about: "a pit in a plain: far from it the gradient is almost zero",
    parameters: &[],
};

impl Surface for Plateau {
    fn formula(&self) -> &'static str {
        "1 − exp(−(x² + y²)/2)"
    }

    fn value(&self, [x, y]: [f64; 2]) -> f64 {
        // Near the minimum 1 − e would lose the digits that exp_m1 keeps.
        -(-0.5 * (x * x + y * y)).exp_m1()
    }

    fn gradient(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let e = (-0.5 * (x * x + y * y)).exp();
        [x * e, y * e]
    }

    fn hessian(&self, [x, y]: [f64; 2]) -> [[f64; 2]; 2] {
        let e = (-0.5 * (x * x + y * y)).exp();
        let xy = -x * y * e;
        [[(1.0 - x * x) * e, xy], [xy, (1.0 - y * y) * e]]
    }

    fn start(&self) -> [f64; 2] {
        [6.0, 0.0]
    }

    fn domain(&self) -> [[f64; 2]; 2] {
        [[-7.0, 7.0], [-7.0, 7.0]]
    }

    fn critical_points(&self) -> Vec<CriticalPoint> {
        vec![CriticalPoint::global_minimum([0.0, 0.0], 0.0)]
    }
}
