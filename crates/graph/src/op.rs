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

    /// The gradient of Σ upstream ⊙ value by one of the operands, as nodes. `None` where it is zero
    /// wherever it exists.
    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient;

    /// Calculates the value.
    fn run<T: Element>(&self, run: Run<'_, T>);
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
    /// The value, to be written whole.
    pub value: &'a mut [T],
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
pub(crate) const MAX_OPERANDS: usize = 3;

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
    ln::Ln,
    relu::Relu,
    gate::Gate,
    tanh::Tanh,
    sigmoid::Sigmoid,
    softplus::Softplus,
    softmax::Softmax,
    cross_entropy::CrossEntropy,
    cross_entropy_gradient::CrossEntropyGradient,
    zero_one::ZeroOne,
    one_hot::OneHot,
    sum_to::SumTo,
    broadcast_to::BroadcastTo,
    reshape::Reshape,
    transpose::Transpose,
    dropout_mask::DropoutMask,
    optimizer::Optimizer,
}

pub(crate) use cross_entropy::classes;
pub use matmul::Transposed;
