//! Windows that go over images: their sizes, steps and margins, and which pixels each of them sees.

use std::ops::Range;

use crate::Shape;
use crate::error::Problem;

/// How a kernel goes over an image (`D` = 2) or a sequence (`D` = 1). By default one step at a time, without
/// padding, gaps or groups.
///
/// ```
/// use thalweg_graph::{Convolution, Padding};
///
/// let halving = Convolution::<2> { stride: [2, 2], padding: Padding::Same, ..Convolution::default() };
/// assert_eq!(halving.groups, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Convolution<const D: usize = 2> {
    /// Steps between neighbouring windows, at least 1.
    pub stride: [usize; D],
    /// What lies around the image.
    pub padding: Padding<D>,
    /// Steps between neighbouring values of the kernel, at least 1, which leaves no gaps.
    pub dilation: [usize; D],
    /// The parts into which channels and outputs are cut, each with a convolution of its own. It divides
    /// both.
    pub groups: usize,
}

/// How a pooling goes over an image (`D` = 2) or a sequence (`D` = 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pooling<const D: usize = 2> {
    /// The sizes of a window, at least 1.
    pub size: [usize; D],
    /// Steps between neighbouring windows, at least 1.
    pub stride: [usize; D],
    /// What lies around the image: places that count for nothing.
    pub padding: Padding<D>,
}

/// What lies around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Padding<const D: usize = 2> {
    /// Nothing: windows lie within the image.
    #[default]
    Valid,
    /// As much as gives ⌈size / stride⌉ windows, half of it before the image and the greater half behind
    /// it, as in TensorFlow.
    Same,
    /// So many places before and behind, for each dimension.
    Each([[usize; 2]; D]),
}

impl<const D: usize> Default for Convolution<D> {
    fn default() -> Convolution<D> {
        Convolution { stride: [1; D], padding: Padding::Valid, dilation: [1; D], groups: 1 }
    }
}

impl<const D: usize> Pooling<D> {
    /// Windows beside each other that do not overlap: the stride is the size.
    pub fn of(size: [usize; D]) -> Pooling<D> {
        Pooling { size, stride: size, padding: Padding::Valid }
    }
}

impl Convolution<1> {
    /// The same over images of width 1.
    pub(crate) fn of_columns(self) -> Convolution<2> {
        Convolution {
            stride: [self.stride[0], 1],
            padding: self.padding.of_columns(),
            dilation: [self.dilation[0], 1],
            groups: self.groups,
        }
    }
}

impl Pooling<1> {
    /// The same over images of width 1.
    pub(crate) fn of_columns(self) -> Pooling<2> {
        Pooling {
            size: [self.size[0], 1],
            stride: [self.stride[0], 1],
            padding: self.padding.of_columns(),
        }
    }
}

impl Padding<1> {
    fn of_columns(self) -> Padding<2> {
        match self {
            Padding::Valid => Padding::Valid,
            Padding::Same => Padding::Same,
            Padding::Each([around]) => Padding::Each([around, [0, 0]]),
        }
    }
}

/// Where windows lie on an image: down and across.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Windows {
    pub size: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    padding: [[usize; 2]; 2],
}

impl Windows {
    /// The windows of a convolution with kernels of some size on an image of some size.
    pub(crate) fn of_kernels(
        size: [usize; 2],
        convolution: Convolution,
        image: [usize; 2],
    ) -> Result<Windows, Problem> {
        let Convolution { stride, padding, dilation, .. } = convolution;
        if [size, stride, dilation].concat().contains(&0) {
            return Err(Problem::Window { size, stride, dilation });
        }
        let mut windows = Windows { size, stride, dilation, padding: [[0; 2]; 2] };
        windows.padding = match padding {
            Padding::Valid => [[0; 2]; 2],
            Padding::Each(padding) => padding,
            Padding::Same => [0, 1].map(|i| {
                let last = (image[i].div_ceil(stride[i]).max(1) - 1) * stride[i];
                let total = (last + windows.extent(i)).saturating_sub(image[i]);
                [total / 2, total - total / 2]
            }),
        };
        windows.places(image)?;
        Ok(windows)
    }

    /// The windows of a pooling on an image of some size. Each of them sees a part of the image.
    pub(crate) fn of_pooling(pooling: Pooling, image: [usize; 2]) -> Result<Windows, Problem> {
        let Pooling { size, stride, padding } = pooling;
        let convolution = Convolution { stride, padding, ..Convolution::default() };
        let windows = Windows::of_kernels(size, convolution, image)?;
        let sees_nothing =
            |i: usize| image[i] == 0 || windows.padding[i].iter().any(|&p| p >= size[i]);
        if sees_nothing(0) || sees_nothing(1) {
            return Err(Problem::Margin { size, padding: windows.padding });
        }
        Ok(windows)
    }

    /// How many windows an image has, down and across.
    pub(crate) fn places(&self, image: [usize; 2]) -> Result<[usize; 2], Problem> {
        let padded = [0, 1].map(|i| image[i] + self.padding[i][0] + self.padding[i][1]);
        let extent = [0, 1].map(|i| self.extent(i));
        if padded[0] < extent[0] || padded[1] < extent[1] {
            return Err(Problem::Fit { extent, padded });
        }
        Ok([0, 1].map(|i| (padded[i] - extent[i]) / self.stride[i] + 1))
    }

    /// The shape of images with one value for each window of these: `[n, places down, places across, channels]`.
    pub(crate) fn pooled(&self, shape: Shape) -> Result<Shape, Problem> {
        let [n, height, width, channels] = images(shape)?;
        let [down, across] = self.places([height, width])?;
        Ok([n, down, across, channels].into())
    }

    /// Whether each window is one pixel, and each pixel a window.
    pub(crate) fn are_pixels(&self) -> bool {
        self.size == [1, 1] && self.stride == [1, 1] && self.padding == [[0; 2]; 2]
    }

    /// How many values of the image a window has room for.
    pub(crate) fn area(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Windows of one row of the kernel, which begin where these do.
    pub(crate) fn of_one_row(mut self) -> Windows {
        self.size[0] = 1;
        self
    }

    /// The rows and columns of the image that the window at a place sees, where it has no gaps.
    #[inline(always)]
    pub(crate) fn seen(&self, image: [usize; 2], place: [usize; 2]) -> [Range<usize>; 2] {
        let seen = |i: usize| {
            let (start, before) = (place[i] * self.stride[i], self.padding[i][0]);
            let end = (start + self.size[i]).saturating_sub(before).min(image[i]);
            start.saturating_sub(before).min(end)..end
        };
        [seen(0), seen(1)]
    }

    /// Calls `see(column of places, pixel of the image, count)` for the run of places of a row at which the
    /// windows have pixels at the position. The stride across is 1.
    #[inline(always)]
    pub(crate) fn visit_position(
        &self,
        [height, width]: [usize; 2],
        position: usize,
        row: usize,
        across: usize,
        mut see: impl FnMut(usize, usize, usize),
    ) {
        let [[above, _], [before, _]] = self.padding;
        let [i, j] = [position / self.size[1], position % self.size[1]];
        // Above the image the difference wraps, and is not below the height.
        let row = (row * self.stride[0] + i * self.dilation[0]).wrapping_sub(above);
        let shift = j * self.dilation[1];
        let start = before.saturating_sub(shift).min(across);
        let end = (width + before).saturating_sub(shift).clamp(start, across);
        if row < height && start < end {
            see(start, row * width + start + shift - before, end - start);
        }
    }

    /// Calls `see(position in the window, pixel of the image, count)` for each run of pixels that lie
    /// beside each other in both, for the window at a place.
    #[inline(always)]
    pub(crate) fn visit(
        &self,
        image: [usize; 2],
        place: [usize; 2],
        mut see: impl FnMut(usize, usize, usize),
    ) {
        let [height, width] = image;
        let [top, left] = [0, 1].map(|i| place[i] * self.stride[i]);
        let [[above, _], [before, _]] = self.padding;
        for i in 0..self.size[0] {
            // Above the image the difference wraps, and is not below the height.
            let row = (top + i * self.dilation[0]).wrapping_sub(above);
            if row >= height {
                continue;
            }
            if self.dilation[1] == 1 {
                let start = before.saturating_sub(left).min(self.size[1]);
                let end = (width + before).saturating_sub(left).clamp(start, self.size[1]);
                if start < end {
                    let pixel = row * width + left + start - before;
                    see(i * self.size[1] + start, pixel, end - start);
                }
            } else {
                for j in 0..self.size[1] {
                    let column = (left + j * self.dilation[1]).wrapping_sub(before);
                    if column < width {
                        see(i * self.size[1] + j, row * width + column, 1);
                    }
                }
            }
        }
    }

    /// From the first to the last pixel of a window.
    pub(crate) fn extent(&self, i: usize) -> usize {
        (self.size[i] - 1) * self.dilation[i] + 1
    }
}

/// The sizes of images: `[n, height, width, channels]`.
pub(crate) fn images(shape: Shape) -> Result<[usize; 4], Problem> {
    shape.sizes().try_into().map_err(|_| Problem::NotImages { shape })
}

/// The sizes of sequences: `[n, length, channels]`.
pub(crate) fn sequences(shape: Shape) -> Result<[usize; 3], Problem> {
    shape.sizes().try_into().map_err(|_| Problem::NotSequences { shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(size: usize, convolution: Convolution, image: [usize; 2]) -> Windows {
        Windows::of_kernels([size, size], convolution, image).unwrap()
    }

    /// By the definition: for each position of the window the pixel, where there is one.
    fn seen(windows: &Windows, image: [usize; 2], place: [usize; 2]) -> Vec<(usize, usize)> {
        let mut seen = Vec::new();
        for i in 0..windows.size[0] {
            for j in 0..windows.size[1] {
                let at = |axis: usize, k: usize| {
                    (place[axis] * windows.stride[axis] + k * windows.dilation[axis])
                        .checked_sub(windows.padding[axis][0])
                        .filter(|&at| at < image[axis])
                };
                if let (Some(row), Some(column)) = (at(0, i), at(1, j)) {
                    seen.push((i * windows.size[1] + j, row * image[1] + column));
                }
            }
        }
        seen
    }

    #[test]
    fn windows_see_the_pixels_that_the_definition_says() {
        let mut runs = 0;
        for case in 0..2000 {
            let part = |divisor: usize, n: usize| case / divisor % n;
            let convolution = Convolution {
                stride: [1 + part(1, 3), 1 + part(3, 2)],
                dilation: [1 + part(6, 2), 1 + part(12, 3)],
                padding: match part(36, 3) {
                    0 => Padding::Valid,
                    1 => Padding::Same,
                    _ => Padding::Each([[3, 1], [0, 4]]),
                },
                groups: 1,
            };
            let image = [7 + part(108, 3), 8 + part(324, 2)];
            let windows = windows(1 + part(648, 3), convolution, image);
            let [down, across] = windows.places(image).unwrap();
            for place in (0..down).flat_map(|i| (0..across).map(move |j| [i, j])) {
                let mut found = Vec::new();
                windows.visit(image, place, |position, pixel, count| {
                    found.extend((0..count).map(|i| (position + i, pixel + i)));
                    runs += 1;
                });
                assert_eq!(found, seen(&windows, image, place), "{windows:?} {image:?} {place:?}");
            }
        }
        assert!(runs > 10_000);
    }

    #[test]
    fn a_row_of_a_kernel_sees_at_some_place_what_it_sees_in_the_whole() {
        let padding = Padding::Each([[3, 1], [1, 0]]);
        let (stride, dilation) = ([1, 2], [2, 1]);
        let image = [9, 7];
        let whole = windows(4, Convolution { stride, padding, dilation, groups: 1 }, image);
        let [down, across] = whole.places(image).unwrap();
        for [row, column] in (0..down).flat_map(|i| (0..across).map(move |j| [i, j])) {
            let [mut expected, mut found] = [Vec::new(), Vec::new()];
            whole.visit(image, [row, column], |position, pixel, count| {
                expected.push((position, pixel, count));
            });
            for i in 0..4 {
                let place = [row + i * dilation[0], column];
                whole.of_one_row().visit(image, place, |position, pixel, count| {
                    found.push((i * 4 + position, pixel, count));
                });
            }
            assert_eq!(found, expected, "{row} {column}");
        }
    }

    #[test]
    fn a_position_of_a_kernel_sees_at_all_places_what_windows_see_there() {
        for (case, padding) in [Padding::Valid, Padding::Same, Padding::Each([[3, 1], [0, 4]])]
            .into_iter()
            .cycle()
            .take(12)
            .enumerate()
        {
            let (stride, dilation) = ([1 + case % 2, 1], [1, 1 + case / 6]);
            let image = [7, 8];
            let windows = windows(3, Convolution { stride, padding, dilation, groups: 1 }, image);
            let [down, across] = windows.places(image).unwrap();
            let [mut expected, mut found] = [Vec::new(), Vec::new()];
            for [row, column] in (0..down).flat_map(|i| (0..across).map(move |j| [i, j])) {
                let at = [row, column];
                expected.extend(seen(&windows, image, at).iter().map(|&seen| (at, seen)));
            }
            for (position, row) in (0..9).flat_map(|i| (0..down).map(move |j| (i, j))) {
                windows.visit_position(image, position, row, across, |column, pixel, count| {
                    let run = (0..count).map(|i| ([row, column + i], (position, pixel + i)));
                    found.extend(run);
                });
            }
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{windows:?}");
        }
    }

    #[test]
    fn padding_of_the_same_size_is_that_of_tensorflow() {
        let same = |stride: usize| Convolution {
            stride: [stride; 2],
            padding: Padding::Same,
            ..Convolution::default()
        };
        for (size, stride, image, padding, places) in [
            (3, 1, [5, 6], [[1, 1], [1, 1]], [5, 6]),
            (2, 1, [5, 6], [[0, 1], [0, 1]], [5, 6]),
            (3, 2, [5, 6], [[1, 1], [0, 1]], [3, 3]),
            (1, 3, [5, 6], [[0, 0], [0, 0]], [2, 2]),
            (5, 3, [4, 7], [[2, 2], [2, 2]], [2, 3]),
        ] {
            let windows = windows(size, same(stride), image);
            assert_eq!((windows.padding, windows.places(image)), (padding, Ok(places)));
        }
    }
}
