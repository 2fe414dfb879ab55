//! Centred RMSProp: RMSProp that divides by the standard deviation instead of the root mean square.
//!
//! ```text
//! r ← ρr + (1 − ρ)g ⊙ g
//! m ← ρm + (1 − ρ)g
//! u = g / (δ + √max(r − m ⊙ m, 0))      δ outside the root,  or inside it
//! ```
//!
//! Graves 2013, equations 38 to 40, <https://arxiv.org/abs/1308.0850>, where δ is inside the root; outside it
//! is as in `torch.optim.RMSprop`, 2.15. Neither bounds the variance at 0. It is never negative in exact
//! arithmetic, but rounding makes it so where the gradient hardly changes, and its root is then no number.

use super::rmsprop::stabiliser;
use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides by the root of the running variance.
#[derive(Clone, Debug, PartialEq)]
pub struct CenteredRmsprop {
    /// ρ, the memory of both means: about 1 / (1 − ρ) steps; from 0 to below 1.
    pub rho: Hyper,
    /// δ, which keeps the quotient finite; above 0, since a gradient that stays the same has no variance.
    pub eps: Hyper,
    /// Whether δ is added before the root is taken.
    pub eps_inside: bool,
}

/// Centred RMSProp with memory ρ and stabiliser δ.
pub fn centered_rmsprop(rho: impl Into<Hyper>, eps: impl Into<Hyper>) -> CenteredRmsprop {
    CenteredRmsprop { rho: rho.into(), eps: eps.into(), eps_inside: false }
}

impl Rule for CenteredRmsprop {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::square("centered_rmsprop.r"), Remembered::signed("centered_rmsprop.m")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let rho = self.rho.at(step);
        let (ρ, rest) = (V::letter("ρ", rho), V::letter("(1−ρ)", 1.0 - rho));
        let (inside, outside) = stabiliser::<V>(&self.eps, self.eps_inside, step);
        let zero = V::constant(0.0);
        #[inline(always)]
        move |_θ, g, [r, m]| {
            *r = ρ * *r + rest * (g * g);
            *m = ρ * *m + rest * g;
            let variance = (*r - *m * *m).max(zero);
            g / (outside + (variance + inside).sqrt())
        }
    }
}

impl Link for CenteredRmsprop {}
