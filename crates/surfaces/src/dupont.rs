//! A deep and a shallow well in a bowl: which one is found depends on the start and the method.
//!
//! ```text
//! f(x, y) = x² + y² − 2 exp(−((x − 1)² + y²)/0.2) − 3 exp(−((x + 1)² + y²)/0.2)
//! ```
//!
//! E. Dupont, *Interactive visualization of optimization algorithms in deep learning*, 2018,
//! <https://emiliendupont.github.io/2018/01/24/optimization-visualization/>.
//!
//! Start: (0.75, 1.5), on the side of the shallow well; Dupont lets the reader choose.
//!
//! Critical points: the global minimum (−0.936, 0), f = −2.063; the local minimum (0.905, 0),
//! f = −1.093; the saddle (0.069, 0) between them, f = −0.031.

use thalweg_calls::Word;

use crate::CriticalPoint;
use crate::wells::{Well, Wells};

/// x² + y² − 2 exp(−((x − 1)² + y²)/0.2) − 3 exp(−((x + 1)² + y²)/0.2)
pub const DUPONT: Wells = Wells {
    formula: "x² + y² − 2 exp(−((x − 1)² + y²)/0.2) − 3 exp(−((x + 1)² + y²)/0.2)",
    start: [0.75, 1.5],
    stretch: 1.0,
    wells: [Well { depth: 2.0, c: [1.0, 0.0] }, Well { depth: 3.0, c: [-1.0, 0.0] }],
    critical_points: [
        CriticalPoint::global_minimum([-0.9363006340109187, 0.0], -2.063090251768194),
        CriticalPoint::local_minimum([0.905317899160115, 0.0], -1.092731999201741),
        CriticalPoint::saddle([0.06860243670809657, 0.0], -0.03137427327004572),
    ],
};

pub(crate) static WORD: Word =
    Word { name: "dupont", about: "a deep and a shallow well in a bowl", parameters: &[] };
