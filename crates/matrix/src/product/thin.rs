//! Y ← α·A·B + β·Y with few columns, by one thread: a layer that gives each class a score.
//!
//! A vector would hold one row of Y, and the rest of it nothing. So lanes go along the inner index: each
//! value is the sum in sixteen lanes, of which the first takes every sixteenth term from the first on, by
//! fused multiply-adds, and then lanes are joined pairwise. That depends on the inner size alone.

use super::part::{Factor, Target};
use crate::Scalar;

/// Fewer columns than the widest vectors have lanes.
const FEW: usize = 16;

/// The least inner size for which joining the lanes does not count.
const LONG: usize = 64;

const LANES: usize = 16;

/// How many sums of lanes a tile leaves of each value, since vectors of them are joined faster.
const SUMS: usize = LANES / 4;

/// The rows of a tile, or else 1.
const ROWS: usize = 2;

/// The most columns of a tile.
const COLUMNS: usize = 12;

/// Whether to calculate a product of A and B with so many columns in this way. It depends on nothing that
/// sharing the rows of a product out changes.
pub(crate) fn is_thin<T: Scalar>([k, n]: [usize; 2], a_column_stride: usize) -> bool {
    // Without fused multiply-adds there is nothing but the tiles.
    n < FEW && k >= LONG && a_column_stride == 1 && T::tiles().lanes > 1
}

/// Y ← α·A·B + β·Y for sizes `[m, k, n]` for which [`is_thin`] says so.
///
/// # Safety
///
/// Everything that the sizes and strides address must lie in memory that may be read, or written, and the
/// result must not overlap with a factor.
pub(crate) unsafe fn thin<T: Scalar>(
    [m, k, n]: [usize; 3],
    α: T,
    a: Factor<T>,
    b: Factor<T>,
    β: T,
    y: Target<T>,
) {
    let padded = k.next_multiple_of(LANES);
    // As many as registers have room for the lanes of; columns as even as they come.
    let [height, most] = if T::tiles().lanes == LANES { [ROWS, COLUMNS] } else { [1, COLUMNS / 2] };
    let width = n.div_ceil(n.div_ceil(most));
    T::with_scratch(n * padded + m * n * SUMS, |memory| {
        let (columns, sums) = memory.split_at_mut(n * padded);
        // SAFETY: the caller's, and the memory has room for the columns of B.
        unsafe { lay_out([k, n], b, columns, padded) };
        let mut top = 0;
        while top < m {
            let height = if m - top < height { 1 } else { height };
            for left in (0..n).step_by(width) {
                let columns = columns[left * padded..].as_ptr();
                let sums = sums[(top * n + left) * SUMS..].as_mut_ptr();
                // SAFETY: the caller's; these are rows of A, and the sums of values of Y.
                unsafe {
                    let tile = Tile { inner: k, padded, a: a.from(top, 0), columns, sums, n };
                    tile.run(height, width.min(n - left));
                }
            }
            top += height;
        }
        // Rows without a gap between them are one.
        let [rows, length] = if y.row_stride == n { [1, m * n] } else { [m, n] };
        for (row, sums) in sums.chunks_exact(length * SUMS).take(rows).enumerate() {
            // SAFETY: the caller's, who lends these values of Y to nobody else.
            let y =
                unsafe { std::slice::from_raw_parts_mut(y.values.add(row * y.row_stride), length) };
            pulp::Arch::new().dispatch(Joined { α, sums, β, y });
        }
    });
}

/// Writes the columns of B one after the other, each made up with zeros.
///
/// # Safety
///
/// B must have so many rows and columns.
unsafe fn lay_out<T: Scalar>([k, n]: [usize; 2], b: Factor<T>, columns: &mut [T], padded: usize) {
    let to = columns.as_mut_ptr();
    // SAFETY: the caller's; there is room for n columns. Of the two strides of B one is 1, as in every matrix.
    unsafe {
        match b.row_stride {
            1 => {
                for column in 0..n {
                    let from = b.values.add(column * b.column_stride);
                    std::ptr::copy_nonoverlapping(from, to.add(column * padded), k);
                }
            }
            stride => T::turn(b.values, stride, k, n, to, padded),
        }
    }
    for column in columns.chunks_exact_mut(padded) {
        column[k..].fill(T::default());
    }
}

/// Some rows of A and columns of B, and where the sums of their products go, of which a row has `n` times as
/// many.
#[derive(Clone, Copy)]
struct Tile<T> {
    inner: usize,
    padded: usize,
    a: Factor<T>,
    columns: *const T,
    sums: *mut T,
    n: usize,
}

impl<T: Scalar> Tile<T> {
    /// # Safety
    ///
    /// There must be so many rows and columns.
    unsafe fn run(self, rows: usize, columns: usize) {
        let arch = pulp::Arch::new();
        macro_rules! sized {
            ($($columns:literal)*) => {
                match (rows, columns) {
                    $(
                        (ROWS, $columns) => arch.dispatch(Sized::<T, ROWS, $columns>(self)),
                        (1, $columns) => arch.dispatch(Sized::<T, 1, $columns>(self)),
                    )*
                    _ => unreachable!("a tile has {ROWS} rows or 1, and at most {COLUMNS} columns"),
                }
            };
        }
        sized!(1 2 3 4 5 6 7 8 9 10 11 12);
    }
}

/// A tile of R rows and C columns, all of which are there.
struct Sized<T, const R: usize, const C: usize>(Tile<T>);

impl<T: Scalar, const R: usize, const C: usize> pulp::WithSimd for Sized<T, R, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Tile { inner, padded, a, columns, sums, n } = self.0;
        let mut lanes = [[[T::default(); LANES]; C]; R];
        let whole = inner / LANES * LANES;
        for start in (0..whole).step_by(LANES) {
            let terms = |from: *const T| {
                // SAFETY: so many terms of the row or column are there.
                unsafe { from.add(start).cast::<[T; LANES]>().read() }
            };
            // SAFETY: there are R rows.
            let a = std::array::from_fn(|r| terms(unsafe { a.values.add(r * a.row_stride) }));
            // SAFETY: there are C columns.
            let b = std::array::from_fn(|c| terms(unsafe { columns.add(c * padded) }));
            add_products(&a, &b, &mut lanes);
        }
        if whole < inner {
            let terms = |from: *const T, count: usize| {
                let mut terms = [T::default(); LANES];
                // SAFETY: so many terms of the row or column are there.
                unsafe { from.add(whole).copy_to_nonoverlapping(terms.as_mut_ptr(), count) };
                terms
            };
            let rest = inner - whole;
            // SAFETY: there are R rows.
            let a = std::array::from_fn(|r| terms(unsafe { a.values.add(r * a.row_stride) }, rest));
            // SAFETY: there are C columns.
            let b = std::array::from_fn(|c| terms(unsafe { columns.add(c * padded) }, LANES));
            add_products(&a, &b, &mut lanes);
        }
        for (r, lanes) in lanes.iter().enumerate() {
            for (c, lanes) in lanes.iter().enumerate() {
                let half: [T; LANES / 2] = std::array::from_fn(|i| lanes[i] + lanes[i + LANES / 2]);
                let quarter: [T; SUMS] = std::array::from_fn(|i| half[i] + half[i + SUMS]);
                // SAFETY: there is room for the sums of such a row and column.
                unsafe { sums.add((r * n + c) * SUMS).cast::<[T; SUMS]>().write(quarter) };
            }
        }
    }
}

/// Each lane of each value takes its term.
#[inline(always)]
fn add_products<T: Scalar, const R: usize, const C: usize>(
    a: &[[T; LANES]; R],
    b: &[[T; LANES]; C],
    lanes: &mut [[[T; LANES]; C]; R],
) {
    for (lanes, a) in lanes.iter_mut().zip(a) {
        for (lanes, b) in lanes.iter_mut().zip(b) {
            for (lane, (&a, &b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
                *lane = a.multiply_add(b, *lane);
            }
        }
    }
}

/// y ← α·x + β·y, where the last sums of x are still to be added up.
struct Joined<'a, T> {
    α: T,
    sums: &'a [T],
    β: T,
    y: &'a mut [T],
}

impl<T: Scalar> pulp::WithSimd for Joined<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Joined { α, sums, β, y } = self;
        let (sums, _) = sums.as_chunks::<SUMS>();
        let values = sums.iter().map(|sum| α * ((sum[0] + sum[2]) + (sum[1] + sum[3])));
        match β == T::default() {
            true => y.iter_mut().zip(values).for_each(|(y, value)| *y = value),
            false => y.iter_mut().zip(values).for_each(|(y, value)| *y = value + β * *y),
        }
    }
}
