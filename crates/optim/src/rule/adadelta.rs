//! AdaDelta: RMSProp whose learning rate is the root mean square of its own updates.
//!
//! ```text
//! r ← ρr + (1 − ρ)g ⊙ g
//! u = √(d + δ) / √(r + δ) ⊙ g
//! d ← ρd + (1 − ρ)u ⊙ u
//! ```
//!
//! Zeiler 2012, Algorithm 1, <https://arxiv.org/abs/1212.5701>, where the parameters move by u: a learning
//! rate of 1. δ also sets the size of the first steps, since d starts at 0.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Makes updates as large as those before, in units of the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Adadelta {
    /// ρ, the memory of both means: about 1 / (1 − ρ) steps; from 0 to below 1.
    pub rho: Hyper,
    /// δ, inside both roots; above 0, or nothing ever moves.
    pub eps: Hyper,
}

/// AdaDelta with memory ρ and stabiliser δ; the paper has 0.95 and 1e-6.
pub fn adadelta(rho: impl Into<Hyper>, eps: impl Into<Hyper>) -> Adadelta {
    Adadelta { rho: rho.into(), eps: eps.into() }
}

impl Rule for Adadelta {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::square("adadelta.r"), Remembered::square("adadelta.d")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let rho = self.rho.at(step);
        let (ρ, rest) = (V::letter("ρ", rho), V::letter("(1−ρ)", 1.0 - rho));
        let δ = V::letter("δ", self.eps.at(step));
        #[inline(always)]
        move |_θ, g, [r, d]| {
            *r = ρ * *r + rest * (g * g);
            // Two roots, since the quotient below them would leave the range of `f32`.
            let u = (*d + δ).sqrt() / (*r + δ).sqrt() * g;
            *d = ρ * *d + rest * (u * u);
            u
        }
    }
}

impl Link for Adadelta {}
