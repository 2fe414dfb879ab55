//! Which values of images the windows of all places see.

use std::ops::Range;

use crate::Shape;
use crate::window::Windows;

/// Windows over images of a certain shape. All images lie one after the other, and so do their places.
#[derive(Clone, Copy)]
pub(super) struct Sites {
    pub windows: Windows,
    pub image: [usize; 2],
    pub places: [usize; 2],
    /// Places of all images.
    pub count: usize,
}

impl Sites {
    /// Of images and their places, both `[n, height, width, channels]`.
    pub(super) fn new(windows: Windows, images: Shape, places: Shape) -> Sites {
        let (&[_, height, width, _], &[n, down, across, _]) = (images.sizes(), places.sizes())
        else {
            unreachable!("the shapes were checked when the node was made");
        };
        Sites { windows, image: [height, width], places: [down, across], count: n * down * across }
    }

    /// Windows of one row of kernels, at all rows of places at which they see a row of these windows, whose
    /// stride down is 1.
    pub(super) fn of_one_row(self) -> Sites {
        let windows = self.windows.of_one_row();
        let [down, across] = self.places;
        let images = self.count.checked_div(down * across).unwrap_or(0);
        let more = self.windows.extent(0) - 1;
        let places = [down + more, across];
        Sites { windows, image: self.image, places, count: images * places[0] * across }
    }

    /// Whether each window is one pixel, and each pixel a window.
    pub(super) fn are_pixels(&self) -> bool {
        self.windows.are_pixels() && self.image == self.places
    }

    /// Calls `see(place, first pixel of the image, place in the image)` for some places, in order.
    #[inline(always)]
    pub(super) fn each(self, places: Range<usize>, mut see: impl FnMut(usize, usize, [usize; 2])) {
        let [down, across] = self.places;
        if places.is_empty() {
            return;
        }
        // Counted on, since divisions take longer than much of what is done at a place.
        let line = places.start / across;
        let [mut image, mut row, mut column] = [line / down, line % down, places.start % across];
        for place in places {
            see(place, image * self.image[0] * self.image[1], [row, column]);
            column += 1;
            if column == across {
                (row, column) = (row + 1, 0);
            }
            if row == down {
                (image, row) = (image + 1, 0);
            }
        }
    }

    /// Calls `see(place, position in the window, pixel among those of all images, count)` for each run of
    /// pixels that lie beside each other in both, for the windows at some places, in order.
    #[inline(always)]
    pub(super) fn visit(
        self,
        places: Range<usize>,
        mut see: impl FnMut(usize, usize, usize, usize),
    ) {
        self.each(
            places,
            #[inline(always)]
            |place, start, at| {
                self.windows.visit(
                    self.image,
                    at,
                    #[inline(always)]
                    |position, pixel, count| see(place, position, start + pixel, count),
                );
            },
        );
    }

    /// Calls `see(place, pixel among those of all images, count)` for each run of places beside each other
    /// at which the windows have, at the position, pixels beside each other. The stride across is 1, and
    /// `places` are whole rows.
    pub(super) fn visit_position(
        self,
        position: usize,
        places: Range<usize>,
        mut see: impl FnMut(usize, usize, usize),
    ) {
        let [down, across] = self.places;
        let rows = (places.start..places.end).step_by(across.max(1));
        let line = places.start / across.max(1);
        let [mut image, mut row] = [line / down, line % down];
        for place in rows {
            let start = image * self.image[0] * self.image[1];
            self.windows.visit_position(
                self.image,
                position,
                row,
                across,
                |column, pixel, count| {
                    see(place + column, start + pixel, count);
                },
            );
            row += 1;
            if row == down {
                (image, row) = (image + 1, 0);
            }
        }
    }
}
