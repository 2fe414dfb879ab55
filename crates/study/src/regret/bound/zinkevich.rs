//! Gradient descent.
//!
//! ```text
//! R(T) ≤ D²/(2η_T) + G²/2 Σ_t η_t      for η_t that never grow
//! R(T) ≤ (D²/(2η) + G²η) √T            for η_t = η/√t, by Σ 1/√t ≤ 2√T;  η = D/G: 3/2·G·D·√T
//! ```
//!
//! Zinkevich, *Online convex programming and generalized infinitesimal gradient ascent*, ICML 2003, theorem 1, with
//! the rate left open; Hazan, *Introduction to online convex optimization*, theorem 3.1, has the second at η = D/G.

use std::slice;

use thalweg_optim::Hyper;
use thalweg_optim::schedule::Schedule;

use super::{Found, Theorem, constant, over_root};

pub(crate) struct Zinkevich {
    lr: Hyper,
    /// η, if the rate is η/√t.
    over_root: Option<f64>,
    diameter: f64,
    steepest: f64,
    /// Σ η_t
    rates: f64,
}

impl Zinkevich {
    pub fn of(lr: Hyper, diameter: f64, steepest: f64) -> Result<Found, String> {
        if lr.base == 0.0 {
            return Err("the rate is 0".into());
        }
        let root = over_root(&lr);
        let formula = match root {
            // The rate may have been written in fewer digits than it has.
            Some(η) if (η * steepest / diameter - 1.0).abs() < 1e-9 => "3/2·G·D·√T".to_owned(),
            Some(η) => format!("(D²/(2η) + G²η)·√T, η = {η}"),
            None if constant(&lr).is_some() => "D²/(2η) + G²η·T/2".to_owned(),
            None if falls(&lr.schedule) => "D²/(2η_T) + G²/2·Σ η_t".to_owned(),
            None => return Err("theorem 1 of Zinkevich 2003 takes a rate that never grows".into()),
        };
        let theorem = Zinkevich { over_root: root, lr, diameter, steepest, rates: 0.0 };
        Ok(("Zinkevich 2003, theorem 1", formula, Theorem::Zinkevich(theorem)))
    }

    pub fn see(&mut self, t: u64) {
        self.rates += self.lr.after(t - 1);
    }

    pub fn numbers(&mut self) -> Vec<(&'static str, &mut [f64])> {
        vec![("rates", slice::from_mut(&mut self.rates))]
    }

    pub fn at(&self, t: u64) -> f64 {
        let Zinkevich { diameter: d, steepest: g, .. } = self;
        match self.over_root {
            Some(η) => (d * d / (2.0 * η) + g * g * η) * (t as f64).sqrt(),
            None => d * d / (2.0 * self.lr.after(t - 1)) + 0.5 * g * g * self.rates,
        }
    }
}

/// Whether a schedule only falls, and never to 0.
fn falls(schedule: &Schedule) -> bool {
    matches!(schedule, Schedule::InverseTime(_) | Schedule::Exponential(_) | Schedule::StepDecay(_))
}
