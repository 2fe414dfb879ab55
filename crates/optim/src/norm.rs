//! The norm of a gradient, and where it is not finite, in one pass.
//!
//! ```text
//! ‖g‖ = √(Σ gᵢ²)
//! ```
//!
//! The order of the sum is fixed by the length alone: 16 running sums within a block, blocks joined in a
//! tree. So its bits depend neither on the vector width nor on the number of threads. Squares are summed
//! in `f64`, so that no finite `f32` gradient overflows.

use std::ops::RangeInclusive;

use crate::{Level, Real};

/// Coordinates that one thread takes at a time. A step over fewer is not worth a second thread:
/// 32 Ki coordinates are 10 to 20 µs of work, and handing them over costs about 1 µs.
pub(crate) const GRAIN: usize = 1 << 15;

/// Coordinates that are summed without a split, and the unit in which larger slices are split.
pub(crate) const BLOCK: usize = 1 << 12;
const LANES: usize = 16;

/// Sums of squares that are exact to rounding: none above has overflowed, and what a sum in it lost to
/// underflow does not count.
const SAFE: RangeInclusive<f64> = 1e-280..=f64::MAX;

/// ‖g‖, or the first place at which g is NaN or infinite.
pub(crate) fn norm<T: Real>(level: Level, g: &[T]) -> Result<f64, usize> {
    let squares = sum_of_squares(level, g);
    if SAFE.contains(&squares) {
        return Ok(squares.sqrt());
    }
    match g.iter().position(|x| !x.to_f64().is_finite()) {
        Some(index) => Err(index),
        None => Ok(scaled_norm(g)),
    }
}

/// Σ gᵢ², not finite if any gᵢ is not, or if it overflows `f64`.
fn sum_of_squares<T: Real>(level: Level, g: &[T]) -> f64 {
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

/// ‖g‖ of a finite g whose squares may be too large or too small for `f64`.
fn scaled_norm<T: Real>(g: &[T]) -> f64 {
    let largest = g.iter().fold(0.0, |largest: f64, x| largest.max(x.to_f64().abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let sum: f64 = g.iter().map(|x| (x.to_f64() / largest).powi(2)).sum();
    largest * sum.sqrt()
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
    fn the_norm_neither_overflows_nor_underflows() {
        let level = Level::widest();
        assert_eq!(norm(level, &[1e19f32; 4]), Ok(2.0 * f64::from(1e19f32)));
        for size in [1e-310, 1e-200, 1e-141, 1.0, 1e150, 1e300] {
            let norm = norm(level, &[3.0 * size, 0.0, -4.0 * size]).unwrap();
            assert!((norm / (5.0 * size) - 1.0).abs() < 1e-12, "{size:e}: {norm:e}");
        }
        assert_eq!(norm(level, &[0.0f32; 3]), Ok(0.0));
        assert_eq!(norm::<f64>(level, &[]), Ok(0.0));
        assert_eq!(norm(level, &[1.0, f32::NAN, f32::INFINITY]), Err(1));
    }
}
