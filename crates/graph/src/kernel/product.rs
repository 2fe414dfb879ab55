//! Products of matrices, by the `gemm` crate, which allocates where it rearranges a factor.
//!
//! It adds in an order that depends on the shape, the instructions and the caches of the machine, so that
//! bits are the same from run to run and for any number of threads, but not from machine to machine.

use gemm::Parallelism;
use rayon::prelude::*;

use crate::{Element, Shape, Threads, Transposed};

/// A factor: values in row-major order, read as they lie or transposed.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// The factor as it is read; `shape` is that of a matrix, as it lies.
    pub(crate) fn new(values: &'a [T], shape: Shape, transposed: Transposed) -> Matrix<'a, T> {
        let [m, n] = [shape.sizes()[0], shape.sizes()[1]];
        match transposed {
            Transposed::No => {
                Matrix { values, rows: m, columns: n, row_stride: n, column_stride: 1 }
            }
            Transposed::Yes => {
                Matrix { values, rows: n, columns: m, row_stride: 1, column_stride: n }
            }
        }
    }

    /// Some of the rows.
    fn rows(self, start: usize, rows: usize) -> Matrix<'a, T> {
        Matrix { values: &self.values[start * self.row_stride..], rows, ..self }
    }

    /// Whether the last element, and so every one, lies within the values.
    fn is_within(&self) -> bool {
        let last = |size: usize, stride: usize| size.checked_sub(1)?.checked_mul(stride);
        last(self.rows, self.row_stride)
            .zip(last(self.columns, self.column_stride))
            .and_then(|(down, across)| down.checked_add(across))
            .is_some_and(|last| last < self.values.len())
    }
}

/// Y ← A·B, row-major.
///
/// A large product is taken in blocks of rows that depend on its shape alone, whoever calculates them,
/// so that the bits are the same for any number of threads.
pub(crate) fn product<T: Element>(
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    columns: usize,
    y: &mut [T],
    threads: Threads,
) {
    if y.is_empty() || a.columns == 0 {
        return y.fill(T::constant(0.0));
    }
    let rows = rows_per_block(a.rows, a.columns * columns);
    let block = |(i, y): (usize, &mut [T])| {
        block(a.rows(i * rows, y.len() / columns), b, columns, y);
    };
    match threads {
        Threads::Pool if rows < a.rows => {
            y.par_chunks_mut(rows * columns).enumerate().for_each(block);
        }
        Threads::One | Threads::Pool => {
            y.chunks_mut(rows * columns).enumerate().for_each(block);
        }
    }
}

/// All rows in a small product; else a multiple of 64 that makes at most eight blocks, each of at least
/// four million multiplications: some 50 µs, against some 5 µs to hand one to a thread.
fn rows_per_block(rows: usize, multiplications_per_row: usize) -> usize {
    const LEAST: usize = 4 << 20;
    let worth = LEAST.div_ceil(multiplications_per_row.max(1));
    worth.max(rows.div_ceil(8)).next_multiple_of(64).min(rows)
}

/// Y ← A·B, where neither has a size of 0.
fn block<T: Element>(a: Matrix<'_, T>, b: Matrix<'_, T>, columns: usize, y: &mut [T]) {
    assert!(a.columns == b.rows && b.columns == columns);
    assert!(a.rows.checked_mul(columns) == Some(y.len()) && a.is_within() && b.is_within());
    let (zero, one) = (T::constant(0.0), T::constant(1.0));
    // SAFETY: every element that the sizes and strides address lies within its slice, which was
    // asserted just now; `y` is borrowed alone. The strides of a slice fit an isize.
    unsafe {
        gemm::gemm(
            a.rows,
            columns,
            a.columns,
            y.as_mut_ptr(),
            1,
            columns as isize,
            false,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            zero,
            one,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * 0.37).sin()).collect()
    }

    /// Row by column, in `f64`.
    fn naive(a: Matrix<'_, f32>, b: Matrix<'_, f32>) -> Vec<f64> {
        let at =
            |m: Matrix<'_, f32>, i, j| f64::from(m.values[i * m.row_stride + j * m.column_stride]);
        let cell = |i, j| (0..a.columns).map(|k| at(a, i, k) * at(b, k, j)).sum();
        (0..a.rows).flat_map(|i| (0..b.columns).map(move |j| cell(i, j))).collect()
    }

    #[test]
    fn products_are_right_and_their_bits_do_not_depend_on_threads() {
        use Transposed::{No, Yes};
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let pools = [pool(1), pool(2), pool(3)];
        for [m, k, n] in
            [[700, 130, 150], [300, 784, 128], [1, 40, 30], [65, 1, 7], [2000, 100, 70]]
        {
            for (left, right) in [(No, No), (No, Yes), (Yes, No), (Yes, Yes)] {
                let shape = |transposed, rows, columns| match transposed {
                    No => Shape::from([rows, columns]),
                    Yes => Shape::from([columns, rows]),
                };
                let (a, b) = (numbers(m * k), numbers(k * n));
                let a = Matrix::new(&a, shape(left, m, k), left);
                let b = Matrix::new(&b, shape(right, k, n), right);
                let mut one = vec![f32::NAN; m * n];
                product(a, b, n, &mut one, Threads::One);
                for pool in &pools {
                    let mut many = vec![f32::NAN; m * n];
                    pool.install(|| product(a, b, n, &mut many, Threads::Pool));
                    assert!(one.iter().zip(&many).all(|(x, y)| x.to_bits() == y.to_bits()));
                }
                for (got, expected) in one.iter().zip(naive(a, b)) {
                    let bound = 1e-6 * (k as f64).max(4.0);
                    assert!((f64::from(*got) - expected).abs() < bound, "{got} {expected}");
                }
            }
        }
    }

    #[test]
    fn large_products_have_several_blocks_and_small_ones_one() {
        assert_eq!(rows_per_block(64, 784 * 128), 64);
        assert!(rows_per_block(2000, 100 * 70) < 2000);
        assert!(rows_per_block(100_000, 784 * 128) >= 100_000 / 8);
    }

    #[test]
    fn an_empty_inner_size_gives_zeros() {
        let a = Matrix::new(&[], Shape::from([2, 0]), Transposed::No);
        let b = Matrix::new(&[], Shape::from([0, 3]), Transposed::No);
        let mut y = [f32::NAN; 6];
        product(a, b, 3, &mut y, Threads::One);
        assert_eq!(y, [0.0; 6]);
    }

    #[test]
    fn a_matrix_that_reaches_past_its_values_is_found_out() {
        let matrix = |length: usize, shape: [usize; 2], transposed| {
            Matrix::new(&[1.0f32; 6][..length], shape.into(), transposed).is_within()
        };
        for transposed in [Transposed::No, Transposed::Yes] {
            assert!(matrix(6, [2, 3], transposed));
            assert!(!matrix(5, [2, 3], transposed));
            // The product of these sizes is 4 in 64 bits.
            assert!(!matrix(4, [(1 << 62) + 1, 4], transposed));
        }
    }
}
