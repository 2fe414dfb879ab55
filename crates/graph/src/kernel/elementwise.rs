//! Loops over the values of one or two operands. Each place is on its own, and no compiler contracts anything
//! into a fused multiply-add, so that the bits are the same at every width of vector.

use super::ahead::{PIECE, ask_ahead};
use super::{Loops, vectorized};
use crate::op::{Operand, Values};
use crate::{Element, Shape};

/// y ← f(x)
pub(crate) fn map<T: Element>(x: Values<'_, T>, y: &mut [T], f: impl Fn(T) -> T + Copy) {
    vectorized(
        #[inline(always)]
        || match x {
            Values::Each(x) => {
                for (y, x) in y.chunks_mut(PIECE).zip(x.chunks(PIECE)) {
                    ask_ahead(x);
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = f(x);
                    }
                }
            }
            Values::Here => {
                for y in y.iter_mut() {
                    *y = f(*y);
                }
            }
        },
    );
}

/// y ← f(a, b), where y has the shape that both broadcast to.
pub(crate) fn zip<T: Element>(
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    shape: Shape,
    y: &mut [T],
    f: impl Fn(T, T) -> T + Copy,
) {
    let loops = Loops::new(shape, [a.shape, b.shape]);
    zip_loops(loops.as_slice(), a.values, b.values, y, f);
}

/// Columns of so few that the call for each row would take longer than the row.
const SHORT: usize = 128;

fn zip_loops<T: Element>(
    loops: &[(usize, [bool; 2])],
    a: Values<'_, T>,
    b: Values<'_, T>,
    y: &mut [T],
    f: impl Fn(T, T) -> T + Copy,
) {
    match loops {
        [] => zip_row([false; 2], a, b, y, f),
        [(_, along)] => zip_row(*along, a, b, y, f),
        // A row is too short to choose the width of vectors for.
        [(rows, [true, false]), (columns, [true, true])] if *columns <= SHORT => vectorized(
            #[inline(always)]
            || {
                for (i, y) in y.chunks_exact_mut((*columns).max(1)).enumerate() {
                    row([true; 2], a.part(i, *rows, true), b, y, f);
                }
            },
        ),
        [(size, along), inner @ ..] => {
            let length = y.len() / (*size).max(1);
            for (i, y) in y.chunks_exact_mut(length.max(1)).enumerate() {
                let [a, b] = [a.part(i, *size, along[0]), b.part(i, *size, along[1])];
                zip_loops(inner, a, b, y, f);
            }
        }
    }
}

/// One run of values, along which each operand goes on or stands still.
fn zip_row<T: Element>(
    along: [bool; 2],
    a: Values<'_, T>,
    b: Values<'_, T>,
    y: &mut [T],
    f: impl Fn(T, T) -> T + Copy,
) {
    vectorized(
        #[inline(always)]
        || row(along, a, b, y, f),
    );
}

#[inline(always)]
fn row<T: Element>(
    along: [bool; 2],
    a: Values<'_, T>,
    b: Values<'_, T>,
    y: &mut [T],
    f: impl Fn(T, T) -> T + Copy,
) {
    use Values::{Each, Here};
    match (a, b, along) {
        (Each(a), Each(b), [true, true]) => {
            for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                *y = f(a, b);
            }
        }
        (Each(a), Each(b), [true, false]) => {
            let b = b[0];
            for (y, &a) in y.iter_mut().zip(a) {
                *y = f(a, b);
            }
        }
        (Each(a), Each(b), [false, true]) => {
            let a = a[0];
            for (y, &b) in y.iter_mut().zip(b) {
                *y = f(a, b);
            }
        }
        (Each(a), Each(b), [false, false]) => y.fill(f(a[0], b[0])),
        (Here, Each(b), [_, true]) => {
            for (y, &b) in y.iter_mut().zip(b) {
                *y = f(*y, b);
            }
        }
        (Here, Each(b), [_, false]) => {
            let b = b[0];
            for y in y.iter_mut() {
                *y = f(*y, b);
            }
        }
        (Each(a), Here, [true, _]) => {
            for (y, &a) in y.iter_mut().zip(a) {
                *y = f(a, *y);
            }
        }
        (Each(a), Here, [false, _]) => {
            let a = a[0];
            for y in y.iter_mut() {
                *y = f(a, *y);
            }
        }
        (Here, Here, _) => {
            for y in y.iter_mut() {
                *y = f(*y, *y);
            }
        }
    }
}

impl<'a, T> Values<'a, T> {
    /// The values that belong to part `i` of `parts`.
    #[inline(always)]
    fn part(self, i: usize, parts: usize, along: bool) -> Values<'a, T> {
        match self {
            Values::Each(values) if along => {
                let length = values.len() / parts;
                Values::Each(&values[i * length..][..length])
            }
            same => same,
        }
    }
}
