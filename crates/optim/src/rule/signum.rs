//! Signum: the sign of the running mean of the gradient.
//!
//! ```text
//! m ← βm + (1 − β)g
//! u = sign(m)
//! ```
//!
//! Bernstein et al. 2018, Algorithm 2, <https://arxiv.org/abs/1802.04434>. With β = 0 it is signSGD,
//! Algorithm 1. sign(0) is 0.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Moves every parameter by the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Signum {
    /// β, the memory of the mean: about 1 / (1 − β) steps; from 0 to below 1.
    pub momentum: Hyper,
}

/// Signum with memory β.
pub fn signum(momentum: impl Into<Hyper>) -> Signum {
    Signum { momentum: momentum.into() }
}

impl Rule for Signum {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("signum.m")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 1]> {
        let beta = self.momentum.at(step);
        let (β, rest) = (V::letter("β", beta), V::letter("(1−β)", 1.0 - beta));
        #[inline(always)]
        move |_θ, g, [m]: &mut [V; 1]| {
            *m = β * *m + rest * g;
            m.sign()
        }
    }
}

impl Link for Signum {}
