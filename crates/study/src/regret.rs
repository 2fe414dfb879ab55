//! Optimizers as players of online convex optimization: what they lose against the best fixed point.
//!
//! ```text
//! R(t) = Σ_{s ≤ t} f_s(θ_s) − min_{θ ∈ K} Σ_{s ≤ t} f_s(θ)
//! ```
//!
//! A player is an optimizer whose parameters are projected onto the set of the sequence after every step: the point
//! that it plays is the one it takes the gradient at. What it says of R(t) is written down at rounds that lie evenly
//! on a logarithmic scale, beside what a theorem promises, if one does.

mod bound;
mod rate;

use thalweg_calls::{Argument, Call, CallError, Value};
use thalweg_data::Source;
use thalweg_events::{Event, GaveUp, Growth, OnlineStarted, Player as Described, Regret};
use thalweg_online::{Best, Deal, Sequence, SequenceError, sequence};
use thalweg_optim::around::Project;
use thalweg_optim::{OPTIMIZERS, Optimizer, Segment, optimizer};
use thalweg_sets::Set;

use self::bound::Theorem;

/// Which losses, who plays, how long.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineExperiment {
    /// The sequence of losses.
    pub sequence: Call,
    /// The players.
    pub optimizers: Vec<Call>,
    /// How many rounds, at least one.
    pub rounds: u64,
    /// What is drawn comes from here.
    pub seed: u64,
    /// The first point; `None` is the sequence's own.
    pub start: Option<Vec<f64>>,
    /// Where rows of data are.
    pub source: Source,
}

impl OnlineExperiment {
    /// What the run is, for `run.toml`; the command that repeats it stands in front.
    pub fn to_toml(&self) -> String {
        let quoted =
            |text: &dyn std::fmt::Display| toml::Value::String(text.to_string()).to_string();
        let OnlineExperiment { sequence, optimizers, rounds, seed, start, source } = self;
        let calls: Vec<String> = optimizers.iter().map(|call| quoted(call)).collect();
        let options: String =
            optimizers.iter().map(|call| format!(" --optimizer '{call}'")).collect();
        let mut text = format!(
            "# thalweg regret --sequence '{sequence}'{options} --rounds {rounds} --seed {seed}\n\nsequence = {}\noptimizers = [{}]\nrounds = {rounds}\nseed = {seed}\n",
            quoted(sequence),
            calls.join(", ")
        );
        if let Some(start) = start {
            text += &format!("start = {start:?}\n");
        }
        if let Source::Path(path) = source {
            text += &format!("data = {}\n", quoted(&path.display()));
        }
        text
    }
}

/// Rounds that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum OnlineError {
    /// The losses cannot be dealt.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// An optimizer's call is wrong.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A start of another size.
    #[error("the start has {found} coordinates, but {sequence} has {expected}: give as many")]
    Start {
        /// The sequence.
        sequence: String,
        /// How many were given.
        found: usize,
        /// How many it takes.
        expected: usize,
    },
    /// A start that may not be played.
    #[error("the start is not in the set, {set}: the nearest point is {nearest}")]
    Outside {
        /// The set.
        set: String,
        /// The nearest point of it, in words.
        nearest: String,
    },
}

/// All that is needed to play, checked.
pub struct Online {
    started: OnlineStarted,
    players: Vec<Player>,
    /// Whether all players get the same losses.
    oblivious: bool,
}

/// An optimizer with losses of its own.
struct Player {
    optimizer: Box<dyn Optimizer<f64>>,
    sequence: Box<dyn Sequence>,
    theorem: Option<Theorem>,
    θ: Vec<f64>,
    g: Vec<f64>,
    lost: f64,
    over: bool,
}

impl Online {
    /// Checks everything before the first round.
    ///
    /// ```
    /// use thalweg_events::Event;
    /// use thalweg_study::{Online, OnlineExperiment};
    ///
    /// let experiment = OnlineExperiment {
    ///     sequence: "reddi".parse()?,
    ///     optimizers: vec!["sgd".parse()?],
    ///     rounds: 100,
    ///     seed: 1,
    ///     start: None,
    ///     source: thalweg_data::Source::Search,
    /// };
    /// let mut last = None;
    /// Online::new(&experiment)?.play::<()>(|event| {
    ///     if let Event::Regret(regret) = event {
    ///         last = Some(*regret);
    ///     }
    ///     Ok(())
    /// }).unwrap();
    /// let last = last.unwrap();
    /// assert_eq!((last.t, last.bound), (100, Some(1.5 * 3.0 * 2.0 * 10.0)));
    /// assert!(last.regret <= 90.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a call is wrong, the data are not there, or the start is not in the set.
    pub fn new(experiment: &OnlineExperiment) -> Result<Online, OnlineError> {
        let OnlineExperiment { rounds, seed, .. } = *experiment;
        let deal = Deal { seed, rounds, source: experiment.source.clone() };
        let first = sequence(&experiment.sequence, &deal)?;
        let set = first.set();
        let start = start(experiment, &*first)?;
        let mut described = Vec::new();
        let mut players = Vec::new();
        for call in &experiment.optimizers {
            let call = rate::with_rate(call, &*first)?;
            let optimizer = player_of(&call, set)?;
            let arguments = OPTIMIZERS.resolve(&call)?;
            let (theory, theorem) = bound::of(&arguments, &*first)?;
            described.push(Described {
                optimizer: arguments.brief().to_string(),
                formula: optimizer.formula(),
                theory,
            });
            players.push(Player {
                optimizer,
                sequence: sequence(&experiment.sequence, &deal)?,
                theorem,
                θ: start.clone(),
                g: vec![0.0; first.dimension()],
                lost: 0.0,
                over: false,
            });
        }
        let n = first.dimension();
        let growth = |growth: thalweg_online::Growth| Growth {
            name: growth.name,
            formula: growth.formula,
            factor: growth.factor,
        };
        let started = OnlineStarted {
            version: env!("CARGO_PKG_VERSION").into(),
            sequence: experiment.sequence.to_string(),
            formula: first.formula(),
            data: first.data(),
            set: set.call().to_string(),
            dimension: n as u64,
            diameter: set.diameter(n),
            width: set.width(n),
            steepest: first.steepest(),
            rounds,
            seed,
            growths: first.growths().into_iter().map(growth).collect(),
            players: described,
        };
        Ok(Online { started, players, oblivious: first.is_oblivious() })
    }

    /// What is written first.
    pub fn started(&self) -> &OnlineStarted {
        &self.started
    }

    /// Plays all rounds and tells what happens, until telling fails.
    ///
    /// # Errors
    ///
    /// What telling fails with.
    pub fn play<E>(mut self, mut tell: impl FnMut(&Event) -> Result<(), E>) -> Result<(), E> {
        tell(&Event::OnlineStarted(self.started.clone()))?;
        let mut played = 0;
        for t in checkpoints(self.started.rounds) {
            let mut shared: Option<Best> = None;
            for (index, player) in self.players.iter_mut().enumerate() {
                if player.over {
                    continue;
                }
                if let Err((t, reason)) = player.rounds(played + 1..=t) {
                    player.over = true;
                    tell(&Event::GaveUp(GaveUp { player: index, t, reason }))?;
                    continue;
                }
                let best = match &shared {
                    Some(best) if self.oblivious => best,
                    _ => shared.insert(player.sequence.best()),
                };
                tell(&Event::Regret(Regret {
                    player: index,
                    t,
                    lost: player.lost,
                    best: best.value,
                    gap: best.gap,
                    regret: player.lost - best.value,
                    bound: player.theorem.as_ref().map(|theorem| theorem.at(t)),
                }))?;
            }
            played = t;
        }
        Ok(())
    }
}

impl Player {
    /// Plays these rounds; the round and the reason if a step cannot be taken.
    fn rounds(&mut self, rounds: std::ops::RangeInclusive<u64>) -> Result<(), (u64, String)> {
        let Player { optimizer, sequence, theorem, θ, g, lost, .. } = self;
        let shape = [θ.len()];
        for t in rounds {
            *lost += sequence.play(θ, g);
            if let Some(theorem) = theorem {
                theorem.see(t, g);
            }
            let gradient = (&*g).into();
            let mut point = [Segment { name: "θ", shape: &shape, parameters: θ, gradient }];
            optimizer.step(&mut point).map_err(|error| (t, error.to_string()))?;
            // A projection may make NaN of what was infinite.
            if !θ.iter().all(|θ| θ.is_finite()) {
                return Err((
                    t,
                    format!("step {t}: the point is not finite; lower the learning rate"),
                ));
            }
        }
        Ok(())
    }
}

fn start(experiment: &OnlineExperiment, first: &dyn Sequence) -> Result<Vec<f64>, OnlineError> {
    let Some(start) = experiment.start.clone() else { return Ok(first.start()) };
    if start.len() != first.dimension() {
        return Err(OnlineError::Start {
            sequence: experiment.sequence.to_string(),
            found: start.len(),
            expected: first.dimension(),
        });
    }
    let mut nearest = start.clone();
    first.set().project(&mut nearest);
    let away = start.iter().zip(&nearest).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    if away > 1e-12 * first.set().width(start.len()).max(1.0) {
        let nearest: Vec<String> = nearest.iter().take(8).map(f64::to_string).collect();
        let (set, more) = (first.set().call().to_string(), if start.len() > 8 { ",…" } else { "" });
        return Err(OnlineError::Outside { set, nearest: nearest.join(",") + more });
    }
    Ok(nearest)
}

/// The optimizer with a projection around it.
fn player_of(call: &Call, set: Set) -> Result<Box<dyn Optimizer<f64>>, CallError> {
    let inner = optimizer::<f64>(call, None)?;
    if inner.wraps("project") > 0 {
        return Err(CallError::new(format!(
            "{call}: a projection onto the set of the sequence is put around; give what is inside of project"
        )));
    }
    if inner.wraps("sam") > 0 {
        return Err(CallError::new(format!(
            "{call}: sam asks for a second gradient, and a round has one; give what is inside of sam"
        )));
    }
    Ok(Box::new(Project::new(inner, set)))
}

/// Ten rounds for each power of ten, in two digits, and the last one.
fn checkpoints(rounds: u64) -> Vec<u64> {
    let at = |k: i32| {
        let t = 10f64.powf(f64::from(k) / 10.0);
        let unit = 10f64.powf(t.log10().floor() - 1.0).max(1.0);
        ((t / unit).round() * unit) as u64
    };
    let mut all: Vec<u64> = (0..).map(at).take_while(|t| *t < rounds).collect();
    all.push(rounds);
    all.dedup();
    all
}

/// The argument that says how large steps are.
fn lr(base: f64, schedule: Option<&str>) -> Argument {
    let value = match schedule {
        Some(call) => Value::Scheduled(base, call.parse().expect("a schedule's call")),
        None => Value::Number(base),
    };
    Argument { name: Some("lr".into()), value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_lie_evenly_and_end_with_the_last_round() {
        assert_eq!(checkpoints(1), [1]);
        assert_eq!(checkpoints(12), [1, 2, 3, 4, 5, 6, 8, 10, 12]);
        let all = checkpoints(1_000_000);
        for t in [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 50_000, 200_000, 1_000_000] {
            assert!(all.contains(&t), "{t}");
        }
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(all.len(), 58);
    }
}
