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
    /// Two lists of matrices that cannot be multiplied one by one.
    #[error("cannot multiply {left} by {right}: the sizes before the last two must be the same")]
    Leading {
        /// The left factors.
        left: Shape,
        /// The right factors.
        right: Shape,
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
    /// A table and numbers of its rows that do not belong together.
    #[error(
        "needs a table [rows, size] and numbers of at most three dimensions, got {table} and {numbers}"
    )]
    Table {
        /// The shape of the table.
        table: Shape,
        /// The shape of the numbers.
        numbers: Shape,
    },
    /// Not a sequence.
    #[error(
        "needs a sequence [batch, time, features], got {shape}; reshape it to three dimensions"
    )]
    NotSequence {
        /// What it is.
        shape: Shape,
    },
    /// The sums of gates and a state that do not belong together.
    #[error(
        "needs sums [batch, {gates} · hidden] and a state [batch, hidden], got {sums} and {state}"
    )]
    Gates {
        /// How many gates there are.
        gates: usize,
        /// The shape of the sums.
        sums: Shape,
        /// The shape of the state.
        state: Shape,
    },
    /// A parameter of a recurrence that does not fit.
    #[error("needs {name} of shape {expected}, got {got}")]
    Recurrence {
        /// What they are.
        name: &'static str,
        /// The shape that fits the sequence and the rows of the recurrent weights.
        expected: Shape,
        /// Theirs.
        got: Shape,
    },
    /// Queries, keys and values that do not divide into heads.
    #[error(
        "cannot divide the last size of {shape} into queries, keys and values of {heads} heads"
    )]
    Heads {
        /// Their shape.
        shape: Shape,
        /// How many heads.
        heads: usize,
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
    /// A stretch that does not lie within an axis.
    #[error("cannot slice {start}..{end} of axis {axis} of {shape}")]
    Range {
        /// The first part.
        start: usize,
        /// The part after the last.
        end: usize,
        /// The axis.
        axis: usize,
        /// The shape.
        shape: Shape,
    },
    /// Two tensors that cannot lie behind each other.
    #[error("cannot join {left} and {right} along axis {axis}: all other sizes must be the same")]
    Join {
        /// The first operand.
        left: Shape,
        /// The one that does not fit it.
        right: Shape,
        /// The axis.
        axis: usize,
    },
    /// No operand at all.
    #[error("needs at least one tensor")]
    Nothing,
    /// An order of axes that is none.
    #[error("{axes:?} does not name each axis of {shape} once")]
    Permutation {
        /// The axes, in the order asked for.
        axes: Box<[usize]>,
        /// The shape.
        shape: Shape,
    },
    /// Not images.
    #[error("needs images [n, height, width, channels], got {shape}")]
    NotImages {
        /// What it is.
        shape: Shape,
    },
    /// Not sequences.
    #[error("needs sequences [n, length, channels], got {shape}")]
    NotSequences {
        /// What it is.
        shape: Shape,
    },
    /// Not the weights of a convolution.
    #[error(
        "needs weights [(kernel height,) kernel length, channels / groups, outputs], got {shape}"
    )]
    NotKernels {
        /// What it is.
        shape: Shape,
    },
    /// Images and weights of a convolution do not belong together.
    #[error(
        "cannot convolve {images} with {weights} in {groups} groups: the weights need channels / groups in \
         place of {}, and the groups must divide the outputs",
        weights.sizes()[2]
    )]
    Groups {
        /// The images.
        images: Shape,
        /// The weights.
        weights: Shape,
        /// The groups.
        groups: usize,
    },
    /// A window that is none.
    #[error(
        "windows of size {size:?}, stride {stride:?} and dilation {dilation:?} are none: each number must \
         be at least 1"
    )]
    Window {
        /// The size, down and across.
        size: [usize; 2],
        /// The stride.
        stride: [usize; 2],
        /// The dilation.
        dilation: [usize; 2],
    },
    /// A window that is larger than what it goes over.
    #[error("a window of {extent:?} does not fit an image that is {padded:?} with its padding")]
    Fit {
        /// The size of the window, with gaps, down and across.
        extent: [usize; 2],
        /// The size of the image, with padding.
        padded: [usize; 2],
    },
    /// A window that sees nothing.
    #[error(
        "a window of {size:?} may see nothing but padding {padding:?}: the padding must be less than the \
         window, and the image not empty"
    )]
    Margin {
        /// The size of the window, down and across.
        size: [usize; 2],
        /// The padding before and behind, down and across.
        padding: [[usize; 2]; 2],
    },
    /// Bounds between which nothing lies.
    #[error("cannot clamp between {low} and {high}: the first must not be above the second")]
    Bounds {
        /// The lower bound, as text.
        low: String,
        /// The upper bound, as text.
        high: String,
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
    /// What is added to a variance, if that is nothing.
    #[error("epsilon is {epsilon}, but must be above 0 and finite")]
    Epsilon {
        /// What it is, as text.
        epsilon: String,
    },
    /// A width of the Huber loss that is none.
    #[error("delta is {delta}, but must be above 0 and finite")]
    Delta {
        /// The width, as text.
        delta: String,
    },
    /// A list of tensors is not as long as the one it goes with.
    #[error("{expected} tensors go with {given} vectors; give one vector for each, in order")]
    Count {
        /// How many tensors there are.
        expected: usize,
        /// How many were given to go with them.
        given: usize,
    },
    /// A vector has not the shape of the tensor it goes with.
    #[error("{tensor} has shape {shape}, but its vector has shape {vector}; reshape the vector")]
    Vector {
        /// The name of the tensor.
        tensor: Box<str>,
        /// Its shape.
        shape: Shape,
        /// The shape of the vector.
        vector: Shape,
    },
    /// A value for something that training does not assign to.
    #[error(
        "cannot assign to '{name}': it is no statistic, which only a parameter of that role is"
    )]
    NotStatistic {
        /// The name of the node.
        name: String,
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
