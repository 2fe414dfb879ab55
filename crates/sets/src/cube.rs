//! The box: each coordinate between the same two bounds.

/// Each coordinate of c·x is lowest at one of the bounds.
pub(crate) fn lowest(low: f64, high: f64, c: &[f64], point: &mut [f64]) {
    for (x, &c) in point.iter_mut().zip(c) {
        *x = if c > 0.0 { low } else { high };
    }
}
