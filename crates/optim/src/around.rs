//! What goes around an optimizer, and is one.
//!
//! ```text
//! groups      each group of parameters has its own        freeze      leaves them as they are for a while
//! lookahead   slow weights follow fast ones                ema, swa    averages of the weights beside them
//! sam         the gradient from a worse point nearby       accumulate  one step for several gradients
//! project     the parameters stay in a convex set
//! ```
//!
//! Each is a struct around `Box<dyn Optimizer<T>>`, changes what its file says, and hands everything else on
//! to what it is around. So they go around each other:
//!
//! ```
//! use thalweg_optim::Optimizer;
//!
//! let call = "ema(lookahead(adamw(lr=1e-3)), decay=0.99)".parse()?;
//! let optimizer = thalweg_optim::optimizer::<f32>(&call, None)?;
//! assert_eq!(optimizer.chain(), "Ema(Lookahead(Adam → Decay → Scale))");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What they remember lies beside the slots of the rules: `layer1/weights.ema.average`, and numbers of the
//! whole, `@ema.steps`. One that stands inside another of its kind keeps its names, and the outer one has
//! `ema2`. The formula is that of the rules inside, and of a projection behind them.
//!
//! None but the first step allocates memory.

mod accumulate;
mod average;
mod ema;
mod evaluation;
mod freeze;
mod groups;
mod lookahead;
mod places;
mod plateau;
mod project;
mod sam;
mod swa;

pub use accumulate::Accumulate;
pub use ema::Ema;
pub use evaluation::Evaluation;
pub use freeze::{Freeze, Frozen};
pub use groups::{Groups, NoSuchGroup};
pub use lookahead::Lookahead;
pub use plateau::OnPlateau;
pub use project::Project;
pub use sam::Sam;
pub use swa::Swa;

use crate::{Optimizer, Outcome, StepInfo, Stored};

/// The methods that a wrapper hands on to its `inner` unchanged.
macro_rules! hands_on {
    ($($method:ident)+) => { $(crate::around::hands_on!(@ $method);)+ };
    (@ probe) => {
        fn probe(&mut self, segments: &mut dyn Segments<T>) -> Result<bool, StepError> {
            self.inner.probe(segments)
        }
    };
    (@ flush) => {
        fn flush(
            &mut self,
            segments: &mut dyn Segments<T>,
            around: &Around,
        ) -> Result<Option<StepInfo>, StepError> {
            self.inner.flush(segments, around)
        }
    };
    (@ check) => {
        fn check(&self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
            self.inner.check(segments)
        }
    };
    (@ moved) => {
        fn moved(&mut self, segments: &mut dyn Segments<T>) {
            self.inner.moved(segments);
        }
    };
    (@ measured) => {
        fn measured(&mut self, measure: f64) {
            self.inner.measured(measure);
        }
    };
    (@ steps) => {
        fn steps(&self) -> u64 {
            self.inner.steps()
        }
    };
    (@ to_iterate) => {
        fn to_iterate(&self, segments: &mut dyn Segments<T>) {
            self.inner.to_iterate(segments);
        }
        fn looks_ahead(&self) -> bool {
            self.inner.looks_ahead()
        }
    };
    (@ observe) => {
        fn observe(&mut self, observe: crate::Observe) {
            self.inner.observe(observe);
        }
    };
    (@ parts) => {
        fn parts(&self) -> Vec<crate::Part> {
            self.inner.parts()
        }
    };
    (@ measures_first) => {
        fn measures_first(&self) -> bool {
            self.inner.measures_first()
        }
    };
    (@ non_finite) => {
        fn non_finite(&self) -> crate::NonFinite {
            self.inner.non_finite()
        }
    };
    (@ is_frozen) => {
        fn is_frozen(&self) -> bool {
            self.inner.is_frozen()
        }
    };
    (@ state_bytes) => {
        fn state_bytes(&self, shape: &[usize]) -> u64 {
            self.inner.state_bytes(shape)
        }
    };
    (@ step_bytes) => {
        fn step_bytes(&self) -> f64 {
            self.inner.step_bytes()
        }
    };
    (@ formula) => {
        fn formula(&self) -> String {
            self.inner.formula()
        }
        fn latex(&self) -> String {
            self.inner.latex()
        }
        fn expressions(
            &self,
            segments: &mut dyn Segments<T>,
        ) -> Result<Vec<crate::Expression>, StepError> {
            self.inner.expressions(segments)
        }
    };
}
use hands_on;

/// What a wrapper called `word` names its slots: another name than each one inside has.
fn own_name<T: Stored>(word: &str, inner: &dyn Optimizer<T>) -> String {
    match inner.wraps(word) {
        0 => word.to_owned(),
        inside => format!("{word}{}", inside + 1),
    }
}

/// What is known of a call in which no step was taken.
fn no_step(step: u64, outcome: Outcome, skipped: u64) -> StepInfo {
    StepInfo {
        step,
        outcome,
        learning_rate: 0.0,
        gradient_norm: None,
        non_finite: 0,
        skipped,
        norms: None,
        rates: None,
    }
}

/// Bytes of one number for each coordinate of a tensor.
fn bytes_of<X>(shape: &[usize]) -> u64 {
    (size_of::<X>() * shape.iter().product::<usize>()) as u64
}
