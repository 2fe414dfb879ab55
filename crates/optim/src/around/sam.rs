//! Sharpness-aware minimisation.
//!
//! ```text
//! probe:   e = ρ·g/‖g‖              g at θ         adaptive: e = ρ·θ²g/‖|θ|g‖
//! step:    the inner optimizer's, from θ, with the gradient at θ + e
//! ```
//!
//! The norm is over all segments. Foret, Kleiner, Mobahi, Neyshabur, *Sharpness-Aware Minimization for
//! Efficiently Improving Generalization*, ICLR 2021, equation 2, <https://arxiv.org/abs/2010.01412>;
//! adaptive: Kwon, Kim, Park, Choi, *ASAM: Adaptive Sharpness-Aware Minimization for Scale-Invariant
//! Learning of Deep Neural Networks*, ICML 2021, equation 6, <https://arxiv.org/abs/2102.11600>, with
//! T_θ = diag |θ| and without its η.
//!
//! θ is remembered and put back bit by bit; between a probe and its step, the optimizer must not be saved.
//! Where g is 0 or not finite, nothing moves, and the step is the inner optimizer's at θ, which does with
//! the gradient what it is told to.

use super::places::{self, Places};
use super::{bytes_of, hands_on};
use crate::norm::{self, BLOCK};
use crate::saved::{Loader, Slot};
use crate::{
    Around, Gradient, Lane, Level, Optimizer, Segment, Segments, StepError, StepInfo, Stored,
};

/// An optimizer that gets the gradient from where the cost is largest nearby.
///
/// Each step is two calls: [`Optimizer::probe`] with the gradient at θ, and, with the gradient at the point
/// it moved to, [`Optimizer::step`], which without the first is [`StepError::NoProbe`].
pub struct Sam<T: Stored> {
    inner: Box<dyn Optimizer<T>>,
    ρ: f64,
    adaptive: bool,
    places: Places,
    /// θ while the parameters are elsewhere.
    kept: Vec<T>,
    norms: Vec<f64>,
    stands: Stands,
}

/// Where the parameters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// At θ, and no probe was made.
    Before,
    /// At θ, where the probe left them.
    Probed,
    /// At θ + e.
    Away,
}

impl<T: Stored> Sam<T> {
    /// `inner`, with the gradient at the distance `rho`, from 0; with `adaptive`, distances are relative to
    /// the size of each parameter.
    pub fn new(inner: Box<dyn Optimizer<T>>, rho: f64, adaptive: bool) -> Sam<T> {
        let (places, stands) = (Places::default(), Stands::Before);
        Sam { inner, ρ: rho, adaptive, places, kept: Vec::new(), norms: Vec::new(), stands }
    }

    /// ‖g‖, or ‖|θ|g‖; `None` if it is not finite.
    fn norm(&mut self, segments: &mut dyn Segments<T>) -> Option<f64> {
        self.norms.resize(segments.count(), 0.0);
        let level = Level::widest();
        if !self.adaptive {
            return norm::of_segments(level, segments, false, &mut self.norms).ok();
        }
        let squares: f64 = (0..segments.count())
            .map(|index| {
                let Segment { shape, parameters, gradient, .. } = segments.segment(index);
                match gradient {
                    Gradient::Missing => 0.0,
                    Gradient::Dense(g) => squares_of_products(level, parameters, g),
                    Gradient::Wide(g) => squares_of_products(level, parameters, g),
                    Gradient::Rows { rows, values } => {
                        let width = shape.iter().skip(1).product::<usize>();
                        let row = |(i, row): (usize, &usize)| {
                            let g = &values[i * width..][..width];
                            squares_of_products(level, &parameters[row * width..][..width], g)
                        };
                        rows.iter().enumerate().map(row).sum()
                    }
                }
            })
            .sum();
        Some(squares.sqrt())
    }
}

/// Σ (θᵢgᵢ)², block by block.
fn squares_of_products<T: Stored, G: Stored>(level: Level, parameters: &[T], g: &[G]) -> f64 {
    let mut products = [0.0f64; BLOCK];
    let blocks = std::iter::zip(parameters.chunks(BLOCK), g.chunks(BLOCK));
    let squares = blocks.map(|(parameters, g)| {
        for (product, (p, g)) in std::iter::zip(&mut products, std::iter::zip(parameters, g)) {
            *product = p.to_f64() * g.to_f64();
        }
        level.run(
            #[inline(always)]
            || norm::sum_of_squares_of(&products[..g.len()], |x| *x),
        )
    });
    squares.sum()
}

impl<T: Stored> Optimizer<T> for Sam<T> {
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError> {
        self.check(segments)?;
        match self.stands {
            Stands::Before => return Err(StepError::NoProbe { step: self.inner.steps() + 1 }),
            Stands::Probed => {}
            Stands::Away => {
                for index in 0..segments.count() {
                    let kept = &self.kept[self.places.range(index)];
                    segments.segment(index).parameters.copy_from_slice(kept);
                }
            }
        }
        self.stands = Stands::Before;
        self.inner.step_within(segments, around)
    }

    fn probe(&mut self, segments: &mut dyn Segments<T>) -> Result<bool, StepError> {
        self.check(segments)?;
        if self.stands == Stands::Away {
            // The parameters are there already, and θ is what they were before.
            return Ok(true);
        }
        self.stands = Stands::Probed;
        self.places.settle(segments);
        let Some(norm) = self.norm(segments).filter(|norm| *norm > 0.0 && norm.is_finite()) else {
            return Ok(false);
        };
        self.kept.resize(self.places.length(), T::default());
        let (length, adaptive) = (T::Real::from_f64(self.ρ / norm), self.adaptive);
        let starts = &self.places.starts;
        places::along(segments, starts, &mut self.kept, &|segment, kept| {
            kept.copy_from_slice(segment.parameters);
            let Segment { shape, parameters, gradient, .. } = segment;
            match gradient {
                Gradient::Missing => {}
                Gradient::Dense(g) => ascend(parameters, g, length, adaptive),
                Gradient::Wide(g) => ascend(parameters, g, length, adaptive),
                Gradient::Rows { rows, values } => {
                    let width = shape.iter().skip(1).product::<usize>();
                    for (i, row) in rows.iter().enumerate() {
                        let row = &mut parameters[row * width..][..width];
                        ascend(row, &values[i * width..][..width], length, adaptive);
                    }
                }
            }
        });
        self.stands = Stands::Away;
        Ok(true)
    }

    fn check(&self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        self.places.check(segments, self.inner.steps() + 1)?;
        self.inner.check(segments)
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        self.inner.slots()
    }

    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader) {
        self.inner.load(segments, saved);
        if saved.commits() {
            (self.places, self.stands) = (Places::of(segments), Stands::Before);
        }
    }

    fn wraps(&self, word: &str) -> usize {
        self.inner.wraps(word) + usize::from(word == "sam")
    }

    fn state_bytes(&self, shape: &[usize]) -> u64 {
        self.inner.state_bytes(shape) + bytes_of::<T>(shape)
    }

    fn step_bytes(&self) -> f64 {
        // The probe reads g twice and θ, and writes θ and its copy; the step reads and writes both.
        self.inner.step_bytes() + 7.0 * size_of::<T>() as f64
    }

    fn chain(&self) -> String {
        format!("Sam({})", self.inner.chain())
    }

    hands_on!(flush moved measured steps to_iterate observe parts measures_first non_finite is_frozen formula);
}

/// θ ← θ + length·g, or with `adaptive` θ + length·θ²g.
fn ascend<T: Stored, G: Stored<Real = T::Real>>(
    parameters: &mut [T],
    g: &[G],
    length: T::Real,
    adaptive: bool,
) {
    const CHUNK: usize = 256;
    let (mut θ, mut wide) = ([T::Real::default(); CHUNK], [T::Real::default(); CHUNK]);
    for (parameters, g) in std::iter::zip(parameters.chunks_mut(CHUNK), g.chunks(CHUNK)) {
        let (θ, wide) = (&mut θ[..g.len()], &mut wide[..g.len()]);
        T::load(parameters, θ);
        G::load(g, wide);
        for (θ, g) in std::iter::zip(&mut *θ, wide) {
            let size = if adaptive { *θ * *θ } else { T::Real::constant(1.0) };
            *θ = *θ + length * (size * *g);
        }
        T::store(θ, parameters);
    }
}
