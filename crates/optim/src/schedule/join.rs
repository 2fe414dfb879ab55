//! Schedules one after another.
//!
//! ```text
//! join(s₀, a₁, s₁, a₂, s₂, …):   ε_k = s_i(k − a_i) · ε₀   for a_i ≤ k < a_(i+1),   a₀ = 0
//! ```
//!
//! Each schedule has a clock of its own that starts at 0, and the last one goes on for ever. This is
//! optax's `join_schedules` and PyTorch's `SequentialLR`: at a boundary the later schedule holds already.
//! The rate jumps there unless the schedules are chosen to meet.

use thalweg_calls::{
    Argument, Arguments, Call, CallError, Kind, Parameter, Value, Vocabulary, Word,
};

use super::{Curve, Schedule, schedule};

/// Schedules one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The step at which each schedule begins, rising from 0, and the schedule.
    pieces: Vec<(u64, Schedule)>,
}

impl Join {
    /// `first`, and from each step in `rest` on the schedule beside it.
    ///
    /// # Errors
    ///
    /// If the steps do not rise, or one is 0.
    pub fn new(
        first: Schedule,
        rest: impl IntoIterator<Item = (u64, Schedule)>,
    ) -> Result<Join, CallError> {
        let pieces: Vec<_> = std::iter::once((0, first)).chain(rest).collect();
        match pieces.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            None => Ok(Join { pieces }),
            Some(pair) => Err(CallError::new(format!(
                "join: step {} does not come after step {}; write the steps in rising order",
                pair[1].0, pair[0].0
            ))),
        }
    }
}

impl Curve for Join {
    const WORD: Word = Word {
        name: "join",
        about: "schedules one after another: join(first, step, second, step, third)",
        parameters: &[Parameter {
            name: "pieces",
            about: "a schedule, then steps and the schedules that begin there, each with its clock at 0",
            kind: Kind::List,
            default: thalweg_calls::Default::Required,
        }],
    };

    fn read(arguments: &Arguments, steps_per_epoch: Option<f64>) -> Result<Join, CallError> {
        let usage = || {
            CallError::new(
                "join: write a schedule, a step and the schedule from there on, as in join(constant, 100, linear(tau=50))",
            )
        };
        let piece = |value: &Value| match value {
            Value::Call(call) => schedule(call, steps_per_epoch),
            _ => Err(usage()),
        };
        let [first, rest @ ..] = arguments.list() else { return Err(usage()) };
        let (rest @ [_, ..], []) = rest.as_chunks::<2>() else { return Err(usage()) };
        let first = piece(first)?;
        let rest = rest
            .iter()
            .map(|[at, value]| Ok((boundary(at, steps_per_epoch)?, piece(value)?)))
            .collect::<Result<Vec<_>, CallError>>()?;
        Join::new(first, rest)
    }

    fn write(&self) -> Vec<Argument> {
        let unnamed = |value| Argument { name: None, value };
        let pieces = self.pieces.iter().flat_map(|(at, piece)| {
            [unnamed(Value::Number(*at as f64)), unnamed(Value::Call(piece.call()))]
        });
        // The first schedule begins at step 0, which is not written.
        pieces.skip(1).collect()
    }

    fn factor(&self, k: u64) -> f64 {
        let begun = self.pieces.partition_point(|(at, _)| *at <= k);
        let (at, piece) = &self.pieces[begun - 1];
        piece.factor(k - at)
    }
}

/// A boundary obeys the rules of any duration: it may be steps or epochs.
fn boundary(at: &Value, steps_per_epoch: Option<f64>) -> Result<u64, CallError> {
    static BOUNDARY: Word = Word {
        name: "join",
        about: "a boundary",
        parameters: &[Parameter::steps("at", "the step at which a schedule begins")],
    };
    static BOUNDARIES: Vocabulary = Vocabulary::new("schedule", &[&BOUNDARY]);
    let at = Argument { name: Some("at".to_owned()), value: at.clone() };
    let call = Call { name: BOUNDARY.name.to_owned(), arguments: vec![at] };
    BOUNDARIES.resolve(&call)?.steps("at", steps_per_epoch)
}
