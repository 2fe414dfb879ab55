//! `thalweg list`: what there is.

use std::io::{Write, stdout};

use thalweg_calls::{Call, Default, Kind, Parameter, Value, Vocabulary, Word};
use thalweg_optim::init::INITIALIZERS;
use thalweg_optim::schedule::SCHEDULES;
use thalweg_optim::{OPTIMIZERS, optimizer};
use thalweg_surfaces::{SURFACES, surface};
use thalweg_train::TASKS;

use crate::Ending;
use crate::args::{ListArgs, What};

pub fn list(ListArgs { what, name }: ListArgs) -> Ending {
    let vocabulary: &Vocabulary = match what {
        What::Optimizers => &OPTIMIZERS,
        What::Schedules => &SCHEDULES,
        What::Initializers => &INITIALIZERS,
        What::Surfaces => &SURFACES,
        What::Tasks => &TASKS,
    };
    let words = match name {
        Some(name) => vec![vocabulary.find(&name)?],
        None => vocabulary.words.to_vec(),
    };
    let mut out = stdout().lock();
    for (i, word) in words.into_iter().enumerate() {
        let gap = if i == 0 { "" } else { "\n" };
        writeln!(out, "{gap}{}  {}", word.name, word.about)?;
        for line in formula(what, word) {
            writeln!(out, "    {line}")?;
        }
        let width = word.parameters.iter().map(|p| value(p).chars().count()).max().unwrap_or(0);
        for parameter in word.parameters {
            writeln!(out, "  {:width$}  {}", value(parameter), parameter.about)?;
        }
    }
    Ok(())
}

/// What the word stands for, as a formula, where it has one.
fn formula(what: What, word: &Word) -> Vec<String> {
    let bare = Call::bare(word.name);
    let text = match what {
        What::Optimizers => optimizer::<f64>(&bare, None).ok().map(|rule| rule.formula()),
        What::Surfaces => surface(&bare).ok().map(|surface| format!("f = {}", surface.formula())),
        What::Schedules | What::Initializers | What::Tasks => None,
    };
    text.unwrap_or_default().lines().map(str::to_owned).collect()
}

/// `lr=0.1`, or `tau=…` where it has to be given.
fn value(Parameter { name, default, kind, .. }: &Parameter) -> String {
    match default {
        _ if matches!(kind, Kind::List) => format!("{name}, …"),
        Default::Required => format!("{name}=…"),
        Default::Number(x) => format!("{name}={}", Value::Number(*x)),
        Default::Switch(on) => format!("{name}={on}"),
        Default::Word(word) => format!("{name}={word}"),
    }
}
