//! A hundred steps of every optimizer beside PyTorch and optax.
//!
//! What is compared with what, and how the files are made, is in `golden/README.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thalweg_calls::Call;
use thalweg_optim::{OPTIMIZERS, Segment, optimizer};

/// How far a parameter may be from the reference, relative to its size.
const TOLERANCE: f64 = 1e-12;

/// One tensor of f(p) = Σᵢ ½hᵢ(pᵢ − cᵢ)² + ¼qᵢpᵢ⁴.
#[derive(Clone, Deserialize)]
struct Tensor {
    name: String,
    shape: Vec<usize>,
    #[serde(rename = "start")]
    parameters: Vec<f64>,
    h: Vec<f64>,
    c: Vec<f64>,
    q: Vec<f64>,
    #[serde(skip)]
    gradient: Vec<f64>,
}

type Problem = [Tensor; 2];

#[derive(Deserialize)]
struct Case {
    call: String,
    reference: String,
    /// All parameters after each step.
    steps: Vec<Vec<f64>>,
    /// The same for θ, where the optimizer keeps another point.
    iterates: Option<Vec<Vec<f64>>>,
}

/// The place in a trajectory that is farthest from the reference.
struct Deviation {
    relative: f64,
    place: String,
}

#[test]
fn a_hundred_steps_agree_with_the_libraries() {
    let problem: Problem = read(&folder().join("problem.json"));
    let mut worst: Vec<(String, Deviation)> =
        cases().into_iter().map(|case| (name(&case), case.deviation(&problem))).collect();
    worst.sort_by(|(_, a), (_, b)| b.relative.total_cmp(&a.relative));

    let (case, Deviation { relative, place }) = &worst[0];
    println!("{} cases; the farthest is {case}: {relative:.1e} at {place}", worst.len());
    let far: Vec<String> = worst
        .iter()
        // In the total order NaN is the greatest, so that it counts as far.
        .filter(|(_, deviation)| deviation.relative.total_cmp(&TOLERANCE).is_gt())
        .map(|(case, Deviation { relative, place })| format!("{case}: {relative:.1e} at {place}"))
        .collect();
    assert!(far.is_empty(), "farther than {TOLERANCE:e}:\n{}", far.join("\n"));
}

#[test]
fn every_argument_of_every_optimizer_is_in_a_case() {
    let written: BTreeSet<(&str, String)> = cases()
        .iter()
        .flat_map(|case| {
            let arguments = OPTIMIZERS.resolve(&case.parsed()).unwrap();
            let differ_from_default = arguments.brief().arguments.into_iter();
            differ_from_default.map(move |argument| (arguments.name(), argument.name.unwrap()))
        })
        .collect();
    let missing: Vec<String> = OPTIMIZERS
        .words
        .iter()
        .flat_map(|word| word.parameters.iter().map(|parameter| (word.name, parameter.name)))
        .filter(|(word, parameter)| !written.contains(&(word, parameter.to_string())))
        .map(|(word, parameter)| format!("{word}({parameter}=…)"))
        .collect();
    assert!(missing.is_empty(), "no case in golden/make.py sets {}", missing.join(", "));
}

impl Case {
    fn parsed(&self) -> Call {
        self.call.parse().unwrap()
    }

    /// Takes the steps and compares each with the reference.
    fn deviation(&self, problem: &Problem) -> Deviation {
        let mut tensors = problem.clone();
        let mut optimizer = optimizer::<f64>(&self.parsed(), None)
            .unwrap_or_else(|error| panic!("{}: {error}", self.call));
        let mut steps = Vec::new();
        let mut iterates = Vec::new();
        for _ in &self.steps {
            tensors.iter_mut().for_each(Tensor::differentiate);
            optimizer.step(&mut tensors.each_mut().map(Tensor::segment)).unwrap();
            steps.push(flat(&tensors));

            let mut at_iterate = tensors.clone();
            optimizer.to_iterate(&mut at_iterate.each_mut().map(Tensor::segment));
            iterates.push(flat(&at_iterate));
        }
        // Where the file has no iterates of its own, the parameters are the iterates.
        let expected_iterates = self.iterates.as_ref().unwrap_or(&self.steps);
        assert_eq!(optimizer.looks_ahead(), self.iterates.is_some(), "{}", self.call);
        Deviation::farthest([
            Deviation::between("θ, ", &iterates, expected_iterates),
            Deviation::between("", &steps, &self.steps),
        ])
    }
}

impl Deviation {
    /// The farthest place of a trajectory from the expected one.
    fn between(point: &str, found: &[Vec<f64>], expected: &[Vec<f64>]) -> Deviation {
        assert_eq!(found.len(), expected.len());
        let coordinates = expected[0].len();
        Deviation::farthest((0..coordinates).flat_map(|i| {
            let largest = expected.iter().map(|p| p[i].abs()).fold(0.0, f64::max);
            std::iter::zip(found, expected).enumerate().map(move |(k, (found, expected))| {
                // A parameter that crosses 0 has no relative error there.
                let size = expected[i].abs().max(0.1 * largest);
                Deviation {
                    relative: (found[i] - expected[i]).abs() / size,
                    place: format!("{point}step {}, coordinate {i}", k + 1),
                }
            })
        }))
    }

    fn farthest(all: impl IntoIterator<Item = Deviation>) -> Deviation {
        all.into_iter().max_by(|a, b| a.relative.total_cmp(&b.relative)).unwrap()
    }
}

impl Tensor {
    /// ∇f, with the operations in the order of `make.py`.
    fn differentiate(&mut self) {
        let Tensor { parameters, h, c, q, gradient, .. } = self;
        gradient.clear();
        gradient.extend((0..parameters.len()).map(|i| {
            let p = parameters[i];
            h[i] * (p - c[i]) + q[i] * p * p * p
        }));
    }

    fn segment(&mut self) -> Segment<'_, f64> {
        Segment {
            name: &self.name,
            shape: &self.shape,
            parameters: &mut self.parameters,
            gradient: &self.gradient,
        }
    }
}

fn flat(tensors: &Problem) -> Vec<f64> {
    tensors.iter().flat_map(|tensor| tensor.parameters.iter().copied()).collect()
}

fn name(case: &Case) -> String {
    format!("{} ({})", case.call, case.reference)
}

fn cases() -> Vec<Case> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| path.file_name().is_some_and(|name| name != "problem.json"))
        .flat_map(|path| read::<Vec<Case>>(&path))
        .collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
