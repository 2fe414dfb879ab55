//! The hot loops: free functions over slices.

mod ahead;
mod depthwise;
mod elementwise;
mod functions;
mod moved;
mod patches;
mod pooling;
mod reduce;
mod row;
mod short;
mod sites;

pub(crate) use ahead::ask_ahead;
pub(crate) use depthwise::Depthwise;
pub(crate) use elementwise::{map, zip};
pub(crate) use functions::{Float, erf, exp, exp_m1, ln, ln_1p, normal, sigmoid, softplus, tanh};
pub(crate) use moved::{Stretch, copy, permute};
pub(crate) use patches::Patches;
pub(crate) use pooling::Pooled;
pub(crate) use reduce::{broadcast_to, moments, sum_to};
pub(crate) use row::{LANES, dot, for_rows, greatest, map_row, sum, sum_of};
pub(crate) use short::{OfRows, ROWS, SideBySide, are_short, join};

use crate::Shape;
use crate::shape::MAX_RANK;

/// Calls `work`, compiled for the widest vectors there are, as is all that is inlined into it: mark it, and
/// closures within it, `#[inline(always)]`.
///
/// It is called as what it is, a closure that could be called again. Called as `FnOnce`, as
/// [`pulp::Arch::dispatch`] calls closures, it is wrapped in a function that the compiler need not inline, and
/// whose code is then for the narrowest vectors.
#[inline(always)]
pub(crate) fn vectorized<R>(work: impl FnMut() -> R) -> R {
    struct Work<W>(W);

    impl<R, W: FnMut() -> R> pulp::WithSimd for Work<W> {
        type Output = R;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(mut self, _simd: S) -> R {
            (self.0)()
        }
    }

    pulp::Arch::new().dispatch(Work(work))
}

/// The dimensions of a loop over broadcast operands: the size, and for each of `N` operands whether it
/// goes along or repeats itself. Neighbours that agree are one, so that most loops have one dimension
/// or two.
#[derive(Clone, Copy)]
struct Loops<const N: usize> {
    dimensions: [(usize, [bool; N]); MAX_RANK],
    count: usize,
}

impl<const N: usize> Loops<N> {
    fn new(shape: Shape, operands: [Shape; N]) -> Loops<N> {
        let mut loops = Loops { dimensions: [(1, [true; N]); MAX_RANK], count: 0 };
        for place in 0..MAX_RANK {
            let size = shape.aligned(place);
            if size != 1 {
                loops.push(size, operands.map(|operand| operand.aligned(place) == size));
            }
        }
        loops
    }

    fn push(&mut self, size: usize, along: [bool; N]) {
        match self.dimensions[..self.count].last_mut() {
            Some((outer, same)) if *same == along => *outer *= size,
            _ => {
                self.dimensions[self.count] = (size, along);
                self.count += 1;
            }
        }
    }

    fn as_slice(&self) -> &[(usize, [bool; N])] {
        &self.dimensions[..self.count]
    }
}
