//! The words that name optimizers, schedules, initialisers and surfaces: `adamw(lr=1e-3)`.
//!
//! The same text is read from the command line, from experiment files and from the page.
//!
//! ```text
//! call     = name [ "(" [ argument { "," argument } ] ")" ]
//! argument = [ name "=" ] ( number [ "epochs" ] | "true" | "false" | call )
//! ```
//!
//! [`Call`] is the text, parsed. A [`Vocabulary`] knows which words there are and which
//! [`Parameter`]s each one takes; [`Vocabulary::resolve`] checks a call against it and fills in the
//! defaults. The result, [`Arguments`], holds only values that are in range.
//!
//! ```
//! use thalweg_calls::{Call, Parameter, Range, Vocabulary, Word};
//!
//! static GRAVITY: Word = Word {
//!     name: "gravity",
//!     about: "a ball in a bowl",
//!     parameters: &[Parameter::number("lr", 0.1, Range::Positive, "step per unit of gradient")],
//! };
//! static RULES: Vocabulary = Vocabulary::new("rule", &[&GRAVITY]);
//!
//! let arguments = RULES.resolve(&"gravity(lr=0.5)".parse::<Call>()?)?;
//! assert_eq!(arguments.number("lr"), 0.5);
//!
//! let error = RULES.resolve(&"gravty".parse::<Call>()?).unwrap_err();
//! assert_eq!(error.to_string(), "unknown rule 'gravty': did you mean 'gravity'?");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod call;
mod vocabulary;

pub use call::{Argument, Call, SyntaxError, Value};
pub use vocabulary::{
    Arguments, CallError, Default, Kind, Parameter, Range, Vocabulary, Word, nearest,
};
