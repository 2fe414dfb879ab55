//! The lines of the table: every word of the vocabulary, at its defaults and varied, alone and with what goes
//! around it. A word that is new to the vocabulary has its lines here by itself.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use thalweg_calls::{Default, Kind, Parameter, Range, Word};
use thalweg_optim::{OPTIMIZERS, Optimizer, Stored, optimizer};

/// A call, in pieces.
#[derive(Clone, Debug)]
pub struct Line {
    /// What is around it, where `{}` stands for the call.
    around: String,
    word: &'static Word,
    arguments: Vec<(&'static str, String)>,
}

impl Line {
    /// `text` is `word(name=value; name=value)`.
    pub fn new(text: &str) -> Line {
        let (word, arguments) = text.trim_end_matches(')').split_once('(').unwrap();
        let word = OPTIMIZERS.find(word).unwrap();
        let mut line = Line { around: "{}".to_owned(), word, arguments: Vec::new() };
        for argument in arguments.split("; ").filter(|argument| !argument.is_empty()) {
            let (name, value) = argument.split_once('=').unwrap();
            line = line.with(name, value);
        }
        line
    }

    /// The same inside of `around`, where `{}` stands for it.
    pub fn within(&self, around: &str) -> Line {
        Line { around: around.replace("{}", &self.around), ..self.clone() }
    }

    /// The same with another argument, if the word takes it.
    pub fn with(&self, name: &str, value: &str) -> Line {
        let mut line = self.clone();
        if let Some(parameter) = parameter(self.word, name) {
            line.arguments.retain(|(name, _)| *name != parameter.name);
            line.arguments.push((parameter.name, value.to_owned()));
        }
        line
    }

    /// Whether the word takes an argument of this name.
    pub fn takes(&self, name: &str) -> bool {
        parameter(self.word, name).is_some()
    }

    /// Whether the argument is written.
    pub fn has(&self, name: &str) -> bool {
        self.arguments.iter().any(|(written, _)| written.starts_with(name))
    }

    /// Whether the call is of this word, inside of whatever is around it.
    pub fn is(&self, word: &str) -> bool {
        self.word.name == word
    }

    /// Whether this word goes around it.
    pub fn is_within(&self, word: &str) -> bool {
        self.around.contains(&format!("{word}("))
    }

    /// Whether nothing goes around it.
    pub fn is_alone(&self) -> bool {
        self.around == "{}"
    }

    /// The optimizer; none if it is one of the calls that cannot be for parameters of this type.
    pub fn make<T: Stored>(&self) -> Option<Box<dyn Optimizer<T>>> {
        let error = match optimizer(&self.to_string().parse().unwrap(), None) {
            Ok(optimizer) => return Some(optimizer),
            Err(error) => error.to_string(),
        };
        let known = [
            "cautious is not for",
            "are kept in full; leave 'slots' out",
            "rounding=stochastic is for parameters in bf16",
        ];
        assert!(known.iter().any(|known| error.contains(known)), "{self}: {error}");
        None
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<_> =
            self.arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let call = format!("{}({})", self.word.name, arguments.join(", "));
        f.write_str(&self.around.replace("{}", &call))
    }
}

fn parameter(word: &'static Word, name: &str) -> Option<&'static Parameter> {
    word.parameters.iter().chain(OPTIMIZERS.shared_by(word)).find(|p| p.name == name)
}

/// The words that move parameters by themselves.
pub fn bare() -> Vec<Line> {
    let own = OPTIMIZERS.words.iter().filter(|word| !is_around(word));
    own.map(|word| Line { around: "{}".to_owned(), word, arguments: Vec::new() }).collect()
}

fn is_around(word: &Word) -> bool {
    word.parameters.iter().any(|p| matches!(p.kind, Kind::Call("optimizer") | Kind::List))
}

/// Those words with each kind of argument that changes how a step is taken.
pub fn varied() -> Vec<Line> {
    let mut lines = Vec::new();
    for bare in bare() {
        lines.push(bare.clone());
        if !bare.takes("lr") {
            continue;
        }
        let line = bare.with("lr", "0.05");
        let scheduled = line.with("lr", "0.05*linear(tau=7, end=0.1)");
        lines.push(match hyperparameter(bare.word) {
            Some(name) => scheduled.with(name, "0.9*linear(tau=5, end=0.5)"),
            None => scheduled,
        });
        let decays = line.with("weight_decay", "0.1");
        lines.push(decays.with("decoupled", "false"));
        if line.takes("decoupled") {
            lines.push(decays.with("decoupled", "true"));
        }
        for clip in ["clip_value", "clip_norm", "clip_global_norm"] {
            lines.push(line.with(clip, "0.2"));
        }
        lines.push(
            line.with("clip_adaptive", "0.1").with("centralize", "true").with("noise", "0.01"),
        );
        for (name, value) in
            [("cautious", "true"), ("slots", "bf16"), ("slots", "int8"), ("nonfinite", "skip")]
        {
            lines.push(line.with(name, value));
        }
        for own in bare.word.parameters.iter().filter(|p| p.name != "decoupled") {
            if let Default::Switch(on) = own.default {
                lines.push(line.with(own.name, &(!on).to_string()));
            }
        }
    }
    let more = [
        "rmsprop(lr=0.05; momentum=0.9; centered=true; eps_inside=true)",
        "ademamix(lr=0.05; warmup=10)",
        "yogi(lr=0.05; initial=0)",
        "radam(lr=0.05; beta2=0.5)",
        "schedule_free_adamw(lr=0.05; warmup=3; r=1)",
        "prodigy(d0=0.01; weight_decay=0.1; decoupled=false; growth=1.1; bias_correction=true)",
        "adamw(lr=0.05; weight_decay=0.1; clip_global_norm=1; slots=int8; nonfinite=refuse)",
    ];
    lines.extend(more.map(Line::new));
    lines
}

/// A hyperparameter beside the rate that 0.9·linear is in the range of.
fn hyperparameter(word: &Word) -> Option<&'static str> {
    let of = |p: &&Parameter| !["lr", "weight_decay"].contains(&p.name);
    let moved = |p: &&Parameter| matches!(p.kind, Kind::Scheduled(range) if range == Range::Fraction || range == Range::NonNegative);
    word.parameters.iter().filter(of).find(moved).map(|p| p.name)
}

/// Some of those words with something around.
pub fn around() -> Vec<Line> {
    let inner = [
        "adam(lr=0.05)",
        "adamw(lr=0.05; weight_decay=0.1; slots=int8; clip_global_norm=1)",
        "momentum(lr=0.05; weight_decay=0.1; decoupled=true; nonfinite=skip)",
        "nesterov(lr=0.05*linear(tau=7, end=0.1); clip_norm=1)",
        "lamb(lr=0.05; cautious=true)",
        "schedule_free_adamw(lr=0.05; slots=bf16)",
    ];
    let mut arounds: Vec<String> = vec![
        "lookahead({}, k=2)".to_owned(),
        "ema({}, decay=0.9, warmup=true)".to_owned(),
        "swa({}, start=3, every=2)".to_owned(),
        "accumulate({}, steps=2)".to_owned(),
        "sam({}, adaptive=true)".to_owned(),
        "freeze({}, from=2, until=5)".to_owned(),
        "groups(\"*\", {}, \"layer1/*\", sgd(lr=0.05))".to_owned(),
        "groups(\"*\", {}, \"scale\", frozen)".to_owned(),
        "lookahead(ema(accumulate({}, steps=2), decay=0.9), k=2)".to_owned(),
        "sam(groups(\"*\", {}, \"layer1/*\", ema(momentum(lr=0.05), decay=0.9)))".to_owned(),
    ];
    for word in OPTIMIZERS.words.iter().filter(|word| is_around(word)) {
        if word.parameters.iter().any(|p| matches!(p.kind, Kind::List)) {
            continue;
        }
        // At its defaults; what has none is given.
        let arguments = word.parameters.iter().filter_map(|p| match (p.kind, p.default) {
            (Kind::Call("optimizer"), _) => Some("{}".to_owned()),
            (_, Default::Required) => Some(format!("{}=3", p.name)),
            _ => None,
        });
        arounds.push(format!("{}({})", word.name, arguments.collect::<Vec<_>>().join(", ")));
    }
    let lines = arounds.iter().flat_map(|around| inner.map(|call| Line::new(call).within(around)));
    lines.collect()
}

/// The whole table.
pub fn all() -> Vec<Line> {
    varied().into_iter().chain(around()).collect()
}

/// Goes through the lines, and says all for which the property does not hold.
pub fn for_each(lines: Vec<Line>, holds: impl Fn(&Line) -> Result<(), String>) {
    let mut failures = Vec::new();
    for line in &lines {
        match catch_unwind(AssertUnwindSafe(|| holds(line))) {
            Ok(Ok(())) => {}
            Ok(Err(message)) => failures.push(format!("{line}: {message}")),
            Err(_) => failures.push(format!("{line}: panics, see above")),
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), lines.len(), failures.join("\n"));
}

/// Gives up a line with a message.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        // As a value, since a comparison of floats may not be negated.
        let holds: bool = $holds;
        if !holds {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use ensure;
