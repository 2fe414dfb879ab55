//! Convolutions as products of matrices. The windows of a block of places are the rows of one matrix, the
//! weights another; blocks are as large as stays in the cache.

use std::ops::Range;

use thalweg_matrix::{Matrix, Threads, product_into};

use super::sites::Sites;
use crate::window::Windows;
use crate::{Element, Shape};

/// A convolution of certain shapes.
#[derive(Clone, Copy)]
pub(crate) struct Patches {
    sites: Sites,
    groups: usize,
    channels: usize,
    outputs: usize,
    /// Places of a block.
    block: usize,
}

impl Patches {
    /// Of images and their places, both `[n, height, width, channels]`.
    pub(crate) fn new(windows: Windows, groups: usize, images: Shape, places: Shape) -> Patches {
        /// Values of a block: 256 KiB of `f32`.
        const VALUES: usize = 1 << 16;
        /// Fewer places do not pay for arranging the weights anew.
        const LEAST: usize = 64;
        let [channels, outputs] = [images, places].map(|shape| shape.sizes()[3]);
        let sites = Sites::new(windows, images, places);
        let block = match windows.area() * (channels / groups) {
            length if length > 0 && !sites.are_pixels() => (VALUES / length).max(LEAST),
            // There is nothing to lay out.
            _ => usize::MAX,
        };
        Patches { sites, groups, channels, outputs, block: block.min(sites.count).max(1) }
    }

    /// y ← x ∗ w
    pub(crate) fn convolve<T: Element>(self, x: &[T], w: &[T], y: &mut [T]) {
        self.blocks(|places, group, memory| {
            let patches = self.patches(x, places.clone(), group, memory);
            let y = &mut y[places.start * self.outputs + self.output(group)..];
            product_into(
                T::constant(1.0),
                patches,
                self.weights(w, group),
                T::constant(0.0),
                y,
                self.outputs,
                Threads::One,
            );
        });
    }

    /// Rows of w̄ ← Σ patchesᵀ·ȳ, over the blocks in order, from the row `first`.
    pub(crate) fn weights_gradient<T: Element>(
        mut self,
        x: &[T],
        y: &[T],
        w: &mut [T],
        [first, rows]: [usize; 2],
    ) {
        self.sites = self.sites.some_rows(first, rows);
        if w.is_empty() {
            return;
        }
        w.fill(T::constant(0.0));
        self.blocks(|places, group, memory| {
            let patches = self.patches(x, places.clone(), group, memory);
            let w = &mut w[self.output(group)..];
            let (one, y) = (T::constant(1.0), self.values(y, places, group));
            product_into(one, patches.transposed(), y, one, w, self.outputs, Threads::One);
        });
    }

    /// x̄ ← ȳ·wᵀ, each value of it added to the pixel that the window sees there.
    pub(crate) fn input_gradient<T: Element>(self, y: &[T], w: &[T], x: &mut [T]) {
        let [one, zero] = [1.0, 0.0].map(T::constant);
        x.fill(zero);
        self.blocks(|places, group, memory| {
            let weights = self.weights(w, group).transposed();
            let y = self.values(y, places.clone(), group);
            if self.sites.are_pixels() {
                let x = &mut x[places.start * self.channels + self.channel(group)..];
                return product_into(one, y, weights, zero, x, self.channels, Threads::One);
            }
            let length = self.patch();
            let memory = &mut memory[..places.len() * length];
            product_into(one, y, weights, zero, memory, length, Threads::One);
            for (place, patch) in places.zip(memory.chunks_exact(length.max(1))) {
                self.visit(place, group, |from, to, count| {
                    for (x, &more) in x[to..][..count].iter_mut().zip(&patch[from..]) {
                        *x = *x + more;
                    }
                });
            }
        });
    }

    /// Calls `work(places, group, memory for their patches)` for each group of each block of places.
    fn blocks<T: Element>(self, mut work: impl FnMut(Range<usize>, usize, &mut [T])) {
        let length = if self.sites.are_pixels() { 0 } else { self.patch() };
        let block = self.block;
        T::with_scratch(block * length, |memory| {
            for start in (0..self.sites.count).step_by(block) {
                for group in 0..self.groups {
                    work(start..(start + block).min(self.sites.count), group, memory);
                }
            }
        });
    }

    /// The windows at some places, one a row: read where they lie if each is a pixel, else laid out in
    /// `memory`.
    fn patches<'a, T: Element>(
        self,
        x: &'a [T],
        places: Range<usize>,
        group: usize,
        memory: &'a mut [T],
    ) -> Matrix<'a, T> {
        let (rows, length) = (places.len(), self.patch());
        if self.sites.are_pixels() {
            let x = &x[places.start * self.channels + self.channel(group)..];
            return Matrix::with_row_stride(x, rows, length, self.channels);
        }
        let memory = &mut memory[..rows * length];
        for (place, patch) in places.zip(memory.chunks_exact_mut(length.max(1))) {
            let mut filled = 0;
            self.visit(place, group, |to, from, count| {
                patch[filled..to].fill(T::constant(0.0));
                patch[to..][..count].copy_from_slice(&x[from..][..count]);
                filled = to + count;
            });
            patch[filled..].fill(T::constant(0.0));
        }
        Matrix::new(memory, rows, length)
    }

    /// Calls `see(place in the patch, place among the values of the images, count)` for each run of values
    /// that lie beside each other in both.
    #[inline(always)]
    fn visit(self, place: usize, group: usize, mut see: impl FnMut(usize, usize, usize)) {
        let each = self.channels / self.groups;
        self.sites.visit(
            place,
            #[inline(always)]
            |position, pixel, count| {
                if self.groups == 1 {
                    see(position * each, pixel * each, count * each);
                } else {
                    for i in 0..count {
                        let pixel = (pixel + i) * self.channels + self.channel(group);
                        see((position + i) * each, pixel, each);
                    }
                }
            },
        );
    }

    /// The weights of a group: one column for each of its outputs.
    fn weights<T: Element>(self, w: &[T], group: usize) -> Matrix<'_, T> {
        let w = w.get(self.output(group)..).unwrap_or_default();
        Matrix::with_row_stride(w, self.patch(), self.outputs / self.groups, self.outputs)
    }

    /// What a group gives at some places, one a row.
    fn values<T: Element>(self, y: &[T], places: Range<usize>, group: usize) -> Matrix<'_, T> {
        let y = &y[places.start * self.outputs + self.output(group)..];
        Matrix::with_row_stride(y, places.len(), self.outputs / self.groups, self.outputs)
    }

    /// The length of a patch: the values that a window has, in one group.
    fn patch(self) -> usize {
        self.sites.windows.area() * (self.channels / self.groups)
    }

    /// The first channel of a group.
    fn channel(self, group: usize) -> usize {
        group * (self.channels / self.groups)
    }

    /// The first output of a group.
    fn output(self, group: usize) -> usize {
        group * (self.outputs / self.groups)
    }
}
