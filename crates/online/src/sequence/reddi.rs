//! Where Adam goes to the worst point: one large gradient, then two small ones the other way.
//!
//! ```text
//! f_t(θ) = Cθ where t mod 3 = 1, else −θ,    on [−1, 1], from θ_1 = 1
//! ```
//!
//! Reddi, Kale & Kumar, *On the convergence of Adam and beyond*, ICLR 2018, theorem 1,
//! <https://openreview.net/forum?id=ryQu7f-RZ>: with β₁ = 0, β₂ = 1/(1 + C²) and α_t = α/√t, α < √(1 − β₂), Adam
//! ends each cycle at 1, though −1 is best; its average regret does not fall.

use thalweg_sets::Set;

use super::linear::Sum;
use crate::{Best, Memory, Sequence};

#[derive(Clone)]
pub(crate) struct Reddi {
    c: f64,
    sum: Sum,
}

impl Reddi {
    pub fn new(c: f64) -> Reddi {
        Reddi { c, sum: Sum::new(1) }
    }
}

impl Sequence for Reddi {
    fn formula(&self) -> String {
        format!("f_t(θ) = {}θ where t mod 3 = 1, else −θ", self.c)
    }

    fn dimension(&self) -> usize {
        1
    }

    fn set(&self) -> Set {
        Set::Box { low: -1.0, high: 1.0 }
    }

    fn start(&self) -> Vec<f64> {
        vec![1.0]
    }

    fn steepest(&self) -> f64 {
        self.c.max(1.0)
    }

    fn play(&mut self, θ: &[f64], g: &mut [f64]) -> f64 {
        let t = self.sum.rounds() + 1;
        g[0] = if t % 3 == 1 { self.c } else { -1.0 };
        self.sum.add(g, θ)
    }

    fn best(&mut self) -> Best {
        self.sum.best(self.set())
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.sum.memory
    }

    fn duplicate(&self) -> Box<dyn Sequence> {
        Box::new(self.clone())
    }
}
