//! Rows so short that they leave most of a vector empty: sixteen of them side by side, so that lanes are rows.
//!
//! They are for use within [`vectorized`](super::vectorized), which makes vector code of them.

use crate::Element;

/// How many rows lie side by side.
pub(crate) const ROWS: usize = 16;

/// The longest of short rows.
const MOST: usize = 32;

/// One number of each row.
pub(crate) type OfRows<T> = [T; ROWS];

/// Rows side by side, column by column.
pub(crate) struct SideBySide<T> {
    values: [OfRows<T>; MOST],
    columns: usize,
}

/// Whether rows of so many values are short.
pub(crate) fn are_short(columns: usize) -> bool {
    columns <= MOST
}

impl<T: Element> SideBySide<T> {
    /// At most sixteen short rows, made up with zeros to as many.
    #[inline(always)]
    pub(crate) fn of(rows: &[T], columns: usize) -> SideBySide<T> {
        let mut values = [[T::constant(0.0); ROWS]; MOST];
        for (i, row) in rows.chunks_exact(columns).enumerate() {
            for (column, &x) in values.iter_mut().zip(row) {
                column[i] = x;
            }
        }
        SideBySide { values, columns }
    }

    /// Writes the rows one after the other.
    #[inline(always)]
    pub(crate) fn write(&self, rows: &mut [T]) {
        for (i, row) in rows.chunks_exact_mut(self.columns).enumerate() {
            for (x, column) in row.iter_mut().zip(&self.values) {
                *x = column[i];
            }
        }
    }

    /// The columns, in order.
    #[inline(always)]
    pub(crate) fn columns(&mut self) -> &mut [OfRows<T>] {
        &mut self.values[..self.columns]
    }
}

/// fᵢ(aᵢ, bᵢ) for each row i.
#[inline(always)]
pub(crate) fn join<T: Element>(a: &OfRows<T>, b: &OfRows<T>, f: impl Fn(T, T) -> T) -> OfRows<T> {
    // A loop, since what makes arrays of closures need not be inlined.
    let mut y = *a;
    for (y, &b) in y.iter_mut().zip(b) {
        *y = f(*y, b);
    }
    y
}
