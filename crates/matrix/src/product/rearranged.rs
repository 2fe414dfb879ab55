//! Y ← α·A·B + β·Y for many A and one B, which is rearranged once for all of them.

use super::part::{Factor, Target, part_of_rearranged, rearrange_all, rearranged_length};
use super::{Matrix, scale};
use crate::Scalar;

/// A second factor, as products read it fastest.
#[derive(Clone, Copy, Debug)]
pub struct Rearranged<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
}

impl<'a, T: Scalar> Rearranged<'a, T> {
    /// How many values a matrix of this size takes when it is rearranged.
    pub fn length(rows: usize, columns: usize) -> usize {
        rearranged_length::<T>(rows, columns)
    }

    /// Rearranges a matrix. The memory can be read again by [`Rearranged::lying_in`].
    ///
    /// # Panics
    ///
    /// If the matrix reaches past its values, or the memory is not of [`Rearranged::length`].
    pub fn new(b: Matrix<'_, T>, memory: &'a mut [T]) -> Rearranged<'a, T> {
        let (rows, columns) = (b.rows, b.columns);
        let is_empty = rows == 0 || columns == 0;
        assert!(is_empty || b.is_within(), "a matrix reaches past its values");
        assert_length::<T>(memory, rows, columns);
        if !is_empty {
            let from = Factor {
                values: b.values.as_ptr(),
                row_stride: b.row_stride,
                column_stride: b.column_stride,
            };
            // SAFETY: the matrix lies within its values, and the memory is as long as it must be.
            unsafe { rearrange_all(from, [rows, columns], memory.as_mut_ptr()) };
        }
        Rearranged { values: memory, rows, columns }
    }

    /// The matrix of this size that was rearranged to `values`.
    ///
    /// # Panics
    ///
    /// If there are not [`Rearranged::length`] of them.
    pub fn lying_in(values: &'a [T], rows: usize, columns: usize) -> Rearranged<'a, T> {
        assert_length::<T>(values, rows, columns);
        Rearranged { values, rows, columns }
    }
}

fn assert_length<T: Scalar>(values: &[T], rows: usize, columns: usize) {
    let expected = rearranged_length::<T>(rows, columns);
    let found = values.len();
    assert!(found == expected, "{rows} by {columns} take {expected} values, not {found}");
}

/// Y ← α·A·B + β·Y by the calling thread, where the rows of Y begin `row_stride` values apart; what lies
/// between them stays. Where β is 0, Y is not read. The bits are those of
/// [`product_into`](super::product_into).
///
/// # Panics
///
/// If the sizes do not fit.
pub fn product_rearranged<T: Scalar>(
    α: T,
    a: Matrix<'_, T>,
    b: Rearranged<'_, T>,
    β: T,
    y: &mut [T],
    row_stride: usize,
) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert!(b.rows == k, "{k} columns of A meet {} rows of B", b.rows);
    if m == 0 || n == 0 {
        return;
    }
    let result = Matrix { values: &*y, rows: m, columns: n, row_stride, column_stride: 1 };
    assert!(
        n <= row_stride && result.is_within(),
        "the result of a product reaches past its values"
    );
    if k == 0 {
        return y.chunks_mut(row_stride).take(m).for_each(|row| scale(β, &mut row[..n]));
    }
    assert!(a.is_within(), "a matrix of a product reaches past its values");
    let to = Target { values: y.as_mut_ptr(), row_stride };
    let a = Factor {
        values: a.values.as_ptr(),
        row_stride: a.row_stride,
        column_stride: a.column_stride,
    };
    // SAFETY: every element that the sizes and strides address lies within its slice, which was asserted
    // above and where B was made; Y is borrowed alone, and its rows do not overlap.
    unsafe { part_of_rearranged([m, k, n], α, a, b.values.as_ptr(), β, to) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Threads, product_into};

    #[test]
    fn a_rearranged_factor_gives_the_same_bits() {
        let numbers =
            |count: usize| (0..count).map(|i| (i as f32 * 0.37).sin()).collect::<Vec<_>>();
        for [m, k, n] in [[1, 1, 17], [64, 128, 384], [25, 512, 128], [7, 1300, 83], [300, 401, 50]]
        {
            for transposed in [false, true] {
                let (a, b) = (numbers(m * k), numbers(k * n));
                let a = Matrix::new(&a, m, k);
                let b = match transposed {
                    false => Matrix::new(&b, k, n),
                    true => Matrix::new(&b, n, k).transposed(),
                };
                let stride = n + 3;
                let (mut expected, mut y) = (numbers(m * stride), numbers(m * stride));
                product_into(0.5, a, b, -1.5, &mut expected, stride, Threads::One);
                let mut memory = vec![f32::NAN; Rearranged::<f32>::length(k, n)];
                let b = Rearranged::new(b, &mut memory);
                product_rearranged(0.5, a, b, -1.5, &mut y, stride);
                assert!(y.iter().zip(&expected).all(|(x, y)| x.to_bits() == y.to_bits()));
            }
        }
    }
}
