//! Sums and the greatest along a row. Each is taken in sixteen lanes: the first takes x₀, x₁₆, x₃₂, …, the
//! second x₁, x₁₇, …, and then lanes are joined pairwise. It fills the widest vectors, and gives the same
//! bits on narrow ones.
//!
//! They are for use within [`for_rows`], which makes vector code of them.

use super::vectorized;
use crate::Element;

/// The lanes that a sum is taken in.
pub(crate) const LANES: usize = 16;

/// Calls `row` for each row of `y`, with its number, in the widest vectors there are. There are no rows
/// where `columns` is 0.
pub(crate) fn for_rows<T: Element>(
    y: &mut [T],
    columns: usize,
    mut row: impl FnMut(usize, &mut [T]),
) {
    vectorized(
        #[inline(always)]
        || {
            for (i, y) in y.chunks_exact_mut(columns.max(1)).enumerate() {
                row(i, y);
            }
        },
    );
}

/// Σ xᵢ
#[inline(always)]
pub(crate) fn sum<T: Element>(x: &[T]) -> T {
    sum_of(x, |x| x)
}

/// Σ f(xᵢ)
#[inline(always)]
pub(crate) fn sum_of<T: Element>(x: &[T], f: impl Fn(T) -> T) -> T {
    in_lanes(T::constant(0.0), x, f, |a, b| a + b)
}

/// The greatest xᵢ that is not NaN; −∞ where there is none.
#[inline(always)]
pub(crate) fn greatest<T: Element>(x: &[T]) -> T {
    let greater = |top: T, x: T| x.max(top);
    in_lanes(T::constant(f64::NEG_INFINITY), x, |x| x, greater)
}

/// Σ aᵢ bᵢ
#[inline(always)]
pub(crate) fn dot<T: Element>(a: &[T], b: &[T]) -> T {
    let mut lanes = [T::constant(0.0); LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for (lane, (&a, &b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane = *lane + a * b;
        }
    }
    if !a_rest.is_empty() {
        // Where there are none, 0 is added.
        let rest = [a_rest, b_rest].map(
            #[inline(always)]
            |x| mapped(x, |x| x),
        );
        for (lane, (&a, &b)) in lanes.iter_mut().zip(rest[0].iter().zip(&rest[1])) {
            *lane = *lane + a * b;
        }
    }
    joined(lanes, |a, b| a + b)
}

/// xᵢ ← f(xᵢ), in whole vectors also at the end of the row.
#[inline(always)]
pub(crate) fn map_row<T: Element>(x: &mut [T], f: impl Fn(T) -> T) {
    // As many of the last values as there are lanes, as they are now: some are written twice.
    match x.last_chunk::<LANES>().copied() {
        Some(mut last) => {
            let before = (x.len() - 1) / LANES * LANES;
            for x in &mut last {
                *x = f(*x);
            }
            for x in &mut x[..before] {
                *x = f(*x);
            }
            *x.last_chunk_mut::<LANES>().expect("there was one") = last;
        }
        None => {
            let few = mapped(x, f);
            x.copy_from_slice(&few[..x.len()]);
        }
    }
}

/// f of fewer values than there are lanes, all at once.
#[inline(always)]
fn mapped<T: Element>(x: &[T], f: impl Fn(T) -> T) -> [T; LANES] {
    let mut lanes = [T::constant(0.0); LANES];
    lanes[..x.len()].copy_from_slice(x);
    for x in &mut lanes {
        *x = f(*x);
    }
    lanes
}

#[inline(always)]
fn in_lanes<T: Element>(start: T, x: &[T], f: impl Fn(T) -> T, add: impl Fn(T, T) -> T) -> T {
    let mut lanes = [start; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = add(*lane, f(x));
        }
    }
    if !rest.is_empty() {
        let last = mapped(rest, f);
        for (lane, &x) in lanes.iter_mut().zip(&last[..rest.len()]) {
            *lane = add(*lane, x);
        }
    }
    joined(lanes, add)
}

#[inline(always)]
fn joined<T: Element>(mut lanes: [T; LANES], join: impl Fn(T, T) -> T) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = join(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once_at_every_length() {
        for length in 0..100 {
            let x: Vec<f64> = (1..=length).map(f64::from).collect();
            let squares = f64::from(length * (length + 1) * (2 * length + 1) / 6);
            assert_eq!(sum(&x), f64::from(length * (length + 1) / 2));
            assert_eq!(dot(&x, &x), squares);
            assert_eq!(sum_of(&x, |x| x * x), squares);
            let top = if length == 0 { f64::NEG_INFINITY } else { f64::from(length) };
            assert_eq!(greatest(&x), top);
            let mut halves = x.clone();
            map_row(&mut halves, |x| x / 2.0);
            assert!(halves.iter().zip(&x).all(|(half, x)| 2.0 * half == *x));
        }
    }

    #[test]
    fn the_greatest_is_found_at_every_place_and_beside_nan() {
        for place in 0..40 {
            let mut x = [-3.0; 40];
            x[(place + 7) % 40] = f64::NAN;
            x[place] = -2.0;
            assert_eq!(greatest(&x), -2.0);
        }
    }
}
