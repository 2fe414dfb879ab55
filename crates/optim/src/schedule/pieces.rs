//! Lists of pieces and the steps at which they begin: `join(first, step, second, step, third)`.

use thalweg_calls::{
    Argument, Arguments, Call, CallError, Kind, Parameter, Value, Vocabulary, Word,
};

/// The pieces, with the step at which each begins, rising from 0.
pub(super) type Pieces<T> = Vec<(u64, T)>;

/// The one parameter of a word that takes such a list.
pub(super) const fn parameter(about: &'static str) -> Parameter {
    Parameter { name: "pieces", about, kind: Kind::List, default: thalweg_calls::Default::Required }
}

/// `first`, and from each step in `rest` on the piece beside it; `word` stands before an error.
pub(super) fn rising<T>(
    word: &str,
    first: T,
    rest: impl IntoIterator<Item = (u64, T)>,
) -> Result<Pieces<T>, CallError> {
    let pieces: Pieces<T> = std::iter::once((0, first)).chain(rest).collect();
    match pieces.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        None => Ok(pieces),
        Some(pair) => Err(CallError::new(format!(
            "{word}: step {} does not come after step {}; write the steps in rising order",
            pair[1].0, pair[0].0
        ))),
    }
}

/// The first piece and the others with their steps, as they are written. `piece` knows what a piece is,
/// and `usage` is the error for anything that is no list of pieces.
pub(super) fn read<T>(
    arguments: &Arguments,
    steps_per_epoch: Option<f64>,
    usage: impl Fn() -> CallError,
    piece: impl Fn(&Value) -> Result<T, CallError>,
) -> Result<(T, Pieces<T>), CallError> {
    let [first, rest @ ..] = arguments.list() else { return Err(usage()) };
    let (rest @ [_, ..], []) = rest.as_chunks::<2>() else { return Err(usage()) };
    let first = piece(first)?;
    let rest = rest
        .iter()
        .map(|[at, value]| Ok((boundary(arguments.name(), at, steps_per_epoch)?, piece(value)?)))
        .collect::<Result<_, CallError>>()?;
    Ok((first, rest))
}

pub(super) fn write<T>(pieces: &Pieces<T>, value: impl Fn(&T) -> Value) -> Vec<Argument> {
    let unnamed = |value| Argument { name: None, value };
    let written = pieces
        .iter()
        .flat_map(|(at, piece)| [unnamed(Value::Number(*at as f64)), unnamed(value(piece))]);
    // The first piece begins at step 0, which is not written.
    written.skip(1).collect()
}

/// The place in `pieces` of the one that holds at step `k`.
pub(super) fn at<T>(pieces: &Pieces<T>, k: u64) -> usize {
    pieces.partition_point(|(at, _)| *at <= k) - 1
}

/// A boundary obeys the rules of any duration: it may be steps or epochs.
fn boundary(word: &str, at: &Value, steps_per_epoch: Option<f64>) -> Result<u64, CallError> {
    const fn of(name: &'static str) -> Word {
        const AT: &[Parameter] = &[Parameter::steps("at", "the step at which a piece begins")];
        Word { name, about: "a boundary", parameters: AT }
    }
    static BOUNDARIES: Vocabulary =
        Vocabulary::new("schedule", &[&of("join"), &of("piecewise"), &of("piecewise_linear")]);
    let at = Argument { name: Some("at".to_owned()), value: at.clone() };
    let call = Call { name: word.to_owned(), arguments: vec![at] };
    BOUNDARIES.resolve(&call)?.steps("at", steps_per_epoch)
}
