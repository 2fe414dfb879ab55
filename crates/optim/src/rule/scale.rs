//! The learning rate: the last rule of most chains, and all there is to stochastic gradient descent.
//!
//! ```text
//! u ← ε_k u
//! ```
//!
//! Alone it is SGD, θ ← θ − εg (Robbins & Monro 1951; lecture, "Stochastic Gradient Descent").
//! ε_k = ε · s(k), where s is a [`Schedule`] and k counts steps from 0.

use super::{Link, Rule, Step, Update};
use crate::Lane;
use crate::schedule::{Constant, Schedule};

/// Multiplies by the learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// ε, the learning rate before the schedule; from 0.
    pub lr: f64,
    /// How it moves.
    pub schedule: Schedule,
}

/// A learning rate that stays.
pub fn scale(lr: f64) -> Scale {
    Scale { lr, schedule: Schedule::from(Constant) }
}

impl Scale {
    /// The same learning rate with a schedule.
    pub fn scheduled(self, schedule: Schedule) -> Scale {
        Scale { schedule, ..self }
    }
}

impl Rule for Scale {
    type Slots<V: Lane> = ();

    fn at<V: Lane>(&self, step: &Step) -> impl Update<V, ()> {
        let ε = V::letter("ε", self.learning_rate(step.t - 1));
        #[inline(always)]
        move |_θ, u, ()| ε * u
    }

    fn learning_rate(&self, k: u64) -> f64 {
        self.lr * self.schedule.factor(k)
    }
}

impl Link for Scale {}
