//! The ball around 0.

use crate::{Coordinates, Projection};

/// Partial sums, so that the loop is vector code in an order of its own.
const LANES: usize = 8;

pub(crate) fn projection(radius: f64, coordinates: &mut Coordinates<'_>) -> Projection {
    let mut squares = 0.0;
    coordinates(&mut |piece| squares += sum_of_squares(piece));
    let norm = squares.sqrt();
    if norm > radius { Projection::Scale(radius / norm) } else { Projection::Identity }
}

/// −r·c/‖c‖₂, the point that lies furthest against c.
pub(crate) fn lowest(radius: f64, c: &[f64], point: &mut [f64]) {
    let norm = sum_of_squares(c).sqrt();
    let factor = if norm > 0.0 { -radius / norm } else { 0.0 };
    point.iter_mut().zip(c).for_each(|(x, c)| *x = factor * c);
}

fn sum_of_squares(x: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let blocks = x.chunks_exact(LANES);
    let rest: f64 = blocks.remainder().iter().map(|x| x * x).sum();
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(sum, x)| *sum += x * x);
    }
    sums.iter().sum::<f64>() + rest
}
