//! A saddle with three ways down, for two legs and a tail, where the Hessian is zero.
//!
//! ```text
//! f(x, y) = x³ − 3 x y²
//! ```
//!
//! D. Hilbert & S. Cohn-Vossen, *Anschauliche Geometrie*, Springer 1932, chapter 4.
//!
//! Start: (0, 10⁻³).
//!
//! Critical points: (0, 0), f = 0. It is degenerate: H = 0 there, so that second derivatives cannot
//! tell it from a minimum or a maximum. The function has no lower bound.

use thalweg_calls::Word;

use crate::{CriticalKind, CriticalPoint, Surface};

/// x³ − 3 x y²
#[derive(Clone, Copy, Debug)]
pub struct MonkeySaddle;

pub(crate) static WORD: Word = Word {
    name: "monkey-saddle",
    about: "a saddle with three ways down, where the Hessian is zero",
    parameters: &[],
};

impl Surface for MonkeySaddle {
    fn formula(&self) -> &'static str {
        "x³ − 3 x y²"
    }

    fn value(&self, [x, y]: [f64; 2]) -> f64 {
        x * (x * x - 3.0 * y * y)
    }

    fn gradient(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [3.0 * (x * x - y * y), -6.0 * x * y]
    }

    fn hessian(&self, [x, y]: [f64; 2]) -> [[f64; 2]; 2] {
        [[6.0 * x, -6.0 * y], [-6.0 * y, -6.0 * x]]
    }

    fn start(&self) -> [f64; 2] {
        [0.0, 1e-3]
    }

    fn domain(&self) -> [[f64; 2]; 2] {
        [[-2.0, 2.0], [-2.0, 2.0]]
    }

    fn critical_points(&self) -> Vec<CriticalPoint> {
        vec![CriticalPoint { at: [0.0, 0.0], value: 0.0, kind: CriticalKind::Degenerate }]
    }
}
