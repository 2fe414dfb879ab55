//! Sums, and their opposite. Every sum is taken in an order that depends on shapes alone.

use super::Loops;
use crate::{Element, Shape};

/// y ← the sum of x over the dimensions along which `to` repeats.
pub(crate) fn sum_to<T: Element>(x: &[T], from: Shape, to: Shape, y: &mut [T]) {
    y.fill(T::constant(0.0));
    sum_loops(Loops::new(from, [to]).as_slice(), x, y);
}

/// y ← x, repeated along the dimensions in which `from` has size 1.
pub(crate) fn broadcast_to<T: Element>(x: &[T], from: Shape, to: Shape, y: &mut [T]) {
    broadcast_loops(Loops::new(to, [from]).as_slice(), x, y);
}

fn sum_loops<T: Element>(loops: &[(usize, [bool; 1])], x: &[T], y: &mut [T]) {
    match loops {
        [] | [(_, [true])] => add(x, y),
        [(_, [false])] => y[0] = y[0] + sum(x),
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
    pulp::Arch::new().dispatch(
        #[inline(always)]
        move || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = *y + x;
            }
        },
    );
}

/// The sum in sixteen accumulators, x₀ + x₁₆ + x₃₂ + … in the first, which are then added pairwise. It
/// fills the widest vectors, and gives the same bits on narrow ones.
fn sum<T: Element>(x: &[T]) -> T {
    const LANES: usize = 16;
    pulp::Arch::new().dispatch(
        #[inline(always)]
        move || {
            let mut sums = [T::constant(0.0); LANES];
            let (chunks, rest) = x.as_chunks::<LANES>();
            for chunk in chunks {
                for (sum, &x) in sums.iter_mut().zip(chunk) {
                    *sum = *sum + x;
                }
            }
            for (sum, &x) in sums.iter_mut().zip(rest) {
                *sum = *sum + x;
            }
            let mut half = LANES / 2;
            while half > 0 {
                for i in 0..half {
                    sums[i] = sums[i] + sums[i + half];
                }
                half /= 2;
            }
            sums[0]
        },
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
    fn a_sum_of_nothing_is_zero() {
        let mut y = [f64::NAN; 3];
        sum_to(&[], Shape::from([0, 3]), Shape::from([3]), &mut y);
        assert_eq!(y, [0.0; 3]);
        sum_to(&[], Shape::from([3, 0]), Shape::from([3, 1]), &mut y);
        assert_eq!(y, [0.0; 3]);
    }
}
