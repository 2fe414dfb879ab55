//! Products of matrices.
//!
//! Each value is a sum over the inner index in parts whose bounds depend on its size alone, each part in
//! order, by fused multiply-adds where the processor has them; where there are few columns, it is one in
//! lanes (see [`thin`](self::thin)). So bits do not depend on the number of threads, nor on the width of
//! vectors; a processor without fused multiply-add gives other ones.

mod part;
mod rearranged;
mod thin;
mod tile;
mod turn;

use rayon::prelude::*;

use crate::Scalar;
use part::{Factor, INNER, Target, Wanted, inner_part, part, part_turned};
use thin::{is_thin, thin};

pub use rearranged::{Rearranged, product_rearranged};
pub use tile::Tiles;
pub(crate) use tile::{of_f32 as tiles_f32, of_f64 as tiles_f64};
pub(crate) use turn::{turn, turn_f32};

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
        Matrix::with_row_stride(values, rows, columns, columns)
    }

    /// The matrix whose rows begin `row_stride` values apart.
    ///
    /// A product panics if `values` is too short.
    pub fn with_row_stride(
        values: &'a [T],
        rows: usize,
        columns: usize,
        row_stride: usize,
    ) -> Matrix<'a, T> {
        Matrix { values, rows, columns, row_stride, column_stride: 1 }
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

    /// Some of the rows, as they are read.
    ///
    /// # Panics
    ///
    /// If `values` is too short for where they begin.
    pub fn some_rows(self, start: usize, rows: usize) -> Matrix<'a, T> {
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
/// Bits do not depend on who calculates.
///
/// # Panics
///
/// If the sizes do not fit.
pub fn product<T: Scalar>(a: Matrix<'_, T>, b: Matrix<'_, T>, y: &mut [T], threads: Threads) {
    product_scaled(T::rounded(1.0), a, b, T::default(), y, threads);
}

/// Y ← α·A·B + β·Y, row-major. Where β is 0, Y is not read.
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
    assert_sizes(a, b, y);
    product_into(α, a, b, β, y, b.columns, threads);
}

/// Y ← α·A·B + β·Y, where the rows of Y begin `row_stride` values apart; what lies between them stays.
/// Where β is 0, Y is not read.
///
/// # Panics
///
/// If the sizes do not fit.
pub fn product_into<T: Scalar>(
    α: T,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    β: T,
    y: &mut [T],
    row_stride: usize,
    threads: Threads,
) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    let result = Matrix { values: &*y, rows: m, columns: n, row_stride, column_stride: 1 };
    assert!(b.rows == k, "{k} columns of A meet {} rows of B", b.rows);
    if m == 0 || n == 0 {
        return;
    }
    assert!(
        n <= row_stride && result.is_within(),
        "the result of a product reaches past its values"
    );
    if k == 0 {
        return y.chunks_mut(row_stride).take(m).for_each(|row| scale(β, &mut row[..n]));
    }
    assert!(a.is_within() && b.is_within(), "a matrix of a product reaches past its values");
    let y = Target { values: y.as_mut_ptr(), row_stride };
    let is_thin = is_thin::<T>([k, n], a.column_stride);
    let is_turned = !is_thin && β == T::default() && is_turned(a, b);
    let (a, b) = if is_turned { (b.transposed(), a.transposed()) } else { (a, b) };
    let (m, n) = (a.rows, b.columns);
    let [a, b] = [a, b].map(Factor::of);
    let shares = match threads {
        Threads::One => Shares::ONE,
        Threads::Pool => Shares::of([m, k, n], a.column_stride == 1, b.column_stride == 1),
    };
    let is_plain = !is_thin && !is_turned && α == T::rounded(1.0);
    if threads == Threads::Pool && is_plain && shares_inner([m, k, n]) {
        // SAFETY: every element that the sizes and strides address lies within its slice, which was
        // asserted above, and Y is borrowed alone.
        return unsafe { product_in_parts([m, k, n], a, b, β, y) };
    }
    shared(shares.count, |index| {
        let [top, bottom] = [index, index + 1].map(|i| (i * shares.rows).min(m));
        let [left, right] = [index, index + 1].map(|i| (i * shares.columns).min(n));
        let ([top, bottom], [left, right]) = match shares.rows < m {
            true => ([top, bottom], [0, n]),
            false => ([0, m], [left, right]),
        };
        // SAFETY: every element that the sizes and strides address lies within its slice, which was
        // asserted above; Y is borrowed alone, its rows do not overlap, and shares are of different rows or
        // columns. The strides of a slice fit an isize.
        unsafe {
            let sizes = [bottom - top, k, right - left];
            let (a, b) = (a.from(top, 0), b.from(0, left));
            match (is_thin, is_turned) {
                (true, _) => thin(sizes, α, a, b, β, y.from(top, left)),
                (_, true) => part_turned(sizes, α, a, b, y.from(left, top)),
                (_, false) => part(sizes, α, a, b, β, y.from(top, left), Wanted::All),
            }
        }
    });
}

/// Whether Y ← α·A·B, with A read transposed, is to be Yᵀ ← α·Bᵀ·Aᵀ, whose sums are the same. Vectors lie along
/// the columns of the second factor: these are to be more than those of the first, where sums are so long that
/// turning Y does not count, or where they do not fill a vector.
fn is_turned<T: Scalar>(a: Matrix<'_, T>, b: Matrix<'_, T>) -> bool {
    const LONG: usize = 1024;
    let (m, k, n) = (a.rows, a.columns, b.columns);
    let is_narrow = n < T::tiles().lanes && m >= T::tiles().columns();
    let is_high = m > n && k >= LONG;
    a.row_stride == 1 && b.column_stride == 1 && (is_narrow || is_high)
}

/// Whether threads share out the inner index of a product of these sizes, `[m, k, n]`, rather than rows or
/// columns, in the parts in which its sums are added up anyhow: where there are few rows and long sums, so that
/// it is B that takes time to read.
///
/// Such a product is to be asked for in one: rows that are asked for by themselves each read all of B.
pub fn shares_inner([m, k, n]: [usize; 3]) -> bool {
    /// Rows of B for each row of A and Y: adding up does not count beside reading B.
    const MANY: usize = 4;
    /// Larger ones stay in no cache until the next step, whoever has written them.
    const LARGE: usize = 256 << 10;
    /// Columns of a few tiles.
    const WIDE: usize = 64;
    k > INNER && k >= MANY * m && n >= WIDE && k * n < LARGE
}

/// Y ← A·B + β·Y, with a part of the inner index for each share, so that a thread reads some rows of B alone:
/// those whose gradients it has made, and which it has moved, where B holds weights.
///
/// A tile adds a part of a sum to what it finds in Y. So the bits are those of [`part`].
///
/// # Safety
///
/// As for [`part`].
unsafe fn product_in_parts<T: Scalar>(
    [m, k, n]: [usize; 3],
    a: Factor<T>,
    b: Factor<T>,
    β: T,
    y: Target<T>,
) {
    let (inner, one) = (inner_part(k), T::rounded(1.0));
    let parts = k.div_ceil(inner);
    T::with_scratch((parts - 1) * m * n, |memory| {
        let later = Target { values: memory.as_mut_ptr(), row_stride: n };
        shared(parts, |index| {
            let start = index * inner;
            let sizes = [m, inner.min(k - start), n];
            // SAFETY: the caller's, and the memory has room for all parts but the first.
            unsafe {
                let (a, b) = (a.from(0, start), b.from(start, 0));
                let (y, β) = match index {
                    0 => (y, β),
                    _ => (later.from((index - 1) * m, 0), T::default()),
                };
                part(sizes, one, a, b, β, y, Wanted::All);
            }
        });
        for part in memory.chunks_exact(m * n) {
            for (row, part) in part.chunks_exact(n).enumerate() {
                // SAFETY: the caller's.
                let y = unsafe { std::slice::from_raw_parts_mut(y.from(row, 0).values, n) };
                y.iter_mut().zip(part).for_each(|(y, part)| *y = *y + *part);
            }
        }
    });
}

/// Y ← f(α·A·B + β·Y) on and above the diagonal of a square Y, where `f` gets the index of the first of some
/// values that lie side by side, and the values. What stands below the diagonal afterwards is nothing to be
/// read. For sizes that fit, of at least 1.
pub(crate) fn product_above<T: Scalar>(
    α: T,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    β: T,
    y: &mut [T],
    threads: Threads,
    f: impl Fn(usize, &mut [T]) + Sync,
) {
    let (k, n) = (a.columns, a.rows);
    assert_sizes(a, b, y);
    assert!(b.columns == n && k > 0 && n > 0 && a.is_within() && b.is_within());
    let y = Target { values: y.as_mut_ptr(), row_stride: n };
    let [a, b] = [a, b].map(Factor::of);
    let count = match threads {
        Threads::One => 1,
        Threads::Pool => rayon::current_num_threads().min(n / Shares::COLUMNS).max(1),
    };
    // Strips of columns down to the diagonal, of nearly the same area.
    let bound = |index: usize| match index == count {
        true => n,
        false => {
            let columns = n as f64 * (index as f64 / count as f64).sqrt();
            n.min((columns / Shares::COLUMNS as f64).round() as usize * Shares::COLUMNS)
        }
    };
    shared(count, |index| {
        let (left, right) = (bound(index), bound(index + 1));
        if left == right {
            return;
        }
        let wanted = Wanted::Above { columns: left };
        // SAFETY: every element that the sizes and strides address lies within its slice, as was asserted
        // above; Y is borrowed alone, and shares are of different columns. The strides of a slice fit an
        // isize.
        unsafe {
            part([right, k, right - left], α, a, b.from(0, left), β, y.from(0, left), wanted);
            for row in 0..right {
                let start = left.max(row);
                let values = y.from(row, start).values;
                f(row * n + start, std::slice::from_raw_parts_mut(values, right - start));
            }
        }
    });
}

/// Calls `share` with each index, by the threads of the pool if there are several.
fn shared(count: usize, share: impl Fn(usize) + Sync + Send) {
    match count {
        1 => share(0),
        count => (0..count).into_par_iter().with_max_len(1).for_each(share),
    }
}

/// How a product is shared out: in strips of so many rows, or else of so many columns.
struct Shares {
    count: usize,
    rows: usize,
    columns: usize,
}

impl Shares {
    const ONE: Shares = Shares { count: 1, rows: usize::MAX, columns: usize::MAX };

    /// Whole tiles of the widest vectors.
    const COLUMNS: usize = 64;

    /// For the threads of the pool: none of less than half a million multiplications, which take some 5 µs,
    /// against one to hand a share to a thread that is awake.
    fn of([m, k, n]: [usize; 3], a_lies: bool, b_lies: bool) -> Shares {
        const LEAST: usize = 1 << 19;
        const ROWS: usize = 12;
        let threads = rayon::current_num_threads();
        let worth = (m.saturating_mul(k).saturating_mul(n) / LEAST).max(1);
        // Several for each thread, so that a slow one leaves some to the others, where they come out even and
        // none is of fewer units than `least`.
        let strip = |size: usize, unit: usize, least: usize, most_each: usize| {
            let units = size.div_ceil(unit);
            let most = worth.min(units / least).min(most_each * threads);
            let even = [4, 2].map(|each| each * threads).into_iter().find(|&count| {
                count <= most && units.div_ceil(units.div_ceil(count)).is_multiple_of(threads)
            });
            units.div_ceil(even.unwrap_or(threads.min(worth))) * unit
        };
        // Strips of columns read all of A, and strips of rows all of B. What it costs to read a value, or to
        // rearrange it, was measured.
        let cost_of_a = if a_lies { m } else { 3 * m };
        let cost_of_b = if b_lies { 2 * n } else { 4 * n };
        let (rows, columns) = match n >= 2 * Shares::COLUMNS && cost_of_a <= cost_of_b {
            true => (m, strip(n, Shares::COLUMNS, if a_lies { 1 } else { 2 }, 4)),
            // Every strip of rows rearranges all of B again.
            false => (strip(m, ROWS, 8, 2), n),
        };
        let count = if rows < m { m.div_ceil(rows) } else { n.div_ceil(columns) };
        Shares { count, rows, columns }
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
        for [m, k, n] in [
            [700, 130, 150],
            [300, 784, 128],
            [1, 40, 30],
            [65, 1, 7],
            [2000, 100, 70],
            [310, 1100, 260],
            [700, 600, 64],
            [301, 784, 10],
            [300, 1030, 90],
            [32, 784, 128],
            [21, 1100, 70],
            [27, 65, 15],
            [1, 64, 1],
        ] {
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
        for [m, k, n] in [[70, 33, 50], [71, 90, 13]] {
            let (a, b, start) = (numbers(m * k), numbers(k * n), numbers(m * n));
            let (a, b) = (Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            let mut y = start.clone();
            product_scaled(-2.0, a, b, 0.5, &mut y, Threads::One);
            for ((got, product), start) in y.iter().zip(naive(a, b)).zip(&start) {
                let expected = -2.0 * product + 0.5 * f64::from(*start);
                assert!((f64::from(*got) - expected).abs() < 1e-4, "{got} {expected}");
            }
        }
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
