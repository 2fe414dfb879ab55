//! Y ← α·A·B + β·Y by one thread, after Goto and van de Geijn, *Anatomy of high-performance matrix
//! multiplication*, ACM TOMS 34(3), 2008.
//!
//! ```text
//! for the inner index, in parts of at most INNER
//!     for the rows, in parts that fit the second cache
//!         rearrange those of A, if it is transposed and large
//!         for panels of columns as wide as a tile
//!             rearrange that of B
//!             for tiles of rows:  Y's tile += A's · B's
//! ```
//!
//! Departures: A is read where it lies if its rows do, or it is small; B is where there are few rows, which would
//! not be worth it. And where all rows are one part, all panels are rearranged into the same memory, which stays
//! near.
//!
//! Where the inner index is cut depends on its size alone. So each value is one and the same sum, however
//! rows and columns are shared out.

use super::Matrix;
use super::tile::Tiles;
use crate::Scalar;

/// The most of the inner index at a time: every part but the first reads Y again.
pub(crate) const INNER: usize = 512;

/// The values of A that are worked through before B is read again: a quarter of the second cache.
const ROWS_AT_ONCE: usize = 128 << 10;

/// From so many rows on, B is worth rearranging: rows that lie a power of two apart share few lines of the
/// nearest cache. Where a row is no longer than that of a tile, B lies as if it had been.
const MANY_ROWS: usize = 36;

/// The same, where a row is no longer than those of two tiles.
const MANY_SHORT_ROWS: usize = 100;

/// From so many columns and values of A on, a transposed A is worth it.
const MANY_COLUMNS: usize = 256;
const LARGE: usize = 96 << 10;

/// The bytes of a line of a cache.
const LINE: usize = 64;

/// A factor: where its values lie.
#[derive(Clone, Copy)]
pub(crate) struct Factor<T> {
    pub values: *const T,
    pub row_stride: usize,
    pub column_stride: usize,
}

/// The result: where its values lie, row by row.
#[derive(Clone, Copy)]
pub(crate) struct Target<T> {
    pub values: *mut T,
    pub row_stride: usize,
}

// SAFETY: these are borrows of slices, as `product` makes them, whose parts are shared out among threads so
// that nobody writes what another one reads or writes.
unsafe impl<T: Sync> Send for Factor<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Factor<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Target<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Target<T> {}

impl<T> Factor<T> {
    pub(crate) fn of(matrix: Matrix<'_, T>) -> Factor<T> {
        let Matrix { values, row_stride, column_stride, .. } = matrix;
        Factor { values: values.as_ptr(), row_stride, column_stride }
    }

    /// # Safety
    ///
    /// There must be such a row and column.
    pub(crate) unsafe fn from(self, row: usize, column: usize) -> Factor<T> {
        let offset = row * self.row_stride + column * self.column_stride;
        // SAFETY: the caller's.
        Factor { values: unsafe { self.values.add(offset) }, ..self }
    }
}

impl<T> Target<T> {
    /// # Safety
    ///
    /// There must be such a row and column.
    pub(crate) unsafe fn from(self, row: usize, column: usize) -> Target<T> {
        // SAFETY: the caller's.
        Target { values: unsafe { self.values.add(row * self.row_stride + column) }, ..self }
    }
}

/// Which values of the result are wanted. Others may be calculated or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    /// Those on and above a diagonal that begins so many columns before the first.
    Above {
        columns: usize,
    },
}

impl Wanted {
    /// How many of the first `rows` rows hold something wanted left of the column `right`.
    fn rows(self, rows: usize, right: usize) -> usize {
        match self {
            Wanted::All => rows,
            Wanted::Above { columns } => rows.min(columns + right),
        }
    }
}

/// How much of the inner index is taken at a time.
pub(crate) fn inner_part(k: usize) -> usize {
    k.div_ceil(k.div_ceil(INNER))
}

/// The values of a B of so many rows and columns that is rearranged to panels.
pub(crate) fn rearranged_length<T: Scalar>(rows: usize, columns: usize) -> usize {
    rows * columns.next_multiple_of(T::tiles().lanes)
}

/// Rearranges all of B, of sizes of at least 1, to panels as [`part_of_rearranged`] reads them.
///
/// # Safety
///
/// B must have so many rows and columns, and the memory room for [`rearranged_length`] values.
pub(crate) unsafe fn rearrange_all<T: Scalar>(
    b: Factor<T>,
    [k, columns]: [usize; 2],
    memory: *mut T,
) {
    let tiles = T::tiles();
    let inner = inner_part(k);
    for start in (0..k).step_by(inner) {
        let inner = inner.min(k - start);
        // SAFETY: the parts before this one hold `start` rows; the rest is the caller's.
        unsafe {
            let memory = memory.add(start * columns.next_multiple_of(tiles.lanes));
            let mut panels = Panels {
                lying: b.from(start, 0),
                rearranged: memory,
                inner,
                columns,
                lanes: tiles.lanes,
                at_once: columns,
                rearranged_from: 0,
                rearranged_to: 0,
            };
            for left in (0..columns).step_by(tiles.columns()) {
                panels.panel(left, tiles.columns().min(columns - left));
            }
        }
    }
}

/// Y ← α·A·B + β·Y for sizes `[m, k, n]` of at least 1, where `b` is what [`rearrange_all`] made of B.
///
/// # Safety
///
/// As for [`part`].
pub(crate) unsafe fn part_of_rearranged<T: Scalar>(
    [m, k, n]: [usize; 3],
    α: T,
    a: Factor<T>,
    b: *const T,
    β: T,
    y: Target<T>,
) {
    let tiles = T::tiles();
    let inner = inner_part(k);
    let rows_at_once = (ROWS_AT_ONCE / inner).next_multiple_of(tiles.rows);
    for start in (0..k).step_by(inner) {
        let inner = inner.min(k - start);
        let kept = if start == 0 { β } else { T::rounded(1.0) };
        // SAFETY: the caller's. Nothing is written to panels that have been rearranged.
        unsafe {
            let b = b.add(start * n.next_multiple_of(tiles.lanes));
            let mut panels = Panels {
                lying: Factor { values: b, row_stride: 0, column_stride: 0 },
                rearranged: b.cast_mut(),
                inner,
                columns: n,
                lanes: tiles.lanes,
                at_once: n,
                rearranged_from: 0,
                rearranged_to: n,
            };
            for top in (0..m).step_by(rows_at_once) {
                let rows = rows_at_once.min(m - top);
                let (a, y) = (a.from(top, start), y.from(top, 0));
                let strips = Strips { first: a, distance: tiles.rows * a.row_stride };
                multiply(tiles, inner, |_| rows, [α, kept], strips, &mut panels, y);
            }
        }
    }
}

/// Y ← α·A·B + β·Y for sizes `[m, k, n]` of at least 1.
///
/// # Safety
///
/// Everything that the sizes and strides address must lie in memory that may be read, or written, and the
/// result must not overlap with a factor.
pub(crate) unsafe fn part<T: Scalar>(
    [m, k, n]: [usize; 3],
    α: T,
    a: Factor<T>,
    b: Factor<T>,
    β: T,
    y: Target<T>,
    wanted: Wanted,
) {
    let tiles = T::tiles();
    let inner = inner_part(k);
    let rows_at_once = (ROWS_AT_ONCE / inner).next_multiple_of(tiles.rows);
    let rearrange_a = a.column_stride != 1 && n >= MANY_COLUMNS && m * k >= LARGE;
    let many_rows = match b.row_stride.div_ceil(tiles.columns()) {
        1 => usize::MAX,
        2 => MANY_SHORT_ROWS,
        _ => MANY_ROWS,
    };
    let rearrange_b = b.column_stride != 1 || m >= many_rows;
    let strip = strip_length(tiles, inner);
    let room_a = if rearrange_a { rows_at_once.min(m).div_ceil(tiles.rows) * strip } else { 0 };
    let at_once = if m <= rows_at_once { tiles.columns().min(n) } else { n };
    let room_b = inner * at_once.next_multiple_of(tiles.lanes);
    T::with_scratch(room_a + room_b + LINE / size_of::<T>(), |memory| {
        let aligned = memory.as_ptr().align_offset(LINE).min(LINE / size_of::<T>());
        let (memory_b, memory_a) = memory[aligned..].split_at_mut(room_b);
        for start in (0..k).step_by(inner) {
            let inner = inner.min(k - start);
            // SAFETY: `start` is less than k, and the rest of the addresses are the caller's.
            unsafe {
                let b = b.from(start, 0);
                let mut panels = Panels::new(tiles, b, [inner, n], rearrange_b, at_once, memory_b);
                // What has been added so far is kept from the second part on.
                let kept = if start == 0 { β } else { T::rounded(1.0) };
                for top in (0..m).step_by(rows_at_once) {
                    let rows = rows_at_once.min(m - top);
                    let a = a.from(top, start);
                    let a = match rearrange_a {
                        true => Strips::rearranged(tiles, a, [rows, inner], strip, memory_a),
                        false => Strips { first: a, distance: tiles.rows * a.row_stride },
                    };
                    let rows = |right| wanted.rows(top + rows, right).saturating_sub(top);
                    multiply(tiles, inner, rows, [α, kept], a, &mut panels, y.from(top, 0));
                }
            }
        }
    });
}

/// Yᵀ ← α·A·B for sizes `[m, k, n]` of at least 1.
///
/// # Safety
///
/// As for [`part`].
pub(crate) unsafe fn part_turned<T: Scalar>(
    [m, k, n]: [usize; 3],
    α: T,
    a: Factor<T>,
    b: Factor<T>,
    y: Target<T>,
) {
    T::with_scratch(m * n, |memory| {
        let to = Target { values: memory.as_mut_ptr(), row_stride: n };
        // SAFETY: the caller's, and the memory has room for the product.
        unsafe {
            part([m, k, n], α, a, b, T::default(), to, Wanted::All);
            T::turn(memory.as_ptr(), n, m, n, y.values, y.row_stride);
        }
    });
}

/// Rows of A in strips as high as a tile.
struct Strips<T> {
    first: Factor<T>,
    /// How far the next strip is from one.
    distance: usize,
}

impl<T: Scalar> Strips<T> {
    /// Those of a transposed A, each copied column by column.
    ///
    /// # Safety
    ///
    /// A must have so many rows and columns.
    unsafe fn rearranged(
        tiles: Tiles<T>,
        a: Factor<T>,
        [rows, inner]: [usize; 2],
        distance: usize,
        memory: &mut [T],
    ) -> Strips<T> {
        let height = tiles.rows;
        assert!(memory.len() >= rows.div_ceil(height) * distance);
        let values = memory.as_mut_ptr();
        let whole = rows / height;
        for column in 0..inner {
            // SAFETY: the caller's for A. The memory has room for all strips, and a strip for as many columns.
            unsafe {
                let from = a.values.add(column * a.column_stride);
                let to = values.add(column * height);
                match height {
                    // Most processors' tiles: a copy of known length is no call.
                    6 => {
                        (0..whole).for_each(|i| copy::<T, 6>(from.add(i * 6), to.add(i * distance)))
                    }
                    _ => (0..whole * height).for_each(|row| {
                        *to.add(row / height * distance + row % height) = *from.add(row);
                    }),
                }
                for row in whole * height..rows {
                    *to.add(whole * distance + row % height) = *from.add(row);
                }
            }
        }
        Strips { first: Factor { values, row_stride: 1, column_stride: height }, distance }
    }

    /// The strip that begins with the row `top`, a multiple of its height.
    ///
    /// # Safety
    ///
    /// There must be such a row.
    unsafe fn strip(&self, tiles: Tiles<T>, top: usize) -> Factor<T> {
        // SAFETY: the caller's.
        let values = unsafe { self.first.values.add(top / tiles.rows * self.distance) };
        Factor { values, ..self.first }
    }
}

/// The length of a strip with what is left free after it: an odd number of lines, as strips an even number of
/// lines apart would share few lines of the nearest cache.
fn strip_length<T>(tiles: Tiles<T>, inner: usize) -> usize {
    let line = LINE / size_of::<T>();
    ((inner * tiles.rows).div_ceil(line) | 1) * line
}

/// # Safety
///
/// There must be so many values to read, and to write.
#[inline(always)]
unsafe fn copy<T: Copy, const COUNT: usize>(from: *const T, to: *mut T) {
    // SAFETY: the caller's; an array is aligned as its values.
    unsafe { *to.cast::<[T; COUNT]>() = *from.cast::<[T; COUNT]>() }
}

/// Rows of B in panels as wide as a tile, each read where it lies or rearranged when it is asked for, the first
/// time at least.
struct Panels<T> {
    lying: Factor<T>,
    rearranged: *mut T,
    inner: usize,
    columns: usize,
    lanes: usize,
    /// The columns that the memory has room for: one panel's or all.
    at_once: usize,
    /// The columns from here on are to be rearranged.
    rearranged_from: usize,
    /// The columns up to here have been.
    rearranged_to: usize,
}

impl<T: Scalar> Panels<T> {
    fn new(
        tiles: Tiles<T>,
        b: Factor<T>,
        [inner, columns]: [usize; 2],
        rearrange: bool,
        at_once: usize,
        memory: &mut [T],
    ) -> Panels<T> {
        // A vector that reaches past the last column would reach past the last row of memory.
        let rearranged_from = match rearrange {
            true => 0,
            false if columns.is_multiple_of(tiles.lanes) => columns,
            false => columns / tiles.columns() * tiles.columns(),
        };
        Panels {
            lying: b,
            rearranged: memory.as_mut_ptr(),
            inner,
            columns,
            lanes: tiles.lanes,
            at_once,
            rearranged_from,
            rearranged_to: rearranged_from,
        }
    }

    /// The panel of the columns that begin at `left`, with the stride of its rows.
    ///
    /// # Safety
    ///
    /// B must have so many rows and columns, and the memory must have room and still be there. Panels must be
    /// asked for from left to right the first time, and only once if there is no room for all.
    unsafe fn panel(&mut self, left: usize, width: usize) -> (*const T, usize) {
        if left < self.rearranged_from {
            // SAFETY: the caller's.
            return (unsafe { self.lying.from(0, left) }.values, self.lying.row_stride);
        }
        let padded = width.next_multiple_of(self.lanes);
        let before = if self.at_once < self.columns { 0 } else { left - self.rearranged_from };
        // SAFETY: the caller's; the panels before it are as many columns wide, or it replaces them.
        let panel = unsafe { self.rearranged.add(before * self.inner) };
        if left >= self.rearranged_to {
            // SAFETY: the caller's.
            unsafe { rearrange(self.lying.from(0, left), [self.inner, width], panel, padded) };
            self.rearranged_to = left + width;
        }
        (panel, padded)
    }
}

/// Copies columns of B to rows of a panel, made up with zeros to whole vectors.
///
/// # Safety
///
/// B must have so many rows and columns, and the panel room for as many rows of `padded` values.
unsafe fn rearrange<T: Scalar>(
    b: Factor<T>,
    [inner, width]: [usize; 2],
    panel: *mut T,
    padded: usize,
) {
    // SAFETY: the caller's. Of the two strides of B one is 1, as in every matrix.
    unsafe {
        match b.column_stride {
            1 => {
                for row in 0..inner {
                    let (from, to) = (b.values.add(row * b.row_stride), panel.add(row * padded));
                    std::ptr::copy_nonoverlapping(from, to, width);
                }
            }
            stride => {
                // As much of a panel at a time as stays in the nearest cache.
                const ROWS: usize = 64;
                for row in (0..inner).step_by(ROWS) {
                    let (from, to) = (b.values.add(row), panel.add(row * padded));
                    T::turn(from, stride, width, ROWS.min(inner - row), to, padded);
                }
            }
        }
        // What stands beside the last column ends up in no result, but must be some number.
        for row in 0..if width < padded { inner } else { 0 } {
            for column in width..padded {
                *panel.add(row * padded + column) = T::default();
            }
        }
    }
}

/// Y ← α·A·B + β·Y with B in panels, each for as many rows as `rows` says for the column to its right.
///
/// # Safety
///
/// As for [`part`].
unsafe fn multiply<T: Scalar>(
    tiles: Tiles<T>,
    inner: usize,
    rows: impl Fn(usize) -> usize,
    [α, β]: [T; 2],
    a: Strips<T>,
    panels: &mut Panels<T>,
    y: Target<T>,
) {
    // Whether a tile overwrites, adds to, or scales what it finds.
    let found = match β {
        zero if zero == T::default() => 0,
        one if one == T::rounded(1.0) => 1,
        _ => 2,
    };
    for left in (0..panels.columns).step_by(tiles.columns()) {
        let width = tiles.columns().min(panels.columns - left);
        let vectors = width.div_ceil(tiles.lanes);
        // SAFETY: the caller's; a panel begins at each width of a tile.
        let (panel, panel_stride) = unsafe { panels.panel(left, width) };
        let rows = rows(left + width);
        for top in (0..rows).step_by(tiles.rows) {
            let height = tiles.rows.min(rows - top);
            let tile = (tiles.of)(vectors, height);
            // SAFETY: the caller's: the tile lies within Y, its rows within A, its panel within B. The
            // instructions are those that the processor was found to have.
            unsafe {
                let (a, y) = (a.strip(tiles, top), y.from(top, left));
                tile(
                    width,
                    height,
                    inner,
                    y.values,
                    panel,
                    a.values,
                    y.row_stride as isize,
                    1,
                    panel_stride as isize,
                    a.column_stride as isize,
                    a.row_stride as isize,
                    β,
                    α,
                    found,
                    false,
                    false,
                    false,
                    panel,
                );
            }
        }
    }
}
