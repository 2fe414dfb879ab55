//! Which values of images the windows of all places see.

use crate::Shape;
use crate::window::Windows;

/// Windows over images of a certain shape. All images lie one after the other, and so do their places.
#[derive(Clone, Copy)]
pub(super) struct Sites {
    pub windows: Windows,
    image: [usize; 2],
    places: [usize; 2],
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

    /// With some rows of each window alone.
    pub(super) fn some_rows(self, first: usize, rows: usize) -> Sites {
        Sites { windows: self.windows.some_rows(first, rows), ..self }
    }

    /// Whether each window is one pixel, and each pixel a window.
    pub(super) fn are_pixels(&self) -> bool {
        self.windows.are_pixels() && self.image == self.places
    }

    /// Calls `see(position in the window, pixel among those of all images, count)` for each run of pixels
    /// that lie beside each other in both, for the window at a place.
    #[inline(always)]
    pub(super) fn visit(self, place: usize, mut see: impl FnMut(usize, usize, usize)) {
        let [down, across] = self.places;
        let (image, row, column) = (place / (down * across), place / across % down, place % across);
        let start = image * self.image[0] * self.image[1];
        self.windows.visit(
            self.image,
            [row, column],
            #[inline(always)]
            |position, pixel, count| see(position, start + pixel, count),
        );
    }
}
