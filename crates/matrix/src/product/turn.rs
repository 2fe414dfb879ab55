//! Y ← Xᵀ of small blocks, for factors that are read transposed.

/// Y[j, i] ← X[i, j] for the `rows` by `columns` values of X, whose rows begin `x_stride` values apart, as
/// those of Y begin `y_stride` apart.
///
/// # Safety
///
/// Every value that the sizes and strides address must lie within memory that may be read, or written.
pub(crate) unsafe fn turn<T: Copy>(
    x: *const T,
    x_stride: usize,
    rows: usize,
    columns: usize,
    y: *mut T,
    y_stride: usize,
) {
    // In blocks, whose lines stay in cache.
    const BLOCK: usize = 8;
    for top in (0..rows).step_by(BLOCK) {
        for left in (0..columns).step_by(BLOCK) {
            for i in top..rows.min(top + BLOCK) {
                for j in left..columns.min(left + BLOCK) {
                    // SAFETY: the caller's.
                    unsafe { *y.add(j * y_stride + i) = *x.add(i * x_stride + j) };
                }
            }
        }
    }
}

/// The same for `f32`, eight by eight in registers where the processor has AVX.
///
/// # Safety
///
/// As for [`turn`].
pub(crate) unsafe fn turn_f32(
    x: *const f32,
    x_stride: usize,
    rows: usize,
    columns: usize,
    y: *mut f32,
    y_stride: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx") {
        // SAFETY: the processor has AVX; the rest is the caller's.
        return unsafe { by_eights(x, x_stride, rows, columns, y, y_stride) };
    }
    // SAFETY: the caller's.
    unsafe { turn(x, x_stride, rows, columns, y, y_stride) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
unsafe fn by_eights(
    x: *const f32,
    x_stride: usize,
    rows: usize,
    columns: usize,
    y: *mut f32,
    y_stride: usize,
) {
    let (whole_rows, whole_columns) = (rows / 8 * 8, columns / 8 * 8);
    // Few rows of X at a time, so that its lines are read in one go, as far apart as rows may lie.
    for i in (0..whole_rows).step_by(8) {
        for j in (0..whole_columns).step_by(8) {
            // SAFETY: the caller's; the eight rows and columns from here on are among those of X.
            unsafe {
                eight_by_eight(x.add(i * x_stride + j), x_stride, y.add(j * y_stride + i), y_stride)
            };
        }
    }
    let (more_rows, more_columns) = (rows - whole_rows, columns - whole_columns);
    // SAFETY: the caller's; these are the rest.
    unsafe {
        let (x_below, y_beside) = (x.add(whole_rows * x_stride), y.add(whole_rows));
        turn(x_below, x_stride, more_rows, columns, y_beside, y_stride);
        let (x_beside, y_below) = (x.add(whole_columns), y.add(whole_columns * y_stride));
        turn(x_beside, x_stride, whole_rows, more_columns, y_below, y_stride);
    }
}

/// # Safety
///
/// As for [`turn`] with eight rows and columns.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
#[inline]
unsafe fn eight_by_eight(x: *const f32, x_stride: usize, y: *mut f32, y_stride: usize) {
    use std::arch::x86_64::{
        _mm256_loadu_ps, _mm256_permute2f128_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    // SAFETY: the caller's.
    let row = |i: usize| unsafe { _mm256_loadu_ps(x.add(i * x_stride)) };
    let pairs = [0, 2, 4, 6].map(|i| {
        let (upper, lower) = (row(i), row(i + 1));
        [_mm256_unpacklo_ps(upper, lower), _mm256_unpackhi_ps(upper, lower)]
    });
    let fours = [[0, 1], [2, 3]].map(|[upper, lower]| {
        let [[a, b], [c, d]] = [pairs[upper], pairs[lower]];
        [
            _mm256_shuffle_ps::<0x44>(a, c),
            _mm256_shuffle_ps::<0xEE>(a, c),
            _mm256_shuffle_ps::<0x44>(b, d),
            _mm256_shuffle_ps::<0xEE>(b, d),
        ]
    });
    for (j, (&upper, &lower)) in fours[0].iter().zip(&fours[1]).enumerate() {
        // SAFETY: the caller's.
        unsafe {
            let (near, far) = (y.add(j * y_stride), y.add((j + 4) * y_stride));
            _mm256_storeu_ps(near, _mm256_permute2f128_ps::<0x20>(upper, lower));
            _mm256_storeu_ps(far, _mm256_permute2f128_ps::<0x31>(upper, lower));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_to_its_place_at_every_size() {
        for rows in [0, 1, 7, 8, 9, 16, 21] {
            for columns in [0, 1, 7, 8, 9, 16, 30] {
                let (x_stride, y_stride) = (columns + 3, rows + 2);
                let x: Vec<f32> = (0..rows * x_stride + 1).map(|i| i as f32).collect();
                let mut y = vec![-1.0f32; columns * y_stride + 1];
                // SAFETY: the vectors hold as many rows as are addressed.
                unsafe { turn_f32(x.as_ptr(), x_stride, rows, columns, y.as_mut_ptr(), y_stride) };
                for (at, value) in y.iter().enumerate() {
                    let (j, i) = (at / y_stride, at % y_stride);
                    let inside = i < rows && j < columns;
                    assert_eq!(*value, if inside { x[i * x_stride + j] } else { -1.0 });
                }
            }
        }
    }
}
