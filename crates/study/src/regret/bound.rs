//! Which theorem bounds the regret of a rule on a sequence.

mod adagrad;
mod amsgrad;
mod zinkevich;

use thalweg_calls::{Arguments, CallError};
use thalweg_events::Theory;
use thalweg_online::Sequence;
use thalweg_optim::Hyper;
use thalweg_optim::schedule::{Schedule, schedule};
use thalweg_sets::Set;

/// A bound on R(t), from the gradients up to round t.
pub(super) enum Theorem {
    Zinkevich(zinkevich::Zinkevich),
    Adagrad(adagrad::Adagrad),
    Amsgrad(amsgrad::Amsgrad),
}

impl Theorem {
    /// Takes in the gradient of round t; rounds come in order, from 1.
    pub fn see(&mut self, t: u64, g: &[f64]) {
        match self {
            Theorem::Zinkevich(theorem) => theorem.see(t),
            Theorem::Adagrad(theorem) => theorem.see(g),
            Theorem::Amsgrad(theorem) => theorem.see(g),
        }
    }

    /// What it remembers of the gradients, by name.
    pub fn numbers(&mut self) -> Vec<(&'static str, &mut [f64])> {
        match self {
            Theorem::Zinkevich(theorem) => theorem.numbers(),
            Theorem::Adagrad(theorem) => theorem.numbers(),
            Theorem::Amsgrad(theorem) => theorem.numbers(),
        }
    }

    /// What R(t) is at most, after the round t that was seen last.
    pub fn at(&self, t: u64) -> f64 {
        match self {
            Theorem::Zinkevich(theorem) => theorem.at(t),
            Theorem::Adagrad(theorem) => theorem.at(),
            Theorem::Amsgrad(theorem) => theorem.at(t),
        }
    }
}

/// The theorem for an optimizer's call, in words and in numbers, or why there is none.
pub(super) fn of(
    a: &Arguments,
    sequence: &dyn Sequence,
) -> Result<(Theory, Option<Theorem>), CallError> {
    let lr = match a.has("lr") {
        true => rate(a)?,
        false => Hyper::from(0.0),
    };
    Ok(match theorem(a, lr, sequence) {
        Ok((source, formula, theorem)) => {
            (Theory::Bound { theorem: source.to_owned(), formula }, Some(theorem))
        }
        Err(reason) => (Theory::None(reason), None),
    })
}

type Found = (&'static str, String, Theorem);

fn theorem(a: &Arguments, lr: Hyper, sequence: &dyn Sequence) -> Result<Found, String> {
    let (name, set, n) = (a.name(), sequence.set(), sequence.dimension());
    let known: &[&str] = match name {
        "sgd" => &["lr", "schedule", "nonfinite"],
        "adagrad" => &["lr", "eps", "nonfinite"],
        "amsgrad" => &["lr", "schedule", "beta1", "beta2", "eps", "corrected", "nonfinite"],
        "adam" => return Err(ADAM.into()),
        _ => return Err(format!("no theorem for {name} is known here")),
    };
    let brief = a.brief();
    let names = brief.arguments.iter().filter_map(|argument| argument.name.as_deref());
    if let Some(other) = names.into_iter().find(|name| !known.contains(name)) {
        return Err(format!("the theorem for {name} knows no {other}"));
    }
    if name == "sgd" {
        return zinkevich::Zinkevich::of(lr, set.diameter(n), sequence.steepest());
    }
    if !matches!(set, Set::Box { .. }) {
        return Err(format!(
            "the theorem for {name} projects in the norm of √V, which is the Euclidean projection for a box only"
        ));
    }
    match name {
        "adagrad" => adagrad::Adagrad::of(a, lr, set.width(n), n),
        _ => amsgrad::Amsgrad::of(a, lr, set.width(n), n),
    }
}

const ADAM: &str = "theorem 4.1 of Kingma & Ba 2015 is refuted: its proof takes √v̂_t/α_t to never fall, but v̂_t may \
                    fall faster than α_t does (Reddi, Kale & Kumar 2018)";

/// The learning rate with what moves it.
fn rate(a: &Arguments) -> Result<Hyper, CallError> {
    let (base, own) = a.scheduled("lr");
    let moved = own.unwrap_or(a.call("schedule"));
    Ok(Hyper::new(base, schedule(moved, None)?))
}

/// η, if the rate is η/√t.
fn over_root(lr: &Hyper) -> Option<f64> {
    match &lr.schedule {
        Schedule::Noam(noam) if noam.warmup <= 1 => Some(lr.base),
        _ => None,
    }
}

/// η, if the rate never changes.
fn constant(lr: &Hyper) -> Option<f64> {
    matches!(lr.schedule, Schedule::Constant(_)).then_some(lr.base)
}
