//! Four minima of the same cost around a maximum.
//!
//! ```text
//! f(x, y) = a² + b²
//! a = x² + y − 11,  b = x + y² − 7
//! ```
//!
//! D. M. Himmelblau, *Applied Nonlinear Programming*, McGraw-Hill 1972.
//!
//! Starts: (0, 0), f = 170; (−0.27, −0.92), on top of the maximum.
//!
//! Critical points: four global minima, f = 0, of which (3, 2) has whole coordinates; four saddles
//! between them; a maximum, f = 181.6, in their midst.

use thalweg_calls::Word;

use crate::{CriticalPoint, Surface};

/// (x² + y − 11)² + (x + y² − 7)²
#[derive(Clone, Copy, Debug)]
pub struct Himmelblau;

pub(crate) static WORD: Word = Word {
    name: "himmelblau",
    about: "four minima of the same cost around a maximum",
    parameters: &[],
};

impl Surface for Himmelblau {
    fn formula(&self) -> &'static str {
        "(x² + y − 11)² + (x + y² − 7)²"
    }

    fn value(&self, p: [f64; 2]) -> f64 {
        let [a, b] = residuals(p);
        a * a + b * b
    }

    fn gradient(&self, p @ [x, y]: [f64; 2]) -> [f64; 2] {
        let [a, b] = residuals(p);
        [4.0 * x * a + 2.0 * b, 2.0 * a + 4.0 * y * b]
    }

    fn hessian(&self, p @ [x, y]: [f64; 2]) -> [[f64; 2]; 2] {
        let [a, b] = residuals(p);
        let xy = 4.0 * (x + y);
        [[4.0 * a + 8.0 * x * x + 2.0, xy], [xy, 2.0 + 4.0 * b + 8.0 * y * y]]
    }

    fn start(&self) -> [f64; 2] {
        [0.0, 0.0]
    }

    fn domain(&self) -> [[f64; 2]; 2] {
        [[-5.0, 5.0], [-5.0, 5.0]]
    }

    fn critical_points(&self) -> Vec<CriticalPoint> {
        vec![
            CriticalPoint::global_minimum([3.0, 2.0], 0.0),
            CriticalPoint::global_minimum([-2.805118086952745, 3.131312518250573], 0.0),
            CriticalPoint::global_minimum([-3.779310253377747, -3.2831859912861696], 0.0),
            CriticalPoint::global_minimum([3.5844283403304917, -1.8481265269644036], 0.0),
            CriticalPoint::saddle([3.385154183607021, 0.07385187983774928], 13.31192627040559),
            CriticalPoint::saddle([0.08667750455539636, 2.884254701174776], 67.71915008752615),
            CriticalPoint::saddle([-3.0730257507643897, -0.08135304428796751], 104.0151629175581),
            CriticalPoint::saddle([-0.12796134673068008, -1.9537149802445763], 178.33723920192747),
            CriticalPoint::maximum([-0.2708445906673476, -0.9230385564799815], 181.6165215225827),
        ]
    }
}

fn residuals([x, y]: [f64; 2]) -> [f64; 2] {
    [x * x + y - 11.0, x + y * y - 7.0]
}
