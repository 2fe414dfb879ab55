//! What a sequence of losses is.

pub(crate) mod adversarial_linear;
pub(crate) mod linear;
pub(crate) mod logistic;
pub(crate) mod random_linear;
pub(crate) mod reddi;
pub(crate) mod reddi_synthetic;
pub(crate) mod softmax;
pub(crate) mod sparse_linear;

use thalweg_sets::Set;

use crate::Best;

/// Convex losses f_1, f_2, … on a convex set, dealt one at a time.
pub trait Sequence: Send {
    /// f_t, as a formula.
    fn formula(&self) -> String;

    /// Where the losses come from, in words; `None` if they are made.
    fn data(&self) -> Option<String> {
        None
    }

    /// n, the number of coordinates.
    fn dimension(&self) -> usize;

    /// K, from which points are played.
    fn set(&self) -> Set;

    /// Where play begins: the point of the set that is nearest to 0, unless the source has another one.
    fn start(&self) -> Vec<f64> {
        let mut start = vec![0.0; self.dimension()];
        self.set().project(&mut start);
        start
    }

    /// G: no gradient of a loss is longer, ‖∇f_t(θ)‖₂ ≤ G, anywhere in the set.
    fn steepest(&self) -> f64;

    /// Whether the losses are the same whatever is played.
    fn is_oblivious(&self) -> bool {
        true
    }

    /// The next round: f_t(θ), and g ← ∇f_t(θ).
    fn play(&mut self, θ: &[f64], g: &mut [f64]) -> f64;

    /// The best fixed point of the rounds that were played, at least one.
    fn best(&mut self) -> Best;

    /// What theory says of the expected regret on these losses in particular.
    fn growths(&self) -> Vec<Growth> {
        Vec::new()
    }
}

/// A bound that grows with the root of the rounds: factor·√t.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// Whose it is.
    pub name: String,
    /// The bound, as a formula.
    pub formula: String,
    /// What √t is multiplied with.
    pub factor: f64,
}
