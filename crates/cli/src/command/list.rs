//! `thalweg list`: what there is.

use std::io::{self, Write, stdout};

use comfy_table::{CellAlignment, Table, presets};
use thalweg_calls::{Call, Default, Kind, Parameter, Value, Vocabulary, Word};
use thalweg_minimize::{METHODS, SEARCHES};
use thalweg_online::{Deal, SEQUENCES, sequence};
use thalweg_optim::init::INITIALIZERS;
use thalweg_optim::schedule::SCHEDULES;
use thalweg_optim::{bf16, optimizer};
use thalweg_sets::SETS;
use thalweg_surfaces::{PROBLEMS, SURFACES, problem, surface};
use thalweg_train::{OPTIMIZERS, TASKS};

use crate::Ending;
use crate::args::{ListArgs, What};

pub fn list(ListArgs { what, name, memory, formula }: ListArgs) -> Ending {
    let vocabulary: &Vocabulary = match what {
        What::Optimizers => &OPTIMIZERS,
        What::Schedules => &SCHEDULES,
        What::Initializers => &INITIALIZERS,
        What::Surfaces => &SURFACES,
        What::Problems => &PROBLEMS,
        What::Methods => &METHODS,
        What::Searches => &SEARCHES,
        What::Sequences => &SEQUENCES,
        What::Sets => &SETS,
        What::Tasks => &TASKS,
    };
    if (memory.is_some() || formula) && !matches!(what, What::Optimizers) {
        return Err("--memory and --formula are for optimizers: thalweg list optimizers".into());
    }
    let words = match name {
        Some(name) => vec![vocabulary.find(&name)?],
        None => vocabulary.words.to_vec(),
    };
    let mut out = stdout().lock();
    match memory {
        Some(parameters) => write_memory(&mut out, &words, parameters)?,
        None if formula => write_formulas(&mut out, &words)?,
        None => write_words(&mut out, vocabulary, what, &words)?,
    }
    Ok(())
}

fn write_words(
    out: &mut impl Write,
    vocabulary: &Vocabulary,
    what: What,
    words: &[&Word],
) -> io::Result<()> {
    for (i, word) in words.iter().enumerate() {
        let gap = if i == 0 { "" } else { "\n" };
        writeln!(out, "{gap}{}  {}", word.name, word.about)?;
        for line in formula(what, word) {
            writeln!(out, "    {line}")?;
        }
        write_parameters(out, word.parameters)?;
    }
    if words.iter().any(|word| !vocabulary.shared_by(word).is_empty()) {
        let only = match (words, what) {
            ([_], _) => "it",
            (_, What::Methods) => "each of them that goes along a line",
            _ => "each of them with a learning rate",
        };
        writeln!(out, "\n{only} also takes")?;
        write_parameters(out, vocabulary.shared)?;
    }
    Ok(())
}

fn write_parameters(out: &mut impl Write, parameters: &[Parameter]) -> io::Result<()> {
    let width = parameters.iter().map(|p| value(p).chars().count()).max().unwrap_or(0);
    for parameter in parameters {
        writeln!(out, "  {:width$}  {}", value(parameter), parameter.about)?;
    }
    Ok(())
}

/// The formulas by themselves, for people and for LaTeX.
fn write_formulas(out: &mut impl Write, words: &[&Word]) -> io::Result<()> {
    for (i, word) in words.iter().enumerate() {
        let Ok(optimizer) = optimizer::<f64>(&Call::bare(word.name), None) else { continue };
        writeln!(out, "{}{}: {}", if i == 0 { "" } else { "\n" }, word.name, optimizer.chain())?;
        for line in optimizer.formula().lines() {
            writeln!(out, "    {line}")?;
        }
        writeln!(out, "  \\begin{{aligned}}")?;
        for line in optimizer.latex().lines() {
            writeln!(out, "    {line}")?;
        }
        writeln!(out, "  \\end{{aligned}}")?;
    }
    Ok(())
}

/// What each optimizer remembers of one square matrix of so many parameters.
fn write_memory(out: &mut impl Write, words: &[&Word], parameters: u64) -> io::Result<()> {
    let side = (parameters as f64).sqrt();
    let shape = match side as usize {
        side if (side * side) as u64 == parameters => vec![side, side],
        side => vec![side.max(1), (parameters as usize).div_ceil(side.max(1))],
    };
    let count = shape.iter().product::<usize>();
    writeln!(
        out,
        "State for {count} parameters, a matrix of {} × {}, in GB; beside it the parameters and their gradient, {} GB each in f32.",
        shape[0],
        shape[1],
        gigabytes(4 * count as u64)
    )?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "optimizer",
        "f32",
        "slots=bf16",
        "slots=int8",
        "bf16, master f32",
        "bf16, stochastic, slots=bf16",
    ]);
    for word in words {
        let bytes = |arguments: &str| {
            let call = format!("{}({arguments})", word.name).parse::<Call>().ok();
            let optimizer = call.and_then(|call| optimizer::<f32>(&call, None).ok());
            optimizer.map_or("–".to_owned(), |o| gigabytes(o.state_bytes(&shape)))
        };
        let narrow = |arguments: &str| {
            let call = format!("{}({arguments})", word.name).parse::<Call>().ok();
            let optimizer = call.and_then(|call| optimizer::<bf16>(&call, None).ok());
            optimizer.map_or("–".to_owned(), |o| gigabytes(o.state_bytes(&shape)))
        };
        table.add_row([
            word.name.to_owned(),
            bytes(""),
            bytes("slots=bf16"),
            bytes("slots=int8"),
            narrow(""),
            narrow("rounding=stochastic, slots=bf16"),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "{}", table.trim_fmt())
}

/// Bytes as 10⁹ of them.
fn gigabytes(bytes: u64) -> String {
    match bytes as f64 / 1e9 {
        0.0 => "0".to_owned(),
        x if x < 1e-3 => format!("{x:.1e}"),
        x => format!("{x:.3}"),
    }
}

/// What the word stands for, as a formula, where it has one.
fn formula(what: What, word: &Word) -> Vec<String> {
    let bare = Call::bare(word.name);
    let text = match what {
        What::Optimizers => thalweg_train::formula::<f64>(&bare, None).ok(),
        What::Surfaces => surface(&bare).ok().map(|surface| format!("f = {}", surface.formula())),
        What::Problems => problem(&bare).ok().map(|problem| format!("f = {}", problem.formula())),
        What::Sequences => sequence(&bare, &Deal::default()).ok().map(|losses| losses.formula()),
        What::Schedules
        | What::Initializers
        | What::Methods
        | What::Searches
        | What::Sets
        | What::Tasks => None,
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
