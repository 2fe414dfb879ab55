//! Y ← α·A·B + β·Y by one thread, after Goto and van de Geijn, *Anatomy of high-performance matrix
//! multiplication*, ACM TOMS 34(3), 2008.
//!
//! ```text
//! for the inner index, in parts of at most INNER
//!     for the rows, in parts that fit the second cache
//!         rearrange those of A, where that pays
//!         for panels of columns as wide as a tile
//!             rearrange that of B, where that pays, if these are the first rows
//!             for tiles of rows:  Y's tile += A's · B's
//! ```
//!
//! Departures: B is read where it lies as long as it is small, and so is A but where it is transposed and
//! wide products read it often, since rearranging is not worth it for the sizes of a layer.
//!
//! Where the inner index is cut depends on its size alone. So each value is one and the same sum, however
//! rows and columns are shared out.

use super::tile::Tiles;
use crate::Scalar;

/// The most of the inner index at a time, while it is short: every part but the first reads Y again.
const INNER: usize = 400;

/// The most of a long inner index at a time: a panel of B then stays in the nearest cache.
const INNER_OF_LONG: usize = 128;

/// From here on it is long, as where gradients are summed over many examples.
const LONG: usize = 1200;

/// From so many values of B on, few of them stay in the second cache beside A.
const LARGE: usize = 320 << 10;

/// The values of A that are worked through before B is read again: a quarter of the second cache.
const ROWS_AT_ONCE: usize = 128 << 10;

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
) {
    let tiles = T::tiles();
    let is_thin = n < tiles.lanes && m >= tiles.columns();
    if is_thin && a.row_stride == 1 && b.column_stride == 1 && β == T::default() {
        // SAFETY: the caller's.
        return unsafe { part_of_few_columns([m, k, n], α, a, b, y) };
    }
    let inner = k.div_ceil(k.div_ceil(if k < LONG { INNER } else { INNER_OF_LONG }));
    let rearrange_b = b.column_stride != 1 || m >= 256 || (k * n > LARGE && m > 64);
    let rearrange_a = a.column_stride != 1 && n >= 256 && k * m > LARGE / 2;
    let rows_at_once = (ROWS_AT_ONCE / inner).next_multiple_of(tiles.rows);
    let room_b = inner * n.next_multiple_of(tiles.lanes);
    let room_a = if rearrange_a { inner * rows_at_once.min(m) } else { 0 };
    T::with_scratch(room_a + room_b, |memory| {
        let (memory_a, memory_b) = memory.split_at_mut(room_a);
        for start in (0..k).step_by(inner) {
            let inner = inner.min(k - start);
            // SAFETY: `start` is less than k, and the rest of the addresses are the caller's.
            unsafe {
                let mut panels =
                    Panels::new(tiles, b.from(start, 0), [inner, n], rearrange_b, memory_b);
                // What has been added so far is kept from the second part on.
                let kept = if start == 0 { β } else { T::rounded(1.0) };
                for top in (0..m).step_by(rows_at_once) {
                    let rows = rows_at_once.min(m - top);
                    let mut a = a.from(top, start);
                    if rearrange_a {
                        let values = memory_a.as_mut_ptr();
                        T::turn(a.values, a.column_stride, inner, rows, values, inner);
                        a = Factor { values, row_stride: inner, column_stride: 1 };
                    }
                    multiply(tiles, [rows, inner], α, a, &mut panels, kept, y.from(top, 0));
                }
            }
        }
    });
}

/// Y ← α·A·B with fewer columns than a vector has: as Yᵀ ← α·Bᵀ·Aᵀ, whose rows fill vectors where A is read
/// transposed. The sums are the same.
///
/// # Safety
///
/// As for [`part`].
unsafe fn part_of_few_columns<T: Scalar>(
    [m, k, n]: [usize; 3],
    α: T,
    a: Factor<T>,
    b: Factor<T>,
    y: Target<T>,
) {
    let turned =
        |f: Factor<T>| Factor { row_stride: f.column_stride, column_stride: f.row_stride, ..f };
    T::with_scratch(m * n, |memory| {
        // SAFETY: the caller's, and the memory has room for the product.
        unsafe {
            let to = Target { values: memory.as_mut_ptr(), row_stride: m };
            part([n, k, m], α, turned(b), turned(a), T::default(), to);
            T::turn(memory.as_ptr(), m, n, m, y.values, y.row_stride);
        }
    });
}

/// Rows of B in panels as wide as a tile, each read where it lies or rearranged when it is first asked for.
struct Panels<T> {
    lying: Factor<T>,
    rearranged: *mut T,
    inner: usize,
    columns: usize,
    lanes: usize,
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
            rearranged_from,
            rearranged_to: rearranged_from,
        }
    }

    /// The panel of the columns that begin at `left`, with the stride of its rows.
    ///
    /// # Safety
    ///
    /// B must have so many rows and columns, and the memory must have room for them all and still be there.
    /// Panels must be asked for from left to right the first time.
    unsafe fn panel(&mut self, left: usize, width: usize) -> (*const T, usize) {
        if left < self.rearranged_from {
            // SAFETY: the caller's.
            return (unsafe { self.lying.from(0, left) }.values, self.lying.row_stride);
        }
        let padded = width.next_multiple_of(self.lanes);
        // SAFETY: the caller's; the panels before it are as many columns wide.
        let panel = unsafe { self.rearranged.add((left - self.rearranged_from) * self.inner) };
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
            stride => T::turn(b.values, stride, width, inner, panel, padded),
        }
        // What stands beside the last column ends up in no result, but must be some number.
        for row in 0..if width < padded { inner } else { 0 } {
            for column in width..padded {
                *panel.add(row * padded + column) = T::default();
            }
        }
    }
}

/// Y ← α·A·B + β·Y with B in panels.
///
/// # Safety
///
/// As for [`part`].
unsafe fn multiply<T: Scalar>(
    tiles: Tiles<T>,
    [rows, inner]: [usize; 2],
    α: T,
    a: Factor<T>,
    panels: &mut Panels<T>,
    β: T,
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
        for top in (0..rows).step_by(tiles.rows) {
            let height = tiles.rows.min(rows - top);
            let tile = (tiles.of)(vectors, height);
            // SAFETY: the caller's: the tile lies within Y, its rows within A, its panel within B. The
            // instructions are those that the processor was found to have.
            unsafe {
                let (a, y) = (a.from(top, 0), y.from(top, left));
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
