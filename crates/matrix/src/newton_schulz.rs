//! The nearest matrix with orthonormal rows or columns, roughly, by products alone.
//!
//! ```text
//! X ← X/(‖X‖ + 1e-7)
//! A ← X·Xᵀ,  X ← a·X + (b·A + c·A²)·X        as often as wanted
//! ```
//!
//! For X = U·Σ·Vᵀ this is U·φ(φ(…Σ))·Vᵀ with φ(σ) = a·σ + b·σ³ + c·σ⁵: Newton and Schulz, and with the
//! coefficients of Muon, [`MUON`]: Jordan et al. 2024, <https://kellerjordan.github.io/posts/muon/>.
//! Departures: A and A² are calculated by half; a·I goes into b·A + c·A², so that a step ends with a plain
//! product; and a matrix with more rows than columns is not transposed, X ← X·(a·I + b·A + c·A²) with
//! A = Xᵀ·X being the same.

use crate::symmetric::symmetric_product_then;
use crate::{Matrix, Scalar, Threads, gram, product};

/// The coefficients a, b, c with which Muon takes five steps: singular values end
/// between 0.68 and 1.21, unless they begin so close to 0 that five steps do not lift them.
pub const MUON: [f64; 3] = [3.4445, -4.7750, 2.0315];

/// The matrices that [`newton_schulz`] needs beside X. It grows to the largest that it was used for.
#[derive(Clone, Debug, Default)]
pub struct Workspace<T> {
    x: Vec<T>,
    a: Vec<T>,
    b: Vec<T>,
}

impl<T> Workspace<T> {
    /// An empty one.
    pub fn new() -> Workspace<T> {
        Workspace { x: Vec::new(), a: Vec::new(), b: Vec::new() }
    }
}

/// Replaces the `rows` by `columns` matrix X by what `steps` of Newton-Schulz make of X/(‖X‖ + 1e-7), with
/// the coefficients `[a, b, c]`.
///
/// # Panics
///
/// If `x` has another size.
pub fn newton_schulz<T: Scalar>(
    x: &mut [T],
    rows: usize,
    columns: usize,
    steps: usize,
    [a, b, c]: [f64; 3],
    workspace: &mut Workspace<T>,
    threads: Threads,
) {
    assert!(
        rows.checked_mul(columns) == Some(x.len()),
        "a matrix of {rows} by {columns} does not have {} values",
        x.len()
    );
    let n = rows.min(columns);
    let [mut next, gram_matrix, polynomial] = [
        first(&mut workspace.x, x.len()),
        first(&mut workspace.a, n * n),
        first(&mut workspace.b, n * n),
    ];
    let (b, c) = (T::rounded(b), T::rounded(c));
    let factor = T::rounded(1.0 / (norm(x) + 1e-7));
    x.iter_mut().for_each(|x| *x = *x * factor);

    let mut now = x;
    for _ in 0..steps {
        let x = Matrix::new(now, rows, columns);
        gram(if rows <= columns { x } else { x.transposed() }, gram_matrix, threads);
        let gram_matrix = &*gram_matrix;
        let square = Matrix::new(gram_matrix, n, n);
        let zero = T::default();
        symmetric_product_then(c, square, square, zero, polynomial, threads, |start, values| {
            for (p, g) in values.iter_mut().zip(&gram_matrix[start..]) {
                *p = *p + b * *g;
            }
        });
        polynomial.iter_mut().step_by(n + 1).for_each(|p| *p = *p + T::rounded(a));
        let polynomial = Matrix::new(polynomial, n, n);
        let [left, right] = if rows <= columns { [polynomial, x] } else { [x, polynomial] };
        product(left, right, next, threads);
        std::mem::swap(&mut now, &mut next);
    }
    if steps % 2 == 1 {
        next.copy_from_slice(now);
    }
}

/// The first `count` values of a vector that grows if it must.
fn first<T: Scalar>(values: &mut Vec<T>, count: usize) -> &mut [T] {
    if values.len() < count {
        values.resize(count, T::default());
    }
    &mut values[..count]
}

/// ‖x‖, in `f64`: sums of blocks, so that vectors can be used.
fn norm<T: Scalar>(x: &[T]) -> f64 {
    let mut sums = [0.0; 8];
    let chunks = x.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().map(|&x| square(x)).sum();
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += square(x);
        }
    }
    (sums.iter().sum::<f64>() + rest).sqrt()
}

fn square<T: Scalar>(x: T) -> f64 {
    let x: f64 = x.into();
    x * x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{eigen, product};

    /// Numbers that are as good as random.
    fn numbers<T: Scalar>(count: usize) -> Vec<T> {
        let number = |i: usize| ((i as f64 + 1.0) * 12.9898).sin() * 43758.5453;
        (0..count).map(|i| T::rounded(number(i) - number(i).floor() - 0.5)).collect()
    }

    /// The same step by step, as its equation is written.
    fn plain<T: Scalar>(x: &[T], rows: usize, columns: usize, steps: usize) -> Vec<T> {
        let factor = T::rounded(1.0 / (norm(x) + 1e-7));
        let mut x: Vec<T> = x.iter().map(|&x| x * factor).collect();
        let [a, b, c] = MUON.map(T::rounded);
        for _ in 0..steps {
            let view = Matrix::new(&x, rows, columns);
            let mut gram = vec![T::default(); rows * rows];
            product(view, view.transposed(), &mut gram, Threads::One);
            let square = Matrix::new(&gram, rows, rows);
            let mut sum = vec![T::default(); rows * rows];
            product(square, square, &mut sum, Threads::One);
            sum.iter_mut().zip(&gram).for_each(|(s, &g)| *s = b * g + c * *s);
            let mut next = vec![T::default(); rows * columns];
            product(Matrix::new(&sum, rows, rows), view, &mut next, Threads::One);
            x = next.iter().zip(&x).map(|(&next, &x)| a * x + next).collect();
        }
        x
    }

    fn follows_its_equation<T: Scalar>(bound: f64) {
        // One workspace for all, so that it is used when it is larger than needed, too.
        let mut workspace = Workspace::new();
        for [rows, columns] in [[90, 131], [131, 90], [70, 70], [1, 9], [9, 1], [1, 1], [0, 4]] {
            for steps in [0, 1, 5] {
                let start = numbers::<T>(rows * columns);
                let mut x = start.clone();
                let workspace = &mut workspace;
                newton_schulz(&mut x, rows, columns, steps, MUON, workspace, Threads::One);
                for (x, expected) in x.iter().zip(plain(&start, rows, columns, steps)) {
                    let difference: f64 = (*x - expected).into();
                    assert!(difference.abs() < bound, "{rows} {columns} {x:?} {expected:?}");
                }
            }
        }
    }

    #[test]
    fn it_follows_its_equation_in_f32() {
        follows_its_equation::<f32>(1e-4);
    }

    #[test]
    fn it_follows_its_equation_in_f64() {
        follows_its_equation::<f64>(1e-12);
    }

    #[test]
    fn the_bits_do_not_depend_on_threads() {
        let run = |threads| {
            let mut x = numbers::<f32>(300 * 400);
            newton_schulz(&mut x, 300, 400, 5, MUON, &mut Workspace::new(), threads);
            x
        };
        let one = run(Threads::One);
        for threads in 1..=3 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let many = pool.install(|| run(Threads::Pool));
            assert!(one.iter().zip(&many).all(|(x, y)| x.to_bits() == y.to_bits()));
        }
    }

    #[test]
    fn singular_values_end_near_one() {
        for [rows, columns] in [[40, 60], [60, 40], [50, 50]] {
            let mut x = numbers::<f32>(rows * columns);
            newton_schulz(&mut x, rows, columns, 5, MUON, &mut Workspace::new(), Threads::One);
            let x = Matrix::new(&x, rows, columns);
            let (x, n) = (if rows < columns { x } else { x.transposed() }, rows.min(columns));
            let (mut squares, mut vectors) = (vec![0.0; n], vec![0.0; n * n]);
            let mut a = vec![0.0; n * n];
            gram(x, &mut a, Threads::One);
            eigen(&a, n, &mut squares, &mut vectors).unwrap();
            // The least of a square matrix may be too small to have grown in five steps.
            let least = if rows == columns { 1 } else { 0 };
            assert!(squares[least].sqrt() > 0.67 && squares[n - 1].sqrt() < 1.21, "{squares:?}");
        }
    }

    #[test]
    fn a_zero_matrix_stays_zero() {
        let mut x = [0.0f32; 12];
        newton_schulz(&mut x, 3, 4, 5, MUON, &mut Workspace::new(), Threads::One);
        assert_eq!(x, [0.0; 12]);
    }

    #[test]
    #[should_panic(expected = "a matrix of 3 by 4 does not have 11 values")]
    fn a_matrix_of_another_size_is_found_out() {
        newton_schulz(&mut [0.0f32; 11], 3, 4, 5, MUON, &mut Workspace::new(), Threads::One);
    }
}
