//! Rprop: a step size for each coordinate, which grows while the gradient keeps its sign.
//!
//! ```text
//! q ← q · η⁺  where g has the sign h,   q · η⁻  where it has the other,   q  where either is 0
//! q ← min(max(q, Δₘᵢₙ/ε₀), Δₘₐₓ/ε₀)
//! h ← 0  where g has the other sign,    sign(g)  elsewhere
//! u = q ⊙ h
//! ```
//!
//! Riedmiller & Braun 1993, <https://doi.org/10.1109/ICNN.1993.298623>, in the form of `torch.optim.Rprop`,
//! 2.15: where the sign turned, nothing moves, nothing is undone, and the next step counts as the first. Only
//! the sign of the gradient matters, so that it needs whole batches.
//!
//! Step sizes εq begin at the learning rate ε₀ and are kept as multiples of it. A schedule then moves the
//! steps and not the sizes that are kept, and h starts at 0, so that the first step is like every other.

use super::{Link, Remembered, Rule, Step, Update};
use crate::Lane;

/// Steps of a size of its own for each coordinate, in the direction of the sign.
#[derive(Clone, Debug, PartialEq)]
pub struct Rprop {
    /// ε₀, the learning rate before its schedule, which the bounds are divided by; from 0.
    pub lr: f64,
    /// η⁻, by which a step size shrinks; from 0 to 1.
    pub eta_minus: f64,
    /// η⁺, by which it grows; from 1.
    pub eta_plus: f64,
    /// Δₘᵢₙ, the least step size; from 0.
    pub step_min: f64,
    /// Δₘₐₓ, the largest; from Δₘᵢₙ.
    pub step_max: f64,
}

/// Rprop before a learning rate of ε₀, with PyTorch's defaults: η⁻ = 0.5, η⁺ = 1.2, sizes from 1e-6 to 50.
pub fn rprop(lr: f64) -> Rprop {
    Rprop { lr, eta_minus: 0.5, eta_plus: 1.2, step_min: 1e-6, step_max: 50.0 }
}

impl Rule for Rprop {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::square("rprop.q").from(1.0), Remembered::signed("rprop.h")]
    }

    fn at<V: Lane>(&self, _step: Step) -> impl Update<V, [V; 2]> {
        // Finite also with a learning rate of 0, by which it is multiplied again, and with room for what may
        // scale it before that.
        let multiple = |size: f64| (size / self.lr).min(1e28);
        let least = V::letter("Δₘᵢₙ/ε₀", multiple(self.step_min));
        let most = V::letter("Δₘₐₓ/ε₀", multiple(self.step_max));
        let (η_minus, η_plus) = (V::letter("η⁻", self.eta_minus), V::letter("η⁺", self.eta_plus));
        let (zero, one) = (V::constant(0.0), V::constant(1.0));
        #[inline(always)]
        move |_θ, g, [q, h]: &mut [V; 2]| {
            let sign = g.sign();
            let agreement = sign * *h;
            let grown = agreement.if_greater(zero, η_plus, one);
            *q = (*q * zero.if_greater(agreement, η_minus, grown)).max(least).min(most);
            *h = zero.if_greater(agreement, zero, sign);
            *q * *h
        }
    }
}

impl Link for Rprop {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_grow_while_the_sign_stays_and_shrink_where_it_turns() {
        let rule = rprop(0.01);
        let update = rule.at::<f64>(Step::new(1));
        let mut slots = [1.0, 0.0];
        let mut u = |g| update(0.0, g, &mut slots);
        assert_eq!(u(3.0), 1.0);
        assert_eq!(u(1e-300), 1.2);
        // Nothing moves where it turned, and the step after that is neither larger nor smaller.
        assert_eq!(u(-5.0), 0.0);
        assert_eq!(u(-5.0), -0.6);
        assert_eq!(u(0.0), 0.0);
        assert_eq!(u(5.0), 0.6);
    }

    #[test]
    fn sizes_are_bounded() {
        let rule = Rprop { step_min: 0.005, step_max: 0.02, ..rprop(0.01) };
        let update = rule.at::<f64>(Step::new(1));
        let mut slots = [1.0, 0.0];
        for _ in 0..20 {
            update(0.0, 1.0, &mut slots);
        }
        assert_eq!(slots[0], 2.0);
        for t in 0..20 {
            update(0.0, [1.0, -1.0][t / 2 % 2], &mut slots);
        }
        assert_eq!(slots[0], 0.5);
    }
}
