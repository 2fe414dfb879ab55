//! Shapes, and how two of them meet under broadcasting.

use std::fmt;

use crate::error::Problem;

/// The most dimensions that a tensor can have.
pub const MAX_RANK: usize = 4;

/// The sizes of a tensor, slowest dimension first: values lie in row-major order.
///
/// A number has the shape `[]`.
///
/// ```
/// use thalweg_graph::Shape;
///
/// let shape = Shape::from([64, 784]);
/// assert_eq!(shape.rank(), 2);
/// assert_eq!(shape.elements(), 50_176);
/// assert_eq!(shape.to_string(), "[64, 784]");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    sizes: [usize; MAX_RANK],
    rank: usize,
}

impl Shape {
    /// The shape of a number: `[]`.
    pub const SCALAR: Shape = Shape { sizes: [1; MAX_RANK], rank: 0 };

    /// The sizes, slowest first.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.rank]
    }

    /// The number of dimensions, at most [`MAX_RANK`].
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of values: the product of the sizes.
    pub fn elements(&self) -> usize {
        self.sizes().iter().product()
    }

    /// The product of the sizes before `axis`, its size, and the product of those after it.
    pub(crate) fn around(self, axis: usize) -> Result<[usize; 3], Problem> {
        match self.sizes().get(axis) {
            None => Err(Problem::Axis { axis, shape: self }),
            Some(&size) => Ok([self.sizes()[..axis].iter().product(), size, self.inner(axis)]),
        }
    }

    /// The product of the sizes after `axis`: how far apart its parts begin.
    pub(crate) fn inner(self, axis: usize) -> usize {
        self.sizes()[axis + 1..].iter().product()
    }

    /// The shape with another size along `axis`, which exists.
    pub(crate) fn with_size(mut self, axis: usize, size: usize) -> Shape {
        self.sizes[axis] = size;
        self
    }

    /// The shape with size 1 along `axes`.
    pub(crate) fn with_ones(mut self, axes: &[usize]) -> Result<Shape, Problem> {
        for &axis in axes {
            if axis >= self.rank {
                return Err(Problem::Axis { axis, shape: self });
            }
            self.sizes[axis] = 1;
        }
        Ok(self)
    }

    /// The shape without the dimensions `axes`, each of which exists.
    pub(crate) fn without(self, axes: &[usize]) -> Shape {
        let sizes = self.sizes().iter().enumerate();
        Shape::of(sizes.filter(|(i, _)| !axes.contains(i)).map(|(_, &n)| n))
    }

    /// The size at `place` of the dimensions as they lie under broadcasting: aligned at the last one,
    /// with 1 where there is none.
    pub(crate) fn aligned(&self, place: usize) -> usize {
        (place + self.rank).checked_sub(MAX_RANK).map_or(1, |i| self.sizes[i])
    }

    /// The shape that both broadcast to, by the rule of NumPy: aligned at the last dimension, sizes
    /// are equal or one of them is 1.
    pub(crate) fn broadcast(self, other: Shape) -> Result<Shape, Problem> {
        let mut shape = Shape { rank: self.rank.max(other.rank), ..Shape::SCALAR };
        for (size, i) in shape.sizes.iter_mut().zip(MAX_RANK - shape.rank..MAX_RANK) {
            *size = match (self.aligned(i), other.aligned(i)) {
                (m, n) if m == n || n == 1 => m,
                (1, n) => n,
                (m, n) => return Err(Problem::Broadcast { left: self, right: other, m, n }),
            };
        }
        Ok(shape)
    }

    /// The shape of at most [`MAX_RANK`] sizes, which every caller has.
    fn of(sizes: impl Iterator<Item = usize>) -> Shape {
        let mut shape = Shape::SCALAR;
        for size in sizes {
            shape.sizes[shape.rank] = size;
            shape.rank += 1;
        }
        shape
    }

    /// The sizes before the last two, and the last two: one matrix, or several of the same shape.
    pub(crate) fn matrices(&self) -> Result<(&[usize], [usize; 2]), Problem> {
        match self.sizes() {
            [leading @ .., rows, columns] => Ok((leading, [*rows, *columns])),
            _ => Err(Problem::NotMatrix { shape: *self }),
        }
    }

    /// The shape with one more axis behind the others, which are fewer than [`MAX_RANK`].
    pub(crate) fn with_last(self, size: usize) -> Shape {
        Shape::of(self.sizes().iter().copied().chain([size]))
    }

    /// The size of the last axis.
    pub(crate) fn last(self) -> Result<usize, Problem> {
        self.sizes().last().copied().ok_or(Problem::Axis { axis: 0, shape: self })
    }

    /// All three sizes, of a sequence `[batch, time, features]`.
    pub(crate) fn sequence(self) -> Result<[usize; 3], Problem> {
        match *self.sizes() {
            [batch, time, features] => Ok([batch, time, features]),
            _ => Err(Problem::NotSequence { shape: self }),
        }
    }

    /// Both sizes, of a matrix.
    pub(crate) fn matrix(self) -> Result<[usize; 2], Problem> {
        match *self.sizes() {
            [rows, columns] => Ok([rows, columns]),
            _ => Err(Problem::NotMatrix { shape: self }),
        }
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(sizes: [usize; N]) -> Shape {
        const { assert!(N <= MAX_RANK, "a shape has at most four dimensions") }
        Shape::of(sizes.into_iter())
    }
}

impl TryFrom<&[usize]> for Shape {
    type Error = Problem;

    fn try_from(sizes: &[usize]) -> Result<Shape, Problem> {
        if sizes.len() > MAX_RANK {
            return Err(Problem::Rank { rank: sizes.len() });
        }
        Ok(Shape::of(sizes.iter().copied()))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.sizes())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
