//! Which words there are, what they take, and calls checked against them.

use std::fmt;

use crate::{Argument, Call, Value};

/// All words of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// What the words name, in the singular: `optimizer`.
    pub kind: &'static str,
    /// The words, in the order in which lists show them.
    pub words: &'static [&'static Word],
    /// What many words take besides their own parameters; never by position.
    pub shared: &'static [Parameter],
    /// The words that take the shared parameters.
    pub sharing: &'static [&'static Word],
}

/// One word and the parameters it takes.
#[derive(Debug)]
pub struct Word {
    /// The name users write.
    pub name: &'static str,
    /// One line for lists.
    pub about: &'static str,
    /// What it takes, in the order of positional arguments.
    pub parameters: &'static [Parameter],
}

/// A parameter of a word.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name users write before the `=`.
    pub name: &'static str,
    /// One line for lists: meaning and unit.
    pub about: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What holds when nothing is written.
    pub default: Default,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A number in a range.
    Number(Range),
    /// The same, and a schedule may move it: `0.9*linear(tau=100)`. What it reaches is for the reader of
    /// the schedule to check.
    Scheduled(Range),
    /// A duration: a number of steps, or of epochs (`20epochs`); at least 1 step.
    Steps,
    /// `true` or `false`.
    Switch,
    /// One of these bare words.
    Choice(&'static [&'static str]),
    /// A call of another vocabulary, named here: `schedule`.
    Call(&'static str),
    /// Calls and what stands between them, any count; only as the last parameter.
    List,
}

/// What a parameter is when nothing is written.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// It has to be written.
    Required,
    /// This number.
    Number(f64),
    /// This truth value.
    Switch(bool),
    /// This bare word, or for a call this one.
    Word(&'static str),
}

/// The numbers that a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Any finite number.
    Any,
    /// x > 0
    Positive,
    /// x ≥ 0
    NonNegative,
    /// 0 ≤ x < 1
    Fraction,
    /// 0 ≤ x ≤ 1
    Unit,
    /// A whole number from 1.
    Count,
    /// A whole number from 0.
    Whole,
}

/// A call whose every argument is known, in range, and present.
#[derive(Clone, Debug)]
pub struct Arguments {
    word: &'static Word,
    shared: &'static [Parameter],
    /// One value per parameter, the shared ones last; a `List` takes all that are left.
    values: Vec<Value>,
    list: Vec<Value>,
}

/// A call that the vocabulary does not allow.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct CallError(String);

impl CallError {
    /// An error that a vocabulary cannot see, found when the call is put to use.
    pub fn new(message: impl Into<String>) -> CallError {
        CallError(message.into())
    }
}

impl Vocabulary {
    /// Words that share no parameters.
    pub const fn new(kind: &'static str, words: &'static [&'static Word]) -> Vocabulary {
        Vocabulary { kind, words, shared: &[], sharing: &[] }
    }

    /// The parameters that `word` takes besides its own.
    pub fn shared_by(&self, word: &Word) -> &'static [Parameter] {
        let shares = self.sharing.iter().any(|sharing| sharing.name == word.name);
        if shares { self.shared } else { &[] }
    }

    /// Checks `call` and fills in what it leaves out.
    pub fn resolve(&self, call: &Call) -> Result<Arguments, CallError> {
        let word = self.find(&call.name)?;
        let shared = self.shared_by(word);
        let parameters: Vec<&Parameter> = word.parameters.iter().chain(shared).collect();
        let mut values: Vec<Option<Value>> = parameters.iter().map(|_| None).collect();
        let mut list = Vec::new();
        for (place, argument) in call.arguments.iter().enumerate() {
            let index = word.index_of(argument, place, &parameters)?;
            let parameter = parameters[index];
            if matches!(parameter.kind, Kind::List) {
                list.push(argument.value.clone());
                continue;
            }
            let value = parameter.check(word, &argument.value)?;
            if values[index].replace(value).is_some() {
                return Err(CallError(format!(
                    "{}: '{}' is given twice",
                    word.name, parameter.name
                )));
            }
        }
        let values = std::iter::zip(parameters, values)
            .map(|(parameter, value)| value.map_or_else(|| parameter.default_value(word), Ok))
            .collect::<Result<_, _>>()?;
        Ok(Arguments { word, shared, values, list })
    }

    /// The word with this name; the error suggests the nearest one.
    pub fn find(&self, name: &str) -> Result<&'static Word, CallError> {
        self.words.iter().copied().find(|word| word.name == name).ok_or_else(|| {
            let names = self.words.iter().map(|word| word.name);
            CallError(format!("unknown {} '{name}': {}", self.kind, suggestion(name, names)))
        })
    }
}

impl Word {
    /// `all` are its own parameters and then those it shares.
    fn index_of(
        &self,
        argument: &Argument,
        place: usize,
        all: &[&Parameter],
    ) -> Result<usize, CallError> {
        let Some(name) = &argument.name else {
            let last_is_list =
                matches!(self.parameters.last(), Some(p) if matches!(p.kind, Kind::List));
            return match self.parameters.len() {
                n if place < n => Ok(place),
                n if last_is_list => Ok(n - 1),
                n => Err(CallError(format!(
                    "{}: takes at most {n} arguments without a name",
                    self.name
                ))),
            };
        };
        all.iter().position(|p| p.name == name).ok_or_else(|| {
            let names = all.iter().map(|p| p.name);
            CallError(format!(
                "{} has no argument '{name}': {}",
                self.name,
                suggestion(name, names)
            ))
        })
    }
}

impl Parameter {
    /// A number with a default.
    pub const fn number(
        name: &'static str,
        default: f64,
        range: Range,
        about: &'static str,
    ) -> Parameter {
        Parameter { name, about, kind: Kind::Number(range), default: Default::Number(default) }
    }

    /// A number with a default that a schedule may move.
    pub const fn scheduled(
        name: &'static str,
        default: f64,
        range: Range,
        about: &'static str,
    ) -> Parameter {
        Parameter { name, about, kind: Kind::Scheduled(range), default: Default::Number(default) }
    }

    /// One of some words, the first by default.
    pub const fn choice(
        name: &'static str,
        words: &'static [&'static str],
        about: &'static str,
    ) -> Parameter {
        Parameter { name, about, kind: Kind::Choice(words), default: Default::Word(words[0]) }
    }

    /// A number that has to be written.
    pub const fn required(name: &'static str, range: Range, about: &'static str) -> Parameter {
        Parameter { name, about, kind: Kind::Number(range), default: Default::Required }
    }

    /// A duration that has to be written.
    pub const fn steps(name: &'static str, about: &'static str) -> Parameter {
        Parameter { name, about, kind: Kind::Steps, default: Default::Required }
    }

    /// A switch with a default.
    pub const fn switch(name: &'static str, default: bool, about: &'static str) -> Parameter {
        Parameter { name, about, kind: Kind::Switch, default: Default::Switch(default) }
    }

    /// A call of the vocabulary `of`, by default `default`.
    pub const fn call(
        name: &'static str,
        of: &'static str,
        default: &'static str,
        about: &'static str,
    ) -> Parameter {
        Parameter { name, about, kind: Kind::Call(of), default: Default::Word(default) }
    }

    fn default_value(&self, word: &Word) -> Result<Value, CallError> {
        match self.default {
            // The values of a list are kept apart; its own place holds nothing.
            _ if matches!(self.kind, Kind::List) => Ok(Value::Switch(false)),
            Default::Required => Err(CallError(format!(
                "{} needs '{}' ({}): write {}({}=…)",
                word.name, self.name, self.about, word.name, self.name
            ))),
            Default::Number(x) => Ok(Value::Number(x)),
            Default::Switch(on) => Ok(Value::Switch(on)),
            Default::Word(text) => {
                Ok(Value::Call(text.parse().expect("the default of a parameter is a call")))
            }
        }
    }

    fn check(&self, word: &Word, value: &Value) -> Result<Value, CallError> {
        let wrong = |must: &str| {
            Err(CallError(format!(
                "{}({}={value}): {} must be {must}",
                word.name, self.name, self.name
            )))
        };
        match (self.kind, value) {
            (Kind::Number(range) | Kind::Scheduled(range), Value::Number(x))
                if range.contains(*x) =>
            {
                Ok(value.clone())
            }
            (Kind::Scheduled(_), Value::Scheduled(..)) => Ok(value.clone()),
            (Kind::Number(range) | Kind::Scheduled(range), _) => wrong(range.describe()),
            (Kind::Steps, Value::Number(x)) if Range::Count.contains(*x) => Ok(value.clone()),
            (Kind::Steps, Value::Epochs(x)) if *x > 0.0 => Ok(value.clone()),
            (Kind::Steps, _) => wrong("a whole number of steps from 1, or epochs as in 20epochs"),
            (Kind::Switch, Value::Switch(_)) => Ok(value.clone()),
            (Kind::Switch, _) => wrong("true or false"),
            (Kind::Choice(words), Value::Call(call))
                if call.arguments.is_empty() && words.contains(&call.name.as_str()) =>
            {
                Ok(value.clone())
            }
            (Kind::Choice(words), _) => wrong(&format!("one of {}", words.join(", "))),
            (Kind::Call(_), Value::Call(_)) | (Kind::List, _) => Ok(value.clone()),
            (Kind::Call(kind), _) => wrong(&format!("a {kind}")),
        }
    }
}

impl Range {
    /// Whether it holds `x`.
    pub fn contains(self, x: f64) -> bool {
        match self {
            Range::Any => x.is_finite(),
            Range::Positive => x > 0.0,
            Range::NonNegative => x >= 0.0,
            Range::Fraction => (0.0..1.0).contains(&x),
            Range::Unit => (0.0..=1.0).contains(&x),
            Range::Count => x >= 1.0 && Range::Whole.contains(x),
            Range::Whole => x >= 0.0 && x.fract() == 0.0 && x <= 2f64.powi(53),
        }
    }

    /// The range in words, as it reads after "must be".
    pub fn describe(self) -> &'static str {
        match self {
            Range::Any => "a number",
            Range::Positive => "a number above 0",
            Range::NonNegative => "a number from 0",
            Range::Fraction => "a number from 0 to below 1",
            Range::Unit => "a number from 0 to 1",
            Range::Count => "a whole number from 1",
            Range::Whole => "a whole number from 0",
        }
    }
}

impl Arguments {
    /// The name of the word that was called.
    pub fn name(&self) -> &'static str {
        self.word.name
    }

    /// The value of a parameter of kind `Number`.
    ///
    /// # Panics
    ///
    /// If the word has no such parameter: the vocabulary and its reader disagree.
    pub fn number(&self, name: &str) -> f64 {
        match self.value(name) {
            Value::Number(x) => *x,
            other => panic!("{}: {name} is {other}, not a number", self.word.name),
        }
    }

    /// The value of a parameter of kind `Scheduled`, and the schedule that moves it, if one does; panics as
    /// [`Arguments::number`] does.
    pub fn scheduled(&self, name: &str) -> (f64, Option<&Call>) {
        match self.value(name) {
            Value::Number(x) => (*x, None),
            Value::Scheduled(x, call) => (*x, Some(call)),
            other => panic!("{}: {name} is {other}, not a number", self.word.name),
        }
    }

    /// The range of a parameter of kind `Scheduled` or `Number`; panics as [`Arguments::number`] does.
    pub fn range(&self, name: &str) -> Range {
        match self.parameters().find(|parameter| parameter.name == name).map(|p| p.kind) {
            Some(Kind::Scheduled(range) | Kind::Number(range)) => range,
            other => panic!("{}: {name} is {other:?}, not a number", self.word.name),
        }
    }

    /// The word chosen for a parameter of kind `Choice`; panics as [`Arguments::number`] does.
    pub fn choice(&self, name: &str) -> &str {
        &self.call(name).name
    }

    /// Whether the word takes a parameter of this name.
    pub fn has(&self, name: &str) -> bool {
        self.parameters().any(|parameter| parameter.name == name)
    }

    /// The value of a parameter of kind `Switch`; panics as [`Arguments::number`] does.
    pub fn switch(&self, name: &str) -> bool {
        match self.value(name) {
            Value::Switch(on) => *on,
            other => panic!("{}: {name} is {other}, not a switch", self.word.name),
        }
    }

    /// The value of a parameter of kind `Call`; panics as [`Arguments::number`] does.
    pub fn call(&self, name: &str) -> &Call {
        match self.value(name) {
            Value::Call(call) => call,
            other => panic!("{}: {name} is {other}, not a call", self.word.name),
        }
    }

    /// A duration in steps. Epochs need `steps_per_epoch`; without it they are an error.
    pub fn steps(&self, name: &str, steps_per_epoch: Option<f64>) -> Result<u64, CallError> {
        match (self.value(name), steps_per_epoch) {
            (Value::Number(x), _) => Ok(*x as u64),
            (Value::Epochs(x), Some(per_epoch)) => Ok((x * per_epoch).round().max(1.0) as u64),
            (value, _) => Err(CallError(format!(
                "{}({name}={value}): an epoch has no length here; write {name} in steps",
                self.word.name
            ))),
        }
    }

    /// What was written for the parameter of kind `List`, in order.
    pub fn list(&self) -> &[Value] {
        &self.list
    }

    /// The call with its first argument, which is what people ask for first (the learning rate of an
    /// optimizer), and every other one that differs from its default.
    pub fn brief(&self) -> Call {
        self.written(|index, parameter, value| {
            index == 0
                || match (parameter.default, value) {
                    (Default::Number(a), Value::Number(b)) => a != *b,
                    (Default::Switch(a), Value::Switch(b)) => a != *b,
                    (Default::Word(a), Value::Call(b)) => b.to_string() != a,
                    _ => true,
                }
        })
    }

    /// The call with every argument written out.
    pub fn full(&self) -> Call {
        self.written(|_, _, _| true)
    }

    fn written(&self, keep: impl Fn(usize, &Parameter, &Value) -> bool) -> Call {
        let named = std::iter::zip(self.parameters(), &self.values)
            .enumerate()
            .filter(|(_, (parameter, _))| !matches!(parameter.kind, Kind::List))
            .filter(|(index, (parameter, value))| keep(*index, parameter, value))
            .map(|(_, (parameter, value))| Argument {
                name: Some(parameter.name.to_owned()),
                value: value.clone(),
            });
        let listed = self.list.iter().map(|value| Argument { name: None, value: value.clone() });
        Call { name: self.word.name.to_owned(), arguments: named.chain(listed).collect() }
    }

    fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.word.parameters.iter().chain(self.shared)
    }

    fn value(&self, name: &str) -> &Value {
        let index = self.parameters().position(|p| p.name == name);
        &self.values[index.unwrap_or_else(|| panic!("{} has no parameter {name}", self.word.name))]
    }
}

impl fmt::Display for Word {
    /// The word with its parameters and defaults: `adam(lr=0.001, beta1=0.9)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        for (i, Parameter { name, kind, default, .. }) in self.parameters.iter().enumerate() {
            f.write_str(if i == 0 { "(" } else { ", " })?;
            match default {
                _ if matches!(kind, Kind::List) => write!(f, "{name}…")?,
                Default::Required => write!(f, "{name}")?,
                Default::Number(x) => write!(f, "{name}={}", Value::Number(*x))?,
                Default::Switch(on) => write!(f, "{name}={on}")?,
                Default::Word(word) => write!(f, "{name}={word}")?,
            }
        }
        f.write_str(if self.parameters.is_empty() { "" } else { ")" })
    }
}

/// The name most like `name`, if one is like it at all.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = |a: &str| strsim::damerau_levenshtein(&a.to_lowercase(), &name.to_lowercase());
    names
        .into_iter()
        .map(|candidate| (alike(candidate), candidate))
        .min()
        .filter(|(distance, candidate)| {
            *distance <= candidate.len().max(name.len()).div_ceil(2).min(4)
        })
        .map(|(_, candidate)| candidate)
}

fn suggestion<'a>(name: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(name, names.clone()) {
        Some(candidate) => format!("did you mean '{candidate}'?"),
        None => match names.into_iter().collect::<Vec<_>>().join(", ") {
            all if all.is_empty() => "it takes none".to_owned(),
            all => format!("known are {all}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SGD: Word = Word {
        name: "sgd",
        about: "",
        parameters: &[
            Parameter::number("lr", 0.01, Range::Positive, ""),
            Parameter::number("momentum", 0.0, Range::Fraction, ""),
            Parameter::switch("nesterov", false, ""),
            Parameter::call("schedule", "schedule", "constant", ""),
        ],
    };
    static LINEAR: Word = Word {
        name: "linear",
        about: "",
        parameters: &[
            Parameter::steps("tau", "steps until the rate stays"),
            Parameter::number("end", 0.01, Range::Unit, ""),
        ],
    };
    static JOIN: Word = Word {
        name: "join",
        about: "",
        parameters: &[Parameter {
            name: "parts",
            about: "",
            kind: Kind::List,
            default: Default::Required,
        }],
    };
    static WORDS: Vocabulary = Vocabulary {
        kind: "word",
        words: &[&SGD, &LINEAR, &JOIN],
        shared: &[
            Parameter::scheduled("decay", 0.0, Range::NonNegative, ""),
            Parameter::choice("mode", &["stop", "skip"], ""),
        ],
        sharing: &[&SGD],
    };

    fn resolve(text: &str) -> Result<Arguments, CallError> {
        WORDS.resolve(&text.parse().unwrap())
    }

    #[test]
    fn defaults_fill_what_is_left_out() {
        let arguments = resolve("sgd(0.1, nesterov=true)").unwrap();
        assert_eq!(arguments.number("lr"), 0.1);
        assert_eq!(arguments.number("momentum"), 0.0);
        assert!(arguments.switch("nesterov"));
        assert_eq!(arguments.call("schedule").name, "constant");
        assert_eq!(arguments.brief().to_string(), "sgd(lr=0.1, nesterov=true)");
        assert_eq!(resolve("sgd").unwrap().brief().to_string(), "sgd(lr=0.01)");
        assert_eq!(
            arguments.full().to_string(),
            "sgd(lr=0.1, momentum=0, nesterov=true, schedule=constant, decay=0, mode=stop)"
        );
    }

    #[test]
    fn shared_parameters_are_taken_by_name_of_the_words_that_share_them() {
        let arguments = resolve("sgd(mode=skip, decay=0.1*linear(tau=5))").unwrap();
        assert_eq!(arguments.choice("mode"), "skip");
        let (base, moved) = arguments.scheduled("decay");
        assert_eq!((base, moved.unwrap().to_string().as_str()), (0.1, "linear(tau=5)"));
        assert_eq!(
            arguments.brief().to_string(),
            "sgd(lr=0.01, decay=0.1*linear(tau=5), mode=skip)"
        );
        assert!(!resolve("linear(tau=5)").unwrap().has("mode"));
    }

    #[test]
    fn epochs_become_steps_where_an_epoch_has_a_length() {
        let arguments = resolve("linear(tau=2.5epochs)").unwrap();
        assert_eq!(arguments.steps("tau", Some(40.0)), Ok(100));
        assert!(arguments.steps("tau", None).unwrap_err().to_string().contains("in steps"));
        assert_eq!(resolve("linear(tau=7)").unwrap().steps("tau", None), Ok(7));
    }

    #[test]
    fn a_list_takes_all_that_follows() {
        let arguments = resolve("join(linear(tau=5), 10, linear(tau=20epochs))").unwrap();
        assert_eq!(arguments.list().len(), 3);
        assert_eq!(arguments.full().to_string(), "join(linear(tau=5), 10, linear(tau=20epochs))");
    }

    #[test]
    fn every_error_says_what_to_do() {
        for (text, message) in [
            ("sdg", "unknown word 'sdg': did you mean 'sgd'?"),
            ("zzzzzzz", "unknown word 'zzzzzzz': known are sgd, linear, join"),
            ("sgd(mometum=0.9)", "sgd has no argument 'mometum': did you mean 'momentum'?"),
            ("sgd(lr=-1)", "sgd(lr=-1): lr must be a number above 0"),
            ("sgd(momentum=1)", "sgd(momentum=1): momentum must be a number from 0 to below 1"),
            ("sgd(lr=true)", "sgd(lr=true): lr must be a number above 0"),
            ("sgd(nesterov=1)", "sgd(nesterov=1): nesterov must be true or false"),
            ("sgd(schedule=1)", "sgd(schedule=1): schedule must be a schedule"),
            ("sgd(lr=1, lr=2)", "sgd: 'lr' is given twice"),
            ("sgd(1, 0, true, constant, 5)", "sgd: takes at most 4 arguments without a name"),
            ("sgd(mode=go)", "sgd(mode=go): mode must be one of stop, skip"),
            ("sgd(lr=1*linear(tau=5))", "sgd(lr=1*linear(tau=5)): lr must be a number above 0"),
            ("linear", "linear needs 'tau' (steps until the rate stays): write linear(tau=…)"),
            (
                "linear(tau=0.5)",
                "linear(tau=0.5): tau must be a whole number of steps from 1, or epochs as in 20epochs",
            ),
        ] {
            assert_eq!(resolve(text).unwrap_err().to_string(), message);
        }
    }
}
