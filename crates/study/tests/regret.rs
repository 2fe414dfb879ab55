//! Regret against PyTorch's optimizers, published numbers, and the theorems.

use serde::Deserialize;
use thalweg_data::Source;
use thalweg_events::{Event, Regret, Theory};
use thalweg_study::{Online, OnlineExperiment};

fn experiment(sequence: &str, optimizers: &[&str], rounds: u64) -> OnlineExperiment {
    OnlineExperiment {
        sequence: sequence.parse().unwrap(),
        optimizers: optimizers.iter().map(|call| call.parse().unwrap()).collect(),
        rounds,
        seed: 1,
        start: None,
        source: Source::Embedded,
    }
}

/// The measurements of each player.
fn played(experiment: &OnlineExperiment) -> Vec<Vec<Regret>> {
    let mut players = vec![Vec::new(); experiment.optimizers.len()];
    for event in Online::new(experiment).unwrap() {
        match event {
            Event::Regret(regret) => players[regret.player].push(regret),
            Event::GaveUp(end) => panic!("{}", end.reason),
            _ => {}
        }
    }
    players
}

fn last(sequence: &str, optimizers: &[&str], rounds: u64) -> Vec<Regret> {
    let players = played(&experiment(sequence, optimizers, rounds));
    players.iter().map(|rows| *rows.last().unwrap()).collect()
}

fn error(experiment: &OnlineExperiment) -> String {
    Online::new(experiment).err().unwrap().to_string()
}

#[derive(Deserialize)]
struct File {
    rounds: Vec<u64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    sequence: String,
    start: Vec<f64>,
    optimizer: String,
    lost: Vec<f64>,
}

#[test]
fn what_is_lost_is_what_pytorch_loses() {
    let file: File = serde_json::from_str(include_str!("regret/losses.json")).unwrap();
    assert!(file.cases.len() >= 18);
    for Case { sequence, start, optimizer, lost } in file.cases {
        let rounds = *file.rounds.last().unwrap();
        let start = Some(start);
        let rows =
            played(&OnlineExperiment { start, ..experiment(&sequence, &[&optimizer], rounds) });
        for (t, expected) in file.rounds.iter().zip(lost) {
            let row = rows[0].iter().find(|row| row.t == *t).unwrap();
            let off = (row.lost - expected).abs() / expected.abs().max(1.0);
            assert!(off < 1e-9, "{optimizer} on {sequence} at {t}: {}, {expected}", row.lost);
        }
    }
}

/// By loops in Python that know nothing of this: 0.66715 for Adam, 1.1610991381e-3 for AMSGrad in PyTorch's form, which
/// without bias correction is 1.148e-3.
#[test]
fn adam_stays_at_the_worst_point_of_the_counterexample_and_amsgrad_leaves_it() {
    let adam = "adam(lr=0.3*noam(warmup=1), beta1=0, beta2=0.1)";
    let amsgrad = "amsgrad(lr=0.3*noam(warmup=1), beta1=0, beta2=0.1)";
    let rows = last("reddi", &[adam, amsgrad, "sgd"], 300_000);
    let average = |row: &Regret| row.regret / 3e5;
    assert_eq!(format!("{:.4}", average(&rows[0])), "0.6672");
    assert!((average(&rows[1]) - 1.161_099_138_1e-3).abs() < 1e-9, "{}", average(&rows[1]));
    assert!(average(&rows[2]) < 0.005);
    assert_eq!(rows[0].best, -1e5);
}

/// By a loop in Python that knows nothing of this: 0.2165 and 0.1173 at α = 0.3. To stay at 1 for good costs 20/101,
/// 0.198, in each round; Adam loses more than that on its way, AMSGrad less.
#[test]
fn adam_loses_more_on_the_synthetic_sequence_than_who_never_moves() {
    let adam = "adam(lr=0.3*noam(warmup=1), beta2=0.99)";
    let amsgrad = "amsgrad(lr=0.3*noam(warmup=1), beta2=0.99)";
    let players = played(&experiment("reddi-synthetic", &[adam, amsgrad], 1_000_000));
    let average = |row: &Regret| row.regret / row.t as f64;
    let ends: Vec<&Regret> = players.iter().map(|rows| rows.last().unwrap()).collect();
    assert_eq!(format!("{:.4}", average(ends[0])), "0.2165");
    assert_eq!(format!("{:.4}", average(ends[1])), "0.1173");
}

/// Every seed, every round that is told, several sets.
#[test]
fn gradient_descent_stays_below_zinkevichs_bound_and_adagrad_below_its_own() {
    for sequence in [
        "random-linear",
        "random-linear(dimension=20, set=ball(radius=3))",
        "random-linear(dimension=20, set=simplex)",
        "adversarial-linear(dimension=4)",
        "sparse-linear",
        "reddi",
        "reddi-synthetic(stochastic=true)",
        "agaricus-logistic(set=ball(radius=5))",
        "breast-cancer-logistic(shuffled=true)",
    ] {
        for seed in 1..4 {
            let calls = [
                "sgd",
                "sgd(lr=0.1)",
                "sgd(lr=2*inverse_time(k=0.01))",
                "adagrad",
                "amsgrad(beta1=0)",
            ];
            let experiment = OnlineExperiment { seed, ..experiment(sequence, &calls, 2000) };
            let online = Online::new(&experiment).unwrap();
            let (d, g) = (online.started().diameter, online.started().steepest);
            let rows = played(&experiment);
            for row in &rows[0] {
                let bound = 1.5 * g * d * (row.t as f64).sqrt();
                assert!((row.bound.unwrap() / bound - 1.0).abs() < 1e-12, "{sequence}");
            }
            for row in rows.iter().flatten() {
                let Some(bound) = row.bound else { continue };
                let slack = 1e-9 * row.best.abs().max(1.0);
                assert!(row.regret <= bound + slack, "{sequence}, seed {seed}: {row:?}");
            }
            let is_box = online.started().set.starts_with("box");
            assert_eq!(rows[3][0].bound.is_some(), is_box, "{sequence}");
            assert_eq!(rows[4][0].bound.is_some(), is_box, "{sequence}");
        }
    }
}

/// 3.8, 27, 127 and 274 were found elsewhere with other coins; the expected size is about √(2T/π).
#[test]
fn on_fair_coins_regret_is_about_the_root_of_the_rounds() {
    let mut roots = Vec::new();
    for seed in 1..=20 {
        let experiment = OnlineExperiment { seed, ..experiment("random-linear", &["sgd"], 10_000) };
        let rows = played(&experiment);
        let last = rows[0].last().unwrap();
        assert_eq!(last.bound, Some(300.0));
        roots.push(last.regret / 100.0);
    }
    let mean = roots.iter().sum::<f64>() / 20.0;
    assert!((0.5..1.5).contains(&mean), "{mean}");
}

/// Duchi, Hazan & Singer 2011, section 1.3.
#[test]
fn adagrad_is_ahead_where_few_features_are_frequent() {
    for seed in 1..6 {
        let calls = ["sgd", "adagrad"];
        let experiment = OnlineExperiment { seed, ..experiment("sparse-linear", &calls, 20_000) };
        let rows = played(&experiment);
        let [sgd, adagrad] = [rows[0].last().unwrap(), rows[1].last().unwrap()];
        assert!(adagrad.regret < 0.8 * sgd.regret, "{seed}: {} and {}", adagrad.regret, sgd.regret);
        assert!(adagrad.bound.unwrap() < 0.5 * sgd.bound.unwrap(), "seed {seed}");
    }
    // log n against √n: both factors at two sizes.
    let factors = |n: u32| {
        let sequence = format!("sparse-linear(dimension={n})");
        let online = Online::new(&experiment(&sequence, &["sgd"], 1)).unwrap();
        let growths = &online.started().growths;
        [growths[0].factor, growths[1].factor]
    };
    let ([log, root], [log_more, root_more]) = (factors(100), factors(1600));
    let harmonic = |n: u32| (1..=n).map(|i| 1.0 / f64::from(i)).sum::<f64>();
    assert!((log_more / log - harmonic(1600) / harmonic(100)).abs() < 1e-12);
    assert!((3.9..4.1).contains(&(root_more / root)));
}

#[test]
fn a_theorem_is_told_only_where_it_holds() {
    let theory = |sequence: &str, optimizer: &str| {
        let online = Online::new(&experiment(sequence, &[optimizer], 10)).unwrap();
        match &online.started().players[0].theory {
            Theory::Bound { theorem, formula } => format!("{theorem}: {formula}"),
            Theory::None(reason) => reason.clone(),
        }
    };
    assert_eq!(theory("reddi", "sgd"), "Zinkevich 2003, theorem 1: 3/2·G·D·√T");
    assert!(theory("reddi", "sgd(lr=0.1)").ends_with("D²/(2η) + G²η·T/2"));
    assert!(theory("reddi", "sgd(lr=1*cosine(steps=9))").contains("a rate that never grows"));
    assert!(theory("reddi", "sgd(lr=1, weight_decay=0.1)").contains("knows no weight_decay"));
    assert!(theory("reddi", "adagrad").ends_with("√2·D∞·Σ‖g_{1:T,i}‖"));
    assert!(theory("random-linear(set=ball)", "adagrad").contains("for a box only"));
    assert!(theory("reddi", "adam").contains("theorem 4.1 of Kingma & Ba 2015 is refuted"));
    assert!(theory("reddi", "amsgrad").contains("take beta1=0"));
    assert!(theory("reddi", "amsgrad(beta1=0, lr=0.1)").contains("the rate α/√t"));
    assert!(theory("reddi", "amsgrad(beta1=0)").starts_with("Reddi, Kale & Kumar 2018, theorem 4"));
    assert!(theory("reddi", "lion").contains("no theorem for lion"));
}

#[test]
fn mistakes_are_told_in_one_line() {
    let base = experiment("random-linear(dimension=2)", &["sgd"], 10);
    let start = |start: &[f64]| OnlineExperiment { start: Some(start.to_vec()), ..base.clone() };
    assert_eq!(
        error(&start(&[1.0])),
        "the start has 1 coordinates, but random-linear(dimension=2) has 2: give as many"
    );
    assert_eq!(
        error(&start(&[3.0, 0.5])),
        "the start is not in the set, box(low=-1, high=1): the nearest point is 1,0.5"
    );
    let by = |call: &str| error(&experiment("reddi", &[call], 10));
    assert!(by("project(sgd)").contains("give what is inside of project"));
    assert!(by("ema(sam(sgd))").contains("give what is inside of sam"));
    assert!(by("sgdd").contains("did you mean 'sgd'"));
}

/// A step that leaves the numbers ends one player, and the others go on.
#[test]
fn a_player_gives_up_and_the_others_play_on() {
    let experiment = experiment("breast-cancer-logistic(set=ball)", &["sgd(lr=1e308)", "sgd"], 50);
    let (mut gave_up, mut last) = (Vec::new(), None);
    for event in Online::new(&experiment).unwrap() {
        match event {
            Event::GaveUp(end) => gave_up.push((end.player, end.t)),
            Event::Regret(regret) => last = Some((regret.player, regret.t)),
            _ => {}
        }
    }
    assert_eq!((gave_up, last), (vec![(0, 4)], Some((1, 50))));
}

/// What the loop allocates is at checkpoints only; the losses of two runs are the same bits.
#[test]
fn a_run_can_be_repeated_bit_by_bit() {
    let experiment = experiment("sparse-linear(dimension=20)", &["adagrad", "amsgrad"], 500);
    assert_eq!(played(&experiment), played(&experiment));
}
