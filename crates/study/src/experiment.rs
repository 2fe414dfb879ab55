//! What is compared, and what the task adds where nothing is said.

mod file;

use std::collections::HashSet;

use serde::Deserialize;
use thalweg_calls::{Call, CallError};
use thalweg_data::{Batching, Last, Order, Size, Source};
use thalweg_events::Measure;
use thalweg_graph::Element;
use thalweg_optim::init::Initializer;
use thalweg_train::{Description, OPTIMIZERS, Options, Set, Start, Task, formula};

pub(crate) use file::{between, parse, place, source, word_of};
pub use file::{parse_last, parse_order};

/// What is compared. Whatever is `None` is as the task wants it.
///
/// ```
/// use thalweg_study::Experiment;
///
/// let experiment = Experiment::from_toml(
///     r#"
///     task = "fashion-softmax"
///     epochs = 5
///     seeds = [1, 2, 3]
///
///     [[contender]]
///     optimizer = "sgd(lr=0.1)"
///     "#,
/// )?;
/// assert_eq!(experiment.contenders[0].optimizer.to_string(), "sgd(lr=0.1)");
///
/// let error = Experiment::from_toml("task = \"fashion-softmax\"\nepoks = 5").unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 1: unknown key 'epoks': did you mean 'epochs'?");
/// # Ok::<(), thalweg_study::ExperimentError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// What is learned.
    pub task: Call,
    /// Where its data are looked for.
    pub data: Source,
    /// Which numbers it is learned in.
    pub precision: Precision,
    /// Passes over the training set.
    pub epochs: Option<u64>,
    /// Examples per step.
    pub batch: Option<Batch>,
    /// The order of the examples.
    pub order: Option<Order>,
    /// What becomes of a short last batch.
    pub last: Option<Last>,
    /// How the weights start.
    pub init: Option<Initializer>,
    /// How the biases start.
    pub bias: Option<Initializer>,
    /// The seeds; every contender runs with each of them.
    pub seeds: Vec<u64>,
    /// The value of P on the test set whose first reaching is timed.
    pub target: Option<f64>,
    /// How the hyperparameters were chosen, in words.
    pub tuning: Option<String>,
    /// The optimizers, at least one.
    pub contenders: Vec<Contender>,
}

/// One of the optimizers compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// What people read; made from the call if there is none.
    pub label: Option<String>,
    /// The optimizer with its hyperparameters and schedule.
    pub optimizer: Call,
}

/// Examples per step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// This many.
    Of(usize),
    /// All there are.
    Full,
}

/// Which numbers a model is trained in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Double precision.
    F64,
}

/// An experiment with nothing left open.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// Where the data were found; `None` if the task makes them.
    pub data: Option<Source>,
    /// Passes over the training set.
    pub epochs: u64,
    /// How batches are drawn.
    pub batching: Batching,
    /// How the weights start.
    pub init: Initializer,
    /// How the biases start.
    pub bias: Initializer,
    /// One label per contender, all different.
    pub labels: Vec<String>,
}

/// An experiment that cannot be done as it is written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExperimentError {
    /// In a file, at a place.
    #[error("line {line}, column {column}: {message}")]
    At {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// Anywhere else.
    #[error("{0}")]
    Wrong(String),
}

impl Experiment {
    /// An experiment with one task, no contender yet, and nothing else said.
    pub fn of(task: Call) -> Experiment {
        Experiment {
            task,
            data: Source::Search,
            precision: Precision::default(),
            epochs: None,
            batch: None,
            order: None,
            last: None,
            init: None,
            bias: None,
            seeds: vec![1, 2, 3],
            target: None,
            tuning: None,
            contenders: Vec::new(),
        }
    }

    /// Fills in what is left open from the task, and checks that it all goes together.
    ///
    /// # Errors
    ///
    /// If there is no contender, two have the same label, or the task does not allow what was asked.
    pub fn resolve<T: Element>(&self, task: &dyn Task<T>) -> Result<Resolved, ExperimentError> {
        let description = task.description();
        let Options { batching, init, bias, .. } = Options::of(task);
        let batching = Batching {
            size: match self.batch {
                None => batching.size,
                Some(Batch::Of(size)) => Size::Of(size),
                Some(Batch::Full) => Size::Full,
            },
            order: match (self.order, self.batch) {
                (Some(order), _) => order,
                (None, Some(Batch::Full)) => Order::Stored,
                (None, _) => batching.order,
            },
            last: self.last.unwrap_or(batching.last),
        };
        self.check_target(&description.measure)?;
        let batches = batching.over(task.examples(Set::Train)).map_err(wrong)?;
        for contender in &self.contenders {
            check_optimizer(&contender.optimizer, batches.steps_per_epoch()).map_err(wrong)?;
        }
        Ok(Resolved {
            data: description.source.clone(),
            epochs: self.epochs.unwrap_or(description.epochs),
            batching,
            init: start_for(description, "init", self.init, init)?,
            bias: start_for(description, "bias", self.bias, bias)?,
            labels: self.labels()?,
        })
    }

    fn check_target(&self, measure: &Measure) -> Result<(), ExperimentError> {
        match self.target {
            Some(p) if !p.is_finite() => Err(wrong(format!("target = {p}: it must be a number"))),
            Some(p) if measure.percent && !(0.0..=1.0).contains(&p) => Err(wrong(format!(
                "target = {p}: {} is a share from 0 to 1; write 0.84 for 84 %",
                measure.name
            ))),
            _ => Ok(()),
        }
    }

    /// One label per contender: what was given, else the name, else as much of the call as tells them
    /// apart.
    fn labels(&self) -> Result<Vec<String>, ExperimentError> {
        if self.contenders.is_empty() {
            return Err(wrong("nothing to compare: name at least one optimizer"));
        }
        let alike = |name: &str| {
            self.contenders.iter().filter(|c| c.label.is_none() && c.optimizer.name == name).count()
        };
        let mut seen = HashSet::new();
        self.contenders
            .iter()
            .map(|Contender { label, optimizer }| {
                let name = &optimizer.name;
                let label = match label {
                    Some(label) => label.clone(),
                    None if alike(name) == 1 => name.clone(),
                    // The same call is the same label, however it was written.
                    None => OPTIMIZERS.resolve(optimizer).map_err(wrong)?.brief().to_string(),
                };
                if label.trim().is_empty() || label.contains(char::is_control) {
                    return Err(wrong(format!("label {label:?}: write a word or more on one line")));
                }
                if !seen.insert(label.clone()) {
                    return Err(wrong(format!(
                        "two contenders are called '{label}'; leave one out or give it another label"
                    )));
                }
                Ok(label)
            })
            .collect()
    }
}

/// How weights or biases start: as asked for, if the task leaves it open.
fn start_for(
    description: &Description,
    key: &str,
    asked: Option<Initializer>,
    default: Initializer,
) -> Result<Initializer, ExperimentError> {
    match (asked, &description.start) {
        (None, _) => Ok(default),
        (Some(asked), Start::Weights { .. }) => Ok(asked),
        // A file that was written by `to_toml` names the fixed start.
        (Some(asked), Start::Fixed(_)) if asked == default => Ok(default),
        (Some(_), Start::Fixed(value)) => Err(wrong(format!(
            "{} always starts with all parameters at {value}; leave {key} out",
            description.name
        ))),
    }
}

impl Precision {
    /// `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        }
    }
}

/// The most epochs, and the most examples in a batch: more than anybody means.
pub const MOST: u64 = 1_000_000_000;

/// The most seeds.
pub const MOST_SEEDS: u64 = 10_000;

/// The call with what differs from the defaults, if it is right.
fn check_optimizer(call: &Call, steps_per_epoch: usize) -> Result<Call, CallError> {
    let arguments = OPTIMIZERS.resolve(call)?;
    formula::<f32>(call, Some(steps_per_epoch as f64))?;
    Ok(arguments.brief())
}

fn wrong(error: impl ToString) -> ExperimentError {
    ExperimentError::Wrong(error.to_string())
}

#[cfg(test)]
mod tests {
    use thalweg_optim::init::initializer;
    use thalweg_train::task;

    use super::*;

    const WHOLE: &str = r#"
        task = "fashion-mlp(hidden=8)"
        data = "embedded"
        precision = "f64"
        epochs = 4
        batch = 100
        order = "with_replacement"
        last = "drop"
        init = "orthogonal"
        bias = "constant(0.1)"
        seeds = [5, 7]
        target = 0.8
        tuning = "one \"quoted\" try"

        [[contender]]
        label = "mine"
        optimizer = "sgd(lr=0.1, schedule=linear(tau=2epochs))"

        [[contender]]
        optimizer = "adam"

        [[contender]]
        optimizer = "adam(lr=0.01)"
    "#;

    #[test]
    fn what_is_written_reads_back_the_same() {
        let experiment = Experiment::from_toml(WHOLE).unwrap();
        let task = task::<f32>(&experiment.task, &experiment.data).unwrap();
        let resolved = experiment.resolve(&*task).unwrap();
        assert_eq!(resolved.labels, ["mine", "adam(lr=0.001)", "adam(lr=0.01)"]);
        let again = Experiment::from_toml(&experiment.to_toml(&resolved)).unwrap();
        assert_eq!(again.resolve(&*task).unwrap(), resolved);
        assert_eq!(again.to_toml(&resolved), experiment.to_toml(&resolved));
    }

    #[test]
    fn the_task_fills_in_what_is_left_open() {
        let text = "task = \"quadratic-deep\"\n[[contender]]\noptimizer = \"sgd\"";
        let mut experiment = Experiment::from_toml(text).unwrap();
        let task = task::<f32>(&experiment.task, &experiment.data).unwrap();
        let resolved = experiment.resolve(&*task).unwrap();
        assert_eq!((resolved.epochs, resolved.batching), (100, task.description().batching));
        let again = Experiment::from_toml(&experiment.to_toml(&resolved)).unwrap();
        assert_eq!(again.resolve(&*task).unwrap(), resolved);
        experiment.init = Some(initializer(&"zeros".parse().unwrap()).unwrap());
        let error = experiment.resolve(&*task).unwrap_err().to_string();
        assert!(error.contains("always starts with all parameters at 1"), "{error}");
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        for (from, to, message) in [
            ("epochs = 4", "epochs = 0", "line 5, column 18: epochs = 0: it must be at least 1"),
            (
                "epochs = 4",
                "epochs = \"4\"",
                "line 5, column 18: invalid type: string \"4\", expected i64",
            ),
            ("epochs", "epoch", "line 5, column 9: unknown key 'epoch': did you mean 'epochs'?"),
            ("batch = 100", "batch = -3", "line 6, column 17: batch = -3: it must be at least 1"),
            (
                "\"drop\"",
                "\"drp\"",
                "line 8, column 16: last = 'drp' is not known; it can be keep, drop, wrap",
            ),
            (
                "\"orthogonal\"",
                "\"ortogonal\"",
                "line 9, column 16: unknown initializer 'ortogonal': did you mean 'orthogonal'?",
            ),
            ("[5, 7]", "[5, 5]", "line 11, column 17: seeds: one stands there twice"),
            (
                "fashion-mlp(",
                "fashion-mpl(",
                "line 2, column 16: unknown task 'fashion-mpl': did you mean 'fashion-mlp'?",
            ),
            (
                "sgd(lr=0.1,",
                "sgd(lr=-0.1,",
                "line 17, column 21: sgd(lr=-0.1): lr must be a number from 0",
            ),
            (
                "tau=2epochs",
                "tau=0",
                "line 17, column 21: linear(tau=0): tau must be a whole number of steps from 1, or epochs as in 20epochs",
            ),
            ("\"adam\"", "\"adam(\"", "line 20, column 21: in 'adam(', column 6: expected a name"),
            ("target = 0.8", "target 0.8", "line 12, column 16: key with no value, expected `=`"),
        ] {
            assert!(WHOLE.contains(from), "{from}");
            let error = Experiment::from_toml(&WHOLE.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn contenders_need_labels_of_their_own() {
        let mut experiment = Experiment::of("fashion-softmax".parse().unwrap());
        let error = experiment.labels().unwrap_err().to_string();
        assert_eq!(error, "nothing to compare: name at least one optimizer");
        let adam = Contender { label: None, optimizer: "adam".parse().unwrap() };
        experiment.contenders = vec![adam.clone(), adam];
        let error = experiment.labels().unwrap_err().to_string();
        let expected =
            "two contenders are called 'adam(lr=0.001)'; leave one out or give it another label";
        assert_eq!(error, expected);
    }
}
