//! AdaGrad: each coordinate's rate shrinks with the squares of all its past gradients.
//!
//! ```text
//! r ← r + g ⊙ g
//! u = g / (δ + √r)
//! ```
//!
//! Duchi, Hazan & Singer 2011; lecture, "AdaGrad algorithm". δ is outside the root and r starts at 0, as
//! on the slide and in PyTorch; optax starts r at 0.1 with δ inside.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides by the root of the sum of squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Adagrad {
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: Hyper,
    /// What r starts at, from 0; optax has 0.1.
    pub initial: f64,
}

/// AdaGrad with stabiliser δ.
pub fn adagrad(eps: impl Into<Hyper>) -> Adagrad {
    Adagrad { eps: eps.into(), initial: 0.0 }
}

impl Rule for Adagrad {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::square("adagrad.r").from(self.initial)]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 1]> {
        let δ = V::letter("δ", self.eps.at(step));
        #[inline(always)]
        move |_θ, g, [r]| {
            *r = *r + g * g;
            g / (δ + r.sqrt())
        }
    }
}

impl Link for Adagrad {}
