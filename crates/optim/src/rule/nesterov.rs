//! Nesterov's momentum: the gradient is taken where the velocity is about to lead.
//!
//! ```text
//! v ← αv − ε g(θ + αv)
//! θ ← θ + v
//! ```
//!
//! Nesterov 1983 in the form of Sutskever et al. 2013; lecture, "Nesterov's Accelerated Momentum".
//!
//! The parameters are kept at φ = θ + αv, the point at which the gradient is wanted. With v′ the new
//! velocity,
//!
//! ```text
//! φ′ = θ′ + αv′ = θ + v′ + αv′ = φ − αv + (1 + α)v′,
//! ```
//!
//! which is the slide exactly, also while ε changes; θ = φ − αv can be had at any time. PyTorch's form
//! (`heavy_ball(nesterov=true)`) agrees only while ε is constant.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Accumulates a velocity and looks ahead along it.
#[derive(Clone, Debug, PartialEq)]
pub struct Nesterov {
    /// α, the share of the velocity that friction leaves; from 0 to below 1.
    pub momentum: Hyper,
}

/// Nesterov's momentum with coefficient α: the last rule of its chain, after the learning rate.
pub fn nesterov(momentum: impl Into<Hyper>) -> Nesterov {
    Nesterov { momentum: momentum.into() }
}

impl Rule for Nesterov {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("nesterov.v")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 1]> {
        let momentum = self.momentum.at(step);
        let (α, one_plus_α) = (V::letter("α", momentum), V::letter("(1+α)", 1.0 + momentum));
        #[inline(always)]
        move |_φ, εg, [v]| {
            let old = *v;
            *v = α * old - εg;
            α * old - one_plus_α * *v // φ ← φ − (αv − (1 + α)v′)
        }
    }

    #[inline(always)]
    fn iterate<V: Lane>(&self, step: Step, φ: V, [v]: &[V; 1]) -> V {
        φ - V::letter("α", self.momentum.at(step)) * *v
    }

    fn looks_ahead(&self) -> bool {
        true
    }
}

impl Link for Nesterov {}
