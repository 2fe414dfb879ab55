//! Convex sets: the nearest point, the lowest point of a plane, and how wide they are.
//!
//! ```text
//! box      { x : low ≤ xᵢ ≤ high }          Π(x)ᵢ = min(max(xᵢ, low), high)
//! ball     { x : ‖x‖₂ ≤ r }                 Π(x) = x · min(1, r/‖x‖₂)
//! simplex  { x : xᵢ ≥ 0, Σxᵢ = total }      Π(x)ᵢ = max(xᵢ − τ, 0)
//! ```
//!
//! The projection Π(x) is the point of the set that is nearest to x. Each of them is one function of a coordinate
//! once a number is known that depends on all of them, so that a point may lie in pieces anywhere
//! ([`Set::projection`]).
//!
//! ```
//! let ball = thalweg_sets::set(&"ball(radius=1)".parse()?)?;
//! let mut x = [3.0, 4.0];
//! ball.project(&mut x);
//! assert!((x[0] - 0.6).abs() < 1e-15 && (x[1] - 0.8).abs() < 1e-15);
//! assert_eq!(ball.diameter(2), 2.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// The formulas are written in the letters of their sources.
#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]

mod ball;
mod cube;
mod named;
mod simplex;

pub use named::{SETS, set};

use thalweg_calls::{Argument, Call, Value};

/// A closed, bounded, convex set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Set {
    /// Each coordinate between the same two bounds.
    Box {
        /// The lower bound.
        low: f64,
        /// The upper bound, not below the lower one.
        high: f64,
    },
    /// At most so far from 0.
    Ball {
        /// r, above 0.
        radius: f64,
    },
    /// No coordinate below 0, and all of them together so much.
    Simplex {
        /// The sum, above 0.
        total: f64,
    },
}

/// Hands all coordinates of a point, piece by piece and always in the same order, to the function it is given.
pub type Coordinates<'a> = dyn FnMut(&mut dyn FnMut(&[f64])) + 'a;

/// A projection as a function of one coordinate, right for the point that it was made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Projection {
    /// The point is in the set already.
    Identity,
    /// min(max(x, low), high)
    Clamp {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// x · factor
    Scale(f64),
    /// max(x − τ, 0)
    Threshold(f64),
}

impl Projection {
    /// The coordinate of the nearest point.
    #[inline(always)]
    pub fn at(self, x: f64) -> f64 {
        match self {
            Projection::Identity => x,
            Projection::Clamp { low, high } => x.clamp(low, high),
            Projection::Scale(factor) => x * factor,
            Projection::Threshold(τ) => (x - τ).max(0.0),
        }
    }
}

impl Set {
    /// The projection of the point that has these coordinates, at least one. They are asked for once, and for the
    /// simplex a few times.
    pub fn projection(&self, coordinates: &mut Coordinates<'_>) -> Projection {
        match *self {
            Set::Box { low, high } => Projection::Clamp { low, high },
            Set::Ball { radius } => ball::projection(radius, coordinates),
            Set::Simplex { total } => simplex::projection(total, coordinates),
        }
    }

    /// x ← Π(x)
    ///
    /// ```
    /// let simplex = thalweg_sets::Set::Simplex { total: 1.0 };
    /// let mut x = [0.9, 0.3, -2.0];
    /// simplex.project(&mut x);
    /// assert!((x[0] - 0.8).abs() < 1e-15 && (x[1] - 0.2).abs() < 1e-15 && x[2] == 0.0);
    /// ```
    pub fn project(&self, x: &mut [f64]) {
        let projection = self.projection(&mut |see| see(x));
        x.iter_mut().for_each(|x| *x = projection.at(*x));
    }

    /// point ← a minimum of c·x over the set; returns the value there.
    ///
    /// ```
    /// let square = thalweg_sets::Set::Box { low: -1.0, high: 1.0 };
    /// let mut point = [0.0; 2];
    /// assert_eq!(square.lowest(&[2.0, -3.0], &mut point), -5.0);
    /// assert_eq!(point, [-1.0, 1.0]);
    /// ```
    pub fn lowest(&self, c: &[f64], point: &mut [f64]) -> f64 {
        match *self {
            Set::Box { low, high } => cube::lowest(low, high, c, point),
            Set::Ball { radius } => ball::lowest(radius, c, point),
            Set::Simplex { total } => simplex::lowest(total, c, point),
        }
        c.iter().zip(point).map(|(c, x)| c * *x).sum()
    }

    /// D, the largest Euclidean distance of two points, in n dimensions.
    pub fn diameter(&self, n: usize) -> f64 {
        match *self {
            Set::Box { low, high } => (high - low) * (n as f64).sqrt(),
            Set::Ball { radius } => 2.0 * radius,
            Set::Simplex { .. } if n == 1 => 0.0,
            Set::Simplex { total } => total * 2f64.sqrt(),
        }
    }

    /// D∞, the largest difference of two points in one coordinate, in n dimensions.
    pub fn width(&self, n: usize) -> f64 {
        match *self {
            Set::Box { low, high } => high - low,
            Set::Ball { radius } => 2.0 * radius,
            Set::Simplex { .. } if n == 1 => 0.0,
            Set::Simplex { total } => total,
        }
    }

    /// max ‖x‖₂ over the set, in n dimensions.
    pub fn reach(&self, n: usize) -> f64 {
        match *self {
            Set::Box { low, high } => low.abs().max(high.abs()) * (n as f64).sqrt(),
            Set::Ball { radius } => radius,
            Set::Simplex { total } => total,
        }
    }

    /// The call that names the set.
    pub fn call(&self) -> Call {
        let (word, arguments) = match *self {
            Set::Box { low, high } => ("box", vec![("low", low), ("high", high)]),
            Set::Ball { radius } => ("ball", vec![("radius", radius)]),
            Set::Simplex { total } => ("simplex", vec![("total", total)]),
        };
        let argument =
            |(name, x): (&str, f64)| Argument { name: Some(name.into()), value: Value::Number(x) };
        Call { name: word.into(), arguments: arguments.into_iter().map(argument).collect() }
    }

    /// The update of a parameter that the projection is, as a formula.
    pub fn formula(&self) -> String {
        match self {
            Set::Box { low, high } => format!("θ ← min(max(θ, {low}), {high})"),
            Set::Ball { radius } => format!("θ ← θ·min(1, {radius}/‖θ‖₂)"),
            Set::Simplex { total } => format!("θ ← max(θ − τ, 0), with τ so that Σθ = {total}"),
        }
    }

    /// The same in LaTeX.
    pub fn latex(&self) -> String {
        let right = match self {
            Set::Box { low, high } => format!(r"\min(\max(\theta, {low}), {high})"),
            Set::Ball { radius } => {
                format!(r"\theta \cdot \min(1, {radius} / \lVert\theta\rVert_2)")
            }
            Set::Simplex { total } => {
                format!(r"\max(\theta - \tau, 0), \quad \textstyle\sum \theta = {total}")
            }
        };
        format!(r"\theta &\leftarrow {right}")
    }
}
