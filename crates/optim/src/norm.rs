//! The norm of a gradient, and where it is not finite, in one pass.
//!
//! ```text
//! ‖g‖ = √(Σ gᵢ²)
//! ```
//!
//! The order of the sum is fixed by the length alone: 16 running sums within a block, blocks joined in a
//! tree. So its bits depend neither on the vector width nor on the number of threads. Squares are summed
//! in `f64`, so that no finite `f32` gradient overflows.

use crate::{Level, Real};

/// Coordinates that one thread takes at a time. A step over fewer is not worth a second thread:
/// 32 Ki coordinates are 10 to 20 µs of work, and handing them over costs about 1 µs.
pub(crate) const GRAIN: usize = 1 << 15;

const BLOCK: usize = 1 << 12;
const LANES: usize = 16;

/// Σ gᵢ², not finite if any gᵢ is not, or if it overflows `f64`.
pub(crate) fn sum_of_squares<T: Real>(level: Level, g: &[T]) -> f64 {
    if g.len() <= BLOCK {
        return level.run(
            #[inline(always)]
            || block_sum_of_squares(g),
        );
    }
    let (left, right) = g.split_at(middle(g.len(), BLOCK));
    let (left, right) = if g.len() > GRAIN {
        rayon::join(|| sum_of_squares(level, left), || sum_of_squares(level, right))
    } else {
        (sum_of_squares(level, left), sum_of_squares(level, right))
    };
    left + right
}

/// The Euclidean norm for a sum of squares that overflowed although every gᵢ is finite.
pub(crate) fn scaled_norm<T: Real>(g: &[T]) -> f64 {
    let largest = g.iter().fold(0.0, |largest: f64, x| largest.max(x.to_f64().abs()));
    let sum: f64 = g.iter().map(|x| (x.to_f64() / largest).powi(2)).sum();
    largest * sum.sqrt()
}

/// The first place at which g is NaN or infinite.
pub(crate) fn first_non_finite<T: Real>(g: &[T]) -> Option<usize> {
    g.iter().position(|x| !x.to_f64().is_finite())
}

/// Where a slice is split in two: the multiple of `grain` nearest above the middle.
pub(crate) fn middle(len: usize, grain: usize) -> usize {
    (len / 2).next_multiple_of(grain)
}

#[inline(always)]
fn block_sum_of_squares<T: Real>(g: &[T]) -> f64 {
    let mut sums = [0.0; LANES];
    let (chunks, rest) = g.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x.to_f64() * x.to_f64();
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += x.to_f64() * x.to_f64();
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for i in 0..width {
            sums[i] += sums[i + width];
        }
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_right_at_every_length_and_its_bits_the_same_at_every_level() {
        for len in [0, 1, 15, 16, 17, 4095, 4096, 4097, 70_000] {
            let g: Vec<f32> = (0..len).map(|i| (i % 7) as f32 - 3.0).collect();
            let expected: f64 = g.iter().map(|&x| f64::from(x * x)).sum();
            for level in Level::available() {
                // Small whole numbers: every order of summation is exact.
                assert_eq!(sum_of_squares(level, &g), expected, "{len} {level:?}");
            }
        }
    }

    #[test]
    fn large_gradients_do_not_overflow() {
        assert_eq!(sum_of_squares(Level::widest(), &[1e19f32; 4]).sqrt(), 2.0 * f64::from(1e19f32));
        assert_eq!(sum_of_squares(Level::widest(), &[1e300, 1e300]), f64::INFINITY);
        assert!((scaled_norm(&[3e300, 4e300]) / 5e300 - 1.0).abs() < 1e-15);
        assert_eq!(first_non_finite(&[1.0f32, f32::NAN]), Some(1));
        assert_eq!(first_non_finite(&[1e300]), None);
    }
}
