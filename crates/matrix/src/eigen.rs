//! A = Q·Λ·Qᵀ for symmetric A, and with it A^(−1/p).
//!
//! `nalgebra` makes A tridiagonal with Householder's reflections, and QR steps with Wilkinson's shift make that
//! diagonal (Golub & Van Loan, Matrix Computations, 4th ed., 8.3, Algorithm 8.3.2), on the calling thread. The
//! QR steps are here because those of `nalgebra` square what they rotate: where A is of low rank the numbers
//! are so small that their squares are 0, and 0/0 follows. Departures: the tridiagonal is held in `f64`, and a
//! rotation divides by √(x² + y²) that does not underflow.

use std::error::Error;
use std::fmt;

use nalgebra::DMatrix;
use pulp::Arch;

use crate::{Matrix, Scalar, Threads, symmetric_product};

/// A matrix whose eigenvalues were not found: it is not finite, or too many steps were needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotConverged;

impl fmt::Display for NotConverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the eigenvalues of a matrix were not found; is it finite?")
    }
}

impl Error for NotConverged {}

/// The eigenvalues of the symmetric `n` by `n` matrix A, ascending, and as the columns of Q (row-major)
/// orthonormal eigenvectors, so that A = Q·Λ·Qᵀ. Of A only the lower half is read.
///
/// # Errors
///
/// If A is not finite, or the steps do not converge; then nothing is written.
///
/// # Panics
///
/// If the sizes do not fit.
pub fn eigen<T: Scalar>(
    a: &[T],
    n: usize,
    values: &mut [T],
    vectors: &mut [T],
) -> Result<(), NotConverged> {
    assert!(n.checked_mul(n) == Some(a.len()), "{} values are not {n} by {n}", a.len());
    assert!(values.len() == n && vectors.len() == a.len(), "the eigenvectors have another size");
    if n == 0 {
        return Ok(());
    }
    if !a.iter().all(|&x| x.into().is_finite()) {
        return Err(NotConverged);
    }
    // Scaled, so that squares do not leave the range of numbers; Q is the same.
    let largest = a.iter().fold(0.0f64, |largest, &x| largest.max(x.into().abs()));
    let scale = if largest == 0.0 { 1.0 } else { largest };
    let scaled = a.iter().map(|&x| T::rounded(x.into() / scale));
    let (mut q, diagonal, off_diagonal) = T::tridiagonal(DMatrix::from_row_iterator(n, n, scaled));
    let in_f64 = |values: &[T]| values.iter().map(|&x| x.into()).collect::<Vec<f64>>();
    let [mut d, mut e] = [diagonal.as_slice(), off_diagonal.as_slice()].map(in_f64);
    let arch = Arch::new();
    qr_steps(&mut d, &mut e, T::UNIT.into(), |i, c, s| {
        let (before, after) = q.as_mut_slice().split_at_mut((i + 1) * n);
        let (x, y) = (&mut before[i * n..], &mut after[..n]);
        let (c, s) = (T::rounded(c), T::rounded(s));
        arch.dispatch(
            #[inline(always)]
            || rotate(c, s, x, y),
        );
    })?;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| d[i].total_cmp(&d[j]));
    for (place, from) in order.into_iter().enumerate() {
        values[place] = T::rounded(d[from] * scale);
        let cells = vectors[place..].iter_mut().step_by(n);
        cells.zip(q.column(from).iter()).for_each(|(cell, &x)| *cell = x);
    }
    Ok(())
}

/// Makes the symmetric tridiagonal matrix with the diagonal `d` and beside it `e` diagonal: `d` becomes its
/// eigenvalues, and `rotation` gets i, c and s of each rotation of the coordinates i and i + 1. What is beside
/// the diagonal counts as 0 if it is less than `unit` of its neighbours on the diagonal.
fn qr_steps(
    d: &mut [f64],
    e: &mut [f64],
    unit: f64,
    mut rotation: impl FnMut(usize, f64, f64),
) -> Result<(), NotConverged> {
    // LAPACK allows 30 steps per eigenvalue.
    let mut steps = d.len().saturating_mul(30);
    let mut end = d.len() - 1;
    while end > 0 {
        let small = |i: usize| {
            e[i].abs() <= unit * (d[i].abs() + d[i + 1].abs()) + f64::MIN_POSITIVE / f64::EPSILON
        };
        if small(end - 1) {
            end -= 1;
            continue;
        }
        steps = steps.checked_sub(1).ok_or(NotConverged)?;
        let start = (0..end - 1).rev().find(|&i| small(i)).map_or(0, |i| i + 1);
        if start > 0 {
            e[start - 1] = 0.0;
        }
        let δ = (d[end - 1] - d[end]) / (2.0 * e[end - 1]);
        let μ = d[end] - e[end - 1] / (δ + δ.signum() * δ.hypot(1.0));
        let (mut x, mut y) = (d[start] - μ, e[start]);
        for i in start..end {
            let norm = x.hypot(y);
            // Quotients of numbers that have lost their digits would be no rotation; they are left out.
            let (c, s) = if norm < f64::MIN_POSITIVE { (1.0, 0.0) } else { (x / norm, y / norm) };
            if i > start {
                e[i - 1] = norm;
            }
            let (first, second, beside) = (d[i], d[i + 1], e[i]);
            d[i] = c * c * first + 2.0 * c * s * beside + s * s * second;
            d[i + 1] = s * s * first - 2.0 * c * s * beside + c * c * second;
            e[i] = c * s * (second - first) + (c * c - s * s) * beside;
            if i + 1 < end {
                (x, y) = (e[i], s * e[i + 1]);
                e[i + 1] *= c;
            }
            rotation(i, c, s);
        }
    }
    Ok(())
}

/// x, y ← c·x + s·y, c·y − s·x
#[inline(always)]
fn rotate<T: Scalar>(c: T, s: T, x: &mut [T], y: &mut [T]) {
    for (x, y) in x.iter_mut().zip(y) {
        (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
    }
}

/// Y ← (A + ε·I)^(−1/p) for the symmetric `n` by `n` matrix A, symmetric to the bit.
///
/// A is meant to be positive semidefinite. An eigenvalue below 0 is due to rounding, and all are raised by
/// as much as the least one is below: Y = Q·(Λ − min(λ₁, 0) + ε)^(−1/p)·Qᵀ, as in Distributed Shampoo,
/// Shi et al. 2023, <https://arxiv.org/abs/2309.06497>, 3.2.1.
///
/// # Errors
///
/// Those of [`eigen`]; then nothing is written.
///
/// # Panics
///
/// If the sizes do not fit, or `p` is 0.
pub fn inverse_root<T: Scalar>(
    a: &[T],
    n: usize,
    p: u32,
    ε: f64,
    y: &mut [T],
    threads: Threads,
) -> Result<(), NotConverged> {
    assert!(p > 0, "there is no root of degree 0");
    assert!(y.len() == a.len(), "the root has another size than its matrix");
    let mut values = vec![T::default(); n];
    let mut vectors = vec![T::default(); a.len()];
    eigen(a, n, &mut values, &mut vectors)?;
    let least = values.first().map_or(0.0, |&λ| λ.into().min(0.0));
    let root = |λ: T| T::rounded((λ.into() - least + ε).powf(-1.0 / f64::from(p)));
    values.iter_mut().for_each(|λ| *λ = root(*λ));
    let mut scaled = vectors.clone();
    for row in scaled.chunks_mut(n.max(1)) {
        row.iter_mut().zip(&values).for_each(|(cell, &λ)| *cell = *cell * λ);
    }
    let (scaled, vectors) = (Matrix::new(&scaled, n, n), Matrix::new(&vectors, n, n));
    symmetric_product(scaled, vectors.transposed(), y, threads);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gram, product};

    /// A positive semidefinite matrix of rank `k`.
    fn semidefinite<T: Scalar>(n: usize, k: usize) -> Vec<T> {
        let number = |i: usize| ((i as f64 + 1.0) * 12.9898).sin() * 43758.5453;
        let x: Vec<T> =
            (0..n * k).map(|i| T::rounded(number(i) - number(i).floor() - 0.5)).collect();
        let mut a = vec![T::default(); n * n];
        gram(Matrix::new(&x, n, k), &mut a, Threads::One);
        a
    }

    fn distance<T: Scalar>(x: &[T], y: impl Fn(usize) -> f64) -> f64 {
        let largest = |far: f64, (i, x): (usize, &T)| far.max(((*x).into() - y(i)).abs());
        x.iter().enumerate().fold(0.0, largest)
    }

    fn identity(n: usize) -> impl Fn(usize) -> f64 {
        move |i| if i / n == i % n { 1.0 } else { 0.0 }
    }

    fn is_a_decomposition<T: Scalar>() {
        let unit: f64 = T::UNIT.into();
        for (n, k) in [(1, 1), (2, 2), (5, 3), (64, 64), (101, 40)] {
            let a = semidefinite::<T>(n, k);
            let (mut values, mut q) = (vec![T::default(); n], vec![T::default(); n * n]);
            eigen(&a, n, &mut values, &mut q).unwrap();
            assert!(values.is_sorted());
            let (mut y, view) = (a.clone(), Matrix::new(&q, n, n));
            product(view.transposed(), view, &mut y, Threads::One);
            assert!(distance(&y, identity(n)) < 40.0 * unit * n as f64);

            let scaled: Vec<T> = (0..n * n).map(|i| q[i] * values[i % n]).collect();
            product(Matrix::new(&scaled, n, n), view.transposed(), &mut y, Threads::One);
            assert!(distance(&y, |i| a[i].into()) < 40.0 * unit * n as f64);
        }
    }

    #[test]
    fn a_matrix_is_what_its_eigenvectors_make_in_f32() {
        is_a_decomposition::<f32>();
    }

    #[test]
    fn a_matrix_is_what_its_eigenvectors_make_in_f64() {
        is_a_decomposition::<f64>();
    }

    /// Semidefinite matrices of low rank: zero rows among others, equal rows, nothing, and rows of very
    /// different sizes, as the covariance of pixels has that are hardly ever lit.
    fn deficient<T: Scalar>() -> Vec<(&'static str, usize, Vec<T>)> {
        let number = |i: usize| ((i as f64 + 1.0) * 12.9898).sin() * 43758.5453;
        let numbers = |i: usize| number(i) - number(i).floor() - 0.5;
        let of = |n: usize, k: usize, size: &dyn Fn(usize) -> f64, same: usize| {
            let row = |i: usize| (0..k).map(move |j| (i, numbers(i / same * k + j)));
            let x: Vec<T> = (0..n).flat_map(row).map(|(i, x)| T::rounded(x * size(i))).collect();
            let mut a = vec![T::default(); n * n];
            gram(Matrix::new(&x, n, k), &mut a, Threads::One);
            a
        };
        let mut all = Vec::new();
        for n in [2, 3, 10, 50, 120] {
            let mut add = |name, a| all.push((name, n, a));
            add("nothing", of(n, 4, &|_| 0.0, 1));
            add("zero rows", of(n, 10, &|i| f64::from(u8::from(i % 3 == 1)), 1));
            add("one row", of(n, 10, &|i| f64::from(u8::from(i + 1 == n)), 1));
            add("equal rows", of(n, 10, &|_| 1.0, 4));
            add("tiny", of(n, 10, &|_| 1e-20, 1));
            add("falling", of(n, 10, &|i| 0.5f64.powi(i as i32), 1));
            add(
                "falling and zero",
                of(n, 10, &|i| 10f64.powi(-(i as i32 % 25)) * (i % 2) as f64, 1),
            );
            add("rising", of(n, 10, &|i| 0.5f64.powi((n - i) as i32), 1));
            add("steep", of(n, 10, &|i| 10f64.powi(-(i as i32 * 7 % 40)), 1));
            add("some tiny", of(n, n, &|i| if i % 5 == 0 { 1.0 } else { 1e-19 }, 1));
            add("some tiny, of rank 3", of(n, 3, &|i| if i % 5 == 0 { 1.0 } else { 3e-12 }, 1));
        }
        all
    }

    fn decomposes_what_is_deficient<T: Scalar>() {
        let unit: f64 = T::UNIT.into();
        let mut wrong = Vec::new();
        for (name, n, a) in deficient::<T>() {
            let (mut values, mut q) = (vec![T::default(); n], vec![T::default(); n * n]);
            eigen(&a, n, &mut values, &mut q).unwrap_or_else(|error| panic!("{name} {n}: {error}"));
            let (mut y, view) = (a.clone(), Matrix::new(&q, n, n));
            product(view.transposed(), view, &mut y, Threads::One);
            let far = distance(&y, identity(n));
            let scaled: Vec<T> = (0..n * n).map(|i| q[i] * values[i % n]).collect();
            product(Matrix::new(&scaled, n, n), view.transposed(), &mut y, Threads::One);
            let largest = distance(&a, |_| 0.0);
            let off = distance(&y, |i| a[i].into());
            let bound = 40.0 * unit * n as f64;
            // Numbers below the least normal one are rounded to whole multiples of the least one.
            let least = if unit > 1e-10 { f64::from(f32::from_bits(1)) } else { f64::from_bits(1) };
            let finite = q.iter().chain(&values).all(|&x| x.into().is_finite());
            if !(finite
                && values.is_sorted()
                && far < bound
                && off <= bound * largest + n as f64 * least)
            {
                wrong.push(format!("{name} {n}: {finite} {far:e} {off:e} of {largest:e}"));
            }
            let mut root = a.clone();
            inverse_root(&a, n, 4, 1e-30, &mut root, Threads::One).unwrap();
            if !root.iter().all(|&x| x.into().is_finite()) {
                wrong.push(format!("{name} {n}: root"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn matrices_of_low_rank_are_what_their_eigenvectors_make_in_f32() {
        decomposes_what_is_deficient::<f32>();
    }

    #[test]
    fn matrices_of_low_rank_are_what_their_eigenvectors_make_in_f64() {
        decomposes_what_is_deficient::<f64>();
    }

    #[test]
    fn a_root_to_its_power_times_the_matrix_is_the_identity() {
        for (n, p) in [(1, 2), (37, 1), (37, 2), (37, 4)] {
            let (ε, a) = (0.5, semidefinite::<f64>(n, 20));
            let mut root = a.clone();
            inverse_root(&a, n, p, ε, &mut root, Threads::One).unwrap();
            let mut power: Vec<f64> = (0..n * n).map(|i| a[i] + ε * identity(n)(i)).collect();
            for _ in 0..p {
                let before = power.clone();
                let (x, root) = (Matrix::new(&before, n, n), Matrix::new(&root, n, n));
                product(x, root, &mut power, Threads::One);
            }
            assert!(distance(&power, identity(n)) < 1e-12, "{n} {p}");
        }
    }

    #[test]
    fn eigenvalues_below_zero_are_taken_for_rounding() {
        let mut y = [0.0; 4];
        inverse_root(&[-0.25, 0.0, 0.0, 0.75], 2, 2, 0.25, &mut y, Threads::One).unwrap();
        // The eigenvalues are raised to 0 and 1, and ε is added.
        let expected = [2.0, 0.0, 0.0, 1.25_f64.powf(-0.5)];
        assert!(distance(&y, |i| expected[i]) < 1e-15);
    }

    #[test]
    fn a_zero_matrix_has_eigenvalues_of_zero_and_a_root_of_epsilon() {
        let (mut values, mut vectors) = ([1.0f32; 3], [0.5; 9]);
        eigen(&[0.0; 9], 3, &mut values, &mut vectors).unwrap();
        assert_eq!(values, [0.0; 3]);
        inverse_root(&[0.0f32; 9], 3, 4, 1.0 / 16.0, &mut vectors, Threads::One).unwrap();
        assert!(distance(&vectors, |i| 2.0 * identity(3)(i)) < 1e-6);
    }

    #[test]
    fn a_matrix_that_is_not_finite_is_an_error() {
        let a = [1.0, f64::NAN, f64::NAN, 1.0];
        assert_eq!(eigen(&a, 2, &mut [0.0; 2], &mut [0.0; 4]), Err(NotConverged));
        let message = NotConverged.to_string();
        assert_eq!(message, "the eigenvalues of a matrix were not found; is it finite?");
    }
}
