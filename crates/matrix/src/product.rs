//! Products of matrices, by the `gemm` crate, which allocates where it rearranges a factor.
//!
//! It adds in an order that depends on the shape, the instructions and the caches of the machine, so that
//! bits are the same from run to run and for any number of threads, but not from machine to machine.

use gemm::Parallelism;
use rayon::prelude::*;

use crate::Scalar;

/// Who calculates large products. The bits of the result do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Threads {
    /// The calling thread.
    #[default]
    One,
    /// The threads of the rayon pool that the caller is in.
    Pool,
}

/// A factor: values in row-major order, read as they lie or transposed.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// The matrix whose rows lie one after the other in `values`.
    ///
    /// A product panics if `values` is too short.
    pub fn new(values: &'a [T], rows: usize, columns: usize) -> Matrix<'a, T> {
        Matrix { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The transpose, of the same values.
    pub fn transposed(self) -> Matrix<'a, T> {
        Matrix {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// How many rows it has, as it is read.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns it has, as it is read.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Some of the rows.
    pub(crate) fn some_rows(self, start: usize, rows: usize) -> Matrix<'a, T> {
        Matrix { values: &self.values[start * self.row_stride..], rows, ..self }
    }

    /// Some of the columns.
    pub(crate) fn some_columns(self, start: usize, columns: usize) -> Matrix<'a, T> {
        self.transposed().some_rows(start, columns).transposed()
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
/// so that the bits are the same for any number of threads. The product itself, by the `gemm` crate, adds
/// in an order that depends on the instructions and caches of the machine.
///
/// # Panics
///
/// If the sizes do not fit.
pub fn product<T: Scalar>(a: Matrix<'_, T>, b: Matrix<'_, T>, y: &mut [T], threads: Threads) {
    product_scaled(T::rounded(1.0), a, b, T::default(), y, threads);
}

/// Y ← α·A·B + β·Y, row-major, in the blocks of [`product()`]. Where β is 0, Y is not read.
///
/// # Panics
///
/// If the sizes do not fit.
pub fn product_scaled<T: Scalar>(
    α: T,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    β: T,
    y: &mut [T],
    threads: Threads,
) {
    let rows = rows_per_block(a.rows, a.columns.saturating_mul(b.columns));
    in_blocks(rows, α, a, b, β, y, threads);
}

/// Y ← α·A·B + β·Y in blocks of so many rows.
pub(crate) fn in_blocks<T: Scalar>(
    rows: usize,
    α: T,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    β: T,
    y: &mut [T],
    threads: Threads,
) {
    let columns = b.columns;
    assert_sizes(a, b, y);
    if y.is_empty() || a.columns == 0 {
        return scale(β, y);
    }
    let block = |(i, y): (usize, &mut [T])| {
        block(α, a.some_rows(i * rows, y.len() / columns), b, β, y, columns);
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

pub(crate) fn assert_sizes<T>(a: Matrix<'_, T>, b: Matrix<'_, T>, y: &[T]) {
    assert!(a.columns == b.rows, "{} columns of A meet {} rows of B", a.columns, b.rows);
    assert!(
        a.rows.checked_mul(b.columns) == Some(y.len()),
        "a product of {} by {} does not fit {} values",
        a.rows,
        b.columns,
        y.len()
    );
}

/// Y ← β·Y; where β is 0, Y is not read.
pub(crate) fn scale<T: Scalar>(β: T, y: &mut [T]) {
    match β == T::default() {
        true => y.fill(β),
        false => y.iter_mut().for_each(|y| *y = β * *y),
    }
}

/// All rows in a small product; else a multiple of 64 that makes at most eight blocks, each of at least
/// four million multiplications: some 50 µs, against some 5 µs to hand one to a thread.
fn rows_per_block(rows: usize, multiplications_per_row: usize) -> usize {
    const LEAST: usize = 4 << 20;
    let worth = LEAST.div_ceil(multiplications_per_row.max(1));
    worth.max(rows.div_ceil(8)).next_multiple_of(64).min(rows)
}

/// Y ← α·A·B + β·Y by one thread, where no size is 0; the rows of Y begin `row_stride` values apart.
pub(crate) fn block<T: Scalar>(
    α: T,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    β: T,
    y: &mut [T],
    row_stride: usize,
) {
    let result =
        Matrix { values: &*y, rows: a.rows, columns: b.columns, row_stride, column_stride: 1 };
    assert!(a.columns == b.rows && b.columns <= row_stride, "the sizes of a product do not fit");
    assert!(
        a.is_within() && b.is_within() && result.is_within(),
        "a matrix of a product reaches past its values"
    );
    // SAFETY: every element that the sizes and strides address lies within its slice, which was
    // asserted just now; `y` is borrowed alone, and its rows do not overlap. The strides of a slice fit
    // an isize.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            y.as_mut_ptr(),
            1,
            row_stride as isize,
            β != T::default(),
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            β,
            α,
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
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let pools = [pool(1), pool(2), pool(3)];
        for [m, k, n] in
            [[700, 130, 150], [300, 784, 128], [1, 40, 30], [65, 1, 7], [2000, 100, 70]]
        {
            for (left, right) in [(false, false), (false, true), (true, false), (true, true)] {
                let read = |values, rows, columns, transposed| match transposed {
                    false => Matrix::new(values, rows, columns),
                    true => Matrix::new(values, columns, rows).transposed(),
                };
                let (a, b) = (numbers(m * k), numbers(k * n));
                let (a, b) = (read(&a, m, k, left), read(&b, k, n, right));
                let mut one = vec![f32::NAN; m * n];
                product(a, b, &mut one, Threads::One);
                for pool in &pools {
                    let mut many = vec![f32::NAN; m * n];
                    pool.install(|| product(a, b, &mut many, Threads::Pool));
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
    fn a_scaled_product_is_added_to_what_is_there() {
        let (a, b, start) = (numbers(70 * 33), numbers(33 * 50), numbers(70 * 50));
        let (a, b) = (Matrix::new(&a, 70, 33), Matrix::new(&b, 33, 50));
        let mut y = start.clone();
        product_scaled(-2.0, a, b, 0.5, &mut y, Threads::One);
        for ((got, product), start) in y.iter().zip(naive(a, b)).zip(&start) {
            let expected = -2.0 * product + 0.5 * f64::from(*start);
            assert!((f64::from(*got) - expected).abs() < 1e-4, "{got} {expected}");
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
        let (a, b) = (Matrix::new(&[], 2, 0), Matrix::new(&[], 0, 3));
        let mut y = [f32::NAN; 6];
        product(a, b, &mut y, Threads::One);
        assert_eq!(y, [0.0; 6]);
        y.fill(2.0);
        product_scaled(1.0, a, b, 3.0, &mut y, Threads::One);
        assert_eq!(y, [6.0; 6]);
    }

    #[test]
    #[should_panic(expected = "3 columns of A meet 2 rows of B")]
    fn inner_sizes_that_differ_are_found_out() {
        let a = Matrix::new(&[1.0f32; 6], 2, 3);
        product(a, a, &mut [0.0; 6], Threads::One);
    }

    #[test]
    #[should_panic(expected = "a product of 2 by 2 does not fit 5 values")]
    fn a_result_of_another_size_is_found_out() {
        let a = Matrix::new(&[1.0f32; 6], 2, 3);
        product(a, a.transposed(), &mut [0.0; 5], Threads::One);
    }

    #[test]
    fn a_matrix_that_reaches_past_its_values_is_found_out() {
        let matrix = |length: usize, [rows, columns]: [usize; 2]| {
            Matrix::new(&[1.0f32; 6][..length], rows, columns)
        };
        for (is_within, matrix) in [
            (true, matrix(6, [2, 3])),
            (false, matrix(5, [2, 3])),
            // The product of these sizes is 4 in 64 bits.
            (false, matrix(4, [(1 << 62) + 1, 4])),
        ] {
            assert_eq!(matrix.is_within(), is_within);
            assert_eq!(matrix.transposed().is_within(), is_within);
        }
    }
}
