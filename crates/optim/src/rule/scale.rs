//! The learning rate: the last rule of most chains, and all there is to stochastic gradient descent.
//!
//! ```text
//! u ← ε_k u
//! ```
//!
//! Alone it is SGD, θ ← θ − εg (Robbins & Monro 1951; lecture, "Stochastic Gradient Descent").
//! ε_k = ε · s(k), where s is a [`Schedule`](crate::schedule::Schedule) and k counts steps from 0.

use super::{Link, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Multiplies by the learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// ε, the learning rate; from 0.
    pub lr: Hyper,
}

/// A learning rate, which a schedule may move.
pub fn scale(lr: impl Into<Hyper>) -> Scale {
    Scale { lr: lr.into() }
}

impl Rule for Scale {
    type Slots<V: Lane> = ();

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, ()> {
        let ε = V::letter("ε", self.learning_rate(step));
        #[inline(always)]
        move |_θ, u, ()| ε * u
    }

    fn learning_rate(&self, step: Step) -> f64 {
        step.rate * self.lr.at(step)
    }
}

impl Link for Scale {}
