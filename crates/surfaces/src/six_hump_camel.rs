//! Six minima, of which two are global.
//!
//! ```text
//! f(x, y) = (4 − 2.1 x² + x⁴/3) x² + x y + (4 y² − 4) y²
//! ```
//!
//! L. C. W. Dixon & G. P. Szegő, *The global optimization problem: an introduction*, in *Towards Global
//! Optimisation 2*, North-Holland 1978.
//!
//! Start: (1.5, 0.5).
//!
//! Critical points: two global minima, f = −1.0316; four local ones, f = −0.2155 and 2.1043; seven
//! saddles; two maxima. They come in pairs, as f(−p) = f(p), but for the saddle (0, 0).

use thalweg_calls::Word;

use crate::{CriticalPoint, Surface};

/// (4 − 2.1 x² + x⁴/3) x² + x y + (4 y² − 4) y²
#[derive(Clone, Copy, Debug)]
pub struct SixHumpCamel;

pub(crate) static WORD: Word = Word {
    name: "six-hump-camel",
    about: "two global minima, four local ones, nine other critical points",
    parameters: &[],
};

impl Surface for SixHumpCamel {
    fn formula(&self) -> &'static str {
        "(4 − 2.1 x² + x⁴/3) x² + x y + (4 y² − 4) y²"
    }

    fn value(&self, [x, y]: [f64; 2]) -> f64 {
        let (x2, y2) = (x * x, y * y);
        (4.0 - 2.1 * x2 + x2 * x2 / 3.0) * x2 + x * y + (4.0 * y2 - 4.0) * y2
    }

    fn gradient(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (x2, y2) = (x * x, y * y);
        [(8.0 - 8.4 * x2 + 2.0 * x2 * x2) * x + y, x + (16.0 * y2 - 8.0) * y]
    }

    fn hessian(&self, [x, y]: [f64; 2]) -> [[f64; 2]; 2] {
        let (x2, y2) = (x * x, y * y);
        [[8.0 - 25.2 * x2 + 10.0 * x2 * x2, 1.0], [1.0, 48.0 * y2 - 8.0]]
    }

    fn start(&self) -> [f64; 2] {
        [1.5, 0.5]
    }

    fn domain(&self) -> [[f64; 2]; 2] {
        [[-2.0, 2.0], [-1.2, 1.2]]
    }

    fn critical_points(&self) -> Vec<CriticalPoint> {
        let halves = [
            CriticalPoint::global_minimum(
                [0.08984201310031806, -0.7126564030207396],
                -1.0316284534898774,
            ),
            CriticalPoint::local_minimum(
                [1.703606714969981, -0.7960835686726251],
                -0.21546382438371764,
            ),
            CriticalPoint::local_minimum(
                [1.6071047529201972, 0.5686514548841314],
                2.1042503103112584,
            ),
            CriticalPoint::saddle([1.1092053368047865, -0.7682680925095399], 0.5437186009781851),
            CriticalPoint::saddle([1.6380679841897785, 0.22867406904439408], 2.2293571975307147),
            CriticalPoint::saddle([1.2960702671671092, 0.6050843880386585], 2.22947081802986),
            CriticalPoint::maximum([1.2302298765166526, 0.16233458445899496], 2.496295351023577),
        ];
        let mirrored = |point: CriticalPoint| {
            let [x, y] = point.at;
            [point, CriticalPoint { at: [-x, -y], ..point }]
        };
        let mut points = vec![CriticalPoint::saddle([0.0, 0.0], 0.0)];
        points.extend(halves.into_iter().flat_map(mirrored));
        points
    }
}
