//! Convolutions of which each channel has one of its own, as sums over windows: as products of matrices they
//! would have one row or one column.

use super::sites::Sites;
use super::vectorized;
use crate::window::Windows;
use crate::{Element, Shape};

/// A convolution with as many groups as there are channels and outputs.
#[derive(Clone, Copy)]
pub(crate) struct Depthwise {
    sites: Sites,
    channels: usize,
}

impl Depthwise {
    /// Of images and their places, both `[n, height, width, channels]`; `None` where groups have more than
    /// one channel or output.
    pub(crate) fn new(
        windows: Windows,
        groups: usize,
        images: Shape,
        places: Shape,
    ) -> Option<Depthwise> {
        let [channels, outputs] = [images, places].map(|shape| shape.sizes()[3]);
        (channels == groups && outputs == groups)
            .then(|| Depthwise { sites: Sites::new(windows, images, places), channels })
    }

    /// y ← x ∗ w
    pub(crate) fn convolve<T: Element>(self, x: &[T], w: &[T], y: &mut [T]) {
        y.fill(T::constant(0.0));
        self.each(
            #[inline(always)]
            |[x_at, w_at, y_at], n| {
                add_products(&x[x_at..][..n], &w[w_at..][..n], &mut y[y_at..][..n])
            },
        );
    }

    /// w̄ ← Σ x ⊙ ȳ, over the places in order.
    pub(crate) fn weights_gradient<T: Element>(self, x: &[T], y: &[T], w: &mut [T]) {
        w.fill(T::constant(0.0));
        self.each(
            #[inline(always)]
            |[x_at, w_at, y_at], n| {
                add_products(&x[x_at..][..n], &y[y_at..][..n], &mut w[w_at..][..n])
            },
        );
    }

    /// x̄ ← Σ ȳ ⊙ w, over the windows that see a pixel.
    pub(crate) fn input_gradient<T: Element>(self, y: &[T], w: &[T], x: &mut [T]) {
        x.fill(T::constant(0.0));
        self.each(
            #[inline(always)]
            |[x_at, w_at, y_at], n| {
                add_products(&y[y_at..][..n], &w[w_at..][..n], &mut x[x_at..][..n])
            },
        );
    }

    /// Calls `work([of the pixel, of the weights, of the place], channels)` with where values begin, for each
    /// pixel of each window.
    #[inline(always)]
    fn each(self, mut work: impl FnMut([usize; 3], usize)) {
        let channels = self.channels;
        vectorized(
            #[inline(always)]
            || {
                self.sites.visit(
                    0..self.sites.count,
                    #[inline(always)]
                    |place, position, pixel, count| {
                        for i in 0..count {
                            let at = [pixel + i, position + i, place].map(|at| at * channels);
                            work(at, channels);
                        }
                    },
                );
            },
        );
    }
}

/// y ← y + a ⊙ b
#[inline(always)]
fn add_products<T: Element>(a: &[T], b: &[T], y: &mut [T]) {
    for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
        *y = *y + a * b;
    }
}
