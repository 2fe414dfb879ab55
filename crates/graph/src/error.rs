//! What can be wrong with a graph while it is built.

use crate::Shape;

/// A node that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct GraphError {
    /// The scope and the operation: `layer1/matmul`.
    pub at: Box<str>,
    /// What is wrong, and what to do.
    pub problem: Problem,
}

/// What is wrong with a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The inner sizes of a product differ.
    #[error("cannot multiply {left} by {right}: the inner sizes {m} and {n} differ")]
    Inner {
        /// The left factor, after its transposition.
        left: Shape,
        /// The right factor, after its transposition.
        right: Shape,
        /// Columns of the left factor.
        m: usize,
        /// Rows of the right factor.
        n: usize,
    },
    /// Two shapes do not broadcast.
    #[error("cannot combine {left} with {right}: the sizes {m} and {n} differ and neither is 1")]
    Broadcast {
        /// The first operand.
        left: Shape,
        /// The second operand.
        right: Shape,
        /// The size of the first.
        m: usize,
        /// The size of the second at the same place.
        n: usize,
    },
    /// A shape does not broadcast to a given one.
    #[error(
        "cannot spread {from} to {to}: aligned at the last dimension, each size must be 1 or the same"
    )]
    Spread {
        /// The smaller shape.
        from: Shape,
        /// The larger shape.
        to: Shape,
    },
    /// Two operands must have the same shape.
    #[error("needs two operands of the same shape, got {left} and {right}; reshape one of them")]
    Differ {
        /// The first operand.
        left: Shape,
        /// The second operand.
        right: Shape,
    },
    /// Not a matrix.
    #[error("needs a matrix, got {shape}; reshape it to two dimensions")]
    NotMatrix {
        /// What it is.
        shape: Shape,
    },
    /// Class scores and class numbers do not belong together.
    #[error("needs scores [n, k] and class numbers [n], got {scores} and {classes}")]
    Classes {
        /// The shape of the scores.
        scores: Shape,
        /// The shape of the class numbers.
        classes: Shape,
    },
    /// Not a vector.
    #[error("needs a vector, got {shape}; reshape it to one dimension")]
    NotVector {
        /// What it is.
        shape: Shape,
    },
    /// A reshape that changes the number of values.
    #[error("cannot reshape {from} to {to}: {} values do not fit {}", from.elements(), to.elements())]
    Reshape {
        /// What it is.
        from: Shape,
        /// What was asked for.
        to: Shape,
    },
    /// An axis that is not there.
    #[error("{shape} has no axis {axis}; axes count from 0")]
    Axis {
        /// The axis asked for.
        axis: usize,
        /// The shape.
        shape: Shape,
    },
    /// Too many dimensions.
    #[error("{rank} dimensions are too many; a tensor has at most four")]
    Rank {
        /// How many.
        rank: usize,
    },
    /// A rate of dropout that leaves nothing, or is none.
    #[error("the rate of dropout is {rate}, but must be at least 0 and below 1")]
    Rate {
        /// The rate, as text.
        rate: String,
    },
    /// A width of the Huber loss that is none.
    #[error("delta is {delta}, but must be above 0 and finite")]
    Delta {
        /// The width, as text.
        delta: String,
    },
    /// A gradient of something that is not a number.
    #[error(
        "has shape {shape}, but only a single number has a gradient; take its mean or sum first"
    )]
    NotScalar {
        /// What it is.
        shape: Shape,
    },
}
