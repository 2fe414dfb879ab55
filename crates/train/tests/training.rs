//! Training: reproducible, resumable, and measured exactly.

use std::ops::ControlFlow;

use thalweg_calls::Call;
use thalweg_data::{Batching, Last, Order, Source};
use thalweg_events::{Epoch, TrialId};
use thalweg_minimize::{Stop, method};
use thalweg_optim::init::initializer;
use thalweg_train::{Curvature, Halt, Loss, Options, Progress, ResumeError, Task, Training, task};

fn call(text: &str) -> Call {
    text.parse().unwrap()
}

fn fashion(name: &str) -> Box<dyn Task<f32>> {
    task(&call(name), &Source::Embedded).unwrap()
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The measurements of a training of so many epochs, without the seconds.
fn run(training: &mut Training<'_, f32>, epochs: usize) -> Vec<Epoch> {
    let mut measured = Vec::new();
    for _ in 0..epochs {
        training.epoch(&mut go_on).unwrap();
        measured.push(Epoch { seconds: 0.0, ..training.measure().unwrap() });
    }
    measured
}

#[test]
fn a_resumed_training_goes_on_with_the_same_bits() {
    let task = fashion("fashion-mlp(hidden=16, dropout=0.3)");
    for optimizer in
        ["nesterov(lr=0.05, schedule=linear(tau=2epochs))", "adamw(lr=0.002)", "lbfgs(memory=3)"]
    {
        let options = || Options { seed: 3, batching: Batching::of(512), ..Options::of(&*task) };
        let new = || Training::new(&*task, &call(optimizer), options()).unwrap();
        let mut through = new();
        let expected = run(&mut through, 4);

        let mut first = new();
        run(&mut first, 2);
        let mut second = new();
        second.resume(&first.save()).unwrap();
        assert_eq!(second.epochs(), 2);
        assert_eq!(run(&mut second, 2), expected[2..], "{optimizer}");
        assert_eq!(second.parameters().values(), through.parameters().values(), "{optimizer}");
        assert_eq!(second.examples(), through.examples());
    }
}

#[test]
fn a_checkpoint_of_something_else_is_refused_and_changes_nothing() {
    let task = fashion("fashion-softmax");
    let options = |seed| Options { seed, batching: Batching::of(500), ..Options::of(&*task) };
    let mut one = Training::new(&*task, &call("adam"), options(1)).unwrap();
    let checkpoint = one.save();
    for (optimizer, seed) in [("adam(beta1=0.8)", 1), ("sgd", 1), ("adam", 2)] {
        let mut other = Training::new(&*task, &call(optimizer), options(seed)).unwrap();
        let before = other.save();
        let error = other.resume(&checkpoint).unwrap_err();
        assert!(matches!(error, ResumeError::Other { .. }), "{error}");
        assert!(
            error.to_string().contains("fashion-softmax (5000 train, 1000 test), adam(lr=0.001"),
            "{error}"
        );
        assert_eq!(other.save().len(), before.len());
    }
    for cut in [0, 7, 100, checkpoint.len() - 1] {
        assert!(one.resume(&checkpoint[..cut]).is_err(), "cut at {cut}");
    }
    one.resume(&checkpoint).unwrap();
}

#[test]
fn a_resumed_training_measures_what_it_measured_before() {
    let task = fashion("fashion-softmax");
    let options = || Options { batching: Batching::of(500), ..Options::of(&*task) };
    let new = || Training::new(&*task, &call("nesterov(lr=0.1)"), options()).unwrap();
    let mut first = new();
    for epochs in 0..3 {
        let mut second = new();
        second.resume(&first.save()).unwrap();
        let before = first.parameters().values().to_vec();
        assert_eq!(second.measure().unwrap(), first.measure().unwrap(), "after {epochs} epochs");
        // The measurement is at θ, the training goes on from the point looked ahead to.
        assert_eq!(first.parameters().values(), before);
        first.epoch(&mut go_on).unwrap();
    }
}

/// The steps of L-BFGS over the whole training set are those of the method on J, one in each epoch.
#[test]
fn lbfgs_in_full_batch_is_the_method_on_the_whole_cost() {
    let task = task::<f64>(&call("agaricus-logistic"), &Source::Embedded).unwrap();
    let options = Options::of(&*task);
    let lbfgs = call("lbfgs(memory=5)");
    let new = || Training::new(&*task, &lbfgs, options.clone()).unwrap();
    let mut training = new();
    let epoch = |training: &mut Training<'_, f64>| {
        training.epoch(&mut go_on).unwrap();
        Epoch { seconds: 0.0, ..training.measure().unwrap() }
    };
    let measured: Vec<Epoch> = (0..12).map(|_| epoch(&mut training)).collect();

    let mut loss = Loss::new(&*task, &options, Curvature::Hessian).unwrap();
    let start = loss.start().to_vec();
    let stop = Stop { iterations: 12, ..Stop::default() };
    let solution = method(&lbfgs).unwrap().minimize(&mut loss, &start, stop.into()).unwrap();
    assert_eq!(training.parameters().trained(), solution.x);
    for (epoch, iteration) in measured.iter().zip(&solution.history[1..]) {
        assert_eq!(epoch.evaluations, Some(iteration.evaluations as u64));
        assert!((epoch.train.cost.unwrap() - iteration.value).abs() < 1e-14);
    }
    // From a checkpoint it goes on with the same bits, and without an evaluation more.
    let mut resumed = new();
    resumed.resume(&training.save()).unwrap();
    assert_eq!(epoch(&mut resumed), epoch(&mut training));
    assert_eq!(resumed.parameters().values(), training.parameters().values());
}

#[test]
fn a_search_has_its_evaluations_on_its_own_batch_and_tells_when_it_fails() {
    let task = fashion("fashion-mlp(hidden=16)");
    let one_epoch = |optimizer: &str, size| {
        let options = Options { batching: Batching::of(size), ..Options::of(&*task) };
        let mut training = Training::new(&*task, &call(optimizer), options).unwrap();
        let before = training.parameters().values().to_vec();
        training.epoch(&mut go_on).unwrap();
        let moved = training.parameters().values() != before;
        (training.measure().unwrap(), moved)
    };
    // Of each of 100 batches, the gradient where it begins, and one or more along the direction.
    let (epoch, _) = one_epoch("lbfgs", 50);
    assert!(epoch.evaluations.unwrap() >= 200, "{epoch:?}");
    // A step so long that nothing is finite there is not taken, and neither is the one down the gradient.
    let (epoch, moved) = one_epoch("lbfgs(search=fixed(step=1e30))", 50);
    assert_eq!((epoch.failed_searches, epoch.evaluations, moved), (100, Some(300), false));
    // Rules take one gradient for a batch, sharpness-aware minimisation two.
    for (optimizer, each) in [("adam", 1), ("sam(adam, rho=0.05)", 2)] {
        let (epoch, _) = one_epoch(optimizer, 500);
        assert_eq!((epoch.evaluations, epoch.failed_searches), (Some(10 * each), 0));
    }
}

#[test]
fn a_search_from_where_nothing_is_finite_ends_the_training() {
    let task = fashion("fashion-mlp(hidden=16)");
    let init = initializer(&call("constant(1e30)")).unwrap();
    let options = Options { init, batching: Batching::of(50), ..Options::of(&*task) };
    let mut training = Training::new(&*task, &call("lbfgs"), options).unwrap();
    let halt = training.epoch(&mut go_on).unwrap_err();
    assert!(matches!(halt, Halt::Diverged { step: 1, epoch: 1, .. }), "{halt}");
}

/// The epoch would begin anew with parameters that have seen half of it.
#[test]
fn a_checkpoint_made_within_an_epoch_is_refused() {
    let task = fashion("fashion-softmax");
    let options = || Options { batching: Batching::of(500), ..Options::of(&*task) };
    let new = || Training::new(&*task, &call("sgd"), options()).unwrap();
    let mut first = new();
    first.epoch(&mut go_on).unwrap();
    let mut steps = 0;
    let halt = first.epoch(&mut |_| {
        steps += 1;
        if steps == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(halt, Err(Halt::Stopped)));
    let error = new().resume(&first.save()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the checkpoint was made at step 13, within epoch 2; only whole epochs can be gone on from"
    );
}

#[test]
fn all_optimizers_start_from_the_same_weights_and_another_seed_from_others() {
    let task = fashion("fashion-mlp(hidden=8)");
    let weights = |optimizer: &str, seed| {
        let options = Options { seed, ..Options::of(&*task) };
        let training = Training::new(&*task, &call(optimizer), options).unwrap();
        training.parameters().values().to_vec()
    };
    let sgd = weights("sgd", 5);
    assert_eq!(weights("adam", 5), sgd);
    assert_ne!(weights("sgd", 6), sgd);
    assert!(sgd.iter().any(|w| *w != 0.0));
}

/// J over the set is the mean over examples, not over batches, also when the last one is short: with one
/// step over everything, gradient descent in pieces and in whole measure the same.
#[test]
fn the_measured_cost_is_the_mean_over_all_examples() {
    let task = fashion("fashion-softmax");
    let options = Options { batching: Batching::full(), ..Options::of(&*task) };
    let mut training = Training::new(&*task, &call("sgd(lr=0.1)"), options).unwrap();
    // All weights are 0, so that each class has probability 1/10.
    let before = training.measure().unwrap();
    assert!((before.train.cost.unwrap() - 10f64.ln()).abs() < 1e-6);
    assert_eq!(before.step, 0);
    let mut reported = 0.0;
    training
        .epoch(&mut |progress| {
            reported = progress.cost;
            go_on(progress)
        })
        .unwrap();
    // The cost that the step reports is that of the whole set before it.
    assert!((reported - before.train.cost.unwrap()).abs() < 1e-5);
    assert_eq!((training.examples(), training.measure().unwrap().step), (5000, 1));
}

#[test]
fn a_training_that_diverges_says_where() {
    let task = fashion("fashion-mlp(hidden=8)");
    let options = || Options::of(&*task);
    let mut training = Training::new(&*task, &call("sgd(lr=1e30)"), options()).unwrap();
    let halt = training.epoch(&mut go_on).unwrap_err();
    let trial = TrialId { contender: 0, seed: 0 };
    let diverged = halt.diverged(trial).expect("diverged");
    assert_eq!(diverged.epoch, 1);
    assert!((2..=5).contains(&diverged.step), "{diverged:?}");

    let mut training = Training::new(&*task, &call("sgd"), options()).unwrap();
    let halt = training.epoch(&mut |_| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(halt, Halt::Stopped));
    assert_eq!(training.epochs(), 0);
}

#[test]
fn every_batching_and_initializer_trains() {
    let task = fashion("fashion-mlp(hidden=12)");
    for order in [Order::Reshuffled, Order::ShuffledOnce, Order::Stored, Order::WithReplacement] {
        for last in [Last::Keep, Last::Drop, Last::Wrap] {
            let batching = Batching { order, last, ..Batching::of(700) };
            let options = Options { batching, ..Options::of(&*task) };
            let mut training = Training::new(&*task, &call("adam"), options).unwrap();
            training.epoch(&mut go_on).unwrap();
            let examples = if last == Last::Keep { 5000 } else { training.examples() };
            assert_eq!(training.examples(), examples, "{batching}");
        }
    }
    for init in
        ["orthogonal", "lsuv", "sparse(k=15)", "xavier_uniform", "truncated_normal(std=0.05)"]
    {
        let init = initializer(&call(init)).unwrap();
        let options = Options { init, batching: Batching::of(128), ..Options::of(&*task) };
        let mut training = Training::new(&*task, &call("adam"), options).unwrap();
        let before = training.measure().unwrap().train.cost;
        training.epoch(&mut go_on).unwrap();
        assert!(training.measure().unwrap().train.cost < before, "{init}");
    }
}
