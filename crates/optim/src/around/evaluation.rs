//! The iterate in place of the parameters, for the time of an evaluation.

use crate::{Optimizer, Segments, Stored};

/// Parameters that are set aside while the iterate is in their place.
///
/// ```
/// use thalweg_optim::{Evaluation, Segment, optimizer};
///
/// let mut ema = optimizer::<f32>(&"ema(sgd(lr=1), decay=0.5)".parse()?, None)?;
/// let mut w = [4.0];
/// for _ in 0..2 {
///     ema.step(&mut [Segment { name: "w", shape: &[], parameters: &mut w, gradient: (&[1.0]).into() }])?;
/// }
/// let mut segments = [Segment { name: "w", shape: &[], parameters: &mut w, gradient: (&[1.0]).into() }];
/// let evaluation = Evaluation::swap_in(&*ema, &mut segments);
/// assert_eq!(segments[0].parameters, [2.5]);
/// evaluation.swap_out(&mut segments);
/// assert_eq!(segments[0].parameters, [2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "the parameters have to be put back"]
#[derive(Debug)]
pub struct Evaluation<T> {
    /// All parameters, one segment after another; empty if the parameters are the iterate.
    kept: Vec<T>,
}

impl<T: Stored> Evaluation<T> {
    /// Keeps a copy of the parameters and changes them to the iterate of `optimizer`.
    ///
    /// # Panics
    ///
    /// If the segments are not those of the steps.
    pub fn swap_in(optimizer: &dyn Optimizer<T>, segments: &mut dyn Segments<T>) -> Evaluation<T> {
        let mut kept = Vec::new();
        if optimizer.looks_ahead() {
            for index in 0..segments.count() {
                kept.extend_from_slice(segments.segment(index).parameters);
            }
            optimizer.to_iterate(segments);
        }
        Evaluation { kept }
    }

    /// Puts the parameters back, bit by bit.
    ///
    /// # Panics
    ///
    /// If the segments are not those that were swapped in.
    pub fn swap_out(self, segments: &mut dyn Segments<T>) {
        let mut kept = &self.kept[..];
        if kept.is_empty() {
            return;
        }
        for index in 0..segments.count() {
            let parameters = segments.segment(index).parameters;
            let (own, others) = kept.split_at(parameters.len());
            parameters.copy_from_slice(own);
            kept = others;
        }
    }
}
