//! J, P and the gradient of each task's network against PyTorch, in f64. `torch/make.py` writes the fixtures.

use serde::Deserialize;
use thalweg_data::Source;
use thalweg_graph::{Mode, Parameters, Plan, RunOptions};
use thalweg_train::{Set, TASKS, task};

#[derive(Deserialize)]
struct Case {
    task: String,
    examples: usize,
    scale: f64,
    cost: f64,
    measure: f64,
    /// Of each gradient the norm and two weighted sums.
    gradients: Vec<[f64; 3]>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("torch/fixtures.json")).unwrap()
}

#[test]
fn costs_measures_and_gradients_of_all_tasks_are_those_of_pytorch() {
    for case in cases() {
        check(&case);
    }
}

/// `quadratic-deep` is judged by the published results instead.
#[test]
fn every_task_has_a_case() {
    let names: Vec<String> =
        cases().iter().map(|case| case.task.split('(').next().unwrap().to_owned()).collect();
    for word in TASKS.words {
        let other = word.name == "quadratic-deep";
        assert!(names.iter().any(|name| name == word.name) != other, "{}", word.name);
    }
}

fn check(case: &Case) {
    let name = &case.task;
    let task = task::<f64>(&name.parse().unwrap(), &Source::Embedded).unwrap();
    let mut model = task.model(case.examples).unwrap();
    let train = model.graph.minimize(model.cost, "sgd").unwrap();
    let mut parameters = Parameters::<f64>::zeros(&model.graph);
    for (k, (_, values)) in parameters.iter_mut().enumerate() {
        for (i, value) in values.iter_mut().enumerate() {
            *value = case.scale * (1.0 + 0.37 * k as f64 + 1.3 * i as f64).sin();
        }
    }
    let mut plan = Plan::compile(&model.graph, &[model.cost, model.measure], Some(&train));
    task.prepare(&model, &mut plan);
    let examples: Vec<usize> = (0..case.examples).collect();
    task.fill(Set::Train, &examples, &model, &mut plan);
    // Without the noise of the training.
    let evaluation = RunOptions { mode: Mode::Evaluation, ..RunOptions::default() };
    plan.run(&parameters, evaluation).unwrap();

    assert_close(plan.value(model.cost)[0], case.cost, name, "J");
    assert_close(plan.value(model.measure)[0], case.measure, name, "P");
    assert_eq!(parameters.infos().len(), case.gradients.len(), "{name}");
    for (info, expected) in parameters.infos().iter().zip(&case.gradients) {
        let gradient = &plan.gradients()[info.range.clone()];
        let sum = |weight: &dyn Fn(f64, f64) -> f64| {
            gradient.iter().enumerate().map(|(i, g)| weight(*g, i as f64)).sum::<f64>()
        };
        let sums = [
            sum(&|g, _| g * g).sqrt(),
            sum(&|g, i| g * (0.7 * i).cos()),
            sum(&|g, i| g * (1.1 * i).sin()),
        ];
        assert!(expected[0] > 0.0, "{name}: the gradient of {} says nothing", info.name);
        for (sum, expected) in sums.into_iter().zip(expected) {
            assert_close(sum, *expected, name, &info.name);
        }
    }
}

fn assert_close(found: f64, expected: f64, name: &str, what: &str) {
    let close = (found - expected).abs() <= 1e-11 * (1e-2 + expected.abs());
    assert!(close, "{name}, {what}: {found}, but PyTorch says {expected}");
}
