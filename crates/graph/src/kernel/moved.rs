//! Values that only change their place.

use crate::shape::MAX_RANK;
use crate::{Element, Shape};

/// Where a stretch of values begins in each row, and how long the rows are.
#[derive(Clone, Copy)]
pub(crate) struct Stretch {
    pub row: usize,
    pub start: usize,
}

/// A stretch of `length` values from each row of x to each row of y.
pub(crate) fn copy<T: Element>(x: &[T], from: Stretch, y: &mut [T], to: Stretch, length: usize) {
    if length == 0 {
        return;
    }
    for (x, y) in x.chunks_exact(from.row).zip(y.chunks_exact_mut(to.row)) {
        y[to.start..][..length].copy_from_slice(&x[from.start..][..length]);
    }
}

/// y ← x with its axes in another order: axis i of y is axis `axes[i]` of x.
pub(crate) fn permute<T: Element>(x: &[T], from: Shape, axes: &[usize], y: &mut [T]) {
    if y.is_empty() {
        return;
    }
    let mut loops = [(1, 1); MAX_RANK];
    let mut count = 0;
    for &axis in axes {
        let (size, stride) = (from.sizes()[axis], from.inner(axis));
        match loops[..count].last_mut() {
            // Neighbours that lie in x as they do in y are one.
            Some((outer, outer_stride)) if *outer_stride == size * stride => {
                (*outer, *outer_stride) = (*outer * size, stride);
            }
            _ => {
                loops[count] = (size, stride);
                count += 1;
            }
        }
    }
    gather(&loops[..count], x, y);
}

/// y ← x, read at the given sizes and strides, outermost first.
fn gather<T: Element>(loops: &[(usize, usize)], x: &[T], y: &mut [T]) {
    match *loops {
        [] => y[0] = x[0],
        [(size, 1)] => y.copy_from_slice(&x[..size]),
        [(_, stride)] => {
            for (y, &x) in y.iter_mut().zip(x.iter().step_by(stride)) {
                *y = x;
            }
        }
        [(_, 1), (columns, stride)] => transpose(x, stride, y, columns),
        [(size, stride), ref inner @ ..] => {
            for (i, y) in y.chunks_exact_mut(y.len() / size).enumerate() {
                gather(inner, &x[i * stride..], y);
            }
        }
    }
}

/// yᵢⱼ ← xⱼᵢ, in tiles that stay in the cache; the rows of x begin `stride` values apart.
fn transpose<T: Element>(x: &[T], stride: usize, y: &mut [T], columns: usize) {
    const TILE: usize = 16;
    for (i, y) in y.chunks_mut(TILE * columns).enumerate() {
        for j in (0..columns).step_by(TILE) {
            for (i, y) in (i * TILE..).zip(y.chunks_exact_mut(columns)) {
                for (j, y) in (j..).zip(y[j..].iter_mut().take(TILE)) {
                    *y = x[j * stride + i];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permutation_puts_every_value_in_its_place() {
        let sizes = [3, 17, 2, 20];
        let from = Shape::from(sizes);
        let x: Vec<f64> = (0..from.elements()).map(|i| i as f64).collect();
        let mut seen = 0;
        for axes in (0..256).map(|i| [i / 64, i / 16 % 4, i / 4 % 4, i % 4]) {
            if (0..4).any(|axis| !axes.contains(&axis)) {
                continue;
            }
            let mut y = vec![f64::NAN; x.len()];
            permute(&x, from, &axes, &mut y);
            let to = axes.map(|axis| sizes[axis]);
            for (i, y) in y.iter().enumerate() {
                let mut rest = i;
                let mut place = 0;
                for (&axis, size) in axes.iter().zip(to).rev() {
                    place += rest % size * from.inner(axis);
                    rest /= size;
                }
                assert_eq!(*y, x[place], "{axes:?} at {i}");
            }
            seen += 1;
        }
        assert_eq!(seen, 24);
    }
}
