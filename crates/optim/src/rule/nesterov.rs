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

use super::{Link, Rule, Step, Update};
use crate::Lane;

/// Accumulates a velocity and looks ahead along it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nesterov {
    /// α, the share of the velocity that friction leaves; from 0 to below 1.
    pub momentum: f64,
}

/// Nesterov's momentum with coefficient α: the last rule of its chain, after the learning rate.
pub fn nesterov(momentum: f64) -> Nesterov {
    Nesterov { momentum }
}

impl Rule for Nesterov {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<&'static str> {
        vec!["nesterov.v"]
    }

    fn at<V: Lane>(&self, _step: &Step) -> impl Update<V, [V; 1]> {
        let α = V::letter("α", self.momentum);
        let one_plus_α = V::letter("(1+α)", 1.0 + self.momentum);
        #[inline(always)]
        move |_φ, εg, [v]| {
            let old = *v;
            *v = α * old - εg;
            α * old - one_plus_α * *v // φ ← φ − (αv − (1 + α)v′)
        }
    }

    #[inline(always)]
    fn iterate<V: Lane>(&self, φ: V, [v]: &[V; 1]) -> V {
        φ - V::letter("α", self.momentum) * *v
    }

    fn looks_ahead(&self) -> bool {
        true
    }
}

impl Link for Nesterov {}
