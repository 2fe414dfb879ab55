//! What is compared: read from TOML, completed from the task, written back in full.

use std::collections::HashSet;
use std::fmt::Write;
use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize;
use thalweg_calls::{Call, CallError, SyntaxError, nearest};
use thalweg_data::{Batching, Last, Order, Size, Source};
use thalweg_graph::Element;
use thalweg_optim::init::{Initializer, initializer};
use thalweg_optim::schedule::schedule;
use thalweg_optim::{OPTIMIZERS, optimizer};
use thalweg_train::{Description, Options, Start, TASKS, Task};
use toml::Spanned;

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
    /// Passes over the training set.
    pub epochs: u64,
    /// How batches are drawn.
    pub batching: Batching,
    /// How the weights start.
    pub init: Initializer,
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
            seeds: vec![1, 2, 3],
            target: None,
            tuning: None,
            contenders: Vec::new(),
        }
    }

    /// Reads an experiment file. Every call in it is checked.
    ///
    /// # Errors
    ///
    /// With line and column, if the text is not TOML, a key is not known, or a call is wrong.
    pub fn from_toml(text: &str) -> Result<Experiment, ExperimentError> {
        let file: File = toml::from_str(text)
            .map_err(|error| at(text, error.span().unwrap_or(0..0), explain(error.message())))?;
        let in_text = |span: Range<usize>| move |error: Problem| at(text, span, error.0);
        let task = file.task.get_ref().parse::<Call>().map_err(Problem::from).and_then(check_task);
        let experiment = Experiment {
            task: task.map_err(in_text(file.task.span()))?,
            data: file.data.map_or(Source::Search, |data| source(&data)),
            precision: file.precision.unwrap_or_default(),
            epochs: checked(file.epochs, |n| positive(n, "epochs"), in_text)?,
            batch: checked(file.batch, batch, in_text)?,
            order: checked(file.order, |order| parse_order(&order).map_err(Problem), in_text)?,
            last: checked(file.last, |last| parse_last(&last).map_err(Problem), in_text)?,
            init: checked(file.init, |init| Ok(initializer(&init.parse()?)?), in_text)?,
            seeds: checked(file.seeds, seeds, in_text)?.unwrap_or(vec![1, 2, 3]),
            target: file.target,
            tuning: file.tuning,
            contenders: file
                .contender
                .into_iter()
                .map(|contender| {
                    let span = contender.optimizer.span();
                    let call = contender.optimizer.into_inner();
                    let optimizer = call.parse::<Call>().map_err(Problem::from);
                    let optimizer = optimizer.and_then(check_optimizer).map_err(in_text(span))?;
                    Ok(Contender { label: contender.label, optimizer })
                })
                .collect::<Result<_, ExperimentError>>()?,
        };
        Ok(experiment)
    }

    /// Fills in what is left open from the task, and checks that it all goes together.
    ///
    /// # Errors
    ///
    /// If there is no contender, two have the same label, or the task does not allow what was asked.
    pub fn resolve<T: Element>(&self, task: &dyn Task<T>) -> Result<Resolved, ExperimentError> {
        let description = task.description();
        let Options { batching, init, .. } = Options::of(task);
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
        Ok(Resolved {
            epochs: self.epochs.unwrap_or(description.epochs),
            batching,
            init: self.init_for(description, init)?,
            labels: self.labels()?,
        })
    }

    /// The experiment as a file that repeats it, with nothing left open.
    pub fn to_toml(&self, resolved: &Resolved) -> String {
        let mut text = String::from("# Repeats this run: thalweg compare run.toml\n\n");
        let mut line = |key: &str, value: toml::Value| {
            writeln!(text, "{key} = {value}").expect("a string takes everything");
        };
        line("task", self.task.to_string().into());
        match &self.data {
            Source::Search => {}
            Source::Embedded => line("data", EMBEDDED.into()),
            Source::Folder(folder) => line("data", folder.to_string_lossy().as_ref().into()),
        }
        let Resolved { epochs, batching, init, labels } = resolved;
        line("precision", self.precision.name().into());
        line("epochs", (*epochs as i64).into());
        match batching.size {
            Size::Of(size) => line("batch", (size as i64).into()),
            Size::Full => line("batch", FULL.into()),
        }
        line("order", name_of(&ORDERS, batching.order).into());
        line("last", name_of(&LASTS, batching.last).into());
        line("init", init.to_string().into());
        line("seeds", self.seeds.iter().map(|seed| *seed as i64).collect::<Vec<_>>().into());
        if let Some(target) = self.target {
            line("target", target.into());
        }
        if let Some(tuning) = &self.tuning {
            line("tuning", tuning.as_str().into());
        }
        for (label, contender) in std::iter::zip(labels, &self.contenders) {
            let label = toml::Value::from(label.as_str());
            // Every argument is written out, so that a change of a default does not change the run.
            let full = OPTIMIZERS.resolve(&contender.optimizer).map(|arguments| arguments.full());
            let optimizer = full.unwrap_or_else(|_| contender.optimizer.clone());
            let optimizer = toml::Value::from(optimizer.to_string());
            write!(text, "\n[[contender]]\nlabel = {label}\noptimizer = {optimizer}\n")
                .expect("a string takes everything");
        }
        text
    }

    fn init_for(
        &self,
        description: &Description,
        default: Initializer,
    ) -> Result<Initializer, ExperimentError> {
        match (&self.init, &description.start) {
            (None, _) => Ok(default),
            (Some(init), Start::Weights(_)) => Ok(*init),
            // A file that was written by `to_toml` names the fixed start.
            (Some(init), Start::Fixed(_)) if *init == default => Ok(default),
            (Some(_), Start::Fixed(value)) => Err(ExperimentError::Wrong(format!(
                "{} always starts with all parameters at {value}; leave init out",
                description.name
            ))),
        }
    }

    /// One label per contender: what was given, else the name, else as much of the call as tells them
    /// apart.
    fn labels(&self) -> Result<Vec<String>, ExperimentError> {
        if self.contenders.is_empty() {
            let message = "nothing to compare: name at least one optimizer";
            return Err(ExperimentError::Wrong(message.into()));
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
                    None => optimizer.to_string(),
                };
                if seen.insert(label.clone()) {
                    return Ok(label);
                }
                Err(ExperimentError::Wrong(format!(
                    "two contenders are called '{label}'; give each another label"
                )))
            })
            .collect()
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

const EMBEDDED: &str = "embedded";
const SEARCH: &str = "search";
const FULL: &str = "full";

const ORDERS: [(&str, Order); 4] = [
    ("reshuffled", Order::Reshuffled),
    ("shuffled_once", Order::ShuffledOnce),
    ("stored", Order::Stored),
    ("with_replacement", Order::WithReplacement),
];

const LASTS: [(&str, Last); 3] = [("keep", Last::Keep), ("drop", Last::Drop), ("wrap", Last::Wrap)];

/// The order called `reshuffled`, `shuffled_once`, `stored` or `with_replacement`.
pub fn parse_order(name: &str) -> Result<Order, String> {
    choose(&ORDERS, name, "order")
}

/// The last batch called `keep`, `drop` or `wrap`.
pub fn parse_last(name: &str) -> Result<Last, String> {
    choose(&LASTS, name, "last")
}

fn choose<V: Copy>(choices: &[(&str, V)], name: &str, key: &str) -> Result<V, String> {
    choices.iter().find(|(known, _)| *known == name).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = choices.iter().map(|(known, _)| *known).collect();
        format!("{key} = '{name}' is not known; it can be {}", known.join(", "))
    })
}

fn name_of<V: PartialEq>(choices: &[(&'static str, V)], value: V) -> &'static str {
    choices.iter().find(|(_, known)| *known == value).map_or("", |(name, _)| name)
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    task: Spanned<String>,
    data: Option<String>,
    precision: Option<Precision>,
    epochs: Option<Spanned<i64>>,
    batch: Option<Spanned<NumberOrWord>>,
    order: Option<Spanned<String>>,
    last: Option<Spanned<String>>,
    init: Option<Spanned<String>>,
    seeds: Option<Spanned<OneOrMany>>,
    target: Option<f64>,
    tuning: Option<String>,
    #[serde(default)]
    contender: Vec<FileContender>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileContender {
    label: Option<String>,
    optimizer: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrWord {
    Number(i64),
    Word(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(i64),
    Many(Vec<i64>),
}

/// What is wrong with a value, in words.
struct Problem(String);

impl From<CallError> for Problem {
    fn from(error: CallError) -> Problem {
        Problem(error.to_string())
    }
}

impl From<SyntaxError> for Problem {
    fn from(error: SyntaxError) -> Problem {
        Problem(error.to_string())
    }
}

/// A value that may be missing, checked; an error names its place in the file.
fn checked<A, B, F: FnOnce(Problem) -> ExperimentError>(
    value: Option<Spanned<A>>,
    check: impl FnOnce(A) -> Result<B, Problem>,
    at: impl FnOnce(Range<usize>) -> F,
) -> Result<Option<B>, ExperimentError> {
    let Some(value) = value else { return Ok(None) };
    let span = value.span();
    check(value.into_inner()).map(Some).map_err(at(span))
}

fn check_task(call: Call) -> Result<Call, Problem> {
    TASKS.resolve(&call)?;
    Ok(call)
}

fn check_optimizer(call: Call) -> Result<Call, Problem> {
    let arguments = OPTIMIZERS.resolve(&call)?;
    // The length of an epoch does not matter for whether the schedule is well formed.
    schedule(arguments.call("schedule"), Some(1.0))?;
    optimizer::<f32>(&call, Some(1.0))?;
    Ok(arguments.brief())
}

fn positive(n: i64, key: &str) -> Result<u64, Problem> {
    u64::try_from(n)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| Problem(format!("{key} = {n}: it must be at least 1")))
}

fn batch(value: NumberOrWord) -> Result<Batch, Problem> {
    match value {
        NumberOrWord::Number(n) => Ok(Batch::Of(positive(n, "batch")? as usize)),
        NumberOrWord::Word(word) if word == FULL => Ok(Batch::Full),
        NumberOrWord::Word(word) => {
            Err(Problem(format!("batch = '{word}': it must be a number from 1, or '{FULL}'")))
        }
    }
}

fn seeds(value: OneOrMany) -> Result<Vec<u64>, Problem> {
    let seeds = match value {
        OneOrMany::One(n) => (1..=positive(n, "seeds")?).collect(),
        OneOrMany::Many(seeds) => seeds
            .into_iter()
            .map(|seed| u64::try_from(seed).map_err(|_| Problem(format!("seed {seed} is below 0"))))
            .collect::<Result<Vec<_>, _>>()?,
    };
    let different: HashSet<_> = seeds.iter().collect();
    match (seeds.is_empty(), different.len() == seeds.len()) {
        (true, _) => Err(Problem("seeds = []: name at least one".into())),
        (_, false) => Err(Problem("seeds: one stands there twice".into())),
        _ => Ok(seeds),
    }
}

fn source(data: &str) -> Source {
    match data {
        EMBEDDED => Source::Embedded,
        SEARCH => Source::Search,
        folder => Source::Folder(PathBuf::from(folder)),
    }
}

fn at(text: &str, span: Range<usize>, message: String) -> ExperimentError {
    let before = &text[..span.start.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    ExperimentError::At { line, column, message }
}

/// The message of the TOML reader on one line; for an unknown key, with the nearest one.
fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.starts_with("unknown field"), quoted.next()) {
        (true, Some(key)) => {
            let known: Vec<&str> = quoted.collect();
            match nearest(key, known.iter().copied()) {
                Some(near) => format!("unknown key '{key}': did you mean '{near}'?"),
                None => format!("unknown key '{key}': known are {}", known.join(", ")),
            }
        }
        _ => message.lines().collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
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
            ("[5, 7]", "[5, 5]", "line 10, column 17: seeds: one stands there twice"),
            (
                "fashion-mlp(",
                "fashion-mpl(",
                "line 2, column 16: unknown task 'fashion-mpl': did you mean 'fashion-mlp'?",
            ),
            (
                "sgd(lr=0.1,",
                "sgd(lr=-0.1,",
                "line 16, column 21: sgd(lr=-0.1): lr must be a number from 0",
            ),
            (
                "tau=2epochs",
                "tau=0",
                "line 16, column 21: linear(tau=0): tau must be a whole number of steps from 1, or epochs as in 20epochs",
            ),
            ("\"adam\"", "\"adam(\"", "line 19, column 21: in 'adam(', column 6: expected a name"),
            ("target = 0.8", "target 0.8", "line 11, column 16: key with no value, expected `=`"),
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
        assert_eq!(error, "two contenders are called 'adam'; give each another label");
    }
}
