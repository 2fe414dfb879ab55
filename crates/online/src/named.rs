//! The sequences people call by name.

use thalweg_calls::{Arguments, Call, CallError, Parameter, Range, Vocabulary, Word};
use thalweg_data::{DataError, Source, agaricus, breast_cancer, digits};
use thalweg_sets::set;

use crate::Sequence;
use crate::rows::Rows;
use crate::sequence::adversarial_linear::AdversarialLinear;
use crate::sequence::logistic::Logistic;
use crate::sequence::random_linear::RandomLinear;
use crate::sequence::reddi::Reddi;
use crate::sequence::reddi_synthetic::ReddiSynthetic;
use crate::sequence::softmax::Softmax;
use crate::sequence::sparse_linear::SparseLinear;

/// The words for sequences.
pub static SEQUENCES: Vocabulary = Vocabulary::new(
    "sequence",
    &[
        &RANDOM_LINEAR,
        &ADVERSARIAL_LINEAR,
        &SPARSE_LINEAR,
        &REDDI,
        &REDDI_SYNTHETIC,
        &AGARICUS_LOGISTIC,
        &BREAST_CANCER_LOGISTIC,
        &DIGITS_SOFTMAX,
    ],
);

static RANDOM_LINEAR: Word = Word {
    name: "random-linear",
    about: "linear losses of fair coins, on which nobody can be better than √T",
    parameters: &[DIMENSION, on("box")],
};

static ADVERSARIAL_LINEAR: Word = Word {
    name: "adversarial-linear",
    about: "linear losses against the point that is played",
    parameters: &[DIMENSION, on("box")],
};

static SPARSE_LINEAR: Word = Word {
    name: "sparse-linear",
    about: "features of which few are frequent, AdaGrad's case, on the box from −1 to 1",
    parameters: &[
        Parameter::number("dimension", 100.0, Range::Count, "n"),
        Parameter::number("alpha", 2.0, Range::NonNegative, "α; feature i has the share i^(−α)"),
    ],
};

static REDDI: Word = Word {
    name: "reddi",
    about: "one large gradient, then two small ones the other way: Adam of beta1=0, beta2=1/(1 + C²) goes to the worst point",
    parameters: &[Parameter::number("c", 3.0, Range::Positive, "C, the large one; above 2")],
};

static REDDI_SYNTHETIC: Word = Word {
    name: "reddi-synthetic",
    about: "one gradient of 1010 among a hundred of −10: Adam of beta2=0.99 pays more than who stays at 1",
    parameters: &[Parameter::switch("stochastic", false, "drawn, rather than every 101st")],
};

static AGARICUS_LOGISTIC: Word = Word {
    name: "agaricus-logistic",
    about: "logistic regression on mushrooms, a row at a time; --data takes other rows of two classes",
    parameters: &[on("box"), L2, SHUFFLED],
};

static BREAST_CANCER_LOGISTIC: Word = Word {
    name: "breast-cancer-logistic",
    about: "logistic regression on tumours, standardized with a 1 behind, a row at a time",
    parameters: &[on("box"), L2, SHUFFLED],
};

static DIGITS_SOFTMAX: Word = Word {
    name: "digits-softmax",
    about: "softmax regression on handwritten digits, a row at a time; --data takes other rows",
    parameters: &[on("box"), L2, SHUFFLED],
};

const DIMENSION: Parameter = Parameter::number("dimension", 1.0, Range::Count, "n");
const L2: Parameter = Parameter::number("l2", 0.0, Range::NonNegative, "λ");
const SHUFFLED: Parameter =
    Parameter::switch("shuffled", false, "in an order by the seed, rather than that of the file");

const fn on(default: &'static str) -> Parameter {
    Parameter::call("set", "set", default, "K: box, ball or simplex")
}

/// What a sequence is dealt from, beside its call.
#[derive(Clone, Debug, PartialEq)]
pub struct Deal {
    /// What is drawn comes from here.
    pub seed: u64,
    /// How many rounds will be played at most: G is that of these.
    pub rounds: u64,
    /// Where rows of data are.
    pub source: Source,
}

impl Default for Deal {
    fn default() -> Deal {
        Deal { seed: 1, rounds: 1000, source: Source::Search }
    }
}

/// A sequence that cannot be dealt.
#[derive(Debug, thiserror::Error)]
pub enum SequenceError {
    /// The call is wrong.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The data are not of the right kind.
    #[error("{sequence}: {data} has {classes} classes: give data with two classes")]
    Classes {
        /// The sequence.
        sequence: String,
        /// The data.
        data: String,
        /// How many classes there are.
        classes: usize,
    },
    /// A sequence that takes no data.
    #[error("{0} takes no data: give data to agaricus-logistic or digits-softmax")]
    NoData(String),
}

/// The sequence that `call` names.
///
/// ```
/// use thalweg_online::{Deal, sequence};
///
/// let rows = sequence(&"breast-cancer-logistic(set=box)".parse()?, &Deal::default())?;
/// assert_eq!((rows.dimension(), rows.set().width(31)), (31, 2.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the word or an argument is unknown or out of range, or the data are not there or of another kind.
pub fn sequence(call: &Call, deal: &Deal) -> Result<Box<dyn Sequence>, SequenceError> {
    let a = SEQUENCES.resolve(call)?;
    let Deal { seed, rounds, .. } = *deal;
    let takes_data = ["agaricus-logistic", "digits-softmax"].contains(&a.name());
    if matches!(deal.source, Source::Path(_)) && !takes_data {
        return Err(SequenceError::NoData(a.name().to_owned()));
    }
    let count = |name: &str| a.number(name) as usize;
    Ok(match a.name() {
        "random-linear" => {
            Box::new(RandomLinear::new(count("dimension"), set(a.call("set"))?, seed))
        }
        "adversarial-linear" => {
            Box::new(AdversarialLinear::new(count("dimension"), set(a.call("set"))?))
        }
        "sparse-linear" => {
            Box::new(SparseLinear::new(count("dimension"), a.number("alpha"), seed, rounds))
        }
        "reddi" => match a.number("c") {
            c if c > 2.0 => Box::new(Reddi::new(c)),
            _ => return Err(CallError::new(format!("{call}: c must be above 2")).into()),
        },
        "reddi-synthetic" => Box::new(ReddiSynthetic::new(a.switch("stochastic"), seed)),
        "agaricus-logistic" => {
            let data = agaricus(&deal.source)?;
            if data.classes() != 2 {
                return Err(SequenceError::Classes {
                    sequence: a.name().to_owned(),
                    data: data.provenance.to_string(),
                    classes: data.classes(),
                });
            }
            logistic(&a, Rows::of_examples(&data.train, data.provenance.to_string()), deal)?
        }
        "breast-cancer-logistic" => {
            let rows =
                Rows::with_ones(&breast_cancer().standardized(), "embedded tumours (569)".into());
            logistic(&a, rows, deal)?
        }
        "digits-softmax" => {
            let data = digits(&deal.source)?;
            let rows = Rows::of_examples(&data.train, data.provenance.to_string());
            let rows = in_order(&a, rows, seed);
            Box::new(Softmax::new(rows, a.number("l2"), set(a.call("set"))?, rounds))
        }
        name => unreachable!("the vocabulary has no sequence {name}"),
    })
}

fn logistic(a: &Arguments, rows: Rows, deal: &Deal) -> Result<Box<dyn Sequence>, CallError> {
    let rows = in_order(a, rows, deal.seed);
    Ok(Box::new(Logistic::new(rows, a.number("l2"), set(a.call("set"))?, deal.rounds)))
}

fn in_order(a: &Arguments, rows: Rows, seed: u64) -> Rows {
    if a.switch("shuffled") { rows.shuffled(seed) } else { rows }
}
