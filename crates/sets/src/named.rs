//! The sets people call by name.

use thalweg_calls::{Call, CallError, Parameter, Range, Vocabulary, Word};

use crate::Set;

/// The words for sets.
pub static SETS: Vocabulary = Vocabulary::new("set", &[&BOX, &BALL, &SIMPLEX]);

static BOX: Word = Word {
    name: "box",
    about: "each coordinate between two bounds",
    parameters: &[
        Parameter::number("low", -1.0, Range::Any, "the lower bound"),
        Parameter::number("high", 1.0, Range::Any, "the upper bound"),
    ],
};

static BALL: Word = Word {
    name: "ball",
    about: "at most so far from 0, ‖x‖₂ ≤ r",
    parameters: &[Parameter::number("radius", 1.0, Range::Positive, "r")],
};

static SIMPLEX: Word = Word {
    name: "simplex",
    about: "no coordinate below 0, and all of them together so much",
    parameters: &[Parameter::number("total", 1.0, Range::Positive, "the sum")],
};

/// The set that `call` names.
///
/// ```
/// let error = thalweg_sets::set(&"box(low=2, high=1)".parse()?).unwrap_err();
/// assert_eq!(error.to_string(), "box(low=2, high=1): low must be below high");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the word or an argument is unknown or out of range.
pub fn set(call: &Call) -> Result<Set, CallError> {
    let a = SETS.resolve(call)?;
    Ok(match a.name() {
        "box" => {
            let (low, high) = (a.number("low"), a.number("high"));
            if low >= high {
                return Err(CallError::new(format!("{call}: low must be below high")));
            }
            Set::Box { low, high }
        }
        "ball" => Set::Ball { radius: a.number("radius") },
        "simplex" => Set::Simplex { total: a.number("total") },
        name => unreachable!("the vocabulary has no set {name}"),
    })
}
