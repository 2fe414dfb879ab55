//! Rounds that are interrupted anywhere and gone on with, to the bit.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thalweg_data::Source;
use thalweg_events::{Event, read};
use thalweg_optim::saved;
use thalweg_study::{
    Ending, Online, OnlineExperiment, Played, RegretError, RunFolder, Unfinished, regret,
};

fn experiment(sequence: &str, optimizers: &[&str], rounds: u64) -> OnlineExperiment {
    OnlineExperiment {
        sequence: sequence.parse().unwrap(),
        optimizers: optimizers.iter().map(|call| call.parse().unwrap()).collect(),
        rounds,
        seed: 3,
        start: None,
        source: Source::Embedded,
    }
}

/// A folder that is gone after the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let name = format!("thalweg-regret-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        Scratch(path)
    }

    fn log(&self) -> PathBuf {
        self.0.join("events.jsonl")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Every theorem, a schedule, momentum, matrices, averages, gradients that are gathered, and one who gives up.
const PLAYERS: [&str; 9] = [
    "sgd(lr=1e308)",
    "sgd",
    "sgd(lr=2*inverse_time(k=0.01))",
    "adagrad",
    "amsgrad(beta1=0, corrected=true)",
    "adam",
    "momentum(lr=0.1)",
    "ema(sgd(lr=0.1))",
    "accumulate(adam, steps=3)",
];

#[test]
fn what_is_resumed_after_any_round_has_the_same_bits() {
    for (sequence, rounds, every) in [
        ("random-linear(dimension=3)", 60, 7),
        ("adversarial-linear(dimension=4, set=ball)", 60, 7),
        ("sparse-linear(dimension=9)", 60, 7),
        ("reddi", 60, 7),
        ("reddi-synthetic(stochastic=true)", 60, 7),
        ("agaricus-logistic(set=ball(radius=3))", 12, 31),
        ("breast-cancer-logistic(shuffled=true)", 20, 37),
        ("breast-cancer-logistic(set=ball)", 20, 37),
        ("digits-softmax(set=ball(radius=5), l2=0.1)", 8, 41),
    ] {
        let experiment = experiment(sequence, &PLAYERS, rounds);
        let whole: Vec<Event> = Online::new(&experiment).unwrap().collect();
        let most = rounds as usize * PLAYERS.len();
        for pause in (1..most).step_by(every) {
            let mut online = Online::new(&experiment).unwrap();
            let (mut told, mut rounds) = (Vec::new(), 0);
            let state = loop {
                let mut paused = || {
                    rounds += 1;
                    rounds == pause
                };
                match online.play_on(&mut paused) {
                    Played::Event(event) => told.push(event),
                    Played::Paused => break Some(online.save()),
                    // Who gave up has not played them all.
                    Played::Over => break None,
                }
            };
            let Some(state) = state else { continue };
            let begun = told.len();
            told.extend(Online::new(&experiment).unwrap().resume(&state, begun).unwrap());
            assert_eq!(told, whole, "{sequence}, after round {pause} of all players");
        }
    }
}

#[test]
fn a_checkpoint_that_is_ahead_of_the_events_is_left_aside() {
    let experiment = experiment("reddi", &["adam"], 50);
    let whole: Vec<Event> = Online::new(&experiment).unwrap().collect();
    let mut online = Online::new(&experiment).unwrap();
    online.by_ref().take(5).for_each(drop);
    let state = online.save();
    let again: Vec<Event> = Online::new(&experiment).unwrap().resume(&state, 4).unwrap().collect();
    assert_eq!(again, whole);
    let rest = Online::new(&experiment).unwrap().resume(&state, 5).unwrap();
    assert_eq!(rest.collect::<Vec<_>>(), whole[5..]);
}

/// Plays into the folder, and stops after so many rounds.
fn play(folder: &Path, of: &OnlineExperiment, rounds: usize) -> Result<Ending, RegretError> {
    let kept = RunFolder::open(folder, &of.to_toml())?;
    let left = Cell::new(rounds);
    let should_stop = || {
        left.set(left.get().saturating_sub(1));
        left.get() == 0
    };
    let mut told = Vec::new();
    let ending = regret(Online::new(of).unwrap(), &kept, Duration::MAX, &should_stop, |event| {
        told.push(event.clone());
        Ok::<_, RegretError>(())
    })?;
    assert_eq!(
        told,
        read(&folder.join("events.jsonl")).unwrap(),
        "what is told is what is written"
    );
    Ok(ending)
}

#[test]
fn a_folder_that_is_stopped_or_cut_anywhere_becomes_that_of_an_uninterrupted_run() {
    let experiment = experiment("adversarial-linear(dimension=2)", &["sgd", "adagrad"], 40);
    let whole = Scratch::new("whole");
    assert_eq!(play(&whole.0, &experiment, usize::MAX).unwrap(), Ending::Complete);
    let bytes = fs::read(whole.log()).unwrap();
    let events = read(&whole.log()).unwrap();

    let stopped = Scratch::new("stopped");
    let mut stops = 0;
    while play(&stopped.0, &experiment, 9).unwrap() == Ending::Stopped {
        stops += 1;
        let so_far = fs::read(stopped.log()).unwrap();
        assert!(bytes.starts_with(&so_far), "nothing is written twice");
    }
    assert_eq!((stops, fs::read(stopped.log()).unwrap()), (8, bytes.clone()));
    assert_eq!(fs::read_dir(stopped.0.join("checkpoints")).unwrap().count(), 0);

    // With a checkpoint of the middle, and without one.
    let halfway = Scratch::new("halfway");
    play(&halfway.0, &experiment, 40).unwrap();
    let checkpoint = fs::read(halfway.0.join("checkpoints/rounds.safetensors")).unwrap();
    for length in (0..bytes.len()).step_by(13) {
        for checkpoint in [None, Some(&checkpoint)] {
            let cut = Scratch::new("cut");
            drop(RunFolder::open(&cut.0, &experiment.to_toml()).unwrap());
            fs::write(cut.log(), &bytes[..length]).unwrap();
            if let Some(checkpoint) = checkpoint {
                fs::write(cut.0.join("checkpoints/rounds.safetensors"), checkpoint).unwrap();
            }
            assert_eq!(play(&cut.0, &experiment, usize::MAX).unwrap(), Ending::Complete);
            assert!(fs::read(cut.log()).unwrap().starts_with(&bytes[..length]), "cut at {length}");
            assert_eq!(read(&cut.log()).unwrap(), events, "cut at {length}");
        }
    }
}

#[test]
fn what_does_not_belong_together_is_told() {
    let scratch = Scratch::new("mistakes");
    let folder = &scratch.0;
    let first = experiment("reddi", &["sgd", "adam"], 30);
    assert_eq!(play(folder, &first, 20).unwrap(), Ending::Stopped);
    let told = |of: &OnlineExperiment| play(folder, of, usize::MAX).unwrap_err().to_string();

    let place = folder.display();
    let more = OnlineExperiment { rounds: 31, ..first.clone() };
    assert_eq!(
        told(&more),
        format!(
            "{place} holds another run (rounds = 30, not rounds = 31); choose another folder with --out"
        )
    );
    let other = OnlineExperiment { start: Some(vec![0.5]), ..first.clone() };
    assert!(told(&other).contains("another run (it has no start = [0.5])"), "{}", told(&other));

    // A checkpoint of another run.
    let path = folder.join("checkpoints/rounds.safetensors");
    let checkpoint = fs::read(&path).unwrap();
    let mut others = Online::new(&more).unwrap();
    fs::write(&path, others.save()).unwrap();
    let line = told(&first);
    let begun =
        format!("{}: the checkpoint is of reddi, 31 rounds, seed 3, by sgd(lr=", path.display());
    assert!(line.starts_with(&begun), "{line}");
    assert!(line.contains("not of reddi, 30 rounds"), "{line}");
    assert!(line.ends_with("delete it to play again from the first round"), "{line}");
    fs::write(&path, b"nonsense").unwrap();
    assert!(told(&first).contains("not a safetensors file"));
    // One that lacks a piece, and one that has a piece too many.
    let (metadata, mut slots) =
        (saved::metadata(&checkpoint).unwrap(), saved::tensors(&checkpoint).unwrap());
    slots.retain(|slot| slot.name != "1/lost");
    fs::write(&path, saved::tensors_to_bytes(&slots, metadata.clone())).unwrap();
    assert!(told(&first).contains("'lost' is missing"), "{}", told(&first));
    let mut slots = saved::tensors(&checkpoint).unwrap();
    slots.push(saved::Slot::number("0/more".into(), 1.0));
    fs::write(&path, saved::tensors_to_bytes(&slots, metadata)).unwrap();
    assert!(told(&first).contains("'more' is not known"), "{}", told(&first));
    fs::write(&path, checkpoint).unwrap();

    // Events that are not those of these rounds.
    let written = fs::read_to_string(scratch.log()).unwrap();
    fs::write(scratch.log(), written.replace("\"steepest\":3.0", "\"steepest\":4.0")).unwrap();
    let line = told(&first);
    assert!(line.contains("events.jsonl, event 1: steepest was 4.0 and is 3.0 now"), "{line}");
    fs::remove_file(&path).unwrap();
    fs::write(scratch.log(), written.replacen("\"lost\":3.0", "\"lost\":3.5", 1)).unwrap();
    let line = told(&first);
    assert!(line.contains("event 2: lost was 3.5 and is 3.0 now"), "{line}");
    assert!(line.ends_with("begin again in another folder with --out"), "{line}");

    // A later version goes on with what an earlier one wrote.
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    fs::write(scratch.log(), written.replace(&version, "\"version\":\"0.0.9\"")).unwrap();
    assert_eq!(play(folder, &first, usize::MAX).unwrap(), Ending::Complete);
}

#[test]
fn a_run_is_read_back_as_it_was_written() {
    for of in [
        experiment("reddi(c=4)", &["sgd", "adam(beta2=0.9)"], 7),
        OnlineExperiment {
            start: Some(vec![0.1, -0.25]),
            ..experiment("random-linear", &["sgd"], 7)
        },
        OnlineExperiment {
            source: Source::Path("/a 'b'".into()),
            ..experiment("digits-softmax", &["sgd"], 7)
        },
        OnlineExperiment { source: Source::Search, ..experiment("reddi", &["sgd"], 7) },
    ] {
        assert_eq!(OnlineExperiment::from_toml(&of.to_toml()).unwrap(), of);
    }
    let told = |text: &str| OnlineExperiment::from_toml(text).unwrap_err().to_string();
    let text = experiment("reddi", &["sgd"], 7).to_toml();
    assert!(told(&text.replace("seed", "sede")).contains("did you mean 'seed'?"));
    assert!(told(&text.replace("\"sgd\"", "\"sgd(\"")).starts_with("line 4, column 15: "));
    assert!(
        told(&text.replace("rounds = 7", "")).contains("missing key `rounds`"),
        "{}",
        told(&text.replace("rounds = 7", ""))
    );
}

/// The last of several checkpoints by the clock is good too.
#[test]
fn checkpoints_by_the_clock_change_nothing() {
    let experiment = experiment("random-linear(dimension=2)", &["sgd", "ema(adam)"], 5000);
    let folder = Scratch::new("clock");
    let kept = RunFolder::open(&folder.0, &experiment.to_toml()).unwrap();
    let states = Cell::new(0);
    let told = regret(Online::new(&experiment).unwrap(), &kept, Duration::ZERO, &|| false, |_| {
        states.set(states.get() + usize::from(kept.checkpoint(Unfinished::Rounds).is_some()));
        if states.get() == 60 {
            Err(RegretError::from(RunFolder::open(&folder.0, "").unwrap_err()))
        } else {
            Ok(())
        }
    });
    assert!(told.is_err() && states.get() == 60);
    drop(kept);
    assert_eq!(play(&folder.0, &experiment, usize::MAX).unwrap(), Ending::Complete);
    let whole: Vec<Event> = Online::new(&experiment).unwrap().collect();
    assert_eq!(read(&folder.log()).unwrap(), whole);
}
