//! Which contenders a run tells apart.
//!
//! Contenders share their seeds: the same first weights, the same batches. Therefore differences are
//! taken seed by seed, dᵢ = Pᵢ(best) − Pᵢ(other), over the seeds that both finished, and the other is
//! distinguishable when the 95 % t-interval of the mean of d lies wholly on the side where `best` is
//! better. There is no correction for the number of comparisons or for choosing the best by the same
//! numbers, so that "not distinguishable" is the safe side of the verdict.
//!
//! Where all d are the same number and not 0, an interval of width 0 would claim certainty from seeds that change
//! nothing, such as those of a full batch from zeros: there, no verdict is given.

use serde::Serialize;
use thalweg_events::Measure;

use crate::summary::{ContenderSummary, TrialEnd};
use crate::{Estimate, words};

/// The contender with the best mean of final P on the test set, and how the others stand to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Its place among the contenders; the first one when several are equal.
    pub best: usize,
    /// All others, in order.
    pub others: Vec<Difference>,
    /// The same in sentences, shown under every table.
    pub text: String,
}

/// How a contender stands to the best one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Its place among the contenders.
    pub contender: usize,
    /// P of the best minus P of this one, over the seeds that both finished.
    pub difference: Option<Estimate>,
    /// What follows from it.
    pub verdict: Verdict,
}

/// Whether a contender can be told apart from the best one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is worse, at 95 %.
    Distinguishable,
    /// It may be as good or better.
    NotDistinguishable,
    /// All seeds give the same difference, so that nothing says how sure it is.
    SeedsAlike,
    /// There are no two seeds that both finished.
    TooFewSeeds,
}

pub(crate) fn compare(measure: &Measure, results: &[ContenderSummary]) -> Option<Comparison> {
    let sign = if measure.higher_is_better { 1.0 } else { -1.0 };
    let score = |index: usize| results[index].final_test.map(|p| (sign * p.mean, index));
    let (_, best) =
        (0..results.len()).filter_map(score).reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    if results.len() < 2 {
        return None;
    }
    let others: Vec<_> = (0..results.len())
        .filter(|&other| other != best)
        .map(|contender| {
            let difference = difference(&results[best], &results[contender]);
            Difference { contender, difference, verdict: Verdict::of(difference, sign) }
        })
        .collect();
    let text = text(measure, results, best, &others);
    Some(Comparison { best, others, text })
}

/// The paired difference of final P.
fn difference(best: &ContenderSummary, other: &ContenderSummary) -> Option<Estimate> {
    // Both have a trial for each seed, in the same order.
    Estimate::of(std::iter::zip(&best.trials, &other.trials).filter_map(|(a, b)| {
        let both_finished = a.end == TrialEnd::Finished && b.end == TrialEnd::Finished;
        both_finished.then_some(a.final_test? - b.final_test?)
    }))
}

impl Verdict {
    fn of(difference: Option<Estimate>, sign: f64) -> Verdict {
        match difference {
            Some(Estimate { mean, half_width: Some(half_width), .. }) => {
                // But for the rounding of a difference.
                if mean != 0.0 && half_width <= 1e-12 * mean.abs() {
                    Verdict::SeedsAlike
                } else if sign * mean > half_width {
                    Verdict::Distinguishable
                } else {
                    Verdict::NotDistinguishable
                }
            }
            _ => Verdict::TooFewSeeds,
        }
    }
}

fn text(
    measure: &Measure,
    results: &[ContenderSummary],
    best: usize,
    others: &[Difference],
) -> String {
    let labels = |wanted: Verdict| {
        let with_verdict = others.iter().filter(|other| other.verdict == wanted);
        let labels: Vec<_> =
            with_verdict.map(|other| results[other.contender].contender.label.as_str()).collect();
        Some(labels.join("; ")).filter(|_| !labels.is_empty())
    };
    let result = &results[best];
    let mut text = format!(
        "{} mean final test {}: {} ({}).",
        if measure.higher_is_better { "Highest" } else { "Lowest" },
        measure.name,
        result.contender.label,
        standing(measure, result),
    );
    let told = |verdict| matches!(verdict, Verdict::Distinguishable | Verdict::NotDistinguishable);
    if others.iter().all(|other| other.verdict == Verdict::Distinguishable) {
        text.push_str(" All others are distinguishable from it at 95 %.");
    }
    for (verdict, words) in [
        (Verdict::NotDistinguishable, "Not distinguishable from it at 95 %"),
        (
            Verdict::SeedsAlike,
            "Not compared with it, since every seed gives the same difference and nothing says how sure it is",
        ),
        (Verdict::TooFewSeeds, "Not compared with it, for want of two seeds that both finished"),
    ] {
        if let Some(labels) = labels(verdict) {
            text.push_str(&format!(" {words}: {labels}."));
        }
    }
    if others.iter().any(|other| told(other.verdict)) {
        text.push_str(
            " Computed from paired differences: the 95 % t-interval of the difference of final \
             values, seed by seed, over the seeds that both finished; not corrected for the number \
             of comparisons.",
        );
    }
    text
}

/// The mean of the best contender, and how many of its seeds stand behind it.
fn standing(measure: &Measure, result: &ContenderSummary) -> String {
    let value = result.final_test.map(|p| words::measure_estimate(measure, &p)).unwrap_or_default();
    let unit = words::measure_unit(measure).map(|unit| format!(" {unit}")).unwrap_or_default();
    let seeds = result.seeds;
    let missing = match (seeds.diverged, seeds.unfinished) {
        (0, 0) => String::new(),
        (diverged, 0) => format!(", {diverged} of {} seeds diverged", seeds.planned),
        _ => format!(", {} of {} seeds finished", seeds.finished, seeds.planned),
    };
    format!("{value}{unit}{missing}")
}
