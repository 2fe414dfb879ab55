//! The learning rate that theory has for a sequence, where a call has none.
//!
//! ```text
//! sgd                   D/(G√t)       Zinkevich 2003, theorem 1
//! adagrad               D∞/√2         Duchi, Hazan & Singer 2011, theorem 5
//! adam and its kind     D∞/√(2t)      AdaGrad's: its √r grows like √t, that of a mean does not
//! ```
//!
//! 1/√t is the schedule `noam(warmup=1)`. All others keep the rate that they have anywhere.

use thalweg_calls::{Call, CallError};
use thalweg_online::Sequence;
use thalweg_optim::OPTIMIZERS;

use super::lr;

/// Rules that divide by the root of a mean of squares.
const ADAPTIVE: [&str; 9] =
    ["rmsprop", "adam", "adamw", "amsgrad", "adamax", "nadam", "radam", "adabelief", "yogi"];

/// The schedule 1/√t.
const ROOT: &str = "noam(warmup=1)";

/// The call, with a learning rate.
pub(super) fn with_rate(call: &Call, sequence: &dyn Sequence) -> Result<Call, CallError> {
    OPTIMIZERS.resolve(call)?;
    let has = |name: &str| call.arguments.iter().any(|a| a.name.as_deref() == Some(name));
    // What has no name is in the place of the rate.
    if has("lr") || has("schedule") || call.arguments.iter().any(|a| a.name.is_none()) {
        return Ok(call.clone());
    }
    let (n, set) = (sequence.dimension(), sequence.set());
    let adaptive = set.width(n) / 2f64.sqrt();
    let rate = match call.name.as_str() {
        "sgd" => lr(set.diameter(n) / sequence.steepest(), Some(ROOT)),
        "adagrad" => lr(adaptive, None),
        name if ADAPTIVE.contains(&name) => lr(adaptive, Some(ROOT)),
        _ => return Ok(call.clone()),
    };
    let mut call = call.clone();
    call.arguments.insert(0, rate);
    Ok(call)
}
