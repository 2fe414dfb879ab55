//! The simplex: no coordinate below 0, and all together `total`.
//!
//! ```text
//! Π(x)ᵢ = max(xᵢ − τ, 0),   τ so that the sum is right
//! τ ← (Σ_{xᵢ > τ} xᵢ − total) / |{ i : xᵢ > τ }|,   from τ = (Σxᵢ − total)/n
//! ```
//!
//! That the projection has this form is in Held, Wolfe & Crowder, *Validation of subgradient optimization*,
//! Mathematical Programming 6, 1974, <https://doi.org/10.1007/BF01580223>; Duchi, Shalev-Shwartz, Singer & Chandra,
//! *Efficient projections onto the ℓ₁-ball for learning in high dimensions*, ICML 2008, find τ by sorting. The
//! iteration is that of Michelot, *A finite algorithm for finding the projection of a point onto the canonical simplex
//! of ℝⁿ*, JOTA 50(1), 1986: τ only grows, coordinates only leave the sum, and when none does, τ is exact. It needs no
//! memory, and passes over the point where it lies.

use crate::{Coordinates, Projection};

pub(crate) fn projection(total: f64, coordinates: &mut Coordinates<'_>) -> Projection {
    let mut above = |τ: f64| {
        let (mut sum, mut count) = (0.0, 0usize);
        coordinates(&mut |piece| {
            for x in piece.iter().filter(|x| **x > τ) {
                sum += x;
                count += 1;
            }
        });
        (sum, count)
    };
    let (mut sum, mut count) = above(f64::NEG_INFINITY);
    loop {
        let τ = (sum - total) / count as f64;
        let (next_sum, next_count) = above(τ);
        // Rounding may take the last one out where all are the same, or one in again.
        if next_count >= count || next_count == 0 {
            return Projection::Threshold(τ);
        }
        (sum, count) = (next_sum, next_count);
    }
}

/// All of it on the least coordinate of c, the first one of several.
pub(crate) fn lowest(total: f64, c: &[f64], point: &mut [f64]) {
    point.fill(0.0);
    let least = (0..c.len()).reduce(|a, b| if c[b] < c[a] { b } else { a });
    least.into_iter().for_each(|i| point[i] = total);
}
