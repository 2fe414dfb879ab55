//! A plain with dents around a funnel, whose tip is a kink.
//!
//! ```text
//! f = −20 exp(−0.2 √(1/n Σ xᵢ²)) − exp(1/n Σ cos 2πxᵢ) + 20 + e
//! ```
//!
//! D. H. Ackley, *A Connectionist Machine for Genetic Hillclimbing*, Kluwer 1987; in n variables T. Bäck,
//! *Evolutionary Algorithms in Theory and Practice*, Oxford 1996.
//!
//! Start: 2.5 everywhere. Minimum: 0, f = 0. There f rises by 4 |x|/√n in every direction: it has no
//! gradient, and the derivatives here are NaN. A gradient of norm 4/√n close to it is no failure of a method.

use std::f64::consts::{E, TAU};

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{MOST, Minimum, MinimumKind, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ackley {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "ackley",
    about: "a flat plain with dents around one funnel",
    parameters: &[Parameter::number("n", 10.0, Range::Count, "variables")],
};

impl Ackley {
    pub fn new(arguments: &Arguments) -> Result<Ackley, CallError> {
        Ok(Ackley { n: size(arguments, "n", 1..=MOST)? })
    }
}

impl Sum for Ackley {
    const SQUARES: bool = false;

    fn formula(&self) -> &'static str {
        "−20 exp(−0.2 √(1/n Σ xᵢ²)) − exp(1/n Σ cos 2πxᵢ) + 20 + e"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![2.5; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![0.0; self.n], 0.0).kind(MinimumKind::Kink)]
    }

    fn terms(&self) -> usize {
        1
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::totals(0..2)
    }

    fn term<N: Number>(&self, _i: usize, _x: &[N], totals: &[N]) -> N {
        let n = self.n as f64;
        let [squares, cosines] = [totals[0] / n, totals[1] / n];
        -((squares.sqrt() * -0.2).exp() - 1.0) * 20.0 - (cosines.exp() - E)
    }

    fn totals(&self) -> usize {
        2
    }

    fn part<N: Number>(&self, k: usize, _j: usize, x: N) -> N {
        if k == 0 { square(x) } else { (x * TAU).cos() }
    }
}
