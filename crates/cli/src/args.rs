//! The words of the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::styling::Styles;
use clap::{Parser, Subcommand, ValueEnum};
use thalweg_calls::Call;
use thalweg_data::{Last, Order};
use thalweg_study::{Batch, MOST, MOST_SEEDS, Precision, parse_last, parse_order};

/// Optimizers for deep learning, compared honestly.
///
/// Without a command: the optimizers of the lecture on embedded Fashion-MNIST.
#[derive(Debug, Parser)]
#[command(name = "thalweg", version, styles = Styles::plain())]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train several optimizers on one task and compare them
    Compare(CompareArgs),
    /// Train one optimizer on one task
    Train(TrainArgs),
    /// Make the table and the page of a run again from its events
    Report(ReportArgs),
    /// Follow an optimizer over a surface
    Trace(TraceArgs),
    /// Minimize a function by a method of first or second order
    Minimize(MinimizeArgs),
    /// Play against losses that come one at a time, and measure the regret
    Regret(RegretArgs),
    /// Plot a learning-rate schedule
    Schedule(ScheduleArgs),
    /// Show the computational graph of a task, and the optimizer as a part of it
    Graph(GraphArgs),
    /// List what there is, with arguments and defaults
    List(ListArgs),
    /// Measure speed
    #[command(subcommand)]
    Bench(BenchArgs),
}

#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// An experiment file; what is given beside it takes precedence
    #[arg(conflicts_with = "resume")]
    pub experiment: Option<PathBuf>,
    /// An optimizer to compare, as a call: "adamw(lr=1e-3)"; may be repeated
    #[arg(long = "optimizer", value_name = "CALL", conflicts_with = "resume")]
    pub optimizers: Vec<Call>,
    /// Train with seeds 1 to N
    #[arg(long, value_name = "N", value_parser = from_1_to::<MOST_SEEDS>, allow_negative_numbers = true, conflicts_with = "resume")]
    pub seeds: Option<u64>,
    #[command(flatten)]
    pub training: TrainingArgs,
    #[command(flatten)]
    pub how: HowArgs,
}

#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// The optimizer, as a call: "adamw(lr=1e-3)"
    #[arg(
        long,
        value_name = "CALL",
        required_unless_present = "resume",
        conflicts_with = "resume"
    )]
    pub optimizer: Option<Call>,
    /// The seed of weights and batches [default: 1]
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true, conflicts_with = "resume")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub training: TrainingArgs,
    #[command(flatten)]
    pub how: HowArgs,
}

/// What is trained, where `compare` and `train` have it in common.
#[derive(Debug, clap::Args)]
pub struct TrainingArgs {
    /// What is learned [default: fashion-mlp]; see `thalweg list tasks`
    #[arg(long, value_name = "CALL")]
    pub task: Option<Call>,
    /// How weights start [default: what the task wants]
    #[arg(long, value_name = "CALL")]
    pub init: Option<Call>,
    /// How biases start [default: zeros]
    #[arg(long, value_name = "CALL")]
    pub bias: Option<Call>,
    /// How the learning rate of optimizers without a schedule of their own moves
    #[arg(long, value_name = "CALL")]
    pub schedule: Option<Call>,
    /// Passes over the training set
    #[arg(long, value_name = "N", value_parser = from_1_to::<MOST>, allow_negative_numbers = true)]
    pub epochs: Option<u64>,
    /// Examples per step, or "full"
    #[arg(long, value_name = "N", value_parser = batch, allow_negative_numbers = true)]
    pub batch: Option<Batch>,
    /// reshuffled, shuffled_once, stored or with_replacement
    #[arg(long, value_parser = parse_order)]
    pub order: Option<Order>,
    /// What becomes of a short last batch: keep, drop or wrap
    #[arg(long, value_parser = parse_last)]
    pub last: Option<Last>,
    /// The test measure whose first reaching is timed
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub target: Option<f64>,
    /// A folder or file with the data (IDX, CIFAR-10, CSV, LIBSVM, text; table.csv#COLUMN names the
    /// classes), or "embedded" [default: search]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// f32 or f64
    #[arg(long, value_parser = precision)]
    pub precision: Option<Precision>,
    /// The folder of the run [default: a new one below runs/]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// A run that is gone on with is as it was begun.
const NOT_WITH_RESUME: [&str; 11] = [
    "task",
    "init",
    "schedule",
    "epochs",
    "batch",
    "order",
    "last",
    "target",
    "data",
    "precision",
    "out",
];

/// What changes none of the numbers.
#[derive(Debug, clap::Args)]
pub struct HowArgs {
    /// Go on with the run in this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = NOT_WITH_RESUME)]
    pub resume: Option<PathBuf>,
    /// How many trials run at once [default: one per core]
    #[arg(long, value_name = "N", value_parser = from_1_to::<MOST_THREADS>, allow_negative_numbers = true)]
    pub threads: Option<u64>,
    /// Print the summary as JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// The folder of the run
    pub folder: PathBuf,
    /// Print the summary as JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct MinimizeArgs {
    /// The function; see `thalweg list problems`
    #[arg(long, value_name = "CALL", default_value = "rosenbrock")]
    pub problem: Call,
    /// In place of a function: J of this task over its whole training set; see `thalweg list tasks`
    #[arg(long, value_name = "CALL", conflicts_with_all = ["problem", "start"])]
    pub task: Option<Call>,
    /// The method: "lbfgs(memory=10, search=strong_wolfe)"; see `thalweg list methods`
    #[arg(long, value_name = "CALL", default_value = "lbfgs")]
    pub method: Call,
    /// Where it starts [default: the problem's own start]
    #[arg(long, value_name = "X,Y,…", value_parser = Point::parse, allow_hyphen_values = true)]
    pub start: Option<Point>,
    #[command(flatten)]
    pub of_task: OfTaskArgs,
    /// Solved where no coordinate of the gradient is larger than this
    #[arg(long, value_name = "X", default_value_t = 1e-6, value_parser = not_negative, allow_negative_numbers = true)]
    pub gradient: f64,
    /// The most evaluations of the function
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = from_1_to::<MOST>, allow_negative_numbers = true)]
    pub evaluations: u64,
    /// The most seconds
    #[arg(long, value_name = "S", value_parser = not_negative, allow_negative_numbers = true)]
    pub seconds: Option<f64>,
    /// Print all of it as JSON, at the end
    #[arg(long)]
    pub json: bool,
}

/// Where the parameters of a task start, and how J is calculated.
#[derive(Debug, clap::Args)]
pub struct OfTaskArgs {
    /// Of a task: how weights start [default: what the task wants]
    #[arg(long, value_name = "CALL", requires = "task", conflicts_with = "problem")]
    pub init: Option<Call>,
    /// Of a task: how biases start [default: zeros]
    #[arg(long, value_name = "CALL", requires = "task", conflicts_with = "problem")]
    pub bias: Option<Call>,
    /// Of a task: the seed of the weights
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true, requires = "task", conflicts_with = "problem")]
    pub seed: u64,
    /// Of a task: a folder or file with the data, or "embedded" [default: search]
    #[arg(long, value_name = "PATH", requires = "task", conflicts_with = "problem")]
    pub data: Option<PathBuf>,
    /// Of a task: f32 or f64 [default: f64]
    #[arg(long, value_parser = precision, requires = "task", conflicts_with = "problem")]
    pub precision: Option<Precision>,
    /// Of a task: the matrix of second order
    #[arg(long, value_enum, default_value_t = CurvatureName::Hessian, requires = "task", conflicts_with = "problem")]
    pub curvature: CurvatureName,
    /// Of a task: threads for large products [default: one per core]
    #[arg(long, value_name = "N", value_parser = from_1_to::<MOST_THREADS>, allow_negative_numbers = true, requires = "task", conflicts_with = "problem")]
    pub threads: Option<u64>,
}

/// What products are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CurvatureName {
    /// The Hessian
    Hessian,
    /// The Gauss-Newton matrix, never indefinite where J is convex in the network's outputs
    GaussNewton,
}

/// A point of any dimension.
#[derive(Clone, Debug)]
pub struct Point(pub Vec<f64>);

impl Point {
    fn parse(text: &str) -> Result<Point, String> {
        let numbers: Option<Vec<f64>> = text.split(',').map(|x| x.trim().parse().ok()).collect();
        match numbers {
            Some(numbers) if numbers.iter().all(|x| x.is_finite()) => Ok(Point(numbers)),
            _ => Err("it must be numbers as in -1.2,1".into()),
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct TraceArgs {
    /// The surface; see `thalweg list surfaces`
    #[arg(long, value_name = "CALL")]
    pub surface: Call,
    /// The optimizer
    #[arg(long, value_name = "CALL")]
    pub optimizer: Call,
    /// Where it starts [default: the surface's own start]
    #[arg(long, value_name = "X,Y", value_parser = point, allow_hyphen_values = true)]
    pub start: Option<[f64; 2]>,
    /// How the learning rate moves
    #[arg(long, value_name = "CALL")]
    pub schedule: Option<Call>,
    /// How many steps
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub steps: u64,
    #[command(flatten)]
    pub rows: RowsArgs,
}

#[derive(Debug, clap::Args)]
pub struct RegretArgs {
    /// The losses and their convex set; see `thalweg list sequences`
    #[arg(long, value_name = "CALL", required_unless_present = "resume")]
    pub sequence: Option<Call>,
    /// An optimizer that plays, as a call: "sgd", "adagrad(lr=0.5)"; may be repeated. Without lr, theory's
    #[arg(long = "optimizer", value_name = "CALL", required_unless_present = "resume")]
    pub optimizers: Vec<Call>,
    /// How many rounds
    #[arg(long, value_name = "T", default_value_t = 10_000, value_parser = from_1_to::<MOST>, allow_negative_numbers = true)]
    pub rounds: u64,
    /// What random losses and shuffled rows come from
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// The first point that is played [default: the sequence's own]
    #[arg(long, value_name = "X,Y,…", value_parser = Point::parse, allow_hyphen_values = true)]
    pub start: Option<Point>,
    /// A file or folder with rows for the sequences of data, as `train` takes it [default: the embedded data]
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// The folder of the run [default: a new one below runs/]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the run in this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["sequence", "optimizers", "rounds", "seed", "start", "data", "out"])]
    pub resume: Option<PathBuf>,
    /// Print the events as lines of JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct ScheduleArgs {
    /// The schedule: "linear(tau=2000, end=0.01)"
    pub schedule: Call,
    /// Steps to show
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = from_1_to::<MOST>, allow_negative_numbers = true)]
    pub steps: u64,
    /// The learning rate that the schedule multiplies
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = learning_rate, allow_negative_numbers = true)]
    pub lr: f64,
    /// Steps that an epoch has, for durations in epochs
    #[arg(long, value_name = "N", value_parser = from_1_to::<MOST>, allow_negative_numbers = true)]
    pub steps_per_epoch: Option<u64>,
    #[command(flatten)]
    pub rows: RowsArgs,
}

#[derive(Debug, clap::Args)]
pub struct GraphArgs {
    /// What is learned; see `thalweg list tasks`
    #[arg(long, value_name = "CALL", default_value = "fashion-mlp")]
    pub task: Call,
    /// The optimizer that minimises the cost [default: none, the model alone]
    #[arg(long, value_name = "CALL")]
    pub optimizer: Option<Call>,
    /// Examples per step [default: what the task wants]
    #[arg(long, value_name = "N", value_parser = from_1_to::<MOST>, allow_negative_numbers = true)]
    pub batch: Option<u64>,
    /// How the graph is written
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub format: GraphFormat,
    /// Only this scope, as in "train" or "train/adam"
    #[arg(long, value_name = "SCOPE")]
    pub scope: Option<String>,
    /// The file to write [default: standard output]; for TensorBoard the folder of the run
    #[arg(long, value_name = "PATH", required_if_eq("format", "tensorboard"))]
    pub out: Option<PathBuf>,
    /// The steps of the compiled plan instead, with buffers, bytes and floating-point operations
    #[arg(long, conflicts_with_all = ["format", "scope"])]
    pub plan: bool,
}

/// What a graph can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// A tree of scopes, each with what goes in and out
    Text,
    /// The language of Graphviz
    Dot,
    /// Nodes and scopes for other programs
    Json,
    /// A file of events, which TensorBoard opens
    Tensorboard,
}

/// Rows for other programs.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(multiple = false)]
pub struct RowsArgs {
    /// Print rows as CSV, as `trace` does anyway
    #[arg(long)]
    pub csv: bool,
    /// Print rows as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// What to list
    #[arg(value_enum)]
    pub what: What,
    /// Only the one with this name
    pub name: Option<String>,
    /// Of optimizers: the bytes of state for so many parameters, by how the slots are kept
    #[arg(long, value_name = "N", value_parser = parameters, conflicts_with = "formula")]
    pub memory: Option<u64>,
    /// Of optimizers: the update as a formula, and in LaTeX
    #[arg(long)]
    pub formula: bool,
}

/// A number of parameters: 1000000 or 1e6.
fn parameters(text: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(n) if n >= 1.0 && n.fract() == 0.0 && n <= 1e15 => Ok(n as u64),
        _ => Err("a whole number from 1 to 1e15, as in 1e9".to_owned()),
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum What {
    Optimizers,
    Schedules,
    Initializers,
    Surfaces,
    Problems,
    Methods,
    Searches,
    Sequences,
    Sets,
    Tasks,
}

#[derive(Debug, Subcommand)]
pub enum BenchArgs {
    /// Time training steps: forward, backward and optimizer, data included
    Train(BenchTrainArgs),
    /// Time the steps of an optimizer by themselves, beside a sweep over as many bytes
    Step(BenchStepArgs),
    /// Time what a Newton step is made of as a network grows, and extrapolate to the tasks
    Newton(BenchNewtonArgs),
}

#[derive(Debug, clap::Args)]
pub struct BenchNewtonArgs {
    /// Threads for large products
    #[arg(long, value_name = "T", default_value_t = 1, value_parser = from_1_to::<MOST_THREADS>, allow_negative_numbers = true)]
    pub threads: u64,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct BenchStepArgs {
    /// The optimizer, as a call: "adamw(slots=int8)"
    #[arg(long, value_name = "CALL", default_value = "adamw")]
    pub optimizer: Call,
    /// Parameters in all
    #[arg(long, value_name = "N", default_value = "25e6", value_parser = parameters, allow_negative_numbers = true)]
    pub params: u64,
    /// Tensors that they are shared out among
    #[arg(long, value_name = "K", default_value_t = 50, value_parser = from_1_to::<MOST>, allow_negative_numbers = true)]
    pub tensors: u64,
    /// The shape of each tensor, which then says how many parameters there are: 1024x1024
    #[arg(long, value_name = "RxC", conflicts_with = "params")]
    pub shape: Option<TensorShape>,
    /// What parameters and gradients are stored in
    #[arg(long, value_enum, default_value_t = NumberType::F32)]
    pub dtype: NumberType,
    /// Threads
    #[arg(long, value_name = "T", default_value_t = 1, value_parser = from_1_to::<MOST_THREADS>, allow_negative_numbers = true)]
    pub threads: u64,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    /// Take a number of steps for every line "go N" on standard input, or of sweeps for "sweep N", and
    /// print the seconds
    #[arg(long, conflicts_with = "json")]
    pub serve: bool,
}

/// What parameters are stored in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NumberType {
    F32,
    F64,
    Bf16,
}

/// Sizes with an x between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorShape(pub Vec<usize>);

impl std::str::FromStr for TensorShape {
    type Err = String;

    fn from_str(text: &str) -> Result<TensorShape, String> {
        let size = |size: &str| size.parse().ok().filter(|size| *size > 0);
        let sizes: Option<Vec<usize>> = text.split('x').map(size).collect();
        sizes
            .filter(|sizes| sizes.iter().try_fold(1usize, |n, size| n.checked_mul(*size)).is_some())
            .map(TensorShape)
            .ok_or_else(|| format!("'{text}' is not a shape like 1024x1024"))
    }
}

#[derive(Debug, clap::Args)]
pub struct BenchTrainArgs {
    /// What is learned, on its embedded data
    #[arg(long, value_name = "CALL", default_value = "fashion-mlp")]
    pub task: Call,
    /// The optimizer
    #[arg(long, value_name = "CALL", default_value = "sgd(lr=0.1)")]
    pub optimizer: Call,
    /// Examples per step
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = from_1_to::<MOST>, allow_negative_numbers = true)]
    pub batch: u64,
    /// Threads for one training
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = from_1_to::<MOST_THREADS>, allow_negative_numbers = true)]
    pub threads: u64,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    /// Take a number of steps for every line "go N" on standard input, and print the seconds; "about" tells the rest
    #[arg(long, conflicts_with = "json")]
    pub serve: bool,
}

/// The arguments, or the exit code after help or an error has been printed.
pub fn parse() -> Result<Args, ExitCode> {
    Args::try_parse().map_err(|error| {
        if !error.use_stderr() {
            // Whoever asked for help may also have closed the pipe.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        eprintln!("thalweg: {}; see thalweg --help", one_line(&error.to_string()));
        ExitCode::from(2)
    })
}

/// Clap's message without its usage, on one line.
fn one_line(message: &str) -> String {
    let told = message.split("\n\nUsage").next().unwrap_or(message);
    let told = told.split("\n\nFor more").next().unwrap_or(told);
    let lines = told.lines().map(|line| line.trim().trim_start_matches("error: "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ").replace(":;", ":")
}

/// More threads than any machine has cores, and as many as a system starts without complaint.
const MOST_THREADS: u64 = 1024;

fn from_1_to<const MOST: u64>(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|n| (1..=MOST).contains(n));
    number.ok_or_else(|| format!("it must be a whole number from 1 to {MOST}"))
}

/// A seed that an experiment file can hold: TOML has no larger numbers.
fn seed(text: &str) -> Result<u64, String> {
    let most = i64::MAX as u64;
    let number = text.parse().ok().filter(|n| *n <= most);
    number.ok_or_else(|| format!("it must be a whole number from 0 to {most}"))
}

fn batch(text: &str) -> Result<Batch, String> {
    match text {
        "full" => Ok(Batch::Full),
        number => from_1_to::<MOST>(number)
            .map(|n| Batch::Of(n as usize))
            .map_err(|error| format!("{error}, or full")),
    }
}

fn learning_rate(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x: &f64| x.is_finite() && *x >= 0.0);
    number.ok_or_else(|| "it must be a number from 0".into())
}

fn precision(text: &str) -> Result<Precision, String> {
    [Precision::F32, Precision::F64]
        .into_iter()
        .find(|precision| precision.name() == text)
        .ok_or_else(|| "it can be f32 or f64".into())
}

fn point(text: &str) -> Result<[f64; 2], String> {
    let two = Point::parse(text).ok().and_then(|Point(numbers)| numbers.try_into().ok());
    two.ok_or_else(|| "it must be two numbers as in -1.2,1".into())
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if x >= 0.0 => Ok(x),
        _ => Err("it must be a number from 0 on".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_words_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_error_is_one_line() {
        for words in [
            &["thalweg", "compare", "--epoch", "3"][..],
            &["thalweg", "compare", "--epochs", "0"],
            &["thalweg", "trace"],
            &["thalweg", "list", "optimisers"],
            &["thalweg", "compair"],
        ] {
            let error = Args::try_parse_from(words).unwrap_err();
            let line = one_line(&error.to_string());
            assert!(!line.contains('\n') && !line.contains("Usage"), "{line}");
        }
    }
}
