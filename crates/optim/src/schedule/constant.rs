//! The learning rate that stays as it is.
//!
//! ```text
//! ε_k = ε₀
//! ```

use thalweg_calls::{Argument, Arguments, CallError, Word};

use super::{Bounds, Curve};

/// 1 at every step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant;

impl Curve for Constant {
    const WORD: Word = Word { name: "constant", about: "ε_k = ε₀", parameters: &[] };

    fn read(_: &Arguments, _: Option<f64>) -> Result<Constant, CallError> {
        Ok(Constant)
    }

    fn write(&self) -> Vec<Argument> {
        Vec::new()
    }

    fn factor(&self, _k: u64) -> f64 {
        1.0
    }

    fn bounds(&self) -> Bounds {
        1.0..=1.0
    }
}
