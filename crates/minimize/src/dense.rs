//! What second-order methods need of small dense matrices, in `f64`, row by row, in memory that is given.

/// The modified Cholesky factors of a symmetric matrix: A + E = LDLᵀ with D > 0, where E is diagonal, and zero if A
/// is safely positive definite.
///
/// ```text
/// c_ij = a_ij − Σ_{s<j} d_s l_is l_js          θ_j = max_{i>j} |c_ij|
/// d_j  = max(|c_jj|, (θ_j/β)², δ)              l_ij = c_ij / d_j
/// β²   = max(γ, ξ/√(n² − 1), u)                γ, ξ the largest on and beside the diagonal
/// ```
///
/// Gill, Murray & Wright, Practical Optimization, 4.4.2.2; Nocedal & Wright, Numerical Optimization, 2nd ed., 3.4.
///
/// `a` becomes L below its diagonal and D on it; of it only the lower half is read. Whether E is zero.
pub(crate) fn modified_cholesky(a: &mut [f64], n: usize) -> bool {
    let largest = |of: &dyn Fn(usize, usize) -> bool| {
        let lower = (0..n).flat_map(|i| (0..=i).map(move |j| (i, j)));
        lower.filter(|&(i, j)| of(i, j)).fold(0.0f64, |m, (i, j)| m.max(a[i * n + j].abs()))
    };
    let (γ, ξ) = (largest(&|i, j| i == j), largest(&|i, j| i != j));
    let unit = f64::EPSILON;
    let β2 = γ.max(ξ / ((n * n) as f64 - 1.0).max(1.0).sqrt()).max(unit);
    let δ = unit * (γ + ξ).max(1.0);
    let mut unmodified = true;
    for j in 0..n {
        let mut θ = 0.0f64;
        for i in j..n {
            let (above, row) = a.split_at_mut(i * n);
            let row = &mut row[..n];
            // The d of the columns before stand on the diagonal.
            let mut c = row[j];
            for s in 0..j {
                let l_js = if i == j { row[s] } else { above[j * n + s] };
                let d_s = above[s * n + s];
                c -= d_s * row[s] * l_js;
            }
            row[j] = c;
            if i > j {
                θ = θ.max(c.abs());
            }
        }
        let c = a[j * n + j];
        let d = c.abs().max(θ * θ / β2).max(δ);
        unmodified &= d == c;
        a[j * n + j] = d;
        for i in j + 1..n {
            a[i * n + j] /= d;
        }
    }
    unmodified
}

/// x ← (LDLᵀ)⁻¹x
pub(crate) fn solve_factored(factors: &[f64], n: usize, x: &mut [f64]) {
    for i in 0..n {
        let known: f64 = (0..i).map(|j| factors[i * n + j] * x[j]).sum();
        x[i] -= known;
    }
    for i in 0..n {
        x[i] /= factors[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| factors[j * n + i] * x[j]).sum();
        x[i] -= known;
    }
}

/// PA = LU, with the largest of a column as pivot; Golub & Van Loan, 4th ed., 3.4. Whether A is regular.
pub(crate) fn lu(a: &mut [f64], n: usize, pivots: &mut [usize]) -> bool {
    for j in 0..n {
        let size = |i: usize| a[i * n + j].abs();
        let pivot = (j..n).max_by(|&i, &k| size(i).total_cmp(&size(k))).unwrap_or(j);
        if !(size(pivot) > 0.0 && size(pivot).is_finite()) {
            return false;
        }
        pivots[j] = pivot;
        (0..n).for_each(|k| a.swap(j * n + k, pivot * n + k));
        for i in j + 1..n {
            let l = a[i * n + j] / a[j * n + j];
            a[i * n + j] = l;
            (j + 1..n).for_each(|k| a[i * n + k] -= l * a[j * n + k]);
        }
    }
    true
}

/// x ← A⁻¹x, from what [`lu`] made.
pub(crate) fn lu_solve(a: &[f64], n: usize, pivots: &[usize], x: &mut [f64]) {
    for (j, &pivot) in pivots[..n].iter().enumerate() {
        x.swap(j, pivot);
    }
    for i in 0..n {
        let known: f64 = (0..i).map(|j| a[i * n + j] * x[j]).sum();
        x[i] -= known;
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| a[i * n + j] * x[j]).sum();
        x[i] = (x[i] - known) / a[i * n + i];
    }
}

/// A = QΛQᵀ by Jacobi's rotations, cyclic by rows: `a` becomes diagonal, and the rows of `q` are the eigenvectors.
/// Golub & Van Loan, Matrix Computations, 4th ed., 8.5. Some eight sweeps of 6n³ operations.
pub(crate) fn jacobi(a: &mut [f64], n: usize, q: &mut [f64]) {
    q.fill(0.0);
    (0..n).for_each(|i| q[i * n + i] = 1.0);
    let total = a.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for _ in 0..60 {
        let mut rotated = false;
        for i in 0..n {
            for j in i + 1..n {
                let beside = a[i * n + j];
                let (first, second) = (a[i * n + i], a[j * n + j]);
                if beside.abs() <= f64::EPSILON * (first * second).abs().sqrt()
                    || beside.abs() <= f64::EPSILON * f64::EPSILON * total
                {
                    continue;
                }
                rotated = true;
                let τ = (second - first) / (2.0 * beside);
                let t = τ.signum() / (τ.abs() + τ.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for k in 0..n {
                    let (x, y) = (a[k * n + i], a[k * n + j]);
                    a[k * n + i] = c * x - s * y;
                    a[k * n + j] = s * x + c * y;
                }
                for matrix in [&mut *a, &mut *q] {
                    let (upper, lower) = matrix.split_at_mut(j * n);
                    for (x, y) in upper[i * n..][..n].iter_mut().zip(&mut lower[..n]) {
                        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                    }
                }
            }
        }
        if !rotated {
            break;
        }
    }
}

/// x with the least ‖Ax − b‖₂, of `rows` by `columns`, rows ≥ columns, by Householder's reflections; Golub & Van Loan,
/// 5.3.2. `a` and `b` are written over. A column that depends on those before it counts as zero, and so does its x.
pub(crate) fn least_squares(
    a: &mut [f64],
    rows: usize,
    columns: usize,
    b: &mut [f64],
    x: &mut [f64],
) {
    let norm = |a: &[f64], j: usize, from: usize| {
        (from..rows).fold(0.0f64, |norm, i| norm.hypot(a[i * columns + j]))
    };
    for j in 0..columns {
        let whole = norm(a, j, 0);
        let below = norm(a, j, j);
        if below <= f64::EPSILON * columns as f64 * whole {
            (j..rows).for_each(|i| a[i * columns + j] = 0.0);
            continue;
        }
        // The reflection I − 2vvᵀ/vᵀv takes the column to its diagonal; v stands in its place meanwhile.
        let diagonal = -below.copysign(a[j * columns + j]);
        a[j * columns + j] -= diagonal;
        let vv = norm(a, j, j).powi(2);
        for k in j + 1..=columns {
            let at = |a: &[f64], b: &[f64], i: usize| {
                if k < columns { a[i * columns + k] } else { b[i] }
            };
            let product: f64 = (j..rows).map(|i| a[i * columns + j] * at(a, b, i)).sum();
            let share = 2.0 * product / vv;
            for i in j..rows {
                let v = share * a[i * columns + j];
                if k < columns { a[i * columns + k] -= v } else { b[i] -= v }
            }
        }
        a[j * columns + j] = diagonal;
    }
    for j in (0..columns).rev() {
        let known: f64 = (j + 1..columns).map(|k| a[j * columns + k] * x[k]).sum();
        let diagonal = a[j * columns + j];
        x[j] = if diagonal == 0.0 { 0.0 } else { (b[j] - known) / diagonal };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symmetric(n: usize, shift: f64) -> Vec<f64> {
        let at = |i: usize, j: usize| ((i * j + 3 * (i + j)) as f64 * 0.7).sin();
        let entry = |i: usize, j: usize| at(i.min(j), i.max(j)) + if i == j { shift } else { 0.0 };
        (0..n * n).map(|k| entry(k / n, k % n)).collect()
    }

    fn times(a: &[f64], n: usize, x: &[f64]) -> Vec<f64> {
        (0..n).map(|i| (0..n).map(|j| a[i * n + j] * x[j]).sum()).collect()
    }

    #[test]
    fn a_positive_definite_matrix_is_factored_as_it_is() {
        for n in 1..8 {
            let a = symmetric(n, 10.0);
            let mut factors = a.clone();
            assert!(modified_cholesky(&mut factors, n));
            let expected: Vec<f64> = (0..n).map(|i| i as f64 - 1.5).collect();
            let mut x = times(&a, n, &expected);
            solve_factored(&factors, n, &mut x);
            assert!(x.iter().zip(&expected).all(|(x, e)| (x - e).abs() < 1e-12));
        }
    }

    #[test]
    fn any_other_gets_a_positive_diagonal_and_keeps_what_is_beside_it() {
        for n in 1..8 {
            let a = symmetric(n, -1.5);
            let mut factors = a.clone();
            assert!(!modified_cholesky(&mut factors, n));
            let l = |i: usize, j: usize| match i.cmp(&j) {
                std::cmp::Ordering::Less => 0.0,
                std::cmp::Ordering::Equal => 1.0,
                std::cmp::Ordering::Greater => factors[i * n + j],
            };
            for i in 0..n {
                assert!(factors[i * n + i] > 0.0);
                for j in 0..n {
                    let made: f64 = (0..n).map(|s| l(i, s) * factors[s * n + s] * l(j, s)).sum();
                    let difference = made - a[i * n + j];
                    assert!(if i == j { difference > -1e-12 } else { difference.abs() < 1e-12 });
                }
            }
        }
        let mut zero = vec![0.0; 9];
        assert!(!modified_cholesky(&mut zero, 3));
        assert!(zero.iter().all(|x| x.is_finite()) && zero[0] > 0.0);
    }

    #[test]
    fn any_regular_matrix_is_solved_and_a_singular_one_is_seen() {
        for n in 1..8 {
            let a: Vec<f64> = (0..n * n).map(|k| ((k * k) as f64 * 0.9 + 0.2).sin()).collect();
            let (mut factors, mut pivots) = (a.clone(), vec![0; n]);
            assert!(lu(&mut factors, n, &mut pivots));
            let expected: Vec<f64> = (0..n).map(|i| i as f64 - 1.5).collect();
            let mut x = times(&a, n, &expected);
            lu_solve(&factors, n, &pivots, &mut x);
            assert!(x.iter().zip(&expected).all(|(x, e)| (x - e).abs() < 1e-10), "{n}: {x:?}");
        }
        assert!(!lu(&mut [1.0, 2.0, 2.0, 4.0], 2, &mut [0; 2]));
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_make_the_matrix_diagonal() {
        for n in 1..12 {
            let a = symmetric(n, 0.0);
            let (mut diagonal, mut q) = (a.clone(), vec![0.0; n * n]);
            jacobi(&mut diagonal, n, &mut q);
            for (i, v) in q.chunks_exact(n).enumerate() {
                let av = times(&a, n, v);
                assert!(
                    v.iter().zip(av).all(|(v, av)| (av - diagonal[i * n + i] * v).abs() < 1e-13)
                );
                for (j, w) in q.chunks_exact(n).enumerate() {
                    let product: f64 = v.iter().zip(w).map(|(v, w)| v * w).sum();
                    assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
                }
            }
        }
    }

    #[test]
    fn the_residual_of_least_squares_is_orthogonal_to_the_columns() {
        let (rows, columns) = (7, 4);
        let a: Vec<f64> = (0..rows * columns).map(|k| ((k * k) as f64 * 0.3).sin()).collect();
        let b: Vec<f64> = (0..rows).map(|k| (k as f64).cos()).collect();
        let mut x = [0.0; 4];
        least_squares(&mut a.clone(), rows, columns, &mut b.clone(), &mut x);
        for j in 0..columns {
            let product: f64 = (0..rows)
                .map(|i| {
                    let row = &a[i * columns..][..columns];
                    let ax: f64 = row.iter().zip(x).map(|(a, x)| a * x).sum();
                    row[j] * (ax - b[i])
                })
                .sum();
            assert!(product.abs() < 1e-13);
        }
        // Two columns alike: the second one is not needed.
        let a = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0];
        let mut x = [0.0; 2];
        least_squares(&mut a.clone(), 3, 2, &mut [2.0, 4.0, 6.0], &mut x);
        assert!((x[0] - 2.0).abs() < 1e-14 && x[1] == 0.0);
    }
}
