//! A valley along a helix; problem 7, n = m = 3.
//!
//! ```text
//! r₁ = 10 (x₃ − 10 θ),  r₂ = 10 (√(x₁² + x₂²) − 1),  r₃ = x₃
//! θ  = the angle of (x₁, x₂) in turns, from −¼ to ¾
//! ```
//!
//! R. Fletcher & M. J. D. Powell, *A rapidly convergent descent method for minimization*, The Computer
//! Journal 6(2), 1963.
//!
//! Start: (−1, 0, 0), f = 2500. Minimum: (1, 0, 0), f = 0.
//!
//! f jumps where θ does: at x₁ = 0, x₂ < 0. The paper gives θ by the arc tangent of x₂/x₁, which leaves
//! x₁ = 0 open; the angle of the point goes on smoothly for x₂ > 0.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum, square};

#[derive(Clone, Copy, Debug)]
pub(crate) struct HelicalValley;

pub(crate) static WORD: Word =
    Word { name: "helical-valley", about: "a valley along a helix", parameters: &[] };

impl Sum for HelicalValley {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "100 (x₃ − 10 θ)² + 100 (√(x₁² + x₂²) − 1)² + x₃², θ the angle of (x₁, x₂) in turns"
    }

    fn dimension(&self) -> usize {
        3
    }

    fn start(&self) -> Vec<f64> {
        vec![-1.0, 0.0, 0.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![1.0, 0.0, 0.0], 0.0)]
    }

    fn terms(&self) -> usize {
        3
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..3)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let [x1, x2, x3] = [x[0], x[1], x[2]];
        match i {
            0 => (x3 - turns(x1, x2) * 10.0) * 10.0,
            1 => ((square(x1) + square(x2)).sqrt() - 1.0) * 10.0,
            _ => x3,
        }
    }
}

/// θ, by the arc tangent of a quotient that is at most 1, which has all derivatives.
fn turns<N: Number>(x1: N, x2: N) -> N {
    let (a, b) = (x1.re(), x2.re());
    let quarters = if a.abs() >= b.abs() {
        (x2 / x1).atan() + if a < 0.0 { PI } else { 0.0 }
    } else if b > 0.0 {
        -(x1 / x2).atan() + FRAC_PI_2
    } else {
        -(x1 / x2).atan() + if a < 0.0 { 3.0 * FRAC_PI_2 } else { -FRAC_PI_2 }
    };
    quarters / TAU
}
