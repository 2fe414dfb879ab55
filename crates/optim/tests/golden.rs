//! A hundred steps of every optimizer beside PyTorch and optax.
//!
//! What is compared with what, and how the files are made, is in `golden/README.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thalweg_calls::{Call, Kind, Parameter, Value};
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
    /// The points at which the gradient is taken a second time, where the optimizer wants that.
    ascents: Option<Vec<Vec<f64>>>,
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
fn every_argument_is_in_a_case_and_every_rule_decays_in_one() {
    let mut written: BTreeSet<(&str, String)> = BTreeSet::new();
    for call in cases().iter().map(Case::parsed) {
        // Of what goes around an optimizer, the inner call is a case as well.
        let inner = call.arguments.iter().filter_map(|argument| match &argument.value {
            Value::Call(inner) if argument.name.is_none() => Some(inner.clone()),
            _ => None,
        });
        for call in inner.chain([call.clone()]) {
            let arguments = OPTIMIZERS.resolve(&call).unwrap();
            let brief = arguments.brief().arguments.into_iter();
            written.extend(brief.filter_map(|a| Some((arguments.name(), a.name?))));
        }
    }
    let by_any = |name: &str| written.iter().any(|(_, argument)| argument == name);
    let by = |word: &str, name: &str| written.contains(&(word, name.to_owned()));
    let mut missing = Vec::new();
    for word in OPTIMIZERS.words {
        let own = word.parameters.iter().filter(|p| !matches!(p.kind, Kind::List | Kind::Call(_)));
        for Parameter { name, .. } in own {
            // Where a decay goes is the same for all rules.
            // These are checked by hand, in around.rs.
            let by_hand = [("ema", "warmup"), ("freeze", "from"), ("freeze", "until")];
            let elsewhere =
                by_hand.contains(&(word.name, name)) || *name == "decoupled" && by_any(name);
            if !by(word.name, name) && !elsewhere {
                missing.push(format!("{}({name}=…)", word.name));
            }
        }
    }
    for Parameter { name, .. } in OPTIMIZERS.shared {
        // These depend on random numbers or on how numbers are kept, which no library has in this form.
        let ours = ["noise", "noise_decay", "nonfinite", "slots", "rounding", "seed"];
        if !by_any(name) && !ours.contains(name) {
            missing.push(format!("…({name}=…)"));
        }
    }
    assert!(missing.is_empty(), "no case in golden/cases.py sets {}", missing.join(", "));
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
        let mut ascents = Vec::new();
        for _ in &self.steps {
            tensors.iter_mut().for_each(Tensor::differentiate);
            if optimizer.probe(&mut tensors.each_mut().map(Tensor::segment)).unwrap() {
                ascents.push(flat(&tensors));
                tensors.iter_mut().for_each(Tensor::differentiate);
            }
            optimizer.step(&mut tensors.each_mut().map(Tensor::segment)).unwrap();
            steps.push(flat(&tensors));

            let mut at_iterate = tensors.clone();
            optimizer.to_iterate(&mut at_iterate.each_mut().map(Tensor::segment));
            iterates.push(flat(&at_iterate));
        }
        // Where the file has no iterates of its own, the parameters are the iterates.
        let expected_iterates = self.iterates.as_ref().unwrap_or(&self.steps);
        assert_eq!(optimizer.looks_ahead(), self.iterates.is_some(), "{}", self.call);
        let expected_ascents = self.ascents.as_deref().unwrap_or_default();
        let of_ascents = (!expected_ascents.is_empty() || !ascents.is_empty())
            .then(|| Deviation::between("ascent, ", &ascents, expected_ascents));
        Deviation::farthest(of_ascents.into_iter().chain([
            Deviation::between("θ, ", &iterates, expected_iterates),
            Deviation::between("", &steps, &self.steps),
        ]))
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
            gradient: (&self.gradient).into(),
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
