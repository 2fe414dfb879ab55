//! Clipping: bounds on the raw gradient, against cliffs.
//!
//! ```text
//! value         g ← max(−c, min(c, g))            each coordinate
//! norm          g ← g · min(1, c / ‖g‖)           each segment by its own norm
//! global norm   g ← g · min(1, c / ‖(g₁, g₂, …)‖)  all segments by their common norm
//! ```
//!
//! Pascanu, Mikolov & Bengio 2013, Algorithm 1, for the norm; lecture, "Cliffs and Exploding Gradients".
//! Nothing is added to the norm, as in optax; PyTorch divides by ‖g‖ + 1e-6.

use super::{Rule, Step, Update, Wants};
use crate::Lane;

/// Bounds the gradient; only ever the first rule of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Changes nothing.
    Off,
    /// Bounds each coordinate to ±c.
    Value(f64),
    /// Bounds the norm of each segment to c.
    Norm(f64),
    /// Bounds the norm of the whole gradient to c.
    GlobalNorm(f64),
}

/// Clips each coordinate to ±c, for c > 0.
pub fn clip_value(c: f64) -> Clip {
    Clip::Value(c)
}

/// Clips the norm of each segment to c > 0.
pub fn clip_norm(c: f64) -> Clip {
    Clip::Norm(c)
}

/// Clips the norm of the whole gradient to c > 0.
pub fn clip_global_norm(c: f64) -> Clip {
    Clip::GlobalNorm(c)
}

impl Rule for Clip {
    type Slots<V: Lane> = ();

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, ()> {
        // A factor of 1 and bounds of ±∞ change no bit, so that one loop serves all four.
        let shrink = |norm: f64, c: f64| if norm > c { c / norm } else { 1.0 };
        let (factor, bound) = match *self {
            Clip::Off => (1.0, f64::INFINITY),
            Clip::Value(c) => (1.0, c),
            Clip::Norm(c) => (shrink(step.segment_norm, c), f64::INFINITY),
            Clip::GlobalNorm(c) => (shrink(step.global_norm, c), f64::INFINITY),
        };
        let letter = if let Clip::Norm(_) = self {
            "min(1, c/‖g‖)"
        } else {
            "min(1, c/‖(g₁,g₂,…)‖)"
        };
        let (factor, bound) = (V::letter(letter, factor), V::letter("c", bound));
        #[inline(always)]
        move |_θ, g, ()| (factor * g).min(bound).max(-bound)
    }

    fn wants(&self) -> Wants {
        match self {
            Clip::Off | Clip::Value(_) => Wants::Nothing,
            Clip::Norm(_) => Wants::SegmentNorm,
            Clip::GlobalNorm(_) => Wants::GlobalNorm,
        }
    }

    fn clips_above(&self, step: Step) -> f64 {
        let all_or_none = |norm: f64, c: f64| if norm > c { 0.0 } else { f64::INFINITY };
        match *self {
            Clip::Off => f64::INFINITY,
            Clip::Value(c) => c,
            Clip::Norm(c) => all_or_none(step.segment_norm, c),
            Clip::GlobalNorm(c) => all_or_none(step.global_norm, c),
        }
    }

    fn name(&self) -> Option<&'static str> {
        match self {
            Clip::Off => None,
            Clip::Value(_) => Some("ClipValue"),
            Clip::Norm(_) => Some("ClipNorm"),
            Clip::GlobalNorm(_) => Some("ClipGlobalNorm"),
        }
    }
}
