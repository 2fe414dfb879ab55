//! The norm of a gradient, and where it is not finite, in one pass.
//!
//! ```text
//! ‖g‖ = √(Σ gᵢ²)
//! ```
//!
//! The order of the sum is fixed by the length alone: 64 running sums within a block, blocks joined in a
//! tree. So its bits depend neither on the vector width nor on the number of threads. Squares are summed
//! in `f64`, so that no finite `f32` gradient overflows.

use std::ops::RangeInclusive;

use crate::{Gradient, Level, Segments, StepError, Stored};

/// Coordinates that one thread takes at a time. A sum over fewer is not worth a second thread:
/// 32 Ki coordinates are 10 to 20 µs of work, and handing them over costs about 1 µs.
pub(crate) const GRAIN: usize = 1 << 15;

/// Coordinates that are summed without a split, and the unit in which larger slices are split.
pub(crate) const BLOCK: usize = 1 << 12;
const LANES: usize = 64;

/// Sums of squares that are exact to rounding: none above has overflowed, and what a sum in it lost to
/// underflow does not count.
const SAFE: RangeInclusive<f64> = 1e-280..=f64::MAX;

/// A gradient that is not finite, in the segment at this place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) segment: usize,
}

/// The norm of the whole gradient, which is the norm of those of the segments, written to `norms`. With
/// `zero`, what is not finite counts as 0.
pub(crate) fn of_segments<T: Stored>(
    level: Level,
    segments: &mut dyn Segments<T>,
    zero: bool,
    norms: &mut [f64],
) -> Result<f64, Measured> {
    measure(level, segments, zero, norms);
    match norms.iter().position(|norm| norm.is_nan()) {
        Some(segment) => Err(Measured { segment }),
        // The norm of finite numbers may still be beyond `f64`, and so infinite.
        None => Ok(norm(level, norms).unwrap_or(f64::INFINITY)),
    }
}

/// The first place at which a gradient is not finite, and what is there.
pub(crate) fn first_non_finite<T: Stored>(gradient: Gradient<'_, T>) -> Option<(usize, f64)> {
    fn first<X: Stored>(g: &[X]) -> Option<(usize, f64)> {
        g.iter().map(|x| x.to_f64()).enumerate().find(|(_, x)| !x.is_finite())
    }
    match gradient {
        Gradient::Missing => None,
        Gradient::Dense(g) | Gradient::Rows { values: g, .. } => first(g),
        Gradient::Wide(g) => first(g),
    }
}

/// What is wrong with the gradient of the segment at `index`, which was measured at this step.
pub(crate) fn error<T: Stored>(
    segments: &mut dyn Segments<T>,
    step: u64,
    index: usize,
) -> StepError {
    let segment = segments.segment(index);
    let name = segment.name.to_owned();
    match first_non_finite(segment.gradient) {
        Some((index, value)) => StepError::NonFinite { step, segment: name, index, value },
        None => StepError::Overflow { step, segment: name },
    }
}

/// How many numbers of a gradient are not finite.
pub(crate) fn count_non_finite<T: Stored>(gradient: Gradient<'_, T>) -> u64 {
    fn count<X: Stored>(g: &[X]) -> u64 {
        g.iter().filter(|x| !x.to_f64().is_finite()).count() as u64
    }
    match gradient {
        Gradient::Missing => 0,
        Gradient::Dense(g) | Gradient::Rows { values: g, .. } => count(g),
        Gradient::Wide(g) => count(g),
    }
}

/// Fills `norms`, with NaN where a gradient is not finite.
fn measure<T: Stored>(level: Level, segments: &mut dyn Segments<T>, zero: bool, norms: &mut [f64]) {
    fn one<X: Stored>(level: Level, g: &[X], zero: bool) -> f64 {
        match norm(level, g) {
            Ok(norm) => norm,
            Err(_) if zero => scaled_norm(g),
            Err(_) => f64::NAN,
        }
    }
    let count = segments.count();
    if count <= 1 {
        if count == 1 {
            norms[0] = match segments.segment(0).gradient {
                Gradient::Missing => 0.0,
                Gradient::Dense(g) | Gradient::Rows { values: g, .. } => one(level, g, zero),
                Gradient::Wide(g) => one(level, g, zero),
            };
        }
        return;
    }
    let (left_norms, right_norms) = norms.split_at_mut(count / 2);
    let mut both_norms = Some((left_norms, right_norms));
    segments.split(count / 2, &mut |left, right| {
        if let Some((left_norms, right_norms)) = both_norms.take() {
            rayon::join(
                || measure(level, left, zero, left_norms),
                || measure(level, right, zero, right_norms),
            );
        }
    });
}

/// ‖g‖, or the first place at which g is NaN or infinite.
pub(crate) fn norm<T: Stored>(level: Level, g: &[T]) -> Result<f64, usize> {
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
fn sum_of_squares<T: Stored>(level: Level, g: &[T]) -> f64 {
    if g.len() <= BLOCK {
        return level.run(
            #[inline(always)]
            || sum_of_squares_of(g, |x| x.to_f64()),
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

/// ‖g‖ of a g whose squares may be too large or too small for `f64`, with 0 for what is not finite.
fn scaled_norm<T: Stored>(g: &[T]) -> f64 {
    let finite = |x: &T| Some(x.to_f64()).filter(|x| x.is_finite()).unwrap_or_default();
    let largest = g.iter().fold(0.0, |largest: f64, x| largest.max(finite(x).abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let sum: f64 = g.iter().map(|x| (finite(x) / largest).powi(2)).sum();
    largest * sum.sqrt()
}

/// Where a slice is split in two: the multiple of `grain` nearest above the middle.
pub(crate) fn middle(len: usize, grain: usize) -> usize {
    (len / 2).next_multiple_of(grain)
}

/// Σ of the squares of what `number` makes of each of `items`: within a block, no more than [`BLOCK`].
#[inline(always)]
pub(crate) fn sum_of_squares_of<X>(items: &[X], number: impl Fn(&X) -> f64) -> f64 {
    let mut sums = [0.0; LANES];
    let (chunks, rest) = items.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += number(x) * number(x);
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += number(x) * number(x);
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
