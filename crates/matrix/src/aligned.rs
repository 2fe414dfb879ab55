//! Values that begin where a line of the cache does.

use std::ops::{Deref, DerefMut};

/// A line of the cache, and the widest vector, in bytes.
const LINE: usize = 64;

/// A slice of numbers that owns them, and begins where a line of the cache does.
///
/// Where it does not, every load of a widest vector touches two lines; products of matrices then take up to a
/// third longer.
///
/// ```
/// use thalweg_matrix::Aligned;
///
/// let mut x = Aligned::new(3, 1.0f32);
/// x[1] = 2.0;
/// assert_eq!(x[..], [1.0, 2.0, 1.0]);
/// assert!(x.as_ptr().addr().is_multiple_of(64));
/// ```
#[derive(Debug)]
pub struct Aligned<T> {
    /// With room to begin later.
    memory: Vec<T>,
    start: usize,
    length: usize,
}

impl<T: Clone> Aligned<T> {
    /// `length` times `value`.
    pub fn new(length: usize, value: T) -> Aligned<T> {
        let memory = vec![value; room(length, size_of::<T>())];
        Aligned { start: start(&memory), memory, length }
    }
}

/// How many values to ask for, to have `length` that begin at a line.
pub(crate) fn room(length: usize, bytes: usize) -> usize {
    length + LINE / bytes.max(1)
}

/// Where the first line of the cache begins in what has [`room`].
pub(crate) fn start<T>(memory: &[T]) -> usize {
    memory.as_ptr().align_offset(LINE).min(LINE / size_of::<T>().max(1))
}

impl<T> Default for Aligned<T> {
    /// No values, without memory.
    fn default() -> Aligned<T> {
        Aligned { memory: Vec::new(), start: 0, length: 0 }
    }
}

impl<T: Clone> Clone for Aligned<T> {
    fn clone(&self) -> Aligned<T> {
        match self.first() {
            Some(value) => {
                let mut clone = Aligned::new(self.length, value.clone());
                clone.clone_from_slice(self);
                clone
            }
            None => Aligned::default(),
        }
    }
}

impl<T: PartialEq> PartialEq for Aligned<T> {
    fn eq(&self, other: &Aligned<T>) -> bool {
        self[..] == other[..]
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.memory[self.start..][..self.length]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.start..][..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_begin_at_a_line_wherever_they_are_moved_or_copied() {
        for length in [1, 5, 1000, 1 << 20] {
            let x = Aligned::new(length, 1.5f64);
            let moved = [x].into_iter().next().unwrap();
            let copied = moved.clone();
            for x in [moved, copied] {
                assert!(x.as_ptr().addr().is_multiple_of(LINE));
                assert_eq!((x.len(), x[0], x[length - 1]), (length, 1.5, 1.5));
            }
        }
        assert!(Aligned::<f32>::default().clone().is_empty());
    }
}
