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
        let channels = self.channels;
        T::with_scratch(channels, |top| {
            vectorized(
                #[inline(always)]
                || {
                    for place in 0..self.sites.count {
                        let y = &mut y[place * channels..][..channels];
                        let mut first = true;
                        self.visit(
                            place,
                            #[inline(always)]
                            |pixel| {
                                let [x, v] = [x, v].map(|x| &x[pixel..][..channels]);
                                if first {
                                    top.copy_from_slice(x);
                                    y.copy_from_slice(v);
                                    first = false;
                                } else {
                                    pick(x, v, top, y);
                                }
                            },
                        );
                    }
                },
            );
        });
    }

    /// y ← u at the first greatest x of each window, summed over windows, and 0 elsewhere.
    pub(crate) fn to_greatest<T: Element>(self, u: &[T], x: &[T], y: &mut [T]) {
        let channels = self.channels;
        y.fill(T::constant(0.0));
        T::with_scratch(2 * channels, |memory| {
            let (top, rest) = memory.split_at_mut(channels);
            vectorized(
                #[inline(always)]
                || {
                    for place in 0..self.sites.count {
                        top.fill(T::constant(f64::NEG_INFINITY));
                        self.visit(
                            place,
                            #[inline(always)]
                            |pixel| raise(&x[pixel..][..channels], top),
                        );
                        rest.copy_from_slice(&u[place * channels..][..channels]);
                        self.visit(
                            place,
                            #[inline(always)]
                            |pixel| {
                                let (x, y) = (&x[pixel..][..channels], &mut y[pixel..][..channels]);
                                hand_over(x, top, rest, y);
                            },
                        );
                    }
                },
            );
        });
    }

    /// y ← the mean of x over the pixels that each window sees.
    pub(crate) fn mean<T: Element>(self, x: &[T], y: &mut [T]) {
        let channels = self.channels;
        y.fill(T::constant(0.0));
        vectorized(
            #[inline(always)]
            || {
                for place in 0..self.sites.count {
                    let y = &mut y[place * channels..][..channels];
                    let mut seen = 0;
                    self.visit(
                        place,
                        #[inline(always)]
                        |pixel| {
                            for (y, &x) in y.iter_mut().zip(&x[pixel..][..channels]) {
                                *y = *y + x;
                            }
                            seen += 1;
                        },
                    );
                    let seen = T::from_f64(f64::from(seen));
                    for y in y {
                        *y = *y / seen;
                    }
                }
            },
        );
    }

    /// y ← u / (pixels that the window sees) at each of them, summed over windows.
    pub(crate) fn to_mean<T: Element>(self, u: &[T], y: &mut [T]) {
        let channels = self.channels;
        y.fill(T::constant(0.0));
        vectorized(
            #[inline(always)]
            || {
                for place in 0..self.sites.count {
                    let u = &u[place * channels..][..channels];
                    let mut seen = 0;
                    self.visit(
                        place,
                        #[inline(always)]
                        |_| seen += 1,
                    );
                    let seen = T::from_f64(f64::from(seen));
                    self.visit(
                        place,
                        #[inline(always)]
                        |pixel| {
                            for (y, &u) in y[pixel..][..channels].iter_mut().zip(u) {
                                *y = *y + u / seen;
                            }
                        },
                    );
                }
            },
        );
    }

    /// Calls `see` with where the values of each pixel begin that a window sees.
    #[inline(always)]
    fn visit(self, place: usize, mut see: impl FnMut(usize)) {
        self.sites.visit(
            place,
            #[inline(always)]
            |_, pixel, count| {
                for pixel in pixel..pixel + count {
                    see(pixel * self.channels);
                }
            },
        );
    }
}

/// top ← max(top, x), and y ← v where x is the greater.
#[inline(always)]
fn pick<T: Element>(x: &[T], v: &[T], top: &mut [T], y: &mut [T]) {
    for (((y, top), &x), &v) in y.iter_mut().zip(top).zip(x).zip(v) {
        let is_greater = is_greater(x, *top);
        *y = if is_greater { v } else { *y };
        *top = if is_greater { x } else { *top };
    }
}

/// top ← max(top, x)
#[inline(always)]
fn raise<T: Element>(x: &[T], top: &mut [T]) {
    for (top, &x) in top.iter_mut().zip(x) {
        *top = if is_greater(x, *top) { x } else { *top };
    }
}

/// y ← y + rest where x is the greatest. Nothing is left then for those after it.
#[inline(always)]
fn hand_over<T: Element>(x: &[T], top: &[T], rest: &mut [T], y: &mut [T]) {
    let zero = T::constant(0.0);
    for (((y, rest), &x), &top) in y.iter_mut().zip(rest).zip(x).zip(top) {
        // Where one is not a number, the first such one is the greatest.
        let is_it = (x == top) | !is_number(x);
        *y = if is_it { *y + *rest } else { *y };
        *rest = if is_it { zero } else { *rest };
    }
}

/// Whether x is above `top`, where not to be a number is above all.
#[inline(always)]
fn is_greater<T: Element>(x: T, top: T) -> bool {
    (x > top) | (is_number(top) & !is_number(x))
}

#[inline(always)]
fn is_number<T: Element>(x: T) -> bool {
    x.abs() >= T::constant(0.0)
}
