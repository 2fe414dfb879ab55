//! Online convex optimization: losses that come one at a time, and the best that one point could have done.
//!
//! ```text
//! in round t: a point θ_t of the set K is played, f_t comes to light, and f_t(θ_t) is lost
//! R(t) = Σ_{s ≤ t} f_s(θ_s) − min_{θ ∈ K} Σ_{s ≤ t} f_s(θ)              the regret
//! ```
//!
//! Zinkevich, *Online convex programming and generalized infinitesimal gradient ascent*, ICML 2003. A [`Sequence`]
//! has its set, deals the losses, and knows the [`Best`] fixed point of those that were played: in closed form where
//! they are linear, else with a certificate of how much better another point could be. Who plays is not known here.
//!
//! ```
//! use thalweg_online::sequence;
//!
//! let mut reddi = sequence(&"reddi".parse()?, &Default::default())?;
//! let mut g = [0.0];
//! let losses: Vec<f64> = (0..3).map(|_| reddi.play(&[1.0], &mut g)).collect();
//! assert_eq!(losses, [3.0, -1.0, -1.0]);
//! assert_eq!(reddi.best().value, -1.0); // at −1, so that the regret of staying at 1 is 2
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// The formulas are written in the letters of their sources.
#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]
#![allow(confusable_idents, reason = "Greek letters stand in formulas only")]

mod best;
mod named;
mod rows;
mod sequence;
mod vector;

pub use best::Best;
pub use named::{Deal, SEQUENCES, SequenceError, sequence};
pub use sequence::{Growth, Memory, Sequence};
