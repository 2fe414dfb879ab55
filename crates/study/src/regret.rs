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
mod experiment;
mod rate;
mod run;
mod state;

use thalweg_calls::{Argument, Call, CallError, Value};
use thalweg_events::{Event, GaveUp, Growth, OnlineStarted, Player as Described, Regret};
use thalweg_online::{Best, Deal, Sequence, SequenceError, sequence};
use thalweg_optim::around::Project;
use thalweg_optim::{OPTIMIZERS, Optimizer, Segment, optimizer};
use thalweg_sets::Set;

pub use self::experiment::OnlineExperiment;
pub use self::run::{RegretError, regret};

use self::bound::Theorem;

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

/// Players, rounds and losses, checked, and how far they are: an iterator over what happens.
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
/// let Some(Event::Regret(last)) = Online::new(&experiment)?.last() else { unreachable!() };
/// assert_eq!((last.t, last.bound), (100, Some(1.5 * 3.0 * 2.0 * 10.0)));
/// assert!(last.regret <= 90.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Online {
    started: OnlineStarted,
    players: Vec<Player>,
    /// Whether all players get the same losses.
    oblivious: bool,
    /// The rounds after which it is told how the players stand.
    stops: Vec<u64>,
    place: Place,
    /// What a checkpoint must agree in with the run that goes on from it.
    identity: String,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    /// Events that were told.
    told: usize,
    /// The place in the stops of the one that is being played to.
    stop: usize,
    /// Whose turn it is.
    turn: usize,
    /// The value and the gap of the best fixed point there, once one player has come to it.
    best: Option<(f64, f64)>,
}

/// What came of playing on.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is never more than one")]
pub enum Played {
    /// There is something to tell.
    Event(Event),
    /// A pause was asked for; [`Online::save`] can be called, or it is played on.
    Paused,
    /// All rounds are played, and all is told.
    Over,
}

/// An optimizer with losses of its own.
struct Player {
    optimizer: Box<dyn Optimizer<f64>>,
    sequence: Box<dyn Sequence>,
    theorem: Option<Theorem>,
    θ: Vec<f64>,
    g: Vec<f64>,
    lost: f64,
    gave_up: bool,
}

/// Why a player has not come to the round it should.
enum Halt {
    Paused,
    GaveUp(String),
}

impl Online {
    /// Checks everything before the first round.
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
        let mut full = Vec::new();
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
            full.push(arguments.full().to_string());
            players.push(Player {
                optimizer,
                sequence: first.duplicate(),
                theorem,
                θ: start.clone(),
                g: vec![0.0; first.dimension()],
                lost: 0.0,
                gave_up: false,
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
        let data = started.data.iter().map(|data| format!(" on {data}")).collect::<String>();
        let from = experiment.start.iter().map(|θ| format!(" from {θ:?}")).collect::<String>();
        let identity = format!(
            "{}{data}{from}, {rounds} rounds, seed {seed}, by {}",
            started.sequence,
            full.join(", ")
        );
        Ok(Online {
            started,
            players,
            oblivious: first.is_oblivious(),
            stops: stops(rounds),
            place: Place::default(),
            identity,
        })
    }

    /// What is written first.
    pub fn started(&self) -> &OnlineStarted {
        &self.started
    }

    /// How many events were told.
    pub fn told(&self) -> usize {
        self.place.told
    }

    /// Plays on to the next event. Asks after every round whether to pause.
    pub fn play_on(&mut self, pause: &mut dyn FnMut() -> bool) -> Played {
        let Online { started, players, oblivious, stops, place, .. } = self;
        if place.told == 0 {
            place.told = 1;
            return Played::Event(Event::OnlineStarted(started.clone()));
        }
        while let Some(&t) = stops.get(place.stop) {
            let Some(player) = players.get_mut(place.turn) else {
                *place = Place { stop: place.stop + 1, turn: 0, best: None, ..*place };
                continue;
            };
            if player.gave_up {
                place.turn += 1;
                continue;
            }
            let event = match player.play_to(t, pause) {
                Err(Halt::Paused) => return Played::Paused,
                Err(Halt::GaveUp(reason)) => {
                    player.gave_up = true;
                    Event::GaveUp(GaveUp { player: place.turn, t: player.rounds(), reason })
                }
                Ok(()) => {
                    let (best, gap) = match place.best {
                        Some(shared) if *oblivious => shared,
                        _ => {
                            let Best { value, gap, .. } = player.sequence.best();
                            *place.best.insert((value, gap))
                        }
                    };
                    Event::Regret(Regret {
                        player: place.turn,
                        t,
                        lost: player.lost,
                        best,
                        gap,
                        regret: player.lost - best,
                        bound: player.theorem.as_ref().map(|theorem| theorem.at(t)),
                    })
                }
            };
            place.turn += 1;
            place.told += 1;
            return Played::Event(event);
        }
        Played::Over
    }
}

impl Iterator for Online {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        match self.play_on(&mut || false) {
            Played::Event(event) => Some(event),
            Played::Paused | Played::Over => None,
        }
    }
}

impl Player {
    /// How many were played.
    fn rounds(&mut self) -> u64 {
        self.sequence.memory().rounds
    }

    /// Plays up to and with round `last`.
    fn play_to(&mut self, last: u64, pause: &mut dyn FnMut() -> bool) -> Result<(), Halt> {
        while self.rounds() < last {
            self.round().map_err(Halt::GaveUp)?;
            if pause() {
                return Err(Halt::Paused);
            }
        }
        Ok(())
    }

    /// Plays a round; the reason if its step cannot be taken.
    fn round(&mut self) -> Result<(), String> {
        let Player { optimizer, sequence, theorem, θ, g, lost, .. } = self;
        *lost += sequence.play(θ, g);
        let t = sequence.memory().rounds;
        if let Some(theorem) = theorem {
            theorem.see(t, g);
        }
        let shape = [θ.len()];
        let gradient = (&*g).into();
        let mut point = [Segment { name: POINT, shape: &shape, parameters: θ, gradient }];
        optimizer.step(&mut point).map_err(|error| error.to_string())?;
        // A projection may make NaN of what was infinite.
        if !θ.iter().all(|θ| θ.is_finite()) {
            return Err(format!("step {t}: the point is not finite; lower the learning rate"));
        }
        Ok(())
    }
}

/// What an optimizer knows the point as.
const POINT: &str = "θ";

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
fn stops(rounds: u64) -> Vec<u64> {
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
    fn stops_lie_evenly_and_end_with_the_last_round() {
        assert_eq!(stops(1), [1]);
        assert_eq!(stops(12), [1, 2, 3, 4, 5, 6, 8, 10, 12]);
        let all = stops(1_000_000);
        for t in [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 50_000, 200_000, 1_000_000] {
            assert!(all.contains(&t), "{t}");
        }
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(all.len(), 58);
    }
}
