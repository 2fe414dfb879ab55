//! Up along x, down along y, and no minimum.
//!
//! ```text
//! f(x, y) = x² − y²
//! ```
//!
//! Goodfellow, Bengio & Courville, *Deep Learning*, MIT Press 2016, figure 4.5.
//!
//! Starts: (1, 10⁻⁶), a hair beside the ridge, from which descent goes to the saddle first and then
//! falls off; (1, 0), on the ridge itself, where ∂f/∂y is zero and stays so: a method without noise
//! ends in the saddle.
//!
//! Critical points: the saddle (0, 0), f = 0. The function has no lower bound.

use thalweg_calls::Word;

use crate::{CriticalPoint, Surface};

/// x² − y²
#[derive(Clone, Copy, Debug)]
pub struct Saddle;

pub(crate) static WORD: Word =
    Word { name: "saddle", about: "up along x, down along y, and no minimum", parameters: &[] };

impl Surface for Saddle {
    fn formula(&self) -> &'static str {
        "x² − y²"
    }

    fn value(&self, [x, y]: [f64; 2]) -> f64 {
        x * x - y * y
    }

    fn gradient(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [2.0 * x, -2.0 * y]
    }

    fn hessian(&self, _p: [f64; 2]) -> [[f64; 2]; 2] {
        [[2.0, 0.0], [0.0, -2.0]]
    }

    fn start(&self) -> [f64; 2] {
        [1.0, 1e-6]
    }

    fn domain(&self) -> [[f64; 2]; 2] {
        [[-2.0, 2.0], [-2.0, 2.0]]
    }

    fn critical_points(&self) -> Vec<CriticalPoint> {
        vec![CriticalPoint::saddle([0.0, 0.0], 0.0)]
    }
}
