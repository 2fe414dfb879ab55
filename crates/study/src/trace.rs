//! One optimizer on a surface: where it goes, step by step, in double precision.

use std::ops::ControlFlow;

use thalweg_calls::{Call, CallError};
use thalweg_optim::{Segment, StepError, optimizer};
use thalweg_surfaces::Surface;

/// A point of the path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceRow {
    /// Steps taken: 0 is the start.
    pub step: u64,
    /// The first coordinate.
    pub x: f64,
    /// The second coordinate.
    pub y: f64,
    /// The value there.
    pub f: f64,
}

/// A path that cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TraceError {
    /// The optimizer's call is wrong.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The path leaves the numbers.
    #[error("diverged at {0}")]
    Diverged(#[from] StepError),
}

/// Follows the optimizer from `start` for `steps` steps and hands each point to `visit`, the start first,
/// until it breaks off. The points are the iterates θ, also where the optimizer takes gradients elsewhere.
///
/// ```
/// let surface = thalweg_surfaces::surface(&"ravine(k=10)".parse()?)?;
/// let mut path = Vec::new();
/// thalweg_study::trace(&*surface, [10.0, 1.0], &"sgd(lr=0.1)".parse()?, 1, |row| {
///     path.push(row);
///     std::ops::ControlFlow::Continue(())
/// })?;
/// assert_eq!((path[0].x, path[0].y, path[0].f), (10.0, 1.0, 55.0));
/// assert_eq!((path[1].x, path[1].y, path[1].f), (9.0, 0.0, 40.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the call is wrong, or a gradient on the way is not finite; the points before it were handed over.
pub fn trace(
    surface: &dyn Surface,
    start: [f64; 2],
    call: &Call,
    steps: u64,
    mut visit: impl FnMut(TraceRow) -> ControlFlow<()>,
) -> Result<(), TraceError> {
    let mut optimizer = optimizer::<f64>(call, None)?;
    let mut point = start;
    for step in 0..=steps {
        let gradient = surface.gradient(point);
        let mut iterate = point;
        optimizer.to_iterate(&mut segment(&mut iterate, &gradient));
        let [x, y] = iterate;
        if visit(TraceRow { step, x, y, f: surface.value(iterate) }).is_break() {
            break;
        }
        if step < steps {
            optimizer.step(&mut segment(&mut point, &gradient))?;
        }
    }
    Ok(())
}

fn segment<'a>(point: &'a mut [f64; 2], gradient: &'a [f64; 2]) -> [Segment<'a, f64>; 1] {
    [Segment { name: "point", shape: &[2], parameters: point, gradient: gradient.into() }]
}
