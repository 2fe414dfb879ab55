//! What happens where losses come one at a time.

use serde::{Deserialize, Serialize};

/// Which losses, who plays, and what theory says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnlineStarted {
    /// The version of Thalweg that ran.
    pub version: String,
    /// The sequence of losses, as a call.
    pub sequence: String,
    /// f_t, as a formula.
    pub formula: String,
    /// Where rows of data came from, in words, if there are any.
    pub data: Option<String>,
    /// The convex set from which points are played, as a call.
    pub set: String,
    /// n, the number of coordinates.
    pub dimension: u64,
    /// D, the largest Euclidean distance of two points of the set.
    pub diameter: f64,
    /// D∞, their largest difference in one coordinate.
    pub width: f64,
    /// G, which no gradient is longer than.
    pub steepest: f64,
    /// How many rounds are played.
    pub rounds: u64,
    /// What is drawn comes from here.
    pub seed: u64,
    /// What theory says of the expected regret on these losses in particular.
    pub growths: Vec<Growth>,
    /// Who plays. [`Regret::player`] counts in this list.
    pub players: Vec<Player>,
}

/// A bound that grows with the root of the rounds: factor·√t.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// Whose it is.
    pub name: String,
    /// The bound, as a formula.
    pub formula: String,
    /// What √t is multiplied with.
    pub factor: f64,
}

/// An optimizer that plays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Player {
    /// The call that repeats it, with its learning rate.
    pub optimizer: String,
    /// The update as a formula, projection included.
    pub formula: String,
    /// The theorem that bounds its regret, or why there is none.
    pub theory: Theory,
}

/// What is known of the regret of a rule on a sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theory {
    /// A theorem holds.
    Bound {
        /// Where it is proved.
        theorem: String,
        /// The bound on R(T), as a formula.
        formula: String,
    },
    /// None does, and why.
    None(String),
}

/// How a player stands after some rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regret {
    /// Place in [`OnlineStarted::players`].
    pub player: usize,
    /// Rounds played.
    pub t: u64,
    /// Σ f_s(θ_s), what was lost.
    pub lost: f64,
    /// min Σ f_s(θ), what the best fixed point would have lost.
    pub best: f64,
    /// Its optimality residual: no point of the set has less by more than this.
    pub gap: f64,
    /// R(t) = lost − best.
    pub regret: f64,
    /// What R(t) is at most, where a theorem says so.
    pub bound: Option<f64>,
}

/// A player that could not go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GaveUp {
    /// Place in [`OnlineStarted::players`].
    pub player: usize,
    /// The round after which it could not take its step, from 1.
    pub t: u64,
    /// What was not finite, in words.
    pub reason: String,
}
