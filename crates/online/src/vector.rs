//! Passes over vectors, on which most of the time goes.

/// Partial sums, so that the loop is vector code in an order of its own.
const LANES: usize = 8;

/// a·b, of two slices of one length.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// λ/2 ‖θ‖², and g ← λθ.
#[inline(always)]
pub(crate) fn ridge(λ: f64, θ: &[f64], g: &mut [f64]) -> f64 {
    g.iter_mut().zip(θ).for_each(|(g, θ)| *g = λ * θ);
    0.5 * λ * dot(θ, θ)
}
