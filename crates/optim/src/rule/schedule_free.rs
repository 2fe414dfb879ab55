//! Schedule-free SGD and AdamW: an average of the iterates in place of a schedule that goes to 0.
//!
//! ```text
//! y = (1−β)z + βx                     the gradient is taken here
//! z ← z − ε ĝ                         ĝ = g + λy, or g/(√r̂ + δ) + λy
//! x ← (1−c)x + cz                     c = w/Σw,  w = t^ρ (max ε)^p
//! ```
//!
//! Defazio, Yang, Mehta, Mishchenko, Khaled & Cutkosky 2024, *The road less scheduled*, equations 1 to 3 and
//! Algorithm 1, <https://arxiv.org/abs/2405.15682>; the authors' package `schedulefree` 1.4.1. The parameters
//! are kept at y, and d = z − y is remembered, which starts at 0 and so needs no copy of the start:
//!
//! ```text
//! y ← y + cd − ε(1 − β(1−c)) ĝ
//! d ← (1−c)(d − εβĝ)
//! x = y − ((1−β)/β) d
//! ```
//!
//! The rate is inside, with a linear warm-up of its own; a schedule multiplies it.

use super::{Link, Remembered, Rule, Step, Update};
use crate::{Hyper, Lane};

/// What both have around the gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Averaging {
    /// ε, the learning rate; from 0.
    pub lr: Hyper,
    /// β, how near y is to the average; above 0, below 1.
    pub beta: f64,
    /// Steps of linear warm-up.
    pub warmup: u64,
    /// ρ, the power of t in the weights; from 0.
    pub r: f64,
    /// p, the power of the largest rate so far in the weights; from 0.
    pub weight_lr_power: f64,
    /// λ of the decay, taken at y; from 0.
    pub weight_decay: Hyper,
}

impl Averaging {
    /// The average with ε and β, and the package's other numbers: no warm-up, ρ = 0, p = 2, no decay.
    pub fn new(lr: impl Into<Hyper>, beta: f64) -> Averaging {
        let (lr, weight_decay) = (lr.into(), 0.0.into());
        Averaging { lr, beta, warmup: 0, r: 0.0, weight_lr_power: 2.0, weight_decay }
    }

    fn rate(&self, step: Step) -> f64 {
        let warm = if step.t < self.warmup { step.t as f64 / self.warmup as f64 } else { 1.0 };
        step.rate * self.lr.at(step) * warm
    }

    /// The weight of this step's z, given the largest rate.
    fn weight(&self, step: Step, largest: f64) -> f64 {
        (step.t as f64).powf(self.r) * largest.powf(self.weight_lr_power)
    }

    fn advance(&self, step: Step, numbers: &mut [f64]) {
        let [sum, largest] = numbers else { unreachable!("two numbers are named") };
        *largest = largest.max(self.rate(step));
        *sum += self.weight(step, *largest);
    }

    /// The step of y and d along ĝ.
    fn at<V: Lane>(&self, step: Step) -> impl Fn(V, &mut V) -> V + Copy + Send + Sync {
        let [sum, largest, ..] = step.numbers;
        // As long as all rates have been 0, nothing has moved.
        let c = if sum == 0.0 { 0.0 } else { self.weight(step, largest) / sum };
        let (ε, β) = (self.rate(step), self.beta);
        let along = V::letter("ε·(1−β·(1−c))", ε * (1.0 - β * (1.0 - c)));
        let (c, rest) = (V::letter("c", c), V::letter("(1−c)", 1.0 - c));
        let εβ = V::letter("ε·β", ε * β);
        #[inline(always)]
        move |ĝ, d| {
            let u = along * ĝ - c * *d;
            *d = rest * (*d - εβ * ĝ);
            u
        }
    }

    #[inline(always)]
    fn iterate<V: Lane>(&self, y: V, d: V) -> V {
        y - V::letter("(1−β)/β", (1.0 - self.beta) / self.beta) * d
    }
}

/// Schedule-free SGD.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleFreeSgd {
    /// The average.
    pub averaging: Averaging,
}

/// Schedule-free SGD with ε and β.
pub fn schedule_free_sgd(lr: impl Into<Hyper>, beta: f64) -> ScheduleFreeSgd {
    ScheduleFreeSgd { averaging: Averaging::new(lr, beta) }
}

/// Schedule-free AdamW.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleFreeAdamw {
    /// The average.
    pub averaging: Averaging,
    /// ρ₂, the memory of the squares; from 0 to below 1.
    pub beta2: Hyper,
    /// δ; above 0.
    pub eps: Hyper,
}

/// Schedule-free AdamW with ε, β, ρ₂ and δ.
pub fn schedule_free_adamw(
    lr: impl Into<Hyper>,
    beta: f64,
    beta2: impl Into<Hyper>,
    eps: impl Into<Hyper>,
) -> ScheduleFreeAdamw {
    let (averaging, beta2, eps) = (Averaging::new(lr, beta), beta2.into(), eps.into());
    ScheduleFreeAdamw { averaging, beta2, eps }
}

macro_rules! averaged {
    () => {
        const NUMBERS: usize = 2;

        fn numbers(&self) -> Vec<(&'static str, f64)> {
            vec![("schedule_free.weight_sum", 0.0), ("schedule_free.lr_max", 0.0)]
        }

        fn advance(&self, step: Step, numbers: &mut [f64]) {
            self.averaging.advance(step, numbers);
        }

        #[inline(always)]
        fn iterate<V: Lane>(&self, _step: Step, y: V, slots: &Self::Slots<V>) -> V {
            self.averaging.iterate(y, slots[0])
        }

        fn looks_ahead(&self) -> bool {
            true
        }

        fn learning_rate(&self, step: Step) -> f64 {
            self.averaging.rate(step)
        }
    };
}

impl Rule for ScheduleFreeSgd {
    type Slots<V: Lane> = [V; 1];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("schedule_free.d")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 1]> {
        let average = self.averaging.at::<V>(step);
        let λ = V::letter("λ", self.averaging.weight_decay.at(step));
        #[inline(always)]
        move |y, g, [d]| average(g + λ * y, d)
    }

    averaged!();
}

impl Rule for ScheduleFreeAdamw {
    type Slots<V: Lane> = [V; 2];

    fn slots(&self) -> Vec<Remembered> {
        vec![Remembered::signed("schedule_free.d"), Remembered::square("schedule_free.r")]
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, [V; 2]> {
        let average = self.averaging.at::<V>(step);
        let beta2 = self.beta2.at(step);
        let (ρ2, rest2) = (V::letter("ρ₂", beta2), V::letter("(1−ρ₂)", 1.0 - beta2));
        let correction2 = V::letter("1/(1−ρ₂ᵗ)", step.correction(beta2));
        let (δ, λ) = (
            V::letter("δ", self.eps.at(step)),
            V::letter("λ", self.averaging.weight_decay.at(step)),
        );
        #[inline(always)]
        move |y, g, [d, r]| {
            *r = ρ2 * *r + rest2 * (g * g);
            average(g / (δ + (*r * correction2).sqrt()) + λ * y, d)
        }
    }

    averaged!();
}

impl Link for ScheduleFreeSgd {}
impl Link for ScheduleFreeAdamw {}
