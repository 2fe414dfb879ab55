//! A polynomial that is to solve a differential equation; problem 20, 2 ≤ n ≤ 31, m = 31.
//!
//! ```text
//! rᵢ  = Σⱼ (j − 1) xⱼ tᵢʲ⁻² − (Σⱼ xⱼ tᵢʲ⁻¹)² − 1,  tᵢ = i/29,  i = 1, …, 29
//! r₃₀ = x₁,  r₃₁ = x₂ − x₁² − 1
//! ```
//!
//! J. S. Kowalik & M. R. Osborne, *Methods for Unconstrained Optimization Problems*, Elsevier 1968. It asks
//! for y′ = 1 + y², y(0) = 0, the tangent.
//!
//! Start: 0, f = 30; Moré & Wild's table starts at ½. Minima, by n: f = 2.287670…·10⁻³ for 6,
//! 1.399760…·10⁻⁶ for 9, 4.722381…·10⁻¹⁰ for 12. The condition number of the Hessian there
//! grows from 8·10⁴ for n = 6 to 7·10¹³ for n = 12.

use thalweg_calls::{Arguments, CallError, Parameter, Range, Word};

use super::sum::{Number, Reads, Sum, square};
use super::{Minimum, size};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Watson {
    n: usize,
}

pub(crate) static WORD: Word = Word {
    name: "watson",
    about: "a differential equation by a polynomial, ever worse conditioned",
    parameters: &[Parameter::number("n", 6.0, Range::Count, "variables, from 2 to 31")],
};

impl Watson {
    pub fn new(arguments: &Arguments) -> Result<Watson, CallError> {
        Ok(Watson { n: size(arguments, "n", 2..=31)? })
    }
}

impl Sum for Watson {
    const SQUARES: bool = true;

    fn formula(&self) -> &'static str {
        "Σ (Σ (j − 1) xⱼ tᵢʲ⁻² − (Σ xⱼ tᵢʲ⁻¹)² − 1)² + x₁² + (x₂ − x₁² − 1)², tᵢ = i/29"
    }

    fn dimension(&self) -> usize {
        self.n
    }

    fn start(&self) -> Vec<f64> {
        vec![0.0; self.n]
    }

    fn minima(&self) -> Vec<Minimum> {
        match self.n {
            6 => vec![Minimum::global(AT_6.0.to_vec(), AT_6.1)],
            9 => vec![Minimum::global(AT_9.0.to_vec(), AT_9.1)],
            12 => vec![Minimum::global(AT_12.0.to_vec(), AT_12.1)],
            _ => Vec::new(),
        }
    }

    fn terms(&self) -> usize {
        31
    }

    fn reads(&self, i: usize) -> Reads {
        match i {
            29 => Reads::variables(0..1),
            30 => Reads::variables(0..2),
            _ => Reads::totals(2 * i..2 * i + 2),
        }
    }

    fn term<N: Number>(&self, i: usize, x: &[N], totals: &[N]) -> N {
        match i {
            29 => x[0],
            30 => x[1] - square(x[0]) - 1.0,
            _ => totals[0] - square(totals[1]) - 1.0,
        }
    }

    fn totals(&self) -> usize {
        2 * 29
    }

    fn part<N: Number>(&self, k: usize, j: usize, x: N) -> N {
        let t = (k / 2 + 1) as f64 / 29.0;
        let j = j as i32;
        // Even ones are the derivatives of the polynomial, odd ones its values.
        match k % 2 {
            0 if j == 0 => x * 0.0,
            0 => x * (f64::from(j) * t.powi(j - 1)),
            _ => x * t.powi(j),
        }
    }
}

const AT_6: ([f64; 6], f64) = (
    [
        -0.015725086401458456,
        1.0124348693691099,
        -0.23299162595673767,
        1.2604300877996082,
        -1.5137289227222797,
        0.9929964324311346,
    ],
    0.0022876700535524363,
);

const AT_9: ([f64; 9], f64) = (
    [
        -1.5307036521394342e-5,
        0.9997897039319483,
        0.01476396369355696,
        0.14634232829936222,
        1.0008211030047092,
        -2.617731140519015,
        4.104403164478857,
        -3.143612278556442,
        1.0526264080101668,
    ],
    1.39976013809902e-06,
);

const AT_12: ([f64; 12], f64) = (
    [
        -6.638060464520687e-9,
        1.000001644117862,
        -0.0005639322103423058,
        0.34782054050404243,
        -0.15673150409616513,
        1.0528151772071779,
        -3.2472711534596677,
        7.288434897938061,
        -10.271848241321724,
        9.074113647075317,
        -4.541375466692512,
        1.0120118885528104,
    ],
    4.722381105891757e-10,
);
