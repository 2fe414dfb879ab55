//! The table of a comparison before it is drawn: the terminal and the page draw the same cells.

use thalweg_events::{Measure, Started};

use crate::summary::{ContenderSummary, Seeds, ToTarget};
use crate::{Estimate, Summary, words};

/// A column of numbers; the contenders' names are not in it.
pub(crate) struct Column {
    /// What it is, in one or two words.
    pub head: String,
    /// Its unit or what it is measured in.
    pub unit: String,
    /// What it is in a sentence.
    pub about: &'static str,
    /// One for each contender.
    pub cells: Vec<Cell>,
}

/// What a column says about one contender.
#[derive(Default)]
pub(crate) struct Cell {
    /// The number that the column is sorted by.
    pub value: Option<f64>,
    /// That number as text, or why there is none.
    pub text: String,
    /// The half-width of its interval as text.
    pub half_width: Option<String>,
    /// Something the number must not be read without.
    pub note: Option<String>,
    /// Whether it should catch the eye.
    pub alarming: bool,
}

pub(crate) fn columns(summary: &Summary) -> Vec<Column> {
    let Started { measure, .. } = &summary.run;
    let unit = match words::measure_unit(measure) {
        Some(unit) => format!("{}, {unit}", measure.name),
        None => measure.name.clone(),
    };
    let p = |of: fn(&ContenderSummary) -> Option<Estimate>| {
        move |result: &ContenderSummary| Cell::mean(of(result), result.seeds, measure)
    };
    let column = |head: &str, unit: &str, about, cell: &dyn Fn(&ContenderSummary) -> Cell| Column {
        head: head.to_owned(),
        unit: unit.to_owned(),
        about,
        cells: summary.results.iter().map(cell).collect(),
    };
    let of_seeds = format!("of {}", summary.run.seeds.len());
    let mut columns = vec![
        column("final test", &unit, FINAL_TEST, &p(|result| result.final_test)),
        column("best test", &unit, BEST_TEST, &p(|result| result.best_test)),
        column("final train", "J", FINAL_COST, &|result| {
            Cell::mean(result.final_train_cost, result.seeds, &COST)
        }),
        column("n", "/ diverged", SEEDS, &|result| Cell::seeds(result.seeds)),
    ];
    if summary.unfinished() > 0 {
        let unfinished = |result: &ContenderSummary| Cell::count(result.seeds.unfinished);
        columns.push(column("unfinished", &of_seeds, UNFINISHED, &unfinished));
    }
    if summary.run.target.is_some() {
        let to_target = |of: fn(&ToTarget) -> Option<Estimate>| {
            move |result: &ContenderSummary| {
                result
                    .target
                    .map_or_else(Cell::default, |target| Cell::to_target(of(&target), target))
            }
        };
        columns.push(column("to target", "epochs", TARGET, &to_target(|target| target.epochs)));
        columns.push(column("to target", "seconds", TARGET, &to_target(|target| target.seconds)));
        if summary.counts_evaluations() {
            let evaluations = to_target(|target| target.evaluations);
            columns.push(column("to target", "evaluations", EVALUATIONS, &evaluations));
        }
    }
    columns.push(column("training", "ns/example", SPEED, &|result| {
        Cell::number(result.nanoseconds_per_example)
    }));
    columns
}

const FINAL_TEST: &str = "P on the test set after the last epoch: mean over the seeds that finished, \
    ± the half-width of the 95 % t-interval of the mean";
const BEST_TEST: &str = "The best P on the test set at the end of any epoch, of each seed; chosen by \
    looking at the test set, it flatters";
const FINAL_COST: &str = "J on the training set after the last epoch";
const SEEDS: &str = "n, the seeds that finished and make up the means and intervals / seeds whose \
    training became non-finite, which are in no mean";
const UNFINISHED: &str =
    "Seeds that were not done when the run was interrupted; they are in no mean";
const TARGET: &str = "When P on the test set first reached the target, at the end of an epoch; mean \
    over the seeds that reached it";
const EVALUATIONS: &str = "Runs forwards and backwards until P on the test set first reached the target: one \
    for each step of most optimizers, several for a line search";
const SPEED: &str = "Training time over examples read, without measuring; median over the seeds that \
    finished";

/// J is shown as a measure without percent.
const COST: Measure = Measure { name: String::new(), higher_is_better: false, percent: false };

impl Cell {
    fn mean(estimate: Option<Estimate>, seeds: Seeds, measure: &Measure) -> Cell {
        let Some(Estimate { mean, half_width, n }) = estimate else { return Cell::none() };
        Cell {
            value: Some(mean),
            text: words::measure(measure, mean),
            half_width: half_width.map(|half_width| words::measure(measure, half_width)),
            // Otherwise n is what the columns of diverged and unfinished seeds leave.
            note: (n != seeds.finished).then(|| format!("n = {n}")),
            alarming: false,
        }
    }

    fn to_target(estimate: Option<Estimate>, target: ToTarget) -> Cell {
        let note = format!("{} of {}", target.reached, target.of);
        let missed = target.reached < target.of;
        let half_width = estimate.and_then(|e| e.half_width).map(words::short);
        let mean = Cell::number(estimate.map(|e| e.mean));
        Cell { half_width, note: missed.then_some(note), ..mean }
    }

    fn number(x: Option<f64>) -> Cell {
        x.map_or_else(Cell::none, |x| Cell {
            value: Some(x),
            text: words::short(x),
            ..Cell::default()
        })
    }

    fn seeds(Seeds { finished, diverged, .. }: Seeds) -> Cell {
        Cell {
            value: Some(finished as f64),
            text: format!("{finished} / {diverged}"),
            alarming: diverged > 0,
            ..Cell::default()
        }
    }

    fn count(n: u64) -> Cell {
        Cell { value: Some(n as f64), text: n.to_string(), ..Cell::default() }
    }

    fn none() -> Cell {
        Cell { text: "–".to_owned(), ..Cell::default() }
    }
}
