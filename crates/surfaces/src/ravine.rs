//! A quadratic with the condition number k: what ill-conditioning alone does.
//!
//! ```text
//! f(x, y) = ½ (x² + k y²)               = ½ pᵀ H p,  H = diag(1, k)
//! rotated:  ½ (u² + k v²)               = ½ pᵀ R H Rᵀ p,  R the rotation by 45°
//!           u = (x + y)/√2,  v = (y − x)/√2
//! ```
//!
//! Goodfellow, Bengio & Courville, *Deep Learning*, MIT Press 2016, section 4.3.1 and figure 4.6.
//!
//! For k ≥ 1, gradient descent diverges with a rate above 2/k. The best fixed rate shrinks the error by
//! (k − 1)/(k + 1) in each step, the best rate and momentum together by (√k − 1)/(√k + 1). Methods with
//! a rate per coordinate profit only where the axes are those of the ravine: the rotated copy shows it.
//!
//! Start: (10, 1), for which f = (100 + k)/2; the rotated copy starts at the rotated place.
//!
//! Critical points: the global minimum (0, 0), f = 0.

use std::f64::consts::FRAC_1_SQRT_2;

use thalweg_calls::{Arguments, Parameter, Range, Word};

use crate::{CriticalPoint, Surface};

/// ½ (x² + k y²), along the axes or rotated by 45°.
///
/// It is made by [`surface`](crate::surface) from `ravine(k=100, rotated=false)`, which keeps k above 0.
#[derive(Clone, Copy, Debug)]
pub struct Ravine {
    k: f64,
    rotated: bool,
}

pub(crate) static WORD: Word = Word {
    name: "ravine",
    about: "a quadratic with the condition number k",
    parameters: &[
        Parameter::number("k", 100.0, Range::Positive, "curvature across by curvature along"),
        Parameter::switch("rotated", false, "turn it by 45°, away from the axes"),
    ],
};

impl Ravine {
    pub(crate) fn new(arguments: &Arguments) -> Ravine {
        Ravine { k: arguments.number("k"), rotated: arguments.switch("rotated") }
    }
}

impl Surface for Ravine {
    fn formula(&self) -> &'static str {
        if self.rotated {
            "½ (u² + k v²), u = (x + y)/√2, v = (y − x)/√2"
        } else {
            "½ (x² + k y²)"
        }
    }

    fn value(&self, p: [f64; 2]) -> f64 {
        let [u, v] = self.along_and_across(p);
        0.5 * (u * u + self.k * v * v)
    }

    fn gradient(&self, p: [f64; 2]) -> [f64; 2] {
        let [u, v] = self.along_and_across(p);
        self.in_plane([u, self.k * v])
    }

    fn hessian(&self, _p: [f64; 2]) -> [[f64; 2]; 2] {
        let k = self.k;
        if self.rotated {
            [[0.5 * (1.0 + k), 0.5 * (1.0 - k)], [0.5 * (1.0 - k), 0.5 * (1.0 + k)]]
        } else {
            [[1.0, 0.0], [0.0, k]]
        }
    }

    fn start(&self) -> [f64; 2] {
        self.in_plane([10.0, 1.0])
    }

    fn domain(&self) -> [[f64; 2]; 2] {
        let across = if self.rotated { 12.0 } else { 3.0 };
        [[-12.0, 12.0], [-across, across]]
    }

    fn critical_points(&self) -> Vec<CriticalPoint> {
        vec![CriticalPoint::global_minimum([0.0, 0.0], 0.0)]
    }
}

impl Ravine {
    /// (u, v) = Rᵀ p.
    fn along_and_across(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        if self.rotated { [(x + y) * FRAC_1_SQRT_2, (y - x) * FRAC_1_SQRT_2] } else { [x, y] }
    }

    /// p = R (u, v).
    fn in_plane(&self, [u, v]: [f64; 2]) -> [f64; 2] {
        if self.rotated { [(u - v) * FRAC_1_SQRT_2, (u + v) * FRAC_1_SQRT_2] } else { [u, v] }
    }
}
