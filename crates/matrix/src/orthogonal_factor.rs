//! Q of A = Q·R, with a diagonal of R that is not negative, which makes it unique for a regular A.
//!
//! ```text
//! H = I − τ·v·vᵀ                    a reflection that turns a column into a multiple of e₁
//! H₁·…·H_w = I − V·T·Vᵀ             w of them, applied by products
//! ```
//!
//! Golub & Van Loan, Matrix Computations, 4th ed., 5.1 to 5.2; T as in Schreiber & Van Loan 1989. Columns
//! are kept as rows, so that what belongs together lies together.

use pulp::Arch;

use crate::{Matrix, Scalar, Threads, product_into};

/// How many reflections are applied at once.
const WIDTH: usize = 32;

/// Q of A = Q·R, for the square `n` by `n` matrix A, on the calling thread. Q is orthogonal whatever A is;
/// where A is not regular, some of its columns are arbitrary.
///
/// # Panics
///
/// If the sizes do not fit.
pub fn orthogonal_factor<T: Scalar>(a: &[T], n: usize, q: &mut [T]) {
    assert!(n.checked_mul(n) == Some(a.len()), "{} values are not {n} by {n}", a.len());
    assert!(q.len() == a.len(), "the orthogonal factor has another size than its matrix");
    let (zero, one) = (T::default(), T::rounded(1.0));
    let arch = Arch::new();

    // Scaled, so that squares do not leave the range of numbers; Q is the same.
    let largest = a.iter().fold(0.0f64, |largest, &x| largest.max(x.into().abs()));
    let factor = 1.0 / largest.max(f64::MIN_POSITIVE);
    let mut columns = vec![zero; n * n];
    for (i, row) in a.chunks(n.max(1)).enumerate() {
        for (cell, &x) in columns[i..].iter_mut().step_by(n).zip(row) {
            *cell = T::rounded(x.into() * factor);
        }
    }

    let mut signs = vec![one; n];
    let starts = (0..n).step_by(WIDTH);
    let mut triangles = vec![[[zero; WIDTH]; WIDTH]; starts.len()];
    let (mut vectors, mut small, mut turned) =
        (vec![zero; WIDTH * n], vec![zero; WIDTH * n], vec![zero; WIDTH * n]);

    for (start, triangle) in starts.clone().zip(&mut triangles) {
        let width = WIDTH.min(n - start);
        let (panel, rest) = columns[start * n..].split_at_mut(width * n);
        arch.dispatch(
            #[inline(always)]
            || reflect(panel, n, start, triangle, &mut signs[start..]),
        );
        // The columns to the right, C ← (I − V·T·Vᵀ)ᵀ·C, as rows: C ← C − (C·V)·T·Vᵀ.
        let right = n - start - width;
        if right > 0 {
            copy_vectors(panel, n, start, &mut vectors);
            let v = Matrix::new(&vectors, width, n - start);
            let t = Matrix::new(triangle.as_flattened(), width, WIDTH).some_columns(0, width);
            let c = Matrix::new(rest, right, n).some_columns(start, n - start);
            product_into(one, c, v.transposed(), zero, &mut small, width, Threads::One);
            product_into(
                one,
                Matrix::new(&small, right, width),
                t,
                zero,
                &mut turned,
                width,
                Threads::One,
            );
            let turned = Matrix::new(&turned, right, width);
            product_into(-one, turned, v, one, &mut rest[start..], n, Threads::One);
        }
    }

    // Q = (H₁·…)·…·(…·H_n)·I from the right to the left: Q ← Q − V·T·(Vᵀ·Q).
    q.fill(zero);
    q.iter_mut().step_by(n + 1).for_each(|q| *q = one);
    for (start, triangle) in starts.zip(&triangles).rev() {
        let (width, size) = (WIDTH.min(n - start), n - start);
        copy_vectors(&columns[start * n..][..width * n], n, start, &mut vectors);
        let v = Matrix::new(&vectors, width, size);
        let t = Matrix::new(triangle.as_flattened(), width, WIDTH).some_columns(0, width);
        let part = Matrix::new(&q[start * n..], size, n).some_columns(start, size);
        product_into(one, v, part, zero, &mut small, size, Threads::One);
        product_into(
            one,
            t,
            Matrix::new(&small, width, size),
            zero,
            &mut turned,
            size,
            Threads::One,
        );
        let turned = Matrix::new(&turned, width, size);
        product_into(
            -one,
            v.transposed(),
            turned,
            one,
            &mut q[start * n + start..],
            n,
            Threads::One,
        );
    }
    for row in q.chunks_mut(n.max(1)) {
        row.iter_mut().zip(&signs).for_each(|(q, &sign)| *q = *q * sign);
    }
}

/// Turns some columns, which are rows of `panel`, beginning at the diagonal place `start`, into a triangle
/// by reflections. Their vectors v, from the diagonal on, take the place of the columns; T and the signs of
/// R's diagonal are written.
#[inline(always)]
fn reflect<T: Scalar>(
    panel: &mut [T],
    n: usize,
    start: usize,
    triangle: &mut [[T; WIDTH]; WIDTH],
    signs: &mut [T],
) {
    for i in 0..panel.len() / n {
        let (done, rest) = panel.split_at_mut(i * n);
        let (column, right) = rest.split_at_mut(n);
        let v = &mut column[start + i..];
        let (τ, sign) = reflection(v);
        signs[i] = sign;
        for other in right.chunks_mut(n) {
            let other = &mut other[start + i..];
            let factor = -τ * dot(v, other);
            add_scaled(factor, v, other);
        }
        // T grows by a column: −τ·T·(Vᵀ·v) above τ.
        let mut products = [T::default(); WIDTH];
        for (product, before) in products.iter_mut().zip(done.chunks(n)) {
            *product = -τ * dot(&before[start + i..], v);
        }
        for j in 0..i {
            let row = &triangle[j][j..i];
            let sum = row.iter().zip(&products[j..]).fold(T::default(), |s, (&t, &p)| s + t * p);
            triangle[j][i] = sum;
        }
        triangle[i][i] = τ;
    }
}

/// Makes of x the vector v with v₁ = 1 and gives τ, so that (I − τ·v·vᵀ)·x is a multiple of e₁, and the
/// sign of that multiple.
#[inline(always)]
fn reflection<T: Scalar>(x: &mut [T]) -> (T, T) {
    let one = T::rounded(1.0);
    // Scaled, since squares of what is left of a column that depends on those before it may have lost their
    // digits, and a reflection made of them would not be one; v is the same.
    let largest = x.iter().fold(0.0f64, |largest, &x| largest.max(x.into().abs()));
    if largest > 0.0 {
        x.iter_mut().for_each(|x| *x = T::rounded((*x).into() / largest));
    }
    let first: f64 = x[0].into();
    let tail: f64 = dot(&x[1..], &x[1..]).into();
    let sign = if first < 0.0 { -one } else { one };
    x[0] = one;
    if tail == 0.0 {
        x[1..].fill(T::default());
        return (T::default(), sign);
    }
    // The multiple has the sign opposite to the first number, so that nothing cancels.
    let norm = (first * first + tail).sqrt();
    let multiple = if first < 0.0 { norm } else { -norm };
    let factor = T::rounded(1.0 / (first - multiple));
    x[1..].iter_mut().for_each(|x| *x = *x * factor);
    (T::rounded((multiple - first) / multiple), -sign)
}

/// The vectors without what lies in their place before the diagonal, which is R, side by side.
fn copy_vectors<T: Scalar>(panel: &[T], n: usize, start: usize, vectors: &mut [T]) {
    for (i, (v, column)) in vectors.chunks_mut(n - start).zip(panel.chunks(n)).enumerate() {
        v[..i].fill(T::default());
        v[i..].copy_from_slice(&column[start + i..]);
    }
}

#[inline(always)]
fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    const LANES: usize = 64;
    let mut sums = [T::default(); LANES];
    let (x_blocks, y_blocks) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = x_blocks.remainder().iter().zip(y_blocks.remainder());
    for (x, y) in x_blocks.zip(y_blocks) {
        for i in 0..LANES {
            sums[i] = sums[i] + x[i] * y[i];
        }
    }
    let rest = rest.fold(T::default(), |sum, (&x, &y)| sum + x * y);
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            sums[i] = sums[i] + sums[i + width];
        }
        width /= 2;
    }
    sums[0] + rest
}

/// y ← y + a·x
#[inline(always)]
fn add_scaled<T: Scalar>(a: T, x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = *y + a * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Threads, product};

    fn numbers<T: Scalar>(count: usize) -> Vec<T> {
        let number = |i: usize| ((i as f64 + 1.0) * 12.9898).sin() * 43758.5453;
        (0..count).map(|i| T::rounded(number(i) - number(i).floor() - 0.5)).collect()
    }

    /// QᵀA for the orthogonal factor of A, after a look at whether it is orthogonal.
    fn triangle<T: Scalar>(a: &[T], n: usize) -> Vec<f64> {
        let unit: f64 = T::UNIT.into();
        let (mut q, mut y) = (vec![T::UNIT; n * n], vec![T::UNIT; n * n]);
        orthogonal_factor(a, n, &mut q);
        let q = Matrix::new(&q, n, n);
        product(q.transposed(), q, &mut y, Threads::One);
        for (i, y) in y.iter().enumerate() {
            let expected = if i / n == i % n { 1.0 } else { 0.0 };
            assert!(((*y).into() - expected).abs() < 10.0 * unit * (n as f64).sqrt(), "{n} {y:?}");
        }
        product(q.transposed(), Matrix::new(a, n, n), &mut y, Threads::One);
        y.into_iter().map(Into::into).collect()
    }

    fn makes_a_triangle<T: Scalar>() {
        let unit: f64 = T::UNIT.into();
        for n in [0, 1, 2, 3, 31, 32, 33, 64, 100, 257] {
            let r = triangle(&numbers::<T>(n * n), n);
            for (i, r) in r.into_iter().enumerate() {
                let (row, column) = (i / n, i % n);
                let small = 20.0 * unit * n as f64;
                assert!(row <= column || r.abs() < small, "{n} {row} {column} {r}");
                assert!(row != column || r > -small, "{n} {row} {r}");
            }
        }
    }

    #[test]
    fn it_makes_a_triangle_with_a_diagonal_that_is_not_negative_in_f32() {
        makes_a_triangle::<f32>();
    }

    #[test]
    fn it_makes_a_triangle_with_a_diagonal_that_is_not_negative_in_f64() {
        makes_a_triangle::<f64>();
    }

    #[test]
    fn the_factor_of_an_orthogonal_matrix_is_that_matrix() {
        let (n, mut q) = (70, vec![0.0f64; 70 * 70]);
        orthogonal_factor(&numbers(n * n), n, &mut q);
        let mut again = vec![0.0; n * n];
        orthogonal_factor(&q, n, &mut again);
        assert!(q.iter().zip(&again).all(|(x, y)| (x - y).abs() < 1e-13));
        // So it is of a reflection, whose columns point backwards.
        let mut y = [0.0; 4];
        orthogonal_factor(&[-1.0, 0.0, 0.0, 1.0], 2, &mut y);
        assert_eq!(y, [-1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn matrices_that_are_not_regular_and_very_small_or_large_ones_have_one_too() {
        triangle(&[0.0f32; 49], 7);
        triangle(&[1.0f32; 49], 7);
        for factor in [1e-38, 1e38] {
            let a: Vec<f32> = numbers::<f32>(49).into_iter().map(|x| x * factor).collect();
            triangle(&a, 7);
        }
    }

    fn factors_what_is_not_regular<T: Scalar>() {
        for n in [2, 3, 33, 100] {
            let a = numbers::<T>(n * n);
            // Columns of zeros, equal columns, and entries that are smaller than the largest by a factor
            // whose square, in units of this type, is 0 or has lost its digits.
            let with = |size: &dyn Fn(usize, usize) -> f64| {
                let at = |i: usize| T::rounded(a[i].into() * size(i / n, i % n));
                (0..n * n).map(at).collect::<Vec<T>>()
            };
            triangle(&with(&|_, j| f64::from(u8::from(j % 3 == 1))), n);
            triangle(&with(&|i, _| f64::from(u8::from(i % 3 == 1))), n);
            triangle(&(0..n * n).map(|i| a[i - i % n % 4]).collect::<Vec<T>>(), n);
            triangle(&(0..n * n).map(|i| a[i % n]).collect::<Vec<T>>(), n);
            let (small, least) =
                if T::UNIT.into() > 1e-10 { (1e-20, 3e-23) } else { (1e-160, 2e-162) };
            for size in [small, least, small * small] {
                triangle(&with(&|_, j| if j % 3 == 1 { 1.0 } else { size }), n);
                triangle(&with(&|i, _| if i % 3 == 1 { 1.0 } else { size }), n);
                triangle(&with(&|i, j| if i + j == 0 { 1.0 } else { size }), n);
                triangle(&with(&|i, j| if i == j { size * size } else { size }), n);
            }
        }
    }

    #[test]
    fn the_factor_is_orthogonal_whatever_the_matrix_is_in_f32() {
        factors_what_is_not_regular::<f32>();
    }

    #[test]
    fn the_factor_is_orthogonal_whatever_the_matrix_is_in_f64() {
        factors_what_is_not_regular::<f64>();
    }

    #[test]
    #[should_panic(expected = "5 values are not 2 by 2")]
    fn a_matrix_of_another_size_is_found_out() {
        orthogonal_factor(&[1.0f32; 5], 2, &mut [0.0; 4]);
    }
}
