//! Schedules one after another.
//!
//! ```text
//! join(s₀, a₁, s₁, a₂, s₂, …):   ε_k = s_i(k − a_i) · ε₀   for a_i ≤ k < a_(i+1),   a₀ = 0
//! ```
//!
//! Each schedule has a clock of its own that starts at 0, and the last one goes on for ever. This is
//! optax's `join_schedules` and PyTorch's `SequentialLR`: at a boundary the later schedule holds already.
//! The rate jumps there unless the schedules are chosen to meet.

use thalweg_calls::{Argument, Arguments, CallError, Value, Word};

use super::pieces::{self, Pieces};
use super::{Bounds, Curve, Schedule, schedule, union};

/// Schedules one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The step at which each schedule begins, rising from 0, and the schedule.
    pieces: Pieces<Schedule>,
}

impl Join {
    /// `first`, and from each step in `rest` on the schedule beside it.
    ///
    /// # Errors
    ///
    /// If the steps do not rise, one is 0, or more than one schedule has a plateau.
    pub fn new(
        first: Schedule,
        rest: impl IntoIterator<Item = (u64, Schedule)>,
    ) -> Result<Join, CallError> {
        let pieces = pieces::rising("join", first, rest)?;
        if pieces.iter().filter(|(_, piece)| piece.plateau().is_some()).count() > 1 {
            return Err(CallError::new("join: a schedule can have only one plateau; leave one"));
        }
        Ok(Join { pieces })
    }
}

impl Curve for Join {
    const WORD: Word = Word {
        name: "join",
        about: "schedules one after another: join(first, step, second, step, third)",
        parameters: &[pieces::parameter(
            "a schedule, then steps and the schedules that begin there, each with its clock at 0",
        )],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Join, CallError> {
        let usage = || {
            CallError::new(
                "join: write a schedule, a step and the schedule from there on, as in join(constant, 100, linear(tau=50))",
            )
        };
        let (first, rest) = pieces::read(arguments, steps_per_epoch, usage, |value| match value {
            Value::Call(call) => schedule(call, steps_per_epoch),
            _ => Err(usage()),
        })?;
        Join::new(first, rest)
    }

    fn write(&self) -> Vec<Argument> {
        pieces::write(&self.pieces, |piece| Value::Call(piece.call()))
    }

    fn factor(&self, k: u64) -> f64 {
        let (at, piece) = &self.pieces[pieces::at(&self.pieces, k)];
        piece.factor(k - at)
    }

    fn bounds(&self) -> Bounds {
        let pieces = self.pieces.iter().map(|(_, piece)| piece.extremes());
        pieces.reduce(union).expect("a list has a first piece")
    }

    fn parts(&self) -> Vec<&Schedule> {
        self.pieces.iter().map(|(_, piece)| piece).collect()
    }
}
