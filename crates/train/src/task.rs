//! What is learned: a model, data, the cost J that is minimised and the measure P that is cared about.

mod fashion;
pub mod quadratic_deep;

use thalweg_calls::{Call, CallError, Parameter, Range, Vocabulary, Word};
use thalweg_data::{Batching, DataError, Source};
use thalweg_events::Measure;
use thalweg_graph::{Element, Graph, GraphError, Plan, Tensor};
use thalweg_optim::init::Initializer;

use fashion::{Fashion, Network};
use quadratic_deep::QuadraticDeep;

/// The words for tasks.
pub static TASKS: Vocabulary =
    Vocabulary::new("task", &[&FASHION_MLP, &FASHION_SOFTMAX, &QUADRATIC_DEEP]);

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
    /// Weights by this initialiser unless another one is asked for; biases at zero.
    Weights(Initializer),
    /// All parameters at this value, always: the task is defined so.
    Fixed(f64),
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
    #[error("{0} makes its own data; leave out the folder of data")]
    OwnData(&'static str),
}

/// The task that `call` names, with data from `source`.
///
/// # Errors
///
/// If the word or an argument is unknown or out of range, or the data cannot be had.
pub fn task<T: Element>(call: &Call, source: &Source) -> Result<Box<dyn Task<T>>, TaskError> {
    let arguments = TASKS.resolve(call)?;
    let name = arguments.brief().to_string();
    let fashion = |network| {
        let data = thalweg_data::fashion_mnist(source)?;
        Ok(Fashion::new(name, network, data, source.settled()))
    };
    match arguments.name() {
        "fashion-mlp" => {
            let hidden = arguments.number("hidden") as usize;
            if hidden > MOST_HIDDEN {
                let message = format!("fashion-mlp: hidden must be at most {MOST_HIDDEN}");
                return Err(CallError::new(message).into());
            }
            let dropout = arguments.number("dropout");
            fashion(Network::Mlp { hidden, dropout }).map(boxed)
        }
        "fashion-softmax" => fashion(Network::Softmax).map(boxed),
        _ if matches!(source, Source::Folder(_)) => Err(TaskError::OwnData(arguments.name())),
        "quadratic-deep" => Ok(boxed(QuadraticDeep::new())),
        name => unreachable!("the vocabulary has no task {name}"),
    }
}

/// The most units of a hidden layer: with pictures of 784 pixels, 52 million weights.
const MOST_HIDDEN: usize = 1 << 16;

fn boxed<T: Element>(task: impl Task<T> + 'static) -> Box<dyn Task<T>> {
    Box::new(task)
}

static FASHION_MLP: Word = Word {
    name: "fashion-mlp",
    about: "784-128-10 ReLU network on Fashion-MNIST; J cross-entropy, P accuracy",
    parameters: &[
        Parameter::number("hidden", 128.0, Range::Count, "units of the hidden layer"),
        Parameter::number("dropout", 0.0, Range::Fraction, "share of hidden units dropped"),
    ],
};

static FASHION_SOFTMAX: Word = Word {
    name: "fashion-softmax",
    about: "softmax regression on Fashion-MNIST, convex; J cross-entropy, P accuracy",
    parameters: &[],
};

static QUADRATIC_DEEP: Word = Word {
    name: "quadratic-deep",
    about: "DeepOBS's noisy quadratic in 100 dimensions, condition number 9621; J and P its loss",
    parameters: &[],
};
