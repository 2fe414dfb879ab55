//! Experiments as TOML: read with the place of every mistake, written with nothing left open.

use std::collections::HashSet;
use std::fmt::Write;
use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thalweg_calls::{Call, CallError, SyntaxError, nearest};
use thalweg_data::{Last, Order, Size, Source};
use thalweg_optim::init::initializer;
use thalweg_train::{OPTIMIZERS, TASKS};
use toml::Spanned;

use super::{
    Batch, Contender, Experiment, ExperimentError, MOST, MOST_SEEDS, Precision, Resolved,
    check_optimizer,
};

impl Experiment {
    /// Reads an experiment file. Every call in it is checked.
    ///
    /// # Errors
    ///
    /// With line and column, if the text is not TOML, a key is not known, or a call is wrong.
    pub fn from_toml(text: &str) -> Result<Experiment, ExperimentError> {
        let file: File = parse(text)?;
        Ok(Experiment {
            task: place(text, file.task, |task| check_task(task.parse()?))?,
            data: file.data.map_or(Source::Search, |data| source(&data)),
            precision: file.precision.unwrap_or_default(),
            epochs: checked(text, file.epochs, |n| between(n, MOST, "epochs"))?,
            batch: checked(text, file.batch, batch)?,
            order: checked(text, file.order, |order| parse_order(&order).map_err(Problem))?,
            last: checked(text, file.last, |last| parse_last(&last).map_err(Problem))?,
            init: checked(text, file.init, |init| Ok(initializer(&init.parse()?)?))?,
            bias: checked(text, file.bias, |bias| Ok(initializer(&bias.parse()?)?))?,
            seeds: checked(text, file.seeds, seeds)?.unwrap_or(vec![1, 2, 3]),
            target: file.target,
            tuning: file.tuning,
            contenders: file
                .contender
                .into_iter()
                .map(|FileContender { label, optimizer }| {
                    let check = |call: String| Ok(check_optimizer(&call.parse()?, SOME_EPOCH)?);
                    Ok(Contender { label, optimizer: place(text, optimizer, check)? })
                })
                .collect::<Result<_, ExperimentError>>()?,
        })
    }

    /// The experiment as a file that repeats it, with nothing left open.
    pub fn to_toml(&self, resolved: &Resolved) -> String {
        let mut text = String::from("# Repeats this run: thalweg compare run.toml\n\n");
        let mut line = |key: &str, value: toml::Value| {
            writeln!(text, "{key} = {value}").expect("a string takes everything");
        };
        line("task", self.task.to_string().into());
        let Resolved { data, epochs, batching, init, bias, labels } = resolved;
        if let Some(data) = data {
            line("data", word_of(data).into());
        }
        line("precision", self.precision.name().into());
        line("epochs", (*epochs as i64).into());
        match batching.size {
            Size::Of(size) => line("batch", (size as i64).into()),
            Size::Full => line("batch", FULL.into()),
        }
        line("order", name_of(&ORDERS, batching.order).into());
        line("last", name_of(&LASTS, batching.last).into());
        line("init", init.to_string().into());
        line("bias", bias.to_string().into());
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
    bias: Option<Spanned<String>>,
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
#[serde(untagged, expecting = "expected a number or a word")]
enum NumberOrWord {
    Number(i64),
    Word(String),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number or a list of numbers")]
enum OneOrMany {
    One(i64),
    Many(Vec<i64>),
}

/// What is wrong with a value, in words.
pub(crate) struct Problem(String);

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

/// Reads a file of such a form; a mistake is named with its place.
pub(crate) fn parse<F: DeserializeOwned>(text: &str) -> Result<F, ExperimentError> {
    toml::from_str(text)
        .map_err(|error| at(text, error.span().unwrap_or(0..0), explain(error.message())))
}

/// A value, checked; an error names its place in the file.
pub(crate) fn place<A, B>(
    text: &str,
    value: Spanned<A>,
    check: impl FnOnce(A) -> Result<B, Problem>,
) -> Result<B, ExperimentError> {
    let span = value.span();
    check(value.into_inner()).map_err(|Problem(message)| at(text, span, message))
}

/// The same of a value that may be missing.
fn checked<A, B>(
    text: &str,
    value: Option<Spanned<A>>,
    check: impl FnOnce(A) -> Result<B, Problem>,
) -> Result<Option<B>, ExperimentError> {
    value.map(|value| place(text, value, check)).transpose()
}

fn check_task(call: Call) -> Result<Call, Problem> {
    TASKS.resolve(&call)?;
    Ok(call)
}

/// Steps of an epoch while its length is not known: enough to tell parts of it apart.
const SOME_EPOCH: usize = 1_000_000;

/// A number from 1 to `most`.
pub(crate) fn between(n: i64, most: u64, key: &str) -> Result<u64, Problem> {
    match u64::try_from(n) {
        Err(_) | Ok(0) => Err(Problem(format!("{key} = {n}: it must be at least 1"))),
        Ok(n) if n > most => Err(Problem(format!("{key} = {n}: it must be at most {most}"))),
        Ok(n) => Ok(n),
    }
}

fn batch(value: NumberOrWord) -> Result<Batch, Problem> {
    match value {
        NumberOrWord::Number(n) => Ok(Batch::Of(between(n, MOST, "batch")? as usize)),
        NumberOrWord::Word(word) if word == FULL => Ok(Batch::Full),
        NumberOrWord::Word(word) => {
            Err(Problem(format!("batch = '{word}': it must be a number from 1, or '{FULL}'")))
        }
    }
}

fn seeds(value: OneOrMany) -> Result<Vec<u64>, Problem> {
    let seeds = match value {
        OneOrMany::One(n) => (1..=between(n, MOST_SEEDS, "seeds")?).collect(),
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

/// Where data are, by [`word_of`].
pub(crate) fn source(data: &str) -> Source {
    match data {
        EMBEDDED => Source::Embedded,
        SEARCH => Source::Search,
        folder => Source::Path(PathBuf::from(folder)),
    }
}

/// What stands for it in a file.
pub(crate) fn word_of(source: &Source) -> String {
    match source {
        Source::Search => SEARCH.to_owned(),
        Source::Embedded => EMBEDDED.to_owned(),
        Source::Path(path) => path.to_string_lossy().into_owned(),
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
        _ => message.lines().collect::<Vec<_>>().join(", ").replace("missing field", "missing key"),
    }
}
