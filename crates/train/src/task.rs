//! What is learned: a model, data, the cost J that is minimised and the measure P that is cared about.

mod autoencoder;
mod characters;
mod classification;
mod convolutional;
mod logistic;
pub mod quadratic_deep;
mod tiny_rnn;

use thalweg_calls::{Arguments, Call, CallError, Parameter, Range, Vocabulary, Word};
use thalweg_data::{Batching, Classification, DataError, Source};
use thalweg_events::Measure;
use thalweg_graph::{Element, Graph, GraphError, Plan, Tensor};
use thalweg_optim::init::{Initializer, Zeros};

use autoencoder::{Autoencoder, Network};
use characters::Characters;
use classification::{Classifier, Layers};
use convolutional::Convolutional;
use logistic::Logistic;
use quadratic_deep::QuadraticDeep;
use tiny_rnn::TinyRnn;

/// The words for tasks.
pub static TASKS: Vocabulary = Vocabulary::new(
    "task",
    &[
        &FASHION_MLP,
        &FASHION_SOFTMAX,
        &FASHION_2C2D,
        &FASHION_AUTOENCODER,
        &FASHION_VAE,
        &DIGITS_SOFTMAX,
        &DEEP_LINEAR,
        &DEEP_TANH,
        &AGARICUS_LOGISTIC,
        &BREAST_CANCER_LOGISTIC,
        &TINY_RNN,
        &CHAR_LSTM,
        &CHAR_GPT,
        &QUADRATIC_DEEP,
    ],
);

/// Something to learn.
pub trait Task<T: Element>: Send + Sync {
    /// What it is, in words and numbers.
    fn description(&self) -> &Description;

    /// How many examples a set has.
    fn examples(&self, set: Set) -> usize;

    /// The model for batches of `batch` examples. Its parameters are the same for every size.
    fn model(&self, batch: usize) -> Result<Model, GraphError>;

    /// Fills those inputs of a new plan that are the same for every batch.
    fn prepare(&self, _model: &Model, _plan: &mut Plan<T>) {}

    /// Fills the inputs of a plan with a batch: the examples of `set` at `indices`, as many as the model is
    /// for.
    fn fill(&self, set: Set, indices: &[usize], model: &Model, plan: &mut Plan<T>);
}

/// A set of examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// The one that is trained on.
    Train,
    /// The one that is only measured on.
    Test,
}

/// What a task is, in words and numbers.
#[derive(Clone, Debug)]
pub struct Description {
    /// The call that names it.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// The cost J, in words.
    pub cost: &'static str,
    /// The measure P.
    pub measure: Measure,
    /// Where the data come from.
    pub data: String,
    /// What to ask for to get the same data again; `None` if the task makes them.
    pub source: Option<Source>,
    /// How the weights start, and whether that may be changed.
    pub start: Start,
    /// How batches are drawn when nothing else is said.
    pub batching: Batching,
    /// How many epochs are trained when nothing else is said.
    pub epochs: u64,
}

/// How the parameters of a task start.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// Weights and biases by these initialisers unless others are asked for.
    Weights {
        /// How the weights start.
        weights: Initializer,
        /// How the biases start.
        biases: Initializer,
    },
    /// All parameters at this value, always: the task is defined so.
    Fixed(f64),
}

impl Start {
    /// Weights by this initialiser, biases at zero.
    fn of(weights: impl Into<Initializer>) -> Start {
        Start::Weights { weights: weights.into(), biases: Zeros.into() }
    }
}

/// The graph of a model for batches of one size.
#[derive(Debug)]
pub struct Model {
    /// The graph.
    pub graph: Graph,
    /// Where the features of the batch go.
    pub features: Tensor,
    /// Where the labels go, if the task has any.
    pub labels: Option<Tensor>,
    /// Other inputs, the same for every batch.
    pub constants: Vec<Tensor>,
    /// What the network gives out, as J takes it in: scores, log-odds, predictions. `None` where J is no convex
    /// function of such outputs.
    pub outputs: Option<Tensor>,
    /// J on the batch: the mean over its examples.
    pub cost: Tensor,
    /// P on the batch: the mean over its examples.
    pub measure: Tensor,
}

/// A task that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The call is wrong.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The task needs no data, but a place to look for them was given.
    #[error("{0} has data of its own; leave out the place of the data")]
    OwnData(&'static str),
    /// Data of a kind that the task cannot use.
    #[error("{task} needs {needs}, but {reason}; take other data or another task")]
    Unfit {
        /// The task.
        task: &'static str,
        /// What the data are.
        reason: String,
        /// What they must be.
        needs: &'static str,
    },
    /// A network for which there is no room.
    #[error(
        "{name} has {parameters} parameters, and the most is {MOST_PARAMETERS}: make its layers smaller"
    )]
    TooLarge {
        /// The task.
        name: String,
        /// How many parameters it has.
        parameters: u128,
    },
    /// The model cannot be built.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// The task that `call` names, with data from `source`.
///
/// # Errors
///
/// If the word or an argument is unknown or out of range, the data cannot be had or are not of the kind that
/// the task needs, or the network would have more parameters than there is room for.
pub fn task<T: Element>(call: &Call, source: &Source) -> Result<Box<dyn Task<T>>, TaskError> {
    let task = named(&TASKS.resolve(call)?, source)?;
    let parameters = count_parameters(&*task)?;
    if parameters > MOST_PARAMETERS {
        return Err(TaskError::TooLarge { name: task.description().name.clone(), parameters });
    }
    Ok(task)
}

fn named<T: Element>(
    arguments: &Arguments,
    source: &Source,
) -> Result<Box<dyn Task<T>>, TaskError> {
    let name = arguments.brief().to_string();
    let classifier =
        |data: Classification, network| boxed(Classifier::new(name.clone(), network, data));
    let deep = |layers: fn(Vec<usize>) -> Layers| {
        let depth = at_most(arguments, "depth", MOST_LAYERS)?;
        let hidden = vec![units(arguments, "width")?; depth - 1];
        Ok(classifier(thalweg_data::fashion_mnist(source)?, layers(hidden)))
    };
    let autoencoder = |network| {
        let data = thalweg_data::fashion_mnist(source)?;
        Autoencoder::new(arguments.name(), name.clone(), network, data).map(boxed)
    };
    let characters = |network| {
        let (time, text) =
            (at_most(arguments, "time", MOST_TIME)?, thalweg_data::moby_dick(source)?);
        Characters::new(arguments.name(), name.clone(), network, time, text).map(boxed)
    };
    match arguments.name() {
        "fashion-mlp" => {
            let layers = at_most(arguments, "layers", MOST_LAYERS)?;
            let hidden = vec![units(arguments, "hidden")?; layers];
            let network = Layers::rectified(hidden, arguments.number("dropout"));
            Ok(classifier(thalweg_data::fashion_mnist(source)?, network))
        }
        "fashion-softmax" => {
            Ok(classifier(thalweg_data::fashion_mnist(source)?, Layers::softmax()))
        }
        "digits-softmax" => Ok(classifier(thalweg_data::digits(source)?, Layers::softmax())),
        "deep-linear" => deep(Layers::linear),
        "deep-tanh" => deep(Layers::tanh),
        "fashion-autoencoder" => {
            let width = units(arguments, "width")?;
            if width < 4 {
                let message =
                    "fashion-autoencoder: width must be at least 4, as a quarter of it is a layer";
                return Err(CallError::new(message).into());
            }
            autoencoder(Network::Deep { width })
        }
        "fashion-vae" => {
            let [hidden, code] = [units(arguments, "hidden")?, units(arguments, "code")?];
            autoencoder(Network::Variational { hidden, code })
        }
        "agaricus-logistic" => {
            let data = thalweg_data::agaricus(source)?;
            Logistic::new(arguments.name(), name, arguments.number("l2"), data).map(boxed)
        }
        "fashion-2c2d" => Ok(boxed(Convolutional::new(name, thalweg_data::fashion_mnist(source)?))),
        "char-lstm" => {
            let [hidden, layers] =
                [units(arguments, "hidden")?, at_most(arguments, "layers", MOST_LAYERS)?];
            characters(characters::Network::Lstm { hidden, layers })
        }
        "char-gpt" => {
            let layers = at_most(arguments, "layers", MOST_LAYERS)?;
            let [width, heads] = [units(arguments, "width")?, units(arguments, "heads")?];
            if width % heads != 0 {
                let message =
                    format!("char-gpt: width={width} must be a multiple of heads={heads}");
                return Err(CallError::new(message).into());
            }
            characters(characters::Network::Gpt { layers, width, heads })
        }
        _ if matches!(source, Source::Path(_)) => Err(TaskError::OwnData(arguments.name())),
        "breast-cancer-logistic" => Ok(boxed(Logistic::of_tumours(name, arguments.number("l2")))),
        "tiny-rnn" => Ok(boxed(TinyRnn::new())),
        "quadratic-deep" => Ok(boxed(QuadraticDeep::new())),
        name => unreachable!("the vocabulary has no task {name}"),
    }
}

/// The most units of a hidden layer: with pictures of 784 pixels, 52 million weights.
const MOST_UNITS: usize = 1 << 16;

/// The most layers of a network.
const MOST_LAYERS: usize = 100;

/// The most characters of a window.
const MOST_TIME: usize = 1 << 12;

/// The most parameters of a network: 1 GiB of them, and as much again for each slot of the optimizer.
const MOST_PARAMETERS: u128 = 1 << 28;

fn units(arguments: &Arguments, argument: &str) -> Result<usize, CallError> {
    at_most(arguments, argument, MOST_UNITS)
}

fn at_most(arguments: &Arguments, argument: &str, most: usize) -> Result<usize, CallError> {
    match arguments.number(argument) as usize {
        n if n > most => {
            let task = arguments.name();
            Err(CallError::new(format!("{task}: {argument} must be at most {most}")))
        }
        n => Ok(n),
    }
}

fn count_parameters<T: Element>(task: &dyn Task<T>) -> Result<u128, GraphError> {
    let Model { graph, .. } = task.model(1)?;
    let size = |tensor| graph.shape(tensor).sizes().iter().map(|&n| n as u128).product::<u128>();
    Ok(graph.parameters().map(size).sum())
}

fn boxed<T: Element>(task: impl Task<T> + 'static) -> Box<dyn Task<T>> {
    Box::new(task)
}

static FASHION_MLP: Word = Word {
    name: "fashion-mlp",
    about: "784-128-10 ReLU network on Fashion-MNIST; J cross-entropy, P accuracy",
    parameters: &[
        Parameter::number("hidden", 128.0, Range::Count, "units of each hidden layer"),
        Parameter::number("dropout", 0.0, Range::Fraction, "share of hidden units dropped"),
        Parameter::number("layers", 1.0, Range::Count, "hidden layers, at most 100"),
    ],
};

static FASHION_SOFTMAX: Word = Word {
    name: "fashion-softmax",
    about: "softmax regression on Fashion-MNIST, convex; J cross-entropy, P accuracy",
    parameters: &[],
};

static FASHION_2C2D: Word = Word {
    name: "fashion-2c2d",
    about: "DeepOBS's network of two convolutions and two dense layers on Fashion-MNIST; \
            J cross-entropy, P accuracy",
    parameters: &[],
};

static FASHION_AUTOENCODER: Word = Word {
    name: "fashion-autoencoder",
    about: "784-250-125-62-30 sigmoid autoencoder and back on Fashion-MNIST, hard to begin; \
            J sigmoid cross-entropy per pixel, P squared error per pixel",
    parameters: &[Parameter::number(
        "width",
        250.0,
        Range::Count,
        "units of the first layer, then a half and a quarter; published with 1000",
    )],
};

static FASHION_VAE: Word = Word {
    name: "fashion-vae",
    about: "variational autoencoder on Fashion-MNIST; J and P reconstruction and divergence in nats",
    parameters: &[
        Parameter::number("hidden", 500.0, Range::Count, "tanh units of encoder and decoder"),
        Parameter::number("code", 20.0, Range::Count, "dimensions of the Gaussian code"),
    ],
};

static DIGITS_SOFTMAX: Word = Word {
    name: "digits-softmax",
    about: "softmax regression on digits of 8 × 8 pixels, convex; J cross-entropy, P accuracy",
    parameters: &[],
};

static DEEP_LINEAR: Word = Word {
    name: "deep-linear",
    about: "product of matrices on Fashion-MNIST, not convex; J cross-entropy, P accuracy",
    parameters: &[
        Parameter::number("depth", 10.0, Range::Count, "layers of weights, at most 100"),
        Parameter::number("width", 64.0, Range::Count, "units of each hidden layer"),
    ],
};

static DEEP_TANH: Word = Word {
    name: "deep-tanh",
    about: "deep tanh network on Fashion-MNIST; J cross-entropy, P accuracy",
    parameters: &[
        Parameter::number("depth", 10.0, Range::Count, "layers of weights, at most 100"),
        Parameter::number("width", 64.0, Range::Count, "units of each hidden layer"),
    ],
};

const L2: Parameter = Parameter::number("l2", 0.01, Range::NonNegative, "weight of ‖w‖²/2 in J");

static AGARICUS_LOGISTIC: Word = Word {
    name: "agaricus-logistic",
    about: "logistic regression on mushrooms, strongly convex; J with l2/2 ‖w‖², \
            least 0.14270074369933 at l2=0.01, 0.04619880674746 at l2=0.001; P accuracy",
    parameters: &[L2],
};

static BREAST_CANCER_LOGISTIC: Word = Word {
    name: "breast-cancer-logistic",
    about: "logistic regression on standardized measurements of tumours, strongly convex; J with l2/2 ‖w‖², \
            least 0.10044630378121 at l2=0.01, 0.05982947188181 at l2=0.001; P accuracy",
    parameters: &[L2],
};

static TINY_RNN: Word = Word {
    name: "tiny-rnn",
    about: "one recurrent unit over 50 steps, at the edge of a cliff; J and P squared error",
    parameters: &[],
};

static CHAR_LSTM: Word = Word {
    name: "char-lstm",
    about: "the next character of Moby-Dick by long short-term memory; J cross-entropy in nats, P in bits",
    parameters: &[
        Parameter::number("hidden", 128.0, Range::Count, "units of each layer"),
        Parameter::number("layers", 2.0, Range::Count, "layers, at most 100"),
        Parameter::number("time", 50.0, Range::Count, "characters of a window, at most 4096"),
    ],
};

static CHAR_GPT: Word = Word {
    name: "char-gpt",
    about: "the next character of Moby-Dick by causal attention; J cross-entropy in nats, P in bits",
    parameters: &[
        Parameter::number("layers", 4.0, Range::Count, "layers, at most 100"),
        Parameter::number("width", 128.0, Range::Count, "features of a place, a multiple of heads"),
        Parameter::number("heads", 4.0, Range::Count, "heads of each attention"),
        Parameter::number("time", 64.0, Range::Count, "characters of a window, at most 4096"),
    ],
};

static QUADRATIC_DEEP: Word = Word {
    name: "quadratic-deep",
    about: "DeepOBS's noisy quadratic in 100 dimensions, condition number 9621; J and P its loss",
    parameters: &[],
};
