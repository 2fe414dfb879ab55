//! The judge of plans: every node in the order it was made, each into memory of its own.

use std::collections::HashMap;

use super::sums::{Sum, sums};
use crate::op::{Op, Operand, Operation, Run, Values};
use crate::{Element, Graph, Parameters, RunOptions, Tensor};

/// The values of all nodes.
pub(crate) fn evaluate<T: Element>(
    graph: &Graph,
    inputs: &HashMap<Tensor, Vec<T>>,
    parameters: &Parameters<T>,
    options: RunOptions,
) -> Vec<Vec<T>> {
    let sums = sums(graph);
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
                let run = |inputs: &[Operand<'_, T>], adds, value: &mut [T]| {
                    let prepared = &prepared[..];
                    op.run(Run { inputs, shape, prepared, first_row: 0, value, adds, options });
                };
                match &sums[tensor.0] {
                    Some(sum) => summed(sum, &operands, &mut value, run),
                    None => run(&operands, false, &mut value),
                }
            }
        }
        values.push(value);
    }
    values
}

/// A sum over rows, part by part and group by group.
fn summed<T: Element>(
    sum: &Sum,
    operands: &[Operand<'_, T>],
    value: &mut [T],
    run: impl Fn(&[Operand<'_, T>], bool, &mut [T]),
) {
    let parts_of_group = sum.cut.parts / sum.cut.groups;
    let mut of_group = vec![T::constant(f64::NAN); value.len()];
    for part in 0..sum.cut.parts {
        let operands = operands.iter().zip(sum.along).map(|(operand, along)| {
            let Operand { shape, .. } = *operand;
            let length = shape.elements() / sum.cut.parts;
            let rows = shape.with_size(0, shape.sizes()[0] / sum.cut.parts);
            match along {
                true => Operand {
                    shape: rows,
                    values: Values::Each(&operand.each()[part * length..][..length]),
                },
                false => *operand,
            }
        });
        run(&operands.collect::<Vec<_>>(), part % parts_of_group > 0, &mut of_group);
        match part + 1 {
            end if end == parts_of_group => value.copy_from_slice(&of_group),
            end if end % parts_of_group == 0 => {
                value.iter_mut().zip(&of_group).for_each(|(value, more)| *value = *value + *more);
            }
            _ => {}
        }
    }
}
