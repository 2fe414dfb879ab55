//! Work on a large tensor by several threads, with bits that do not depend on how many there are.

use crate::norm::GRAIN;
use crate::{Level, Real};

/// Columns that one thread sums at a time: some cache lines of every row.
const STRIP: usize = 64;

/// Columns whose sums are held at a time, on the stack.
const HELD: usize = 2048;

/// Does `work` on pieces of `x` of a multiple of `unit`, each with its place. Pieces of up to `least` are
/// not split further. Where it is split may not matter to the work.
pub(super) fn pieces<X: Send>(
    x: &mut [X],
    unit: usize,
    least: usize,
    work: &(impl Fn(usize, &mut [X]) + Sync),
) {
    fn from<X: Send>(
        begin: usize,
        x: &mut [X],
        unit: usize,
        least: usize,
        work: &(impl Fn(usize, &mut [X]) + Sync),
    ) {
        let at = (x.len() / 2).next_multiple_of(unit);
        if x.len() <= least || at >= x.len() {
            return work(begin, x);
        }
        let (left, right) = x.split_at_mut(at);
        rayon::join(
            || from(begin, left, unit, least, work),
            || from(begin + at, right, unit, least, work),
        );
    }
    if !x.is_empty() {
        from(0, x, unit.max(1), least, work);
    }
}

/// ‖x‖, or NaN if not all of x is finite.
pub(super) fn norm<R: Real>(x: &[R]) -> f64 {
    crate::norm::norm(Level::widest(), x).unwrap_or(f64::NAN)
}

/// x ← x · factor. In `f64`, since in `f32` a large factor would be infinite and its product with 0 NaN.
pub(super) fn scale<R: Real>(x: &mut [R], factor: f64) {
    let level = Level::widest();
    pieces(x, 1, GRAIN, &|_, x: &mut [R]| {
        level.run(
            #[inline(always)]
            || x.iter_mut().for_each(|x| *x = R::from_f64(x.to_f64() * factor)),
        );
    });
}

/// Σ over the rows of what `term` makes of each place of a matrix with `columns` columns, for the columns
/// from `first` on; row after row, so that the order is always the same.
pub(super) fn sum_rows(
    rows: usize,
    columns: usize,
    first: usize,
    sums: &mut [f64],
    term: &(impl Fn(usize) -> f64 + Sync),
) {
    pieces(sums, STRIP, (GRAIN / rows.max(1)).max(STRIP), &|begin, sums: &mut [f64]| {
        sums.fill(0.0);
        for row in 0..rows {
            let start = row * columns + first + begin;
            for (j, sum) in sums.iter_mut().enumerate() {
                *sum += term(start + j);
            }
        }
    });
}

/// For each column of the matrix `x`: a number of it by `number`, which gets the first column and room for
/// several, and then `change` of each of its places by that number.
pub(super) fn by_column<R: Real>(
    x: &mut [R],
    columns: usize,
    number: impl Fn(&[R], usize, &mut [f64]),
    change: impl Fn(R, f64) -> R + Sync,
) {
    let mut held = [0.0; HELD];
    for first in (0..columns).step_by(HELD) {
        let held = &mut held[..HELD.min(columns - first)];
        number(x, first, held);
        let held = &*held;
        pieces(x, columns, GRAIN, &|_, x: &mut [R]| {
            for row in x.chunks_exact_mut(columns) {
                for (x, number) in row[first..].iter_mut().zip(held) {
                    *x = change(*x, *number);
                }
            }
        });
    }
}
