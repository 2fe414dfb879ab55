//! Which losses, who plays, how long: as it is given, and as the file that repeats it.

use serde::Deserialize;
use thalweg_calls::Call;
use thalweg_data::Source;
use toml::{Spanned, Value};

use crate::experiment::{between, parse, place, source, word_of};
use crate::{ExperimentError, MOST};

/// Which losses, who plays, how long.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineExperiment {
    /// The sequence of losses.
    pub sequence: Call,
    /// The players.
    pub optimizers: Vec<Call>,
    /// How many rounds, at least one.
    pub rounds: u64,
    /// What is drawn comes from here.
    pub seed: u64,
    /// The first point; `None` is the sequence's own.
    pub start: Option<Vec<f64>>,
    /// Where rows of data are.
    pub source: Source,
}

impl OnlineExperiment {
    /// Reads what [`OnlineExperiment::to_toml`] wrote.
    ///
    /// ```
    /// use thalweg_study::OnlineExperiment;
    ///
    /// let text = "sequence = \"reddi\"\noptimizers = [\"sgd\"]\nrounds = 100\nseed = 1";
    /// assert_eq!(OnlineExperiment::from_toml(text)?.rounds, 100);
    ///
    /// let error = OnlineExperiment::from_toml(&text.replace("100", "0")).unwrap_err();
    /// assert_eq!(error.to_string(), "line 3, column 10: rounds = 0: it must be at least 1");
    /// # Ok::<(), thalweg_study::ExperimentError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// With line and column, if the text is not TOML, a key is missing or not known, or a value is not of its kind.
    pub fn from_toml(text: &str) -> Result<OnlineExperiment, ExperimentError> {
        let File { sequence, optimizers, rounds, seed, start, data } = parse(text)?;
        let call =
            |written: Spanned<String>| place(text, written, |call| Ok(call.parse::<Call>()?));
        Ok(OnlineExperiment {
            sequence: call(sequence)?,
            optimizers: optimizers.into_iter().map(call).collect::<Result<_, _>>()?,
            rounds: place(text, rounds, |rounds| between(rounds, MOST, "rounds"))?,
            seed,
            start,
            source: data.map_or(Source::Search, |data| source(&data)),
        })
    }

    /// What the run is, for `run.toml`; the command that repeats it stands in front.
    pub fn to_toml(&self) -> String {
        let OnlineExperiment { sequence, optimizers, rounds, seed, start, source } = self;
        let mut command = format!("thalweg regret --sequence '{sequence}'");
        for call in optimizers {
            command += &format!(" --optimizer '{call}'");
        }
        command += &format!(" --rounds {rounds} --seed {seed}");
        let mut table = vec![
            ("sequence", Value::from(sequence.to_string())),
            ("optimizers", optimizers.iter().map(Call::to_string).collect::<Vec<_>>().into()),
            ("rounds", (*rounds as i64).into()),
            ("seed", (*seed as i64).into()),
        ];
        if let Some(start) = start {
            let numbers: Vec<String> = start.iter().map(f64::to_string).collect();
            command += &format!(" --start={}", numbers.join(","));
            table.push(("start", start.clone().into()));
        }
        if *source != Source::Search {
            command += &format!(" --data '{}'", word_of(source));
            table.push(("data", word_of(source).into()));
        }
        let lines: String = table.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        format!("# {command}\n\n{lines}")
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sequence: Spanned<String>,
    optimizers: Vec<Spanned<String>>,
    rounds: Spanned<i64>,
    seed: u64,
    start: Option<Vec<f64>>,
    data: Option<String>,
}
