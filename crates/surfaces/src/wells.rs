//! Gaussian wells in a bowl, the common form of [`dupont`](crate::dupont) and
//! [`lilipads_local_minimum`](crate::lilipads_local_minimum).
//!
//! ```text
//! f = ‖q‖² − Σ depth · exp(−‖q − c‖²/σ),  q = (x, stretch · y),  σ = 0.2
//! ```

use crate::{CriticalPoint, Surface};

const SIGMA: f64 = 0.2;

/// Two wells in a bowl.
#[derive(Clone, Copy, Debug)]
pub struct Wells {
    pub(crate) formula: &'static str,
    pub(crate) start: [f64; 2],
    /// How much narrower the bowl and the wells are along y than along x.
    pub(crate) stretch: f64,
    pub(crate) wells: [Well; 2],
    pub(crate) critical_points: [CriticalPoint; 3],
}

/// One well; c is in the plane of q.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Well {
    pub depth: f64,
    pub c: [f64; 2],
}

impl Surface for Wells {
    fn formula(&self) -> &'static str {
        self.formula
    }

    fn value(&self, p: [f64; 2]) -> f64 {
        let q = self.stretched(p);
        let wells: f64 = self.wells.iter().map(|well| well.at(q).1).sum();
        q[0] * q[0] + q[1] * q[1] - wells
    }

    fn gradient(&self, p: [f64; 2]) -> [f64; 2] {
        let q = self.stretched(p);
        let [x, w] = self.wells.iter().fold([2.0 * q[0], 2.0 * q[1]], |[x, w], well| {
            let (d, e) = well.at(q);
            let e = 2.0 / SIGMA * e;
            [x + e * d[0], w + e * d[1]]
        });
        [x, self.stretch * w]
    }

    fn hessian(&self, p: [f64; 2]) -> [[f64; 2]; 2] {
        let q = self.stretched(p);
        let [xx, xw, ww] = self.wells.iter().fold([2.0, 0.0, 2.0], |[xx, xw, ww], well| {
            let (d, e) = well.at(q);
            let e = 2.0 / SIGMA * e;
            [
                xx + e * (1.0 - 2.0 / SIGMA * d[0] * d[0]),
                xw - e * (2.0 / SIGMA * d[0] * d[1]),
                ww + e * (1.0 - 2.0 / SIGMA * d[1] * d[1]),
            ]
        });
        let xy = self.stretch * xw;
        [[xx, xy], [xy, self.stretch * self.stretch * ww]]
    }

    fn start(&self) -> [f64; 2] {
        self.start
    }

    fn domain(&self) -> [[f64; 2]; 2] {
        [[-2.0, 2.0], [-2.0, 2.0]]
    }

    fn critical_points(&self) -> Vec<CriticalPoint> {
        self.critical_points.to_vec()
    }
}

impl Wells {
    fn stretched(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [x, self.stretch * y]
    }
}

impl Well {
    /// d = q − c, and depth · exp(−‖d‖²/σ).
    fn at(&self, q: [f64; 2]) -> ([f64; 2], f64) {
        let d = [q[0] - self.c[0], q[1] - self.c[1]];
        (d, self.depth * (-(d[0] * d[0] + d[1] * d[1]) / SIGMA).exp())
    }
}
