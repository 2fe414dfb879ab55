//! The hot loops: free functions over slices.

mod elementwise;
mod reduce;

pub(crate) use elementwise::{map, zip};
pub(crate) use reduce::{broadcast_to, sum_to};

use crate::Shape;
use crate::shape::MAX_RANK;

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
