//! A well three times as deep as its neighbour, in a bowl that is narrower along y.
//!
//! ```text
//! f(x, y) = x² + w² − 2 exp(−((x − 1)² + w²)/0.2) − 6 exp(−((x + 1)² + w²)/0.2),  w = 1.4 y
//! ```
//!
//! It is the surface called *Local Minimum* in the desktop program gradient_descent_viz by the GitHub
//! user lilipads, <https://github.com/lilipads/gradient_descent_viz>, where y is called z.
//!
//! Start: (1.5, 1.5), as there, beside the shallow well.
//!
//! Critical points: the global minimum (−0.968, 0), f = −5.032; the local minimum (0.905, 0),
//! f = −1.093; the saddle (0.120, 0) between them, f = −0.039.

use thalweg_calls::Word;

use crate::CriticalPoint;
use crate::wells::{Well, Wells};

/// x² + w² − 2 exp(−((x − 1)² + w²)/0.2) − 6 exp(−((x + 1)² + w²)/0.2), w = 1.4 y
pub const LILIPADS_LOCAL_MINIMUM: Wells = Wells {
    formula: "x² + w² − 2 exp(−((x − 1)² + w²)/0.2) − 6 exp(−((x + 1)² + w²)/0.2), w = 1.4 y",
    start: [1.5, 1.5],
    stretch: 1.4,
    wells: [Well { depth: 2.0, c: [1.0, 0.0] }, Well { depth: 6.0, c: [-1.0, 0.0] }],
    critical_points: [
        CriticalPoint::global_minimum([-0.9675774464554597, 0.0], -5.032339968658435),
        CriticalPoint::local_minimum([0.9053178606008483, 0.0], -1.0927320384810153),
        CriticalPoint::saddle([0.12025036405942183, 0.0], -0.03856400986031282),
    ],
};

pub(crate) static WORD: Word = Word {
    name: "lilipads-local-minimum",
    about: "a well three times as deep as its neighbour, in a stretched bowl",
    parameters: &[],
};
