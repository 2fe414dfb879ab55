//! Memory that rules of matrices work in, kept from step to step.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// As many workspaces as were ever in use at once. A thread takes one, and puts it back grown to what it
/// needed, so that after the first steps nothing is allocated.
pub(super) struct Workspaces<W>(Mutex<Vec<W>>);

impl<W: Default> Workspaces<W> {
    pub(super) fn new() -> Workspaces<W> {
        Workspaces(Mutex::new(Vec::new()))
    }

    /// Does `work` in one of them.
    pub(super) fn with(&self, work: impl FnOnce(&mut W)) {
        let all = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = all().pop();
        // The lock is not held meanwhile: a thread that waits in a product may begin with another tensor.
        let mut workspace = taken.unwrap_or_default();
        work(&mut workspace);
        all().push(workspace);
    }
}

impl<W> fmt::Debug for Workspaces<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Workspaces")
    }
}

/// Pieces of `values`, of these lengths, which grows if it must.
pub(super) fn rooms<R: Copy + Default, const N: usize>(
    values: &mut Vec<R>,
    lengths: [usize; N],
) -> [&mut [R]; N] {
    let total = lengths.iter().sum();
    if values.len() < total {
        values.resize(total, R::default());
    }
    let mut rest = &mut values[..];
    lengths.map(|length| {
        let (room, after) = std::mem::take(&mut rest).split_at_mut(length);
        rest = after;
        room
    })
}

/// Rows and columns, where both are more than one.
pub(super) fn matrix(shape: &[usize]) -> Option<(usize, usize)> {
    match *shape {
        [rows, columns] if rows > 1 && columns > 1 => Some((rows, columns)),
        _ => None,
    }
}
