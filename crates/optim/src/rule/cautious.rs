//! Cautious updates: a coordinate moves only where update and gradient agree.
//!
//! ```text
//! u ← u ⊙ [u ⊙ g > 0]
//! ```
//!
//! Liang, Chen, Liu & Liu 2024, *Cautious optimizers*, Algorithm 1, <https://arxiv.org/abs/2411.16085>. What
//! is left is scaled up by [`CautiousScale`](crate::tensor::CautiousScale), which counts over the tensor.

use super::{Link, Remembered, Rule, Step, Update, Wants};
use crate::Lane;

/// Masks what a rule makes of the gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Cautious<A> {
    /// The rule, which gets the gradient.
    pub rule: A,
    /// Whether the mask is on; off, it changes nothing.
    pub on: bool,
}

/// `rule` with the mask.
pub fn cautious<A: Rule>(rule: A) -> Cautious<A> {
    Cautious { rule, on: true }
}

impl<A: Rule> Rule for Cautious<A> {
    type Slots<V: Lane> = A::Slots<V>;

    fn slots(&self) -> Vec<Remembered> {
        self.rule.slots()
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, A::Slots<V>> {
        let rule = self.rule.at::<V>(step);
        // By signs, since products of small numbers are 0. Nothing is below −∞, so that one loop serves both.
        let agreement = V::constant(if self.on { 0.5 } else { f64::NEG_INFINITY });
        let zero = V::constant(0.0);
        #[inline(always)]
        move |θ, g, slots| {
            let u = rule(θ, g, slots);
            agreement.if_greater(u.sign() * g.sign(), zero, u)
        }
    }

    const NUMBERS: usize = A::NUMBERS;

    fn numbers(&self) -> Vec<(&'static str, f64)> {
        self.rule.numbers()
    }

    fn advance(&self, step: Step, numbers: &mut [f64]) {
        self.rule.advance(step, numbers);
    }

    fn wants(&self) -> Wants {
        self.rule.wants()
    }

    fn learning_rate(&self, step: Step) -> f64 {
        self.rule.learning_rate(step)
    }

    fn names(&self) -> Vec<&'static str> {
        let own = self.on.then_some("Cautious");
        self.rule.names().into_iter().chain(own).collect()
    }
}

impl<A: Link> Link for Cautious<A> {}
