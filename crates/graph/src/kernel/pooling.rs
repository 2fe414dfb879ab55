//! Loops over the windows of images. Each channel is on its own, so that loops go over channels.

use super::sites::Sites;
use super::vectorized;
use crate::window::Windows;
use crate::{Element, Shape};

/// A pooling of certain shapes.
#[derive(Clone, Copy)]
pub(crate) struct Pooled {
    sites: Sites,
    channels: usize,
}

impl Pooled {
    /// Of images and their places, both `[n, height, width, channels]`.
    pub(crate) fn new(windows: Windows, images: Shape, places: Shape) -> Pooled {
        Pooled { sites: Sites::new(windows, images, places), channels: images.sizes()[3] }
    }

    /// y ← the value of v at the first greatest x of each window.
    pub(crate) fn greatest<T: Element>(self, v: &[T], x: &[T], y: &mut [T]) {
        self.windows(
            #[inline(always)]
            |place, window| {
                let y = &mut y[place * self.channels..][..self.channels];
                let (strips, rest) = y.as_chunks_mut::<STRIP>();
                let left = strips.len() * STRIP;
                for (i, y) in strips.iter_mut().enumerate() {
                    *y = greatest_of(window, i * STRIP, v, x);
                }
                for (i, y) in rest.iter_mut().enumerate() {
                    [*y] = greatest_of(window, left + i, v, x);
                }
            },
        );
    }

    /// y ← u at the first greatest x of each window, summed over windows, and 0 elsewhere.
    pub(crate) fn to_greatest<T: Element>(self, u: &[T], x: &[T], y: &mut [T]) {
        y.fill(T::constant(0.0));
        self.windows(
            #[inline(always)]
            |place, window| {
                let u = &u[place * self.channels..][..self.channels];
                let (strips, rest) = u.as_chunks::<STRIP>();
                let left = strips.len() * STRIP;
                for (i, &u) in strips.iter().enumerate() {
                    add_to_greatest(window, i * STRIP, u, x, y);
                }
                for (i, &u) in rest.iter().enumerate() {
                    add_to_greatest(window, left + i, [u], x, y);
                }
            },
        );
    }

    /// y ← the mean of x over the pixels that each window sees.
    pub(crate) fn mean<T: Element>(self, x: &[T], y: &mut [T]) {
        y.fill(T::constant(0.0));
        self.windows(
            #[inline(always)]
            |place, window| {
                let y = &mut y[place * self.channels..][..self.channels];
                let seen = T::from_f64(window.count() as f64);
                window.each(
                    #[inline(always)]
                    |pixel| {
                        for (y, &x) in y.iter_mut().zip(&x[pixel..][..self.channels]) {
                            *y = *y + x;
                        }
                    },
                );
                for y in y {
                    *y = *y / seen;
                }
            },
        );
    }

    /// y ← u / (pixels that the window sees) at each of them, summed over windows.
    pub(crate) fn to_mean<T: Element>(self, u: &[T], y: &mut [T]) {
        y.fill(T::constant(0.0));
        self.windows(
            #[inline(always)]
            |place, window| {
                let u = &u[place * self.channels..][..self.channels];
                let seen = T::from_f64(window.count() as f64);
                window.each(
                    #[inline(always)]
                    |pixel| {
                        for (y, &u) in y[pixel..][..self.channels].iter_mut().zip(u) {
                            *y = *y + u / seen;
                        }
                    },
                );
            },
        );
    }

    /// Calls `work(place, window)` for all places in order.
    #[inline(always)]
    fn windows(self, mut work: impl FnMut(usize, Window)) {
        let Pooled { sites, channels } = self;
        vectorized(
            #[inline(always)]
            || {
                sites.each(
                    0..sites.count,
                    #[inline(always)]
                    |place, first, at| {
                        let [rows, columns] = sites.windows.seen(sites.image, at);
                        let width = sites.image[1] * channels;
                        let first = (first + columns.start) * channels + rows.start * width;
                        let size = [rows.len(), columns.len()];
                        work(place, Window { first, size, width, channels });
                    },
                );
            },
        );
    }
}

/// The part of an image that a window sees.
#[derive(Clone, Copy)]
struct Window {
    /// Where the values of its first pixel begin.
    first: usize,
    /// Rows and columns.
    size: [usize; 2],
    /// The values of a row of the image.
    width: usize,
    channels: usize,
}

impl Window {
    /// How many pixels it has.
    #[inline(always)]
    fn count(self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Calls `see` with where the values of each pixel begin.
    #[inline(always)]
    fn each(self, mut see: impl FnMut(usize)) {
        for row in 0..self.size[0] {
            for column in 0..self.size[1] {
                see(self.first + row * self.width + column * self.channels);
            }
        }
    }
}

/// So many channels are worked on in registers.
const STRIP: usize = 16;

/// The values of v at the first greatest x of a window, for channels from `left` on.
#[inline(always)]
fn greatest_of<T: Element, const N: usize>(
    window: Window,
    left: usize,
    v: &[T],
    x: &[T],
) -> [T; N] {
    let mut top = *strip(x, window.first + left);
    let mut y = *strip(v, window.first + left);
    window.each(
        #[inline(always)]
        |pixel| pick(strip(x, pixel + left), strip(v, pixel + left), &mut top, &mut y),
    );
    y
}

/// y ← y + u at the first greatest x of a window, for channels from `left` on.
#[inline(always)]
fn add_to_greatest<T: Element, const N: usize>(
    window: Window,
    left: usize,
    mut u: [T; N],
    x: &[T],
    y: &mut [T],
) {
    let mut top = *strip(x, window.first + left);
    window.each(
        #[inline(always)]
        |pixel| raise(strip(x, pixel + left), &mut top),
    );
    window.each(
        #[inline(always)]
        |pixel| {
            let at = pixel + left;
            let mut more: [T; N] = *strip(y, at);
            hand_over(strip(x, at), &top, &mut u, &mut more);
            y[at..][..N].copy_from_slice(&more);
        },
    );
}

/// The values of some channels of a pixel.
#[inline(always)]
fn strip<T, const N: usize>(x: &[T], at: usize) -> &[T; N] {
    x[at..].first_chunk().expect("a pixel has all channels")
}

// What is chosen is chosen by one comparison at a time: of two joined by "or" the compiler makes no vector code.

/// top ← max(top, x), and y ← v where x is the greater.
#[inline(always)]
fn pick<T: Element, const N: usize>(x: &[T; N], v: &[T; N], top: &mut [T; N], y: &mut [T; N]) {
    for (((y, top), &x), &v) in y.iter_mut().zip(top).zip(x).zip(v) {
        *y = if_greater(x, *top, v, *y);
        *top = if_greater(x, *top, x, *top);
    }
}

/// top ← max(top, x)
#[inline(always)]
fn raise<T: Element, const N: usize>(x: &[T; N], top: &mut [T; N]) {
    for (top, &x) in top.iter_mut().zip(x) {
        *top = if_greater(x, *top, x, *top);
    }
}

/// y ← y + rest where x is the greatest. Nothing is left then for those after it.
#[inline(always)]
fn hand_over<T: Element, const N: usize>(
    x: &[T; N],
    top: &[T; N],
    rest: &mut [T; N],
    y: &mut [T; N],
) {
    let zero = T::constant(0.0);
    for (((y, rest), &x), &top) in y.iter_mut().zip(rest).zip(x).zip(top) {
        // Where one is not a number, the first such one is the greatest.
        let given = if x == top { *rest } else { zero };
        let kept = if x == top { zero } else { *rest };
        *y = *y + if is_number(x) { given } else { *rest };
        *rest = if is_number(x) { kept } else { zero };
    }
}

/// `yes` where x is above `top`, where not to be a number is above all.
#[inline(always)]
fn if_greater<T: Element>(x: T, top: T, yes: T, no: T) -> T {
    let among_numbers = if x > top { yes } else { no };
    let not_a_number = if is_number(top) { yes } else { no };
    if is_number(x) { among_numbers } else { not_a_number }
}

#[inline(always)]
fn is_number<T: Element>(x: T) -> bool {
    x.abs() >= T::constant(0.0)
}
