//! Convolutions as products of matrices. The windows of a block of places are the rows of one matrix, the
//! weights another; blocks are as large as stays in the cache.
//!
//! Where windows are one step apart and have long rows, there is a product for each row of the kernel: what the
//! windows of a row of places have in a row of the image is laid out once, for all rows of the kernel that see it.

use std::ops::Range;

use thalweg_matrix::{Matrix, Threads, product_into};

use super::sites::Sites;
use crate::window::Windows;
use crate::{Element, Shape};

/// A convolution of certain shapes.
#[derive(Clone, Copy)]
pub(crate) struct Patches {
    /// The windows that are laid out.
    sites: Sites,
    layout: Layout,
    groups: usize,
    channels: usize,
    outputs: usize,
    /// How many places are cut into blocks together: those of an image, or of all.
    together: usize,
    /// Places of a block.
    block: usize,
}

/// How windows are laid out.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    /// Each is a pixel, and read where it lies.
    Pixels,
    /// Each as a row.
    Rows,
    /// Each as a column. Where they are one step apart and have one channel, values that neighbours see are
    /// neighbours, and each is copied with its row of the image.
    Columns,
    /// The rows of each, which also are rows of those above and below, as a row: for as many `parts` as
    /// kernels have rows, whose windows begin `apart` places from each other. So less is copied.
    Parts { parts: usize, apart: usize },
}

/// Places that are worked on at a time, and the places of what is laid out for them.
struct Block {
    places: Range<usize>,
    laid: Range<usize>,
}

impl Patches {
    /// Of images and their places, both `[n, height, width, channels]`.
    pub(crate) fn new(windows: Windows, groups: usize, images: Shape, places: Shape) -> Patches {
        /// Values of a block: 256 KiB of `f32`.
        const VALUES: usize = 1 << 16;
        /// Fewer places do not pay for arranging the weights anew.
        const LEAST: usize = 64;
        /// Shorter rows of windows do not pay for a product each.
        const LONG: usize = 32;
        let [channels, outputs] = [images, places].map(|shape| shape.sizes()[3]);
        let whole = Sites::new(windows, images, places);
        let [down, across] = whole.places;
        let [height, width] = windows.size;
        let row = width * (channels / groups);
        let is_long = height > 1 && row >= LONG && down * across >= LEAST;
        let (sites, layout) = match windows.stride {
            _ if whole.are_pixels() => (whole, Layout::Pixels),
            [1, _] if is_long => {
                let apart = windows.dilation[0] * across;
                (whole.of_one_row(), Layout::Parts { parts: height, apart })
            }
            [_, 1] if channels == 1 => (whole, Layout::Columns),
            _ => (whole, Layout::Rows),
        };
        let mut patches =
            Patches { sites, layout, groups, channels, outputs, together: whole.count, block: 1 };
        let fit = VALUES.checked_div(patches.patch()).unwrap_or(usize::MAX);
        patches.block = match layout {
            Layout::Pixels => whole.count,
            Layout::Rows => fit.max(LEAST),
            Layout::Columns => fit.max(LEAST).next_multiple_of(across.max(1)),
            Layout::Parts { .. } => {
                patches.together = down * across;
                // Rows of places, as evenly as they can be.
                let most = (fit / across).saturating_sub(patches.overlap() / across).max(1);
                down.div_ceil(down.div_ceil(most)) * across
            }
        };
        patches.block = patches.block.clamp(1, patches.together.max(1));
        patches
    }

    /// y ← x ∗ w
    pub(crate) fn convolve<T: Element>(self, x: &[T], w: &[T], y: &mut [T]) {
        let one = T::constant(1.0);
        self.blocks(|Block { places, laid }, group, memory| {
            let y = &mut y[places.start * self.outputs + self.output(group)..];
            let patches = self.patches(x, laid, group, memory);
            for part in 0..self.parts() {
                let patches = patches.some_rows(part * self.apart(), places.len());
                let weights = self.weights(w, part, group);
                product_into(one, patches, weights, found(part), y, self.outputs, Threads::One);
            }
        });
    }

    /// w̄ ← Σ patchesᵀ·ȳ, over the blocks in order.
    pub(crate) fn weights_gradient<T: Element>(self, x: &[T], y: &[T], w: &mut [T]) {
        w.fill(T::constant(0.0));
        if w.is_empty() {
            return;
        }
        let one = T::constant(1.0);
        self.blocks(|Block { places, laid }, group, memory| {
            let count = places.len();
            let y = self.values(y, places, group);
            let patches = self.patches(x, laid, group, memory);
            for part in 0..self.parts() {
                let patches = patches.some_rows(part * self.apart(), count).transposed();
                let w = &mut w[self.weight(part, group)..];
                product_into(one, patches, y, one, w, self.outputs, Threads::One);
            }
        });
    }

    /// x̄ ← ȳ·wᵀ, each value of it added to the pixel that the window sees there.
    pub(crate) fn input_gradient<T: Element>(self, y: &[T], w: &[T], x: &mut [T]) {
        let [one, zero] = [1.0, 0.0].map(T::constant);
        x.fill(zero);
        self.blocks(|Block { places, laid }, group, memory| {
            let first = places.start;
            let count = places.len();
            let y = self.values(y, places, group);
            if self.layout == Layout::Pixels {
                let weights = self.weights(w, 0, group).transposed();
                let x = &mut x[first * self.channels + self.channel(group)..];
                return product_into(one, y, weights, zero, x, self.channels, Threads::One);
            }
            let length = self.patch();
            let memory = &mut memory[..laid.len() * length];
            // The first part writes over what is there.
            memory[count * length..].fill(zero);
            for part in 0..self.parts() {
                let weights = self.weights(w, part, group).transposed();
                let memory = &mut memory[part * self.apart() * length..];
                product_into(one, y, weights, found(part), memory, length, Threads::One);
            }
            let first = laid.start;
            self.visit(laid, group, |place, from, to, count| {
                let patch = &memory[(place - first) * length + from..][..count];
                for (x, &more) in x[to..][..count].iter_mut().zip(patch) {
                    *x = *x + more;
                }
            });
        });
    }

    /// Calls `work(block, group, memory for what is laid out)` for each group of each block of places.
    fn blocks<T: Element>(self, mut work: impl FnMut(Block, usize, &mut [T])) {
        let length = if self.layout == Layout::Pixels { 0 } else { self.patch() };
        let overlap = self.overlap();
        let images = self.sites.count.checked_div(self.together + overlap).unwrap_or(0);
        T::with_scratch((self.block + overlap) * length, |memory| {
            for image in 0..images {
                for start in (0..self.together).step_by(self.block) {
                    let count = self.block.min(self.together - start);
                    let [first, laid] =
                        [0, overlap].map(|more| image * (self.together + more) + start);
                    for group in 0..self.groups {
                        let (places, laid) = (first..first + count, laid..laid + count + overlap);
                        work(Block { places, laid }, group, memory);
                    }
                }
            }
        });
    }

    /// The windows at some places, one a row, laid out in `memory`.
    fn patches<'a, T: Element>(
        self,
        x: &'a [T],
        places: Range<usize>,
        group: usize,
        memory: &'a mut [T],
    ) -> Matrix<'a, T> {
        let (rows, length) = (places.len(), self.patch());
        let zero = T::constant(0.0);
        match self.layout {
            Layout::Pixels => {
                let x = &x[places.start * self.channels + self.channel(group)..];
                Matrix::with_row_stride(x, rows, length, self.channels)
            }
            Layout::Columns => {
                let memory = &mut memory[..rows * length];
                memory.fill(zero);
                let first = places.start;
                for (position, row) in memory.chunks_exact_mut(rows.max(1)).enumerate() {
                    self.sites.visit_position(position, places.clone(), |place, pixel, count| {
                        row[place - first..][..count].copy_from_slice(&x[pixel..][..count]);
                    });
                }
                Matrix::new(memory, length, rows).transposed()
            }
            Layout::Rows | Layout::Parts { .. } => {
                let memory = &mut memory[..rows * length];
                let (first, mut filled) = (places.start, 0);
                self.visit(places, group, |place, to, from, count| {
                    let to = (place - first) * length + to;
                    memory[filled..to].fill(zero);
                    memory[to..][..count].copy_from_slice(&x[from..][..count]);
                    filled = to + count;
                });
                memory[filled..].fill(zero);
                Matrix::new(memory, rows, length)
            }
        }
    }

    /// Calls `see(place, place in the patch, place among the values of the images, count)` for each run of
    /// values that lie beside each other in both.
    #[inline(always)]
    fn visit(
        self,
        places: Range<usize>,
        group: usize,
        mut see: impl FnMut(usize, usize, usize, usize),
    ) {
        let each = self.channels / self.groups;
        self.sites.visit(
            places,
            #[inline(always)]
            |place, position, pixel, count| {
                if self.groups == 1 {
                    see(place, position * each, pixel * each, count * each);
                } else {
                    for i in 0..count {
                        let pixel = (pixel + i) * self.channels + self.channel(group);
                        see(place, (position + i) * each, pixel, each);
                    }
                }
            },
        );
    }

    /// The weights of a part and group: one column for each of its outputs.
    fn weights<T: Element>(self, w: &[T], part: usize, group: usize) -> Matrix<'_, T> {
        let w = w.get(self.weight(part, group)..).unwrap_or_default();
        Matrix::with_row_stride(w, self.patch(), self.outputs / self.groups, self.outputs)
    }

    /// The first weight of a part and group.
    fn weight(self, part: usize, group: usize) -> usize {
        part * self.patch() * self.outputs + self.output(group)
    }

    /// What a group gives at some places, one a row.
    fn values<T: Element>(self, y: &[T], places: Range<usize>, group: usize) -> Matrix<'_, T> {
        let y = &y[places.start * self.outputs + self.output(group)..];
        Matrix::with_row_stride(y, places.len(), self.outputs / self.groups, self.outputs)
    }

    /// The length of a patch: the values that what is laid out has of a window, in one group.
    fn patch(self) -> usize {
        self.sites.windows.area() * (self.channels / self.groups)
    }

    /// How many products make a value.
    fn parts(self) -> usize {
        match self.layout {
            Layout::Parts { parts, .. } => parts,
            _ => 1,
        }
    }

    /// How many places the windows of a part lie behind those of the part before.
    fn apart(self) -> usize {
        match self.layout {
            Layout::Parts { apart, .. } => apart,
            _ => 0,
        }
    }

    /// How many more places than a block has are laid out for it.
    fn overlap(self) -> usize {
        (self.parts() - 1) * self.apart()
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

/// By what to multiply what the parts before have left.
fn found<T: Element>(part: usize) -> T {
    T::constant(if part == 0 { 0.0 } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Convolution, Padding};

    fn numbers(count: usize) -> Vec<f64> {
        (0..count).map(|i| (i as f64 * 0.37).sin()).collect()
    }

    /// A convolution of `n` images of some size, and its two gradients, beside sums over the windows.
    fn is_right(
        n: usize,
        image: [usize; 2],
        [channels, outputs]: [usize; 2],
        how: Convolution,
    ) -> Layout {
        let windows = Windows::of_kernels([3, 2], how, image).unwrap();
        let [down, across] = windows.places(image).unwrap();
        let (images, places) = ([n, image[0], image[1], channels], [n, down, across, outputs]);
        let (images, places) = (Shape::from(images), Shape::from(places));
        let length = 6 * channels;
        let [x, w, y] = [images.elements(), length * outputs, places.elements()].map(numbers);
        let [mut value, mut x_gradient, mut w_gradient] = [&y, &x, &w].map(|x| vec![0.0; x.len()]);
        let sites = Sites::new(windows, images, places);
        sites.visit(0..sites.count, |place, position, pixel, count| {
            for i in 0..count * channels {
                let (at, row) = (pixel * channels + i, position * channels + i);
                for o in 0..outputs {
                    let (w_at, y_at) = (row * outputs + o, place * outputs + o);
                    value[y_at] += x[at] * w[w_at];
                    x_gradient[at] += y[y_at] * w[w_at];
                    w_gradient[w_at] += x[at] * y[y_at];
                }
            }
        });
        let patches = Patches::new(windows, 1, images, places);
        let [mut v, mut xg, mut wg] = [&y, &x, &w].map(|x| vec![f64::NAN; x.len()]);
        patches.convolve(&x, &w, &mut v);
        patches.input_gradient(&y, &w, &mut xg);
        patches.weights_gradient(&x, &y, &mut wg);
        for (found, expected) in [(v, value), (xg, x_gradient), (wg, w_gradient)] {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-9, "{found} {expected}: {how:?}");
            }
        }
        patches.layout
    }

    #[test]
    fn however_windows_are_laid_out_they_give_the_sums_of_the_definition() {
        let mut seen = [0; 4];
        for padding in [Padding::Valid, Padding::Same, Padding::Each([[3, 1], [0, 2]])] {
            for (stride, dilation) in [([1, 1], [1, 1]), ([1, 2], [2, 1]), ([2, 1], [1, 2])] {
                let how = Convolution { stride, padding, dilation, groups: 1 };
                for (n, image, sizes) in [
                    (2, [5, 6], [3, 4]),
                    (3, [20, 17], [1, 5]),
                    (2, [20, 18], [20, 3]),
                    // More values than a block has.
                    (1, [50, 30], [40, 2]),
                    (2, [150, 150], [1, 2]),
                ] {
                    seen[match is_right(n, image, sizes, how) {
                        Layout::Pixels => 0,
                        Layout::Rows => 1,
                        Layout::Columns => 2,
                        Layout::Parts { .. } => 3,
                    }] += 1;
                }
            }
        }
        assert!(seen[0] == 0 && seen[1..].iter().all(|&times| times > 5), "{seen:?}");
    }
}
