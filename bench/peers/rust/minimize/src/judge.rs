//! A problem, and how often it was asked.
//!
//! An evaluation is f and ∇f at one point, or one product H·v. Some methods ask for value and gradient apart, or for
//! both again at the point that a search has accepted: what was asked lately is known, and is free. A problem is
//! solved by the first evaluation whose gradient has no coordinate above 10⁻⁶ and whose value is not above that of the
//! start, whatever the method thinks of the point: some problems are flat far away, and higher, where a search may look
//! but a minimizer does not end. 2,000 evaluations are all there are.

use std::collections::VecDeque;
use std::error::Error;

use thalweg_minimize::{Gradient, Hessian, Objective, Offer, Products, Residuals};
use thalweg_surfaces::{Problem, problem};

pub const TOLERANCE: f64 = 1e-6;
pub const LIMIT: usize = 2000;
/// How many points are remembered: more than a search looks at before it asks for an older one again.
const REMEMBERED: usize = 64;

/// A point, f there, and ∇f.
struct Known {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

pub struct Judge {
    problem: Box<dyn Problem>,
    start: Vec<f64>,
    known: VecDeque<Known>,
    evaluations: usize,
    /// f at the start.
    first: f64,
    /// How often it was asked, what was known included: a search may go round in circles.
    asked: usize,
    /// The evaluations and the value when it was solved, and the point.
    solved: Option<(usize, f64, Vec<f64>)>,
    /// The lowest value, and the smallest ‖∇f‖∞.
    lowest: f64,
    flattest: f64,
}

impl Judge {
    pub fn new(call: &str, factor: f64) -> Result<Judge, Box<dyn Error>> {
        let problem = problem(&call.parse()?)?;
        let start = problem.start().iter().map(|x| factor * x).collect();
        let known = VecDeque::with_capacity(REMEMBERED);
        let (first, lowest, flattest) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
        Ok(Judge {
            problem,
            start,
            known,
            evaluations: 0,
            first,
            asked: 0,
            solved: None,
            lowest,
            flattest,
        })
    }

    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// Forgets what was asked.
    pub fn restart(&mut self) {
        self.known.clear();
        (self.evaluations, self.asked, self.solved) = (0, 0, None);
        (self.lowest, self.flattest) = (f64::INFINITY, f64::INFINITY);
    }

    /// Whether a method that can be stopped should be.
    pub fn is_over(&self) -> bool {
        self.solved.is_some() || self.evaluations >= LIMIT || self.asked >= 20 * LIMIT
    }

    /// f(x) and ∇f(x).
    pub fn at(&mut self, x: &[f64]) -> (f64, &[f64]) {
        self.asked += 1;
        let place = self.known.iter().rposition(|known| known.x == x);
        let place = place.unwrap_or_else(|| self.evaluate(x));
        let Known { value, gradient, .. } = &self.known[place];
        (*value, gradient)
    }

    fn evaluate(&mut self, x: &[f64]) -> usize {
        let mut gradient = vec![0.0; x.len()];
        let value = self.problem.value_and_gradient(x, &mut gradient);
        self.evaluations += 1;
        let larger = |norm: f64, g: &f64| if g.abs() <= norm { norm } else { g.abs() };
        let norm = gradient.iter().fold(0.0, larger);
        if self.evaluations == 1 {
            self.first = value;
        }
        let counts = self.evaluations <= LIMIT && value <= self.first;
        if self.solved.is_none() && counts && norm <= TOLERANCE {
            self.solved = Some((self.evaluations, value, x.to_vec()));
        }
        self.lowest = self.lowest.min(value);
        self.flattest = self.flattest.min(norm);
        if self.known.len() == REMEMBERED {
            self.known.pop_front();
        }
        self.known.push_back(Known { x: x.to_vec(), value, gradient });
        self.known.len() - 1
    }

    /// product ← H(x)·v
    pub fn product(&mut self, x: &[f64], v: &[f64], product: &mut [f64]) {
        self.evaluations += 1;
        self.problem.hessian_product(x, v, product);
    }

    /// What it took, as JSON: `solved` says after how many evaluations, `evaluations` how many there were in all.
    /// The value is that of the point `x` where it was solved, or the lowest one.
    pub fn result(&self, end: &str) -> String {
        let (solved, value, x) = match &self.solved {
            Some((evaluations, value, x)) => (evaluations.to_string(), *value, &x[..]),
            None => ("null".to_string(), self.lowest, &[][..]),
        };
        let rest = json(&[value, self.flattest]);
        format!(
            "{{\"solved\": {solved}, \"evaluations\": {}, \"end\": {end:?}, \"value_and_norm\": {rest}, \"x\": {}}}",
            self.evaluations,
            json(x)
        )
    }
}

/// Numbers as Python's JSON reads them.
pub fn json(numbers: &[f64]) -> String {
    let number = |x: &f64| match x {
        x if x.is_nan() => "NaN".to_string(),
        x if x.is_infinite() => format!("{}Infinity", if *x < 0.0 { "-" } else { "" }),
        x => format!("{x:?}"),
    };
    format!("[{}]", numbers.iter().map(number).collect::<Vec<_>>().join(", "))
}

impl Objective for Judge {
    fn dimension(&self) -> usize {
        self.start.len()
    }
}

impl Gradient<f64> for Judge {
    fn value_and_gradient(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
        let (value, gradient) = self.at(x);
        g.copy_from_slice(gradient);
        value
    }
}

impl Products<f64> for Judge {
    fn product(&mut self, x: &[f64], v: &[f64], hv: &mut [f64]) {
        Judge::product(self, x, v, hv);
    }
}

impl Hessian<f64> for Judge {
    fn hessian(&mut self, x: &[f64], h: &mut [f64]) {
        self.evaluations += 1;
        self.problem.hessian(x, h);
    }
}

impl Residuals<f64> for Judge {
    fn residual_count(&self) -> usize {
        self.problem.least_squares().map_or(0, |squares| squares.residual_count())
    }

    fn residuals(&mut self, x: &[f64], r: &mut [f64]) {
        // Residuals come with a gradient, for the judge to see.
        self.at(x);
        self.problem.least_squares().inspect(|squares| squares.residuals(x, r));
    }

    fn jacobian(&mut self, x: &[f64], j: &mut [f64]) {
        self.at(x);
        self.problem.least_squares().inspect(|squares| squares.jacobian(x, j));
    }
}

impl Offer<f64> for Judge {
    fn as_products(&mut self) -> Option<&mut dyn Products<f64>> {
        Some(self)
    }

    fn as_hessian(&mut self) -> Option<&mut dyn Hessian<f64>> {
        Some(self)
    }

    fn as_residuals(&mut self) -> Option<&mut dyn Residuals<f64>> {
        match self.problem.least_squares() {
            Some(_) => Some(self),
            None => None,
        }
    }
}
