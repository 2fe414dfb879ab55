//! A round allocates nothing, whatever the losses.

use std::hint::black_box;

use thalweg_allocations::of_this_thread;
use thalweg_data::Source;
use thalweg_online::SEQUENCES;
use thalweg_study::{Online, OnlineExperiment, Played};

/// One for each theorem, and one without.
const PLAYERS: [&str; 4] = ["sgd", "adagrad", "amsgrad(beta1=0)", "adam"];

#[test]
fn rounds_allocate_nothing() {
    let before = of_this_thread();
    black_box(vec![0.0; 10]);
    assert!(of_this_thread() > before, "allocations are counted");

    for word in SEQUENCES.words {
        for player in PLAYERS {
            let experiment = OnlineExperiment {
                sequence: word.name.parse().unwrap(),
                optimizers: vec![player.parse().unwrap()],
                rounds: 40,
                seed: 1,
                start: None,
                source: Source::Embedded,
            };
            let mut online = Online::new(&experiment).unwrap();
            let mut counted = 0;
            loop {
                // From the end of one round to that of the next, with nothing to tell between them. In its first
                // steps an optimizer takes its room.
                let (mut rounds, mut before) = (0, None);
                let is_warm = online.told() > 5;
                let mut pause = || {
                    let now = of_this_thread();
                    if let (Some(before), true) = (before, is_warm) {
                        assert_eq!(now - before, 0, "{player} on {}", word.name);
                        rounds += 1;
                    }
                    before = Some(now);
                    false
                };
                let played = online.play_on(&mut pause);
                counted += rounds;
                if played == Played::Over {
                    break;
                }
            }
            assert!(counted > 20, "{counted} rounds of {} were looked at", word.name);
        }
    }
}
