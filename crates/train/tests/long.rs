//! Trainings of minutes, against published results and against PyTorch. They are left out unless asked for:
//!
//! ```sh
//! cargo test --release -p thalweg-train --test long -- --ignored --nocapture --test-threads 1
//! ```

use std::array;
use std::ops::ControlFlow;

use rayon::ThreadPoolBuilder;
use thalweg_data::Source;
use thalweg_graph::{Mode, Plan, RunOptions, Threads};
use thalweg_train::{Halt, Options, Set, Task, Training, task};

const THREADS: usize = 2;

/// What DeepOBS published of `fmnist_2c2d` after its first epoch: the least and the greatest of ten seeds.
struct Published {
    optimizer: &'static str,
    /// On the test set.
    accuracy: [f64; 2],
    /// On a part of the training set.
    cost: [f64; 2],
}

/// Schneider, Balles & Hennig, *DeepOBS: A Deep Learning Optimizer Benchmark Suite*, 2019,
/// <https://openreview.net/forum?id=rJg6ssC5Y7>; the runs are those with ten seeds in
/// <https://github.com/fsschneider/DeepOBS_Baselines>. TensorFlow's momentum keeps the learning rate outside of the
/// velocity, as `heavy_ball` does.
const PUBLISHED: [Published; 3] = [
    Published { optimizer: "sgd(lr=0.158489)", accuracy: [0.8323, 0.8649], cost: [0.3531, 0.4069] },
    Published {
        optimizer: "heavy_ball(lr=0.00251189, momentum=0.99)",
        accuracy: [0.8331, 0.8627],
        cost: [0.3461, 0.4197],
    },
    Published {
        optimizer: "adam(lr=0.000251189)",
        accuracy: [0.8426, 0.8619],
        cost: [0.3666, 0.3972],
    },
];

/// Two departures. Their order of examples comes from a buffer of 20 000, ours is uniform. Their Adam adds ε to √v
/// before the correction of the bias, ours behind it; it is 1e-8. One more run of the same distribution is outside of
/// ten with a chance of 2 in 11; the seed is fixed, so that nothing is left to chance here.
#[test]
#[ignore = "trains for minutes: cargo test --release -p thalweg-train --test long -- --ignored --nocapture --test-threads 1"]
fn one_epoch_of_2c2d_ends_where_the_published_runs_do() {
    let task = task::<f32>(&"fashion-2c2d".parse().unwrap(), &Source::Search).unwrap();
    assert_eq!(
        [Set::Train, Set::Test].map(|set| task.examples(set)),
        [60_000, 10_000],
        "this needs all of Fashion-MNIST, and found {}: install Debian's dataset-fashion-mnist, \
         or name a folder in THALWEG_DATA",
        task.description().data
    );
    let mut outside = Vec::new();
    for Published { optimizer, accuracy, cost } in PUBLISHED {
        let [train, test] = on_threads(|| {
            let mut training = training(&*task, optimizer, 1);
            training.epoch(&mut |_| ControlFlow::Continue(())).unwrap();
            assert_eq!(training.examples(), 468 * 128);
            [Set::Train, Set::Test].map(|set| measured(&*task, &training, set))
        });
        println!(
            "{optimizer}: test accuracy {:.4}, published {accuracy:?}; training cost {:.4}, published {cost:?}",
            test.measure, train.cost
        );
        let [least, greatest] = accuracy;
        if !(least..=greatest).contains(&test.measure) {
            outside.push(optimizer);
        }
    }
    assert!(outside.is_empty(), "outside of what was published: {outside:?}");
}

/// J and P.
#[derive(Clone, Copy)]
struct Measured {
    cost: f64,
    measure: f64,
}

/// J and P on the first 78 batches of 128 examples, as many as DeepOBS measures.
fn measured(task: &dyn Task<f32>, training: &Training<'_, f32>, set: Set) -> Measured {
    const BATCHES: usize = 78;
    const BATCH: usize = 128;
    let model = task.model(BATCH).unwrap();
    let mut plan = Plan::compile(&model.graph, &[model.cost, model.measure], None);
    let mode = Mode::Evaluation;
    let run = RunOptions { mode, threads: Threads::Pool, ..RunOptions::default() };
    let (mut cost, mut measure) = (0.0, 0.0);
    for batch in 0..BATCHES {
        let examples: [usize; BATCH] = array::from_fn(|i| batch * BATCH + i);
        task.fill(set, &examples, &model, &mut plan);
        plan.run(training.parameters(), run).unwrap();
        cost += f64::from(plan.value(model.cost)[0]) / BATCHES as f64;
        measure += f64::from(plan.value(model.measure)[0]) / BATCHES as f64;
    }
    Measured { cost, measure }
}

/// The end of a training on text, and where PyTorch's ends by `bench/peers/torch_curves.py`, which has the same
/// network, the same start in distribution and the same windows.
struct Text {
    task: &'static str,
    optimizer: &'static str,
    steps: u64,
    /// Bits per character on the held-out part that the mean over our seeds must reach.
    enough: f64,
    /// PyTorch's, for seeds 1, 2, 3.
    torch: [f64; SEEDS],
}

const SEEDS: usize = 3;

#[test]
#[ignore = "trains for minutes: cargo test --release -p thalweg-train --test long -- --ignored --nocapture --test-threads 1"]
fn char_lstm_learns_as_it_does_in_pytorch() {
    check(&Text {
        task: "char-lstm",
        optimizer: "adam(lr=2e-3)",
        steps: 600,
        enough: 2.9,
        torch: [2.8377, 2.8037, 2.8113],
    });
}

#[test]
#[ignore = "trains for minutes: cargo test --release -p thalweg-train --test long -- --ignored --nocapture --test-threads 1"]
fn char_gpt_learns_as_it_does_in_pytorch() {
    check(&Text {
        task: "char-gpt",
        optimizer: "adam(lr=1e-3)",
        steps: 400,
        enough: 3.3,
        torch: [3.2114, 3.1438, 3.0340],
    });
}

/// The mean over our seeds is as low as it should be, and lies within three standard errors of the difference of
/// PyTorch's and ours.
fn check(text: &Text) {
    let &Text { task: name, optimizer, steps, enough, torch } = text;
    let task = task::<f32>(&name.parse().unwrap(), &Source::Search).unwrap();
    let ours: [f64; SEEDS] = array::from_fn(|i| {
        let seed = i as u64 + 1;
        let (costs, bits) = on_threads(|| {
            let mut training = training(&*task, optimizer, seed);
            let costs = costs(&mut training, steps);
            (costs, training.measure().unwrap().test.measure.unwrap())
        });
        println!(
            "{name}, {optimizer}, seed {seed}: costs of hundreds of steps {costs:.4?}, \
             {bits:.4} bits per character after {steps} steps"
        );
        bits
    });
    let allowed = 3.0 * ((variance(ours) + variance(torch)) / SEEDS as f64).sqrt();
    let [ours, torch] = [ours, torch].map(mean);
    println!("{name}: {ours:.4} bits per character, PyTorch {torch:.4} ± {allowed:.4}");
    assert!(ours <= enough, "{name}: {ours:.4} bits per character, more than {enough}");
    assert!(
        (ours - torch).abs() <= allowed,
        "{name}: {ours:.4}, PyTorch {torch:.4} ± {allowed:.4}"
    );
}

/// Takes the steps and gives the mean cost of each hundred of them.
fn costs(training: &mut Training<'_, f32>, steps: u64) -> Vec<f64> {
    let mut costs = Vec::new();
    loop {
        let epoch = training.epoch(&mut |progress| {
            costs.push(progress.cost);
            if progress.step < steps { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match epoch {
            Ok(()) => {}
            Err(Halt::Stopped) => break,
            Err(halt) => panic!("{halt}"),
        }
    }
    costs.chunks(100).map(|costs| costs.iter().sum::<f64>() / costs.len() as f64).collect()
}

fn training<'a>(task: &'a dyn Task<f32>, optimizer: &str, seed: u64) -> Training<'a, f32> {
    let options = Options { seed, threads: Threads::Pool, ..Options::of(task) };
    Training::new(task, &optimizer.parse().unwrap(), options).unwrap()
}

fn on_threads<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    ThreadPoolBuilder::new().num_threads(THREADS).build().unwrap().install(work)
}

fn mean(values: [f64; SEEDS]) -> f64 {
    values.iter().sum::<f64>() / SEEDS as f64
}

/// Of the values that these are a sample of.
fn variance(values: [f64; SEEDS]) -> f64 {
    let mean = mean(values);
    values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (SEEDS - 1) as f64
}
