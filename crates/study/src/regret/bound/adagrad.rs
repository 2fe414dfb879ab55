//! AdaGrad on a box.
//!
//! ```text
//! R(T) ≤ D∞²/(2η) Σ_i (δ + ‖g_{1:T,i}‖₂) + η Σ_i ‖g_{1:T,i}‖₂
//!      = √2·D∞·Σ_i ‖g_{1:T,i}‖₂                  for η = D∞/√2, as δ → 0
//! ```
//!
//! Duchi, Hazan & Singer, *Adaptive subgradient methods for online learning and stochastic optimization*, JMLR 12,
//! 2011, theorem 5 and corollary 1, <https://jmlr.org/papers/v12/duchi11a.html>.

use thalweg_calls::Arguments;
use thalweg_optim::Hyper;

use super::{Found, Theorem, constant};

pub(crate) struct Adagrad {
    η: f64,
    δ: f64,
    width: f64,
    /// Σ g², coordinate by coordinate.
    squares: Vec<f64>,
}

impl Adagrad {
    pub fn of(a: &Arguments, lr: Hyper, width: f64, n: usize) -> Result<Found, String> {
        let η = constant(&lr).filter(|η| *η > 0.0);
        let η = η.ok_or("theorem 5 of Duchi, Hazan & Singer 2011 takes a fixed rate above 0")?;
        let (δ, None) = a.scheduled("eps") else {
            return Err("theorem 5 of Duchi, Hazan & Singer 2011 takes a fixed δ".into());
        };
        let formula = match (η * 2f64.sqrt() / width - 1.0).abs() < 1e-9 {
            true => "√2·D∞·Σ‖g_{1:T,i}‖".to_owned(),
            false => format!("D∞²/(2η)·Σ(δ + ‖g_{{1:T,i}}‖) + η·Σ‖g_{{1:T,i}}‖, η = {η}"),
        };
        let theorem = Adagrad { η, δ, width, squares: vec![0.0; n] };
        Ok(("Duchi, Hazan & Singer 2011, theorem 5", formula, Theorem::Adagrad(theorem)))
    }

    pub fn see(&mut self, g: &[f64]) {
        self.squares.iter_mut().zip(g).for_each(|(sum, g)| *sum += g * g);
    }

    pub fn numbers(&mut self) -> Vec<(&'static str, &mut [f64])> {
        vec![("squares", &mut self.squares)]
    }

    pub fn at(&self) -> f64 {
        let Adagrad { η, δ, width, squares } = self;
        let lengths: f64 = squares.iter().map(|sum| sum.sqrt()).sum();
        let all = δ * squares.len() as f64 + lengths;
        width * width / (2.0 * η) * all + η * lengths
    }
}
