//! RAdam: Adam that leaves the divisor out until enough squares have been seen to trust it.
//!
//! ```text
//! s ← ρ₁s + (1 − ρ₁)g              ŝ = s / (1 − ρ₁ᵗ)
//! r ← ρ₂r + (1 − ρ₂)g ⊙ g
//! n∞ = 2 / (1 − ρ₂) − 1            n = n∞ − 2tρ₂ᵗ / (1 − ρ₂ᵗ)
//! κ² = (n − 4)(n − 2)n∞ / ((n∞ − 4)(n∞ − 2)n)
//! u = κ√(1 − ρ₂ᵗ) ŝ / (δ + √r)     where n > 5
//! u = ŝ                            else: in the first 5 steps if ρ₂ = 0.999
//! ```
//!
//! Liu et al. 2020, Algorithm 2, <https://arxiv.org/abs/1908.03265>, where n is ρₜ and κ is rₜ, there is no
//! δ, and the rectification begins at n > 4. n > 5, and δ before the correction, are as in
//! `torch.optim.RAdam`, 2.15; optax has n ≥ 5.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// Divides the mean of the gradient by the root of the mean of its square as far as that can be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct Radam {
    /// ρ₁, the memory of the mean: about 1 / (1 − ρ₁) steps; from 0 to below 1.
    pub beta1: Hyper,
    /// ρ₂, the memory of the mean square; from 0 to below 1.
    pub beta2: Hyper,
    /// δ, which keeps the quotient finite; above 0, or 0/0 moves what has had no gradient yet to NaN.
    pub eps: Hyper,
}

/// RAdam with ρ₁, ρ₂ and δ.
pub fn radam(beta1: impl Into<Hyper>, beta2: impl Into<Hyper>, eps: impl Into<Hyper>) -> Radam {
    Radam { beta1: beta1.into(), beta2: beta2.into(), eps: eps.into() }
}

/// κ, if the mean square can be trusted at this step.
fn rectification(ρ2: f64, step: Step) -> Option<f64> {
    let t = step.t as f64;
    let longest = 2.0 / (1.0 - ρ2) - 1.0;
    let n = longest - 2.0 * t * ρ2.powf(t) * step.correction(ρ2);
    let square = (n - 4.0) * (n - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * n);
    (n > 5.0).then(|| square.sqrt())
}

impl Rule for Radam {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("radam.s"), Remembered::square("radam.r")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let (beta1, beta2) = (self.beta1.at(step), self.beta2.at(step));
        let (ρ1, rest1) = (V::letter("ρ₁", beta1), V::letter("(1−ρ₁)", 1.0 - beta1));
        let (ρ2, rest2) = (V::letter("ρ₂", beta2), V::letter("(1−ρ₂)", 1.0 - beta2));
        let correction = V::letter("1/(1−ρ₁ᵗ)", step.correction(beta1));
        // Without the divisor δ is 1 and √r at most 0, so that one loop serves both.
        let (κ, δ, most) = match rectification(beta2, step) {
            Some(κ) => (κ / step.correction(beta2).sqrt(), self.eps.at(step), f64::INFINITY),
            None => (1.0, 1.0, 0.0),
        };
        let (κ, δ, most) = (V::letter("κ·√(1−ρ₂ᵗ)", κ), V::letter("δ", δ), V::constant(most));
        #[inline(always)]
        move |_θ, g, [s, r]: &mut [V; 2]| {
            *s = ρ1 * *s + rest1 * g;
            *r = ρ2 * *r + rest2 * (g * g);
            κ * (*s * correction) / (δ + r.sqrt().min(most))
        }
    }
}

impl Link for Radam {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_square_is_trusted_from_the_sixth_step_on() {
        let first = (1..100).find(|t| rectification(0.999, Step::new(*t)).is_some());
        assert_eq!(first, Some(6));
        // With so short a memory never.
        assert!((1..100_000).all(|t| rectification(0.6, Step::new(t)).is_none()));
        assert_eq!(rectification(0.999, Step::new(1 << 31)), Some(1.0));
    }

    #[test]
    fn before_that_the_update_is_the_mean_also_if_squares_overflow() {
        let rule = radam(0.9, 0.999, 1e-8);
        let update = rule.at::<f32>(Step::new(1));
        for g in [3.0, -1e25, 0.0] {
            let u = update(0.0, g, &mut [0.0, 0.0]);
            assert!((u - g).abs() <= 1e-6 * g.abs(), "{u} of {g}");
        }
    }
}
