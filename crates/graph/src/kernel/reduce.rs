//! Sums, and their opposite. Every sum is taken in an order that depends on shapes alone.

use rayon::prelude::*;
use thalweg_matrix::Threads;

use super::{Loops, row, vectorized};
use crate::{Element, Shape};

/// y ← the sum of x over the dimensions along which `to` repeats.
pub(crate) fn sum_to<T: Element>(x: &[T], from: Shape, to: Shape, y: &mut [T], threads: Threads) {
    /// Values of each share: they take some 10 µs to add, against one to hand a share to a thread.
    const SHARE: usize = 64 << 10;
    y.fill(T::constant(0.0));
    let loops = Loops::new(from, [to]);
    match (loops.as_slice(), threads) {
        (&[(rows, [false]), (columns, [true])], Threads::Pool) if x.len() >= 2 * SHARE => {
            let share = columns.div_ceil(rayon::current_num_threads()).max(SHARE / rows);
            let share = share.next_multiple_of(16);
            y.par_chunks_mut(share).enumerate().for_each(|(i, y)| {
                for x in x.chunks_exact(columns) {
                    add(&x[i * share..][..y.len()], y);
                }
            });
        }
        (loops, _) => sum_loops(loops, x, y),
    }
}

/// y ← x, repeated along the dimensions in which `from` has size 1.
pub(crate) fn broadcast_to<T: Element>(x: &[T], from: Shape, to: Shape, y: &mut [T]) {
    broadcast_loops(Loops::new(to, [from]).as_slice(), x, y);
}

/// y ← the means of the columns of x, and then their variances.
pub(crate) fn moments<T: Element>(x: &[T], columns: usize, y: &mut [T]) {
    /// Rows are added in blocks, and the blocks to each other, which keeps digits of long sums.
    const BLOCK: usize = 64;
    let (mean, variance) = y.split_at_mut(columns);
    if columns == 0 {
        return;
    }
    let n = T::from_f64((x.len() / columns) as f64);
    let blocks = || x.chunks(BLOCK * columns).map(|block| block.chunks_exact(columns));
    mean.fill(T::constant(0.0));
    variance.fill(T::constant(0.0));
    T::with_scratch(columns, |sum| {
        for block in blocks() {
            sum.fill(T::constant(0.0));
            block.for_each(|x| add(x, sum));
            add(sum, mean);
        }
        divide(mean, n);
        for block in blocks() {
            sum.fill(T::constant(0.0));
            block.for_each(|x| add_squared_distances(x, mean, sum));
            add(sum, variance);
        }
        divide(variance, n);
    });
}

fn sum_loops<T: Element>(loops: &[(usize, [bool; 1])], x: &[T], y: &mut [T]) {
    match loops {
        [] | [(_, [true])] => add(x, y),
        [(_, [false])] => y[0] = y[0] + sum(x),
        [(_, [false]), (_, [true])] => add_rows(x, y),
        [(size, [kept]), inner @ ..] => {
            let (from, to) = (x.len() / (*size).max(1), y.len() / (*size).max(1));
            for (i, x) in x.chunks_exact(from.max(1)).enumerate() {
                let y = if *kept { &mut y[i * to..][..to] } else { &mut *y };
                sum_loops(inner, x, y);
            }
        }
    }
}

fn broadcast_loops<T: Element>(loops: &[(usize, [bool; 1])], x: &[T], y: &mut [T]) {
    match loops {
        [] | [(_, [true])] => y.copy_from_slice(x),
        [(_, [false])] => y.fill(x[0]),
        [(size, [along]), inner @ ..] => {
            let (from, to) = (x.len() / (*size).max(1), y.len() / (*size).max(1));
            for (i, y) in y.chunks_exact_mut(to.max(1)).enumerate() {
                let x = if *along { &x[i * from..][..from] } else { x };
                broadcast_loops(inner, x, y);
            }
        }
    }
}

/// y ← y + x
fn add<T: Element>(x: &[T], y: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = *y + x;
            }
        },
    );
}

/// y ← y + each row of x, from the first to the last.
fn add_rows<T: Element>(x: &[T], y: &mut [T]) {
    /// So many columns are summed in registers: two of the widest vectors.
    const STRIP: usize = 32;
    /// Rows that are wider are better read one after the other.
    const NARROW: usize = 4 * STRIP;
    let columns = y.len().max(1);
    vectorized(
        #[inline(always)]
        || {
            let rows = x.chunks_exact(columns);
            let (strips, rest) = match columns <= NARROW {
                true => y.as_chunks_mut::<STRIP>(),
                false => (&mut [][..], &mut *y),
            };
            let left = strips.len() * STRIP;
            for (i, strip) in strips.iter_mut().enumerate() {
                let mut sums = *strip;
                for row in rows.clone() {
                    for (sum, &x) in sums.iter_mut().zip(&row[i * STRIP..][..STRIP]) {
                        *sum = *sum + x;
                    }
                }
                *strip = sums;
            }
            if !rest.is_empty() {
                for row in rows {
                    for (y, &x) in rest.iter_mut().zip(&row[left..]) {
                        *y = *y + x;
                    }
                }
            }
        },
    );
}

/// y ← y + (x − m)²
fn add_squared_distances<T: Element>(x: &[T], m: &[T], y: &mut [T]) {
    vectorized(
        #[inline(always)]
        || {
            for ((y, &x), &m) in y.iter_mut().zip(x).zip(m) {
                let distance = x - m;
                *y = *y + distance * distance;
            }
        },
    );
}

/// y ← y / n
fn divide<T: Element>(y: &mut [T], n: T) {
    for y in y {
        *y = *y / n;
    }
}

/// The sum in the lanes of [`row::sum`].
fn sum<T: Element>(x: &[T]) -> T {
    vectorized(
        #[inline(always)]
        || row::sum(x),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once_at_every_length() {
        for length in 0..100 {
            let x: Vec<f64> = (1..=length).map(f64::from).collect();
            assert_eq!(sum(&x), f64::from(length * (length + 1) / 2));
        }
    }

    #[test]
    fn a_long_sum_in_single_precision_keeps_its_digits() {
        let x = vec![0.1f32; 1 << 16];
        let exact = f64::from(0.1f32) * f64::from(1 << 16);
        // One accumulator alone is off by some 1e-3.
        assert!((f64::from(sum(&x)) / exact - 1.0).abs() < 1e-4);
    }

    #[test]
    fn the_order_of_addition_is_the_one_that_is_written_down() {
        let x: Vec<f32> = (0..1000).map(|i| (i as f32).sin()).collect();
        let lane = |lane: usize| x.iter().skip(lane).step_by(16).fold(0.0, |sum, x| sum + x);
        let mut sums: Vec<f32> = (0..16).map(lane).collect();
        while sums.len() > 1 {
            let (low, high) = sums.split_at(sums.len() / 2);
            sums = low.iter().zip(high).map(|(a, b)| a + b).collect();
        }
        assert_eq!(sum(&x).to_bits(), sums[0].to_bits());
    }

    #[test]
    fn moments_of_many_rows_keep_their_digits() {
        let columns = 3;
        let x: Vec<f32> = (0..columns << 15).map(|i| 100.0 + (i as f32 * 0.61).sin()).collect();
        let mut y = [f32::NAN; 6];
        moments(&x, columns, &mut y);
        for j in 0..columns {
            let column = || x.iter().skip(j).step_by(columns).map(|&x| f64::from(x));
            let n = column().count() as f64;
            let mean = column().sum::<f64>() / n;
            let variance = column().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            assert!((f64::from(y[j]) / mean - 1.0).abs() < 1e-6, "{} {mean}", y[j]);
            let found = f64::from(y[columns + j]);
            assert!((found / variance - 1.0).abs() < 1e-5, "{found} {variance}");
        }
    }

    #[test]
    fn columns_have_the_same_bits_on_several_threads() {
        let (from, to) = (Shape::from([3000, 70]), Shape::from([70]));
        let x: Vec<f32> = (0..from.elements()).map(|i| (i as f32).sin()).collect();
        let sums = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
            let mut y = vec![f32::NAN; 70];
            pool.install(|| sum_to(&x, from, to, &mut y, threads));
            y.iter().map(|y| y.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(sums(Threads::One), sums(Threads::Pool));
    }

    #[test]
    fn a_sum_of_nothing_is_zero() {
        let mut y = [f64::NAN; 3];
        sum_to(&[], Shape::from([0, 3]), Shape::from([3]), &mut y, Threads::One);
        assert_eq!(y, [0.0; 3]);
        sum_to(&[], Shape::from([3, 0]), Shape::from([3, 1]), &mut y, Threads::One);
        assert_eq!(y, [0.0; 3]);
    }
}
