//! Two minima, of which runs find the worse one; problem 2, n = m = 2.
//!
//! ```text
//! r₁ = x₁ − 13 + ((5 − x₂) x₂ − 2) x₂
//! r₂ = x₁ − 29 + ((x₂ + 1) x₂ − 14) x₂
//! ```
//!
//! F. Freudenstein & B. Roth, *Numerical solution of systems of nonlinear equations*, Journal of the ACM
//! 10(4), 1963.
//!
//! Start: (0.5, −2), f = 400.5. Minima: (5, 4), f = 0, and ((53 − 4√22)/3, (2 − √22)/3), f ≈ 48.984, which is
//! the one that runs from the start reach. With + for −, these are the coordinates of the third and last
//! critical point, a saddle: for the best x₁, r₁ = −r₂, f = (r₁ − r₂)²/2 is the square of a cubic in x₂
//! alone.

use thalweg_calls::Word;

use super::Minimum;
use super::sum::{Number, Reads, Sum};

#[derive(Clone, Copy, Debug)]
pub(crate) struct FreudensteinRoth;

pub(crate) static WORD: Word = Word {
    name: "freudenstein-roth",
    about: "two minima, of which runs find the worse one",
    parameters: &[],
};

impl Sum for FreudensteinRoth {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "(x₁ − 13 + ((5 − x₂) x₂ − 2) x₂)² + (x₁ − 29 + ((x₂ + 1) x₂ − 14) x₂)²"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn start(&self) -> Vec<f64> {
        vec![0.5, -2.0]
    }

    fn minima(&self) -> Vec<Minimum> {
        vec![Minimum::global(vec![5.0, 4.0], 0.0), Minimum::local(LOCAL.0.to_vec(), LOCAL.1)]
    }

    fn terms(&self) -> usize {
        2
    }

    fn reads(&self, _i: usize) -> Reads {
        Reads::variables(0..2)
    }

    fn term<N: Number>(&self, i: usize, x: &[N], _totals: &[N]) -> N {
        let [x1, x2] = [x[0], x[1]];
        match i {
            0 => x1 - 13.0 + ((-x2 + 5.0) * x2 - 2.0) * x2,
            _ => x1 - 29.0 + ((x2 + 1.0) * x2 - 14.0) * x2,
        }
    }
}

const LOCAL: ([f64; 2], f64) = ([11.412778986902094, -0.8968052532744765], 48.98425367924002);
