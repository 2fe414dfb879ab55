//! Products whose result is symmetric, at little more than half of the multiplications.
//!
//! ```text
//!   ┌──────────┐
//!   │▓▓▓▓▓▓▓▓▓▓│   Strips of columns as wide as a tile of the product, of which only the rows down to
//!   │░▓▓▓▓▓▓▓▓▓│   the diagonal are calculated (▓). The rest is copied (░), the lower half of the tiles on
//!   │░░░▓▓▓▓▓▓▓│   the diagonal too, so that the result is symmetric exactly.
//!   │░░░░░░▓▓▓▓│
//!   └──────────┘
//! ```
//!
//! For strips of the width w that is (1 + w/n)/2 of the multiplications.

use rayon::prelude::*;

use crate::product::{assert_sizes, product_above, scale};
use crate::{Matrix, Scalar, Threads};

/// Y ← X·Xᵀ, symmetric to the bit.
///
/// # Panics
///
/// If the sizes do not fit.
pub fn gram<T: Scalar>(x: Matrix<'_, T>, y: &mut [T], threads: Threads) {
    symmetric_product(x, x.transposed(), y, threads);
}

/// Y ← A·B, where the result is known to be symmetric, as A² of a symmetric A is, or the product of two
/// symmetric matrices that commute; Y is symmetric to the bit.
///
/// # Panics
///
/// If the sizes do not fit.
pub fn symmetric_product<T: Scalar>(
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    y: &mut [T],
    threads: Threads,
) {
    symmetric_product_then(T::rounded(1.0), a, b, T::default(), y, threads, |_, _| ());
}

/// Y ← α·X·Xᵀ + β·Y for a symmetric Y, symmetric to the bit. Where β is 0, Y is not read.
///
/// # Panics
///
/// If the sizes do not fit.
pub fn gram_scaled<T: Scalar>(α: T, x: Matrix<'_, T>, β: T, y: &mut [T], threads: Threads) {
    symmetric_product_then(α, x, x.transposed(), β, y, threads, |_, _| ());
}

/// Y ← f(α·A·B + β·Y), where `f` gets the index of the first of some values that lie side by side on and above
/// the diagonal, and the values.
pub(crate) fn symmetric_product_then<T: Scalar>(
    α: T,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    β: T,
    y: &mut [T],
    threads: Threads,
    f: impl Fn(usize, &mut [T]) + Sync,
) {
    let n = a.rows();
    assert!(b.columns() == n, "a symmetric result is square, not {n} by {}", b.columns());
    assert_sizes(a, b, y);
    if n == 0 {
        return;
    }
    if a.columns() == 0 {
        scale(β, y);
        y.chunks_mut(n).enumerate().for_each(|(row, values)| f(row * n + row, &mut values[row..]));
    } else {
        product_above(α, a, b, β, y, threads, f);
    }
    mirror(y, n, 0, threads);
}

/// Copies what is above the diagonal below it, in rows of a matrix of `n` columns; the diagonal begins in the
/// column `first`.
fn mirror<T: Scalar>(y: &mut [T], n: usize, first: usize, threads: Threads) {
    const FEW: usize = 16;
    // Rows that one thread copies before another could have begun.
    const MANY: usize = 256;
    let rows = y.len() / n;
    if rows <= FEW {
        for i in 1..rows {
            for j in 0..i {
                y[i * n + first + j] = y[j * n + first + i];
            }
        }
        return;
    }
    // Halves by themselves, and then the square between them.
    let half = (rows / 2).next_multiple_of(8);
    let (upper, lower) = y.split_at_mut(half * n);
    let below = first + half;
    let turned = |(i, lower): (usize, &mut [T])| {
        let (from, rows) = (&upper[below + i * FEW..], lower.len() / n);
        assert!(from.len() >= (half - 1) * n + rows && below <= n);
        // SAFETY: `from` has `half` rows with so many columns, as was asserted, and `lower` has so many rows of
        // n columns, of which those from `first` to `below` are written.
        unsafe { T::turn(from.as_ptr(), n, half, rows, lower[first..].as_mut_ptr(), n) };
    };
    match threads {
        Threads::Pool if rows >= MANY => lower.par_chunks_mut(FEW * n).enumerate().for_each(turned),
        Threads::One | Threads::Pool => lower.chunks_mut(FEW * n).enumerate().for_each(turned),
    }
    match threads {
        Threads::Pool if rows >= MANY => {
            rayon::join(|| mirror(upper, n, first, threads), || mirror(lower, n, below, threads));
        }
        Threads::One | Threads::Pool => {
            mirror(upper, n, first, threads);
            mirror(lower, n, below, threads);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{product, product_scaled};

    fn numbers<T: Scalar>(count: usize) -> Vec<T> {
        (0..count).map(|i| T::rounded((i as f64 * 0.37 + (i / 7) as f64 * 1.3).sin())).collect()
    }

    fn assert_near<T: Scalar>(y: &[T], expected: &[T], bound: f64) {
        for (y, expected) in y.iter().zip(expected) {
            let difference: f64 = (*y - *expected).into();
            assert!(difference.abs() < bound, "{y:?} {expected:?}");
        }
    }

    fn assert_symmetric<T: Scalar>(y: &[T], n: usize) {
        assert!((0..n * n).all(|i| y[i] == y[i % n * n + i / n]));
    }

    fn gram_matrices_are_products<T: Scalar>() {
        let unit: f64 = T::UNIT.into();
        let sizes = [1, 2, 63, 65, 200, 257];
        for (n, k) in sizes.into_iter().flat_map(|n| [1, 5, 130].map(|k| (n, k))) {
            let values = numbers::<T>(n * k);
            let bound = 10.0 * unit * (k as f64).max(4.0);
            for x in [Matrix::new(&values, n, k), Matrix::new(&values, k, n).transposed()] {
                let (mut y, mut expected) = (vec![T::UNIT; n * n], vec![T::UNIT; n * n]);
                gram(x, &mut y, Threads::One);
                product(x, x.transposed(), &mut expected, Threads::One);
                assert_near(&y, &expected, bound);
                assert_symmetric(&y, n);

                let square = Matrix::new(&expected, n, n);
                let mut fourth = vec![T::UNIT; n * n];
                symmetric_product(square, square, &mut y, Threads::One);
                product(square, square, &mut fourth, Threads::One);
                assert_near(&y, &fourth, bound * (n * k * k) as f64);
                assert_symmetric(&y, n);
            }
        }
    }

    #[test]
    fn gram_matrices_and_squares_are_products_and_symmetric_exactly_in_f32() {
        gram_matrices_are_products::<f32>();
    }

    #[test]
    fn gram_matrices_and_squares_are_products_and_symmetric_exactly_in_f64() {
        gram_matrices_are_products::<f64>();
    }

    #[test]
    fn a_gram_matrix_is_added_to_what_is_there() {
        for n in [3, 65, 200] {
            let values = numbers::<f64>(n * 5);
            let x = Matrix::new(&values, n, 5);
            let mut start = vec![0.0; n * n];
            gram(Matrix::new(&values[n..], n, 2), &mut start, Threads::One);
            let (mut y, mut expected) = (start.clone(), start);
            gram_scaled(0.25, x, 0.75, &mut y, Threads::One);
            product_scaled(0.25, x, x.transposed(), 0.75, &mut expected, Threads::One);
            assert_near(&y, &expected, 1e-13);
            assert_symmetric(&y, n);
        }
    }

    #[test]
    fn the_bits_do_not_depend_on_threads() {
        let values = numbers::<f32>(700 * 300);
        let x = Matrix::new(&values, 700, 300);
        let mut one = vec![0.0; 700 * 700];
        gram(x, &mut one, Threads::One);
        for threads in 1..=3 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut many = vec![0.0; 700 * 700];
            pool.install(|| gram(x, &mut many, Threads::Pool));
            assert!(one.iter().zip(&many).all(|(x, y)| x.to_bits() == y.to_bits()));
        }
    }

    #[test]
    fn an_empty_inner_size_gives_zeros_and_no_rows_nothing() {
        let mut y = [f32::NAN; 9];
        gram(Matrix::new(&[], 3, 0), &mut y, Threads::One);
        assert_eq!(y, [0.0; 9]);
        gram(Matrix::<f32>::new(&[], 0, 3), &mut [], Threads::One);
    }

    #[test]
    #[should_panic(expected = "a symmetric result is square, not 2 by 3")]
    fn a_result_that_is_not_square_is_found_out() {
        let values = [1.0f32; 6];
        let (a, b) = (Matrix::new(&values, 2, 2), Matrix::new(&values, 2, 3));
        symmetric_product(a, b, &mut [0.0; 6], Threads::One);
    }
}
