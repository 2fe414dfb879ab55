//! The judge of plans: every node in the order it was made, each into memory of its own.

use std::collections::HashMap;

use crate::op::{Op, Operand, Operation, Run, Values};
use crate::{Element, Graph, Parameters, RunOptions, Tensor};

/// The values of all nodes.
pub(crate) fn evaluate<T: Element>(
    graph: &Graph,
    inputs: &HashMap<Tensor, Vec<T>>,
    parameters: &Parameters<T>,
    options: RunOptions,
) -> Vec<Vec<T>> {
    let mut values: Vec<Vec<T>> = Vec::new();
    for (tensor, node) in graph.nodes() {
        let mut value = vec![T::constant(f64::NAN); node.shape().elements()];
        match &node.op {
            Op::Input(_) => value.copy_from_slice(&inputs[&tensor]),
            Op::Parameter(_) => value.copy_from_slice(parameters.get(node.name()).unwrap()),
            Op::Optimizer(_) => {}
            op => {
                let operand = |&input: &Tensor| Operand {
                    shape: graph.shape(input),
                    values: Values::Each(&values[input.0]),
                };
                let operands: Vec<_> = node.inputs().iter().map(operand).collect();
                let shape = node.shape();
                let shapes: Vec<_> = operands.iter().map(|operand| operand.shape).collect();
                let mut prepared = vec![T::constant(f64::NAN); op.prepared::<T>(&shapes, shape)];
                op.prepare(&operands, &mut prepared);
                let (inputs, prepared, value) = (&operands[..], &prepared[..], &mut value[..]);
                op.run(Run { inputs, shape, prepared, first_row: 0, value, options });
            }
        }
        values.push(value);
    }
    values
}
