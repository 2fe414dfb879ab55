//! RMSProp: AdaGrad that forgets.
//!
//! ```text
//! r ← ρr + (1 − ρ)g ⊙ g
//! u = g / (δ + √r)
//! ```
//!
//! Tieleman & Hinton 2012, Coursera lecture 6.5; lecture, "RMSProp algorithm". δ is outside the root, as
//! on the slide and in PyTorch; optax and Goodfellow et al. 2016 (Algorithm 8.5) have it inside.

use super::{Link, Rule, Step, Update};
use crate::Lane;

/// Divides by the root of the running mean of squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rmsprop {
    /// ρ, the memory of the mean: about 1 / (1 − ρ) steps; from 0 to below 1.
    pub rho: f64,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: f64,
}

/// RMSProp with memory ρ and stabiliser δ.
pub fn rmsprop(rho: f64, eps: f64) -> Rmsprop {
    Rmsprop { rho, eps }
}

impl Rule for Rmsprop {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<&'static str> {
        vec!["rmsprop.r"]
    }

    fn at<V: Lane>(&self, _step: &Step) -> impl Update<V, [V; 1]> {
        let (ρ, rest) = (V::letter("ρ", self.rho), V::letter("(1−ρ)", 1.0 - self.rho));
        let δ = V::letter("δ", self.eps);
        #[inline(always)]
        move |_θ, g, [r]| {
            *r = ρ * *r + rest * (g * g);
            g / (δ + r.sqrt())
        }
    }
}

impl Link for Rmsprop {}
