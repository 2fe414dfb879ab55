//! W̄[k, l, c, o] = Σ x[n, i s + k d − p, j s + l d − p, c] ȳ[n, i, j, o], summed over n, i and j: the gradient
//! of the convolution by its weights.
//!
//! It is linear in both operands: the gradient by x is that of the convolution of G = the gradient by W̄, and
//! the gradient by ȳ is the convolution x ∗ G.
//!
//! The sum is one over images in parts, which different threads can calculate, and then one over parts. Which
//! images a part has depends on shapes alone.

use rayon::prelude::*;
use thalweg_matrix::Threads;

use super::{Conv2d, Conv2dInputGradient, Gradient, Operand, Operation, Run, Site, Values};
use crate::error::Problem;
use crate::kernel::{self, Depthwise, Patches};
use crate::window::{Windows, images};
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Conv2dWeightsGradient {
    pub windows: Windows,
    pub groups: usize,
}

impl Operation for Conv2dWeightsGradient {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let [_, _, _, channels] = images(inputs[0])?;
        let [_, _, _, outputs] = images(inputs[1])?;
        let [down, across] = self.windows.size;
        Ok([down, across, channels / self.groups, outputs].into())
    }

    /// As many as the convolution has.
    fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
        2 * (value.elements() / value.sizes()[3].max(1) * inputs[1].elements()) as u64
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let [x, y] = [at.inputs[0], at.inputs[1]];
        let Conv2dWeightsGradient { windows, groups } = *self;
        match at.wanted {
            0 => {
                let sizes = graph.shape(x);
                let image = [sizes.sizes()[1], sizes.sizes()[2]];
                graph.apply(Conv2dInputGradient { windows, groups, image }, &[y, at.upstream])
            }
            _ => graph.apply(Conv2d { windows, groups }, &[x, at.upstream]),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        /// Floating-point operations that take some 5 µs, against one to hand a part to a thread.
        const WORTH: u64 = 1 << 20;
        let [x, y] = [run.inputs[0], run.inputs[1]];
        let length = run.value.len();
        let images = images_of_a_part(x.shape, y.shape, length);
        let parts = x.shape.sizes()[0].div_ceil(images);
        if parts <= 1 || length == 0 {
            return self.sum([x, y], run.value);
        }
        let flops = self.flops(&[x.shape, y.shape], run.shape) / parts as u64;
        let of_part = |(i, w): (usize, &mut [T])| {
            let [x, y] = [x, y].map(|operand| some_images(operand, i * images, images));
            self.sum([x, y], w);
        };
        T::with_scratch(parts * length, |sums| {
            match run.options.threads {
                Threads::One => sums.chunks_exact_mut(length).enumerate().for_each(of_part),
                Threads::Pool => sums
                    .par_chunks_exact_mut(length)
                    .enumerate()
                    .with_min_len(WORTH.div_ceil(flops.max(1)) as usize)
                    .for_each(of_part),
            }
            let (from, to) = ([parts, length].into(), [length].into());
            kernel::sum_to(sums, from, to, run.value, run.options.threads);
        });
    }
}

impl Conv2dWeightsGradient {
    /// w̄ ← the sum over images, one after the other.
    fn sum<T: Element>(&self, [x, y]: [Operand<'_, T>; 2], w: &mut [T]) {
        let Self { windows, groups } = *self;
        match Depthwise::new(windows, groups, x.shape, y.shape) {
            Some(depthwise) => depthwise.weights_gradient(x.each(), y.each(), w),
            None => Patches::new(windows, groups, x.shape, y.shape)
                .weights_gradient(x.each(), y.each(), w),
        }
    }
}

/// At most `count` of the images, from `first` on.
fn some_images<T: Element>(images: Operand<'_, T>, first: usize, count: usize) -> Operand<'_, T> {
    let Operand { shape, .. } = images;
    let count = count.min(shape.sizes()[0] - first);
    let values = shape.elements() / shape.sizes()[0];
    let some = &images.each()[first * values..][..count * values];
    Operand { shape: shape.with_size(0, count), values: Values::Each(some) }
}

/// How many images make a part: an eighth of them, but more where the sums of all parts would have more values
/// than the images and their places.
fn images_of_a_part(x: Shape, y: Shape, length: usize) -> usize {
    const PARTS: usize = 8;
    let values = x.elements() + y.elements();
    let parts = values.checked_div(length).unwrap_or(1).clamp(1, PARTS);
    x.sizes()[0].div_ceil(parts).max(1)
}
