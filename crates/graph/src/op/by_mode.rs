//! y = a in training and b in evaluation.
//!
//! ā = ȳ in training and 0 in evaluation, b̄ the other way round.

use super::{Gradient, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::{Element, Graph, Mode, Shape, Tensor};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ByMode;

impl Operation for ByMode {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (inputs[0], inputs[1]) {
            (a, b) if a == b => Ok(a),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    fn flops(&self, _inputs: &[Shape], _value: Shape) -> u64 {
        0
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let zero = graph.constant(0.0, graph.shape(at.upstream));
        match at.wanted {
            0 => graph.by_mode(at.upstream, zero),
            _ => graph.by_mode(zero, at.upstream),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        match run.options.mode {
            Mode::Training => run.zip(|a, _| a),
            Mode::Evaluation => run.zip(|_, b| b),
        }
    }
}

impl Graph {
    /// `training` where a run is for training, and `evaluation` where it is for measuring. Both are
    /// calculated in either case.
    ///
    /// # Errors
    ///
    /// If the shapes differ.
    pub fn by_mode(&mut self, training: Tensor, evaluation: Tensor) -> Result<Tensor, GraphError> {
        self.apply(ByMode, &[training, evaluation])
    }
}
