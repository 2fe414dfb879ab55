//! RMSProp: AdaGrad that forgets.
//!
//! ```text
//! r ← ρr + (1 − ρ)g ⊙ g
//! u = g / (δ + √r)            δ outside the root,  or  g / √(r + δ)  inside
//! ```
//!
//! Tieleman & Hinton 2012, Coursera lecture 6.5; lecture, "RMSProp algorithm". δ is outside the root, as
//! on the slide and in PyTorch; optax and Goodfellow et al. 2016 (Algorithm 8.5) have it inside.
//!
//! RMSProp with momentum, as in PyTorch, is the chain of this rule and
//! [`heavy_ball`](super::heavy_ball()).

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides by the root of the running mean of squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Rmsprop {
    /// ρ, the memory of the mean: about 1 / (1 − ρ) steps; from 0 to below 1.
    pub rho: Hyper,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: Hyper,
    /// Whether δ is added before the root is taken.
    pub eps_inside: bool,
}

/// RMSProp with memory ρ and stabiliser δ.
pub fn rmsprop(rho: impl Into<Hyper>, eps: impl Into<Hyper>) -> Rmsprop {
    Rmsprop { rho: rho.into(), eps: eps.into(), eps_inside: false }
}

impl Rule for Rmsprop {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::square("rmsprop.r")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 1]> {
        let rho = self.rho.at(step);
        let (ρ, rest) = (V::letter("ρ", rho), V::letter("(1−ρ)", 1.0 - rho));
        let (inside, outside) = stabiliser(&self.eps, self.eps_inside, step);
        #[inline(always)]
        move |_θ, g, [r]: &mut [V; 1]| {
            *r = ρ * *r + rest * (g * g);
            g / (outside + (*r + inside).sqrt())
        }
    }
}

/// δ inside and outside of the root: one of them is 0 and changes nothing.
pub(super) fn stabiliser<V: Lane>(eps: &Hyper, inside: bool, step: Step) -> (V, V) {
    let (δ, nothing) = (V::letter("δ", eps.at(step)), V::constant(0.0));
    if inside { (δ, nothing) } else { (nothing, δ) }
}

impl Link for Rmsprop {}
