//! A flat minimum between steep corners.
//!
//! ```text
//! f(x, y) = r₁² + r₂² + r₃²
//! r₁ = 1.5 − x + x y,  r₂ = 2.25 − x + x y²,  r₃ = 2.625 − x + x y³
//! ```
//!
//! E. M. L. Beale, *On an iterative method for finding a local minimum of a function of more than one
//! variable*, Princeton 1958; problem 5 of Moré, Garbow & Hillstrom, *Testing unconstrained optimization
//! software*, ACM TOMS 7(1), 1981, <https://doi.org/10.1145/355934.355936>.
//!
//! Starts: (1, 1.5), on the slope; (1, 1) in Moré, Garbow & Hillstrom, f = 14.203125; (−4.5, 4.5), a
//! steep corner, in DeepOBS, f ≈ 1.7 · 10⁵.
//!
//! Critical points: the global minimum (3, 0.5), f = 0, and two saddles. Since f = 14.203125 along the
//! whole line y = 1, methods that overshoot to large |x| find hardly any slope there.

use thalweg_calls::Word;

use crate::{CriticalPoint, Surface};

/// (1.5 − x + x y)² + (2.25 − x + x y²)² + (2.625 − x + x y³)²
#[derive(Clone, Copy, Debug)]
pub struct Beale;

pub(crate) static WORD: Word =
    Word { name: "beale", about: "a flat minimum between steep corners", parameters: &[] };

impl Surface for Beale {
    fn formula(&self) -> &'static str {
        "(1.5 − x + x y)² + (2.25 − x + x y²)² + (2.625 − x + x y³)²"
    }

    fn value(&self, p: [f64; 2]) -> f64 {
        residuals(p).iter().map(|r| r.value * r.value).sum()
    }

    fn gradient(&self, p: [f64; 2]) -> [f64; 2] {
        residuals(p)
            .iter()
            .fold([0.0; 2], |[x, y], r| [x + 2.0 * r.value * r.x, y + 2.0 * r.value * r.y])
    }

    fn hessian(&self, p: [f64; 2]) -> [[f64; 2]; 2] {
        let [xx, xy, yy] = residuals(p).iter().fold([0.0; 3], |[xx, xy, yy], r| {
            [
                // ∂²r/∂x² is zero.
                xx + 2.0 * r.x * r.x,
                xy + 2.0 * (r.x * r.y + r.value * r.xy),
                yy + 2.0 * (r.y * r.y + r.value * r.yy),
            ]
        });
        [[xx, xy], [xy, yy]]
    }

    fn start(&self) -> [f64; 2] {
        [1.0, 1.5]
    }

    fn domain(&self) -> [[f64; 2]; 2] {
        [[-4.5, 4.5], [-4.5, 4.5]]
    }

    fn critical_points(&self) -> Vec<CriticalPoint> {
        vec![
            CriticalPoint::global_minimum([3.0, 0.5], 0.0),
            CriticalPoint::saddle([0.0, 1.0], 14.203125),
            CriticalPoint::saddle([0.10053793732415836, -2.644513585023125], 9.86451228475556),
        ]
    }
}

/// One r and its partial derivatives.
struct Residual {
    value: f64,
    x: f64,
    y: f64,
    xy: f64,
    yy: f64,
}

fn residuals([x, y]: [f64; 2]) -> [Residual; 3] {
    let (y2, y3) = (y * y, y * y * y);
    [
        Residual { value: 1.5 - x + x * y, x: y - 1.0, y: x, xy: 1.0, yy: 0.0 },
        Residual {
            value: 2.25 - x + x * y2,
            x: y2 - 1.0,
            y: 2.0 * x * y,
            xy: 2.0 * y,
            yy: 2.0 * x,
        },
        Residual {
            value: 2.625 - x + x * y3,
            x: y3 - 1.0,
            y: 3.0 * x * y2,
            xy: 3.0 * y2,
            yy: 6.0 * x * y,
        },
    ]
}
