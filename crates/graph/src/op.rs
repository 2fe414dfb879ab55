//! The operations. Each one is a file: its formula, shape rule, kernel and gradient.

#[cfg(test)]
mod tests;

use crate::error::{GraphError, Problem};
use crate::{Element, Graph, RunOptions, Shape, Tensor, kernel};

/// What a file of this folder says of its operation.
pub(crate) trait Operation {
    /// Whether the value may be written over an operand that has its shape. The kernel then finds
    /// [`Values::Here`] in place of that operand.
    const IN_PLACE: bool = false;

    /// The shape of the value.
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem>;

    /// Where rows i to j of the value (parts of its first dimension) need nothing but rows i to j of some
    /// operands and all of the others: which operands give rows. [`Operation::run`] may then be asked for
    /// some of the rows, with operands of as many rows. `None` where the value must be made in one.
    fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
        if Self::IN_PLACE { elementwise_rows(inputs) } else { None }
    }

    /// Where the value is a sum over the rows of some operands, and so not made row by row: which ones.
    /// These have as many rows as each other. [`Operation::run`] may then be given some of them at a time, with the
    /// shape of the whole value, and be asked to add their sum to it ([`Run::adds`]). It may want nothing prepared.
    fn sums_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        None
    }

    /// How many floating-point operations make the value: those of its formula, a function of one number
    /// such as exp counted as one, moving and selecting values as none. One for each element where the
    /// operation says nothing else.
    fn flops(&self, _inputs: &[Shape], value: Shape) -> u64 {
        value.elements() as u64
    }

    /// How many rows make a block worth its while, even where they do not fit the cache together: many,
    /// where a block reads much that is not rows over and over, such as recurrent weights.
    fn rows_at_least(&self, _inputs: &[Shape]) -> usize {
        1
    }

    /// How many values of memory the operation wants for what it makes once of operands that all rows need,
    /// such as weights that are rearranged, before it makes rows.
    fn prepared<T: Element>(&self, _inputs: &[Shape], _value: Shape) -> usize {
        0
    }

    /// Makes that. Of the operands that give rows there are none.
    fn prepare<T: Element>(&self, _inputs: &[Operand<'_, T>], _prepared: &mut [T]) {}

    /// The gradient of Σ upstream ⊙ value by one of the operands, as nodes. `None` where it is zero
    /// wherever it exists.
    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient;

    /// Calculates the value.
    fn run<T: Element>(&self, run: Run<'_, T>);
}

/// Of which operands an operation takes as many rows as it makes.
pub(crate) type Along = [bool; MAX_OPERANDS];

/// The rows of an elementwise operation under broadcasting: those of the operands that have as many
/// dimensions as the value, and as many rows.
pub(crate) fn elementwise_rows(inputs: &[Shape]) -> Option<Along> {
    let value = inputs.iter().try_fold(Shape::SCALAR, |value, &x| value.broadcast(x)).ok()?;
    let mut along = [false; MAX_OPERANDS];
    for (along, x) in along.iter_mut().zip(inputs) {
        *along = x.rank() == value.rank() && x.sizes().first() == value.sizes().first();
    }
    (value.rank() > 0).then_some(along)
}

/// A gradient as a node, or `None` for zero.
pub(crate) type Gradient = Result<Option<Tensor>, GraphError>;

/// Where a gradient is taken.
pub(crate) struct Site<'a> {
    /// The operands.
    pub inputs: &'a [Tensor],
    /// The value.
    pub value: Tensor,
    /// The gradient of the loss by the value.
    pub upstream: Tensor,
    /// The operand by which the gradient is wanted.
    pub wanted: usize,
}

/// One calculation of an operation: where its operands are and where its value goes.
pub(crate) struct Run<'a, T> {
    /// The operands.
    pub inputs: &'a [Operand<'a, T>],
    /// The shape of the value.
    pub shape: Shape,
    /// What [`Operation::prepare`] made.
    pub prepared: &'a [T],
    /// The place of the first row among those of the whole value; 0 where the value is made in one.
    pub first_row: usize,
    /// The value, to be written whole.
    pub value: &'a mut [T],
    /// Whether to add to the value instead, of an operation that sums rows.
    pub adds: bool,
    /// What differs from run to run.
    pub options: RunOptions,
}

impl<T: Element> Run<'_, T> {
    /// value ← f(x), elementwise.
    pub(crate) fn map(self, f: impl Fn(T) -> T + Copy) {
        kernel::map(self.inputs[0].values, self.value, f);
    }

    /// value ← f(a, b), elementwise under broadcasting.
    pub(crate) fn zip(self, f: impl Fn(T, T) -> T + Copy) {
        kernel::zip(self.inputs[0], self.inputs[1], self.shape, self.value, f);
    }

    /// Calls `row` for each row along the last axis, with those of the first operands, which have the shape
    /// of the value, and that of the value, in the widest vectors there are.
    #[inline(always)]
    pub(crate) fn rows<const N: usize>(self, row: impl Fn([&[T]; N], &mut [T])) {
        let columns = self.shape.sizes()[self.shape.rank() - 1];
        let operands: [&[T]; N] = std::array::from_fn(|i| self.inputs[i].each());
        kernel::for_rows(
            self.value,
            columns,
            #[inline(always)]
            |i, value| row(operands.map(|x| &x[i * columns..][..columns]), value),
        );
    }
}

/// An operand of a kernel.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a, T> {
    pub shape: Shape,
    pub values: Values<'a, T>,
}

/// Where the values of an operand are.
#[derive(Clone, Copy)]
pub(crate) enum Values<'a, T> {
    /// In a slice of their own.
    Each(&'a [T]),
    /// In the output, which is to be written over them.
    Here,
}

impl<'a, T> Operand<'a, T> {
    /// The values, of an operation that is never calculated in place.
    pub(crate) fn each(&self) -> &'a [T] {
        match self.values {
            Values::Each(values) => values,
            Values::Here => unreachable!("only operations that allow it are calculated in place"),
        }
    }
}

/// The most operands that a kernel has.
pub(crate) const MAX_OPERANDS: usize = 4;

/// [`Operation::by_rows`] of an operation along the last axis of all its operands, which have the same
/// shape: it goes by rows but where that axis is the only one.
fn over_last_axis(shape: Shape) -> Option<Along> {
    (shape.rank() > 1).then_some([true; MAX_OPERANDS])
}

macro_rules! operations {
    ($($file:ident :: $Operation:ident),* $(,)?) => {
        $(mod $file; pub(crate) use $file::$Operation;)*

        /// An operation of a node.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Op { $($Operation($Operation)),* }

        $(impl From<$Operation> for Op {
            fn from(operation: $Operation) -> Op { Op::$Operation(operation) }
        })*

        impl Op {
            /// The names of all operations.
            #[cfg(test)]
            pub(crate) const NAMES: &[&str] = &[$(stringify!($file)),*];

            /// The name, which is that of the file.
            pub(crate) fn name(&self) -> &'static str {
                match self { $(Op::$Operation(_) => stringify!($file)),* }
            }

            /// [`Operation::IN_PLACE`]
            pub(crate) fn in_place(&self) -> bool {
                match self { $(Op::$Operation(_) => $Operation::IN_PLACE),* }
            }
        }

        impl Operation for Op {
            fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
                match self { $(Op::$Operation(operation) => operation.shape(inputs)),* }
            }

            fn by_rows(&self, inputs: &[Shape]) -> Option<Along> {
                match self { $(Op::$Operation(operation) => operation.by_rows(inputs)),* }
            }

            fn sums_rows(&self, inputs: &[Shape]) -> Option<Along> {
                match self { $(Op::$Operation(operation) => operation.sums_rows(inputs)),* }
            }

            fn flops(&self, inputs: &[Shape], value: Shape) -> u64 {
                match self { $(Op::$Operation(operation) => operation.flops(inputs, value)),* }
            }

            fn rows_at_least(&self, inputs: &[Shape]) -> usize {
                match self { $(Op::$Operation(operation) => operation.rows_at_least(inputs)),* }
            }

            fn prepared<T: Element>(&self, inputs: &[Shape], value: Shape) -> usize {
                match self { $(Op::$Operation(operation) => operation.prepared::<T>(inputs, value)),* }
            }

            fn prepare<T: Element>(&self, inputs: &[Operand<'_, T>], prepared: &mut [T]) {
                match self { $(Op::$Operation(operation) => operation.prepare(inputs, prepared)),* }
            }

            fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
                match self { $(Op::$Operation(operation) => operation.gradient(graph, at)),* }
            }

            fn run<T: Element>(&self, run: Run<'_, T>) {
                match self { $(Op::$Operation(operation) => operation.run(run)),* }
            }
        }
    };
}

operations! {
    input::Input,
    parameter::Parameter,
    constant::Constant,
    matmul::MatMul,
    add::Add,
    sub::Sub,
    mul::Mul,
    div::Div,
    neg::Neg,
    abs::Abs,
    sign::Sign,
    square::Square,
    sqrt::Sqrt,
    exp::Exp,
    exp_m1::ExpM1,
    erf::Erf,
    gelu::Gelu,
    gelu_gradient::GeluGradient,
    ln::Ln,
    max::Max,
    min::Min,
    clamp::Clamp,
    relu::Relu,
    gate::Gate,
    tanh::Tanh,
    sigmoid::Sigmoid,
    softplus::Softplus,
    softmax::Softmax,
    softmax_gradient::SoftmaxGradient,
    log_softmax::LogSoftmax,
    layer_norm::LayerNorm,
    affine_layer_norm::AffineLayerNorm,
    layer_norm_gradient::LayerNormGradient,
    layer_norm_scale_gradient::LayerNormScaleGradient,
    rms_norm::RmsNorm,
    rms_norm_gradient::RmsNormGradient,
    attention::Attention,
    attention_gradient::AttentionGradient,
    causal_mask::CausalMask,
    lstm_tape::LstmTape,
    lstm_gradient::LstmGradient,
    lstm_tangent::LstmTangent,
    lstm_curvature::LstmCurvature,
    embedding::Embedding,
    embedding_gradient::EmbeddingGradient,
    gather::Gather,
    scatter::Scatter,
    cross_entropy::CrossEntropy,
    cross_entropy_gradient::CrossEntropyGradient,
    zero_one::ZeroOne,
    one_hot::OneHot,
    sum_to::SumTo,
    broadcast_to::BroadcastTo,
    moments::Moments,
    by_mode::ByMode,
    reshape::Reshape,
    permute::Permute,
    slice::Slice,
    pad::Pad,
    concat::Concat,
    conv2d::Conv2d,
    conv2d_weights_gradient::Conv2dWeightsGradient,
    conv2d_input_gradient::Conv2dInputGradient,
    max_pool2d::MaxPool2d,
    max_pool2d_gradient::MaxPool2dGradient,
    average_pool2d::AveragePool2d,
    average_pool2d_gradient::AveragePool2dGradient,
    dropout_mask::DropoutMask,
    normal_noise::NormalNoise,
    optimizer::Optimizer,
}

pub(crate) use cross_entropy::classes;
pub use matmul::Transposed;
