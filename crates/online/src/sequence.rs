//! What a sequence of losses is.

pub(crate) mod adversarial_linear;
pub(crate) mod linear;
pub(crate) mod logistic;
pub(crate) mod random_linear;
pub(crate) mod reddi;
pub(crate) mod reddi_synthetic;
pub(crate) mod regression;
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

    /// What it remembers: a sequence of the same call and deal that is given it goes on with the same bits.
    fn memory(&mut self) -> &mut Memory;

    /// Another one that stands where this one does: to deal the same from the first round on can take as long as to play.
    fn duplicate(&self) -> Box<dyn Sequence>;

    /// What theory says of the expected regret on these losses in particular.
    fn growths(&self) -> Vec<Growth> {
        Vec::new()
    }
}

/// All that the rounds to come, and their best fixed point, depend on beside the call and the deal.
///
/// ```
/// use thalweg_online::{Deal, sequence};
///
/// let call = "random-linear(dimension=2)".parse()?;
/// let mut losses = sequence(&call, &Deal::default())?;
/// let mut g = [0.0; 2];
/// losses.play(&[0.5, -1.0], &mut g);
///
/// let mut others = sequence(&call, &Deal::default())?;
/// *others.memory() = losses.memory().clone();
/// assert_eq!(others.best(), losses.best());
/// assert_eq!(others.play(&[1.0, 1.0], &mut g), losses.play(&[1.0, 1.0], &mut g));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// How many rounds were played.
    pub rounds: u64,
    /// n numbers: of linear losses Σ g_t, of others the best point so far, from which the next one is looked for.
    pub vector: Vec<f64>,
}

impl Memory {
    /// Of no rounds.
    pub(crate) fn new(vector: Vec<f64>) -> Memory {
        Memory { rounds: 0, vector }
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
