//! What each task promises beyond its gradient.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::{env, fs, process};

use thalweg_data::Source;
use thalweg_graph::{Element, Mode, Parameters, Plan, RunOptions};
use thalweg_train::{Options, Set, TASKS, Task, Training, task};

fn embedded<T: Element>(name: &str) -> Box<dyn Task<T>> {
    task(&name.parse().unwrap(), &Source::Embedded).unwrap()
}

fn refusal(name: &str, source: &Source) -> String {
    match task::<f32>(&name.parse().unwrap(), source) {
        Ok(_) => panic!("{name} was not refused"),
        Err(error) => error.to_string(),
    }
}

fn train<T: Element>(training: &mut Training<'_, T>, epochs: usize) {
    for _ in 0..epochs {
        training.epoch(&mut |_| ControlFlow::Continue(())).unwrap();
    }
}

/// A file that is gone after the test.
struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> File {
        let path = env::temp_dir().join(format!("thalweg-train-{}-{name}", process::id()));
        fs::write(&path, bytes).unwrap();
        File(path)
    }

    fn source(&self) -> Source {
        Source::Path(self.0.clone())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// The minimum by Newton's method is in the description.
#[test]
fn logistic_regression_reaches_its_known_minimum() {
    let task = embedded::<f64>("agaricus-logistic");
    assert!(task.description().about.ends_with("the least J is 0.14270074369933"));
    let call = "nesterov(lr=0.25, momentum=0.9)".parse().unwrap();
    let mut training = Training::new(&*task, &call, Options::of(&*task)).unwrap();
    train(&mut training, 400);
    let end = training.measure().unwrap();
    let excess = end.train.cost.unwrap() - 0.142_700_743_699_33;
    assert!(excess.abs() < 1e-11, "{excess:e}");
    assert!(end.test.measure.unwrap() > 0.95, "{end:?}");
}

/// The start of every task is no stationary point, and some steps of a mild optimizer lower J.
#[test]
fn every_small_task_learns() {
    for (name, optimizer, epochs) in [
        ("fashion-mlp(hidden=16, layers=2)", "adam", 1),
        ("digits-softmax", "adam(lr=0.01)", 5),
        ("deep-linear(depth=6, width=16)", "adam", 1),
        ("deep-tanh(depth=6, width=16)", "adam", 1),
        ("fashion-autoencoder(width=16)", "adam(lr=0.005)", 1),
        ("fashion-vae(hidden=16, code=4)", "adam(lr=0.003)", 1),
        ("tiny-rnn", "sgd(lr=0.5, clip_global_norm=0.1)", 200),
    ] {
        let task = embedded::<f32>(name);
        let call = optimizer.parse().unwrap();
        let mut training = Training::new(&*task, &call, Options::of(&*task)).unwrap();
        let before = training.measure().unwrap();
        train(&mut training, epochs);
        let after = training.measure().unwrap();
        assert!(after.train.cost.unwrap() < 0.97 * before.train.cost.unwrap(), "{name}: {after:?}");
    }
}

/// The greatest gradient on the grid of w from 4 to 6 and b from −4 to −0.4 is 229, at (4.625, −2.38).
#[test]
fn the_tiny_network_stands_before_a_cliff() {
    let task = embedded::<f64>("tiny-rnn");
    let gradient = |w: f64, b: f64| {
        let options = Options {
            init: thalweg_optim::init::Constant { value: w }.into(),
            bias: thalweg_optim::init::Constant { value: b }.into(),
            ..Options::of(&*task)
        };
        let mut training =
            Training::new(&*task, &"sgd(lr=1e-9)".parse().unwrap(), options).unwrap();
        train(&mut training, 1);
        training.measure().unwrap().gradient_norm.unwrap()
    };
    assert!((gradient(4.625, -2.38) - 229.0).abs() < 1.0, "{}", gradient(4.625, -2.38));
    assert!(gradient(4.625, -1.5) < 0.1, "{}", gradient(4.625, -1.5));

    // Without clipping one step throws the parameters off; with it none is longer than lr · 0.1.
    let longest = |call: &str| {
        let mut training =
            Training::new(&*task, &call.parse().unwrap(), Options::of(&*task)).unwrap();
        let mut longest = 0.0_f64;
        for _ in 0..100 {
            let before = training.parameters().values().to_vec();
            train(&mut training, 1);
            let after = training.parameters().values();
            let step = before.iter().zip(after).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            longest = longest.max(step);
        }
        longest
    };
    assert!(longest("sgd(lr=0.1)") > 10.0);
    assert!(longest("sgd(lr=0.1, clip_global_norm=0.1)") < 0.010_001);
}

/// With noise: PyTorch's case is without.
#[test]
fn the_gradient_of_the_variational_autoencoder_agrees_with_central_differences_in_training() {
    let task = embedded::<f64>("fashion-vae(hidden=4, code=3)");
    let mut model = task.model(5).unwrap();
    let train = model.graph.minimize(model.cost, "sgd").unwrap();
    let mut plan = Plan::compile(&model.graph, &[model.cost], Some(&train));
    task.fill(Set::Train, &[0, 1, 2, 3, 4], &model, &mut plan);
    let mut parameters = Parameters::<f64>::zeros(&model.graph);
    for (i, value) in parameters.values_mut().iter_mut().enumerate() {
        *value = 0.2 * (1.0 + 1.3 * i as f64).sin();
    }
    let options = RunOptions { seed: 3, step: 7, ..RunOptions::default() };
    let mut cost_and_gradient = |parameters: &Parameters<f64>, options| {
        plan.run(parameters, options).unwrap();
        (plan.value(model.cost)[0], plan.gradients().to_vec())
    };
    let (cost, gradient) = cost_and_gradient(&parameters, options);
    let evaluation = RunOptions { mode: Mode::Evaluation, ..options };
    assert!(
        (cost_and_gradient(&parameters, evaluation).0 - cost).abs() > 1e-3,
        "there is no noise"
    );
    // Each parameter in a direction of its own.
    for info in parameters.infos().to_vec() {
        let direction = |i: usize| (2.0 + 0.9 * i as f64).cos();
        let slope: f64 = info.range.clone().map(|i| gradient[i] * direction(i)).sum();
        let [above, below] = [1e-5, -1e-5].map(|h| {
            let mut moved = parameters.clone();
            info.range.clone().for_each(|i| moved.values_mut()[i] += h * direction(i));
            cost_and_gradient(&moved, options).0
        });
        let difference = (above - below) / 2e-5;
        assert!((slope - difference).abs() < 1e-6 * (1.0 + slope.abs()), "{}", info.name);
    }
}

#[test]
fn descriptions_give_the_sizes() {
    for (name, about) in [
        ("fashion-mlp(hidden=512, layers=2)", "784-512-512-10 network of rectified units"),
        ("fashion-mlp", "784-128-10 network of rectified units"),
        ("digits-softmax", "softmax regression, 64 features to 10 classes, convex"),
        ("deep-linear(depth=100, width=8)", "784-8-…-10 network of linear units, 99 hidden layers"),
        ("deep-tanh(depth=2)", "784-64-10 network of tanh units"),
        (
            "fashion-autoencoder(width=1000)",
            "784-1000-500-250-30 autoencoder of sigmoid units and back",
        ),
        ("agaricus-logistic(l2=0.5)", "logistic regression on 126 features, convex, λ = 0.5"),
        (
            "breast-cancer-logistic(l2=0.001)",
            "logistic regression on 31 features, convex, λ = 0.001; the least J is 0.05982947188181",
        ),
    ] {
        assert_eq!(embedded::<f32>(name).description().about, about, "{name}");
    }
}

#[test]
fn tasks_run_on_data_of_the_user() {
    let rows: String = (0..40).map(|i| format!("{i},{},{}\n", i % 3, i % 2)).collect();
    let table = File::new("rows.csv", format!("a,b,kind\n{rows}").as_bytes());
    for name in ["fashion-mlp(hidden=4)", "digits-softmax", "agaricus-logistic", "deep-tanh"] {
        let task = task::<f32>(&name.parse().unwrap(), &table.source()).unwrap();
        assert_eq!((task.examples(Set::Train), task.examples(Set::Test)), (32, 8));
        assert_eq!(task.description().source, Some(table.source()));
        let mut training =
            Training::new(&*task, &"adam".parse().unwrap(), Options::of(&*task)).unwrap();
        train(&mut training, 1);
    }
    let message = refusal("fashion-autoencoder", &table.source());
    assert!(
        message.starts_with(
            "fashion-autoencoder needs features from 0 to 1, but feature 0 of example 2"
        ),
        "{message}"
    );
    let rows: String = (0..40).map(|i| format!("0.5,{}\n", i % 3)).collect();
    let three = File::new("three.csv", rows.as_bytes());
    let message = refusal("agaricus-logistic", &three.source());
    assert!(message.contains("needs two classes, but CSV table from"), "{message}");
    assert!(refusal("tiny-rnn", &three.source()).starts_with("tiny-rnn has data of its own"));
}

#[test]
fn networks_on_text_learn_it() {
    let text = File::new("text.txt", "the whale, the white whale! ".repeat(300).as_bytes());
    for (name, optimizer) in [
        ("char-lstm(hidden=16, layers=2, time=20)", "adam(lr=0.02)"),
        ("char-gpt(layers=2, width=16, heads=2, time=20)", "adam(lr=0.01)"),
    ] {
        let task = task::<f32>(&name.parse().unwrap(), &text.source()).unwrap();
        // 7560 and 420 characters; the last of each part is followed by none.
        assert_eq!((task.examples(Set::Train), task.examples(Set::Test)), (377, 20));
        let options = Options { batching: thalweg_data::Batching::of(20), ..Options::of(&*task) };
        let mut training = Training::new(&*task, &optimizer.parse().unwrap(), options).unwrap();
        let before = training.measure().unwrap().test;
        let bits = before.cost.unwrap() / std::f64::consts::LN_2;
        assert!((before.measure.unwrap() - bits).abs() < 1e-6);
        train(&mut training, 8);
        // Of 11 symbols, which follow each other almost without choice.
        let after = training.measure().unwrap().test.measure.unwrap();
        assert!(before.measure.unwrap() > 3.0 && after < 1.0, "{name}: {after}");
    }
    let message = refusal("char-lstm(time=420)", &text.source());
    assert!(message.contains("420 characters are kept for the test, and time is 420"), "{message}");
    assert_eq!(
        refusal("char-gpt(width=10)", &text.source()),
        "char-gpt: width=10 must be a multiple of heads=4"
    );
}

#[test]
fn absurd_sizes_are_refused() {
    for (name, message) in [
        ("fashion-mlp(hidden=65537)", "fashion-mlp: hidden must be at most 65536"),
        ("fashion-mlp(hidden=1e15)", "fashion-mlp: hidden must be at most 65536"),
        ("fashion-mlp(layers=101)", "fashion-mlp: layers must be at most 100"),
        ("deep-linear(depth=101)", "deep-linear: depth must be at most 100"),
        ("deep-tanh(width=1e9)", "deep-tanh: width must be at most 65536"),
        ("fashion-vae(code=1e9)", "fashion-vae: code must be at most 65536"),
        (
            "deep-linear(width=65536)",
            "deep-linear(depth=10, width=65536) has 34412363786 parameters, and the most is 268435456: \
             make its layers smaller",
        ),
        (
            "fashion-autoencoder(width=3)",
            "fashion-autoencoder: width must be at least 4, as a quarter of it is a layer",
        ),
    ] {
        assert_eq!(refusal(name, &Source::Embedded), message);
    }
}

/// What a list shows is what a task says.
#[test]
fn every_task_of_the_vocabulary_can_be_made() {
    for word in TASKS.words {
        let task = embedded::<f32>(word.name);
        assert!(task.description().name.starts_with(word.name));
        assert!(task.examples(Set::Train) > 0 && task.examples(Set::Test) > 0, "{}", word.name);
    }
}
