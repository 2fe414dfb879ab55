//! The comparison as one page that needs nothing else: no network, no other file, no build.
//!
//! The page's three sources are in `html/`. What stands between `{{` and `}}` in `report.html` is filled
//! in here. All text of events is escaped on its way: as HTML in the page, and in the data so that no
//! `</script>` can end them early.

use serde::Serialize;
use thalweg_events::{Event, Measure};

use crate::curves::{Curves, curves};
use crate::grid::{Cell, Column, columns};
use crate::run::Run;
use crate::summary::{ContenderSummary, TrialEnd, TrialSummary};
use crate::table::{INTERVAL_NOTE, unfinished_note};
use crate::words::escaped;
use crate::{RunError, Summary, csv, words};

/// The page of a run, complete or interrupted.
pub fn html(events: &[Event]) -> Result<String, RunError> {
    Run::of(events).map(|run| html_of_run(&run, &Summary::of_run(&run)))
}

pub(crate) fn html_of_run(run: &Run, summary: &Summary) -> String {
    let started = run.started;
    fill(include_str!("../html/report.html"), |name| match name {
        "css" => include_str!("../html/report.css").to_owned(),
        "js" => include_str!("../html/report.js").to_owned(),
        "data" => data(run),
        "task" => escaped(&started.task),
        "about" => escaped(&started.about),
        "measure" => escaped(&started.measure.name),
        "version" => escaped(&started.version),
        "banner" => banner(summary),
        "facts" => facts(summary),
        "head" => head(&columns(summary)),
        "rows" => rows(summary, &columns(summary)),
        "conclusion" => conclusion(summary),
        "contenders" => {
            summary.results.iter().enumerate().map(|(i, of)| contender(i, of, summary)).collect()
        }
        unknown => unreachable!("report.html asks for {unknown}"),
    })
}

/// What the script draws.
#[derive(Serialize)]
struct Data<'a> {
    task: &'a str,
    cost: &'a str,
    measure: &'a Measure,
    target: Option<f64>,
    curves: Vec<Curves<'a>>,
    csv: String,
}

fn data(run: &Run) -> String {
    let started = run.started;
    let data = Data {
        task: &started.task,
        cost: &started.cost,
        measure: &started.measure,
        target: started.target,
        curves: curves(run),
        csv: csv::csv_of_run(run),
    };
    // In JSON, `<` occurs only in strings, where this is the same character.
    serde_json::to_string(&data).expect("the data have only string keys").replace('<', "\\u003c")
}

fn banner(summary: &Summary) -> String {
    match summary.unfinished() {
        0 => String::new(),
        _ => format!(
            "<p class=\"banner\" role=\"status\">{}</p>",
            escaped(&unfinished_note(summary))
        ),
    }
}

fn facts(summary: &Summary) -> String {
    let fact = |(name, text): (&str, String)| {
        format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escaped(&text))
    };
    words::facts(&summary.run).into_iter().map(fact).collect()
}

fn head(columns: &[Column]) -> String {
    let cell = |Column { head, unit, about, .. }: &Column| {
        format!(
            "<th scope=\"col\"><button type=\"button\" title=\"{}\">{head} <small>{}</small></button></th>",
            escaped(about),
            escaped(unit),
        )
    };
    columns.iter().map(cell).collect()
}

fn rows(summary: &Summary, columns: &[Column]) -> String {
    let row = |(index, result): (usize, &ContenderSummary)| {
        let cells: String =
            columns.iter().map(|column| number(&column.cells[index], column)).collect();
        format!("<tr data-contender=\"{index}\">{}{cells}</tr>\n", name(index, result))
    };
    summary.results.iter().enumerate().map(row).collect()
}

/// The label, and below it the call where it says more.
fn name(index: usize, result: &ContenderSummary) -> String {
    let (label, call) = (&result.contender.label, &result.contender.optimizer);
    let call =
        if call == label { String::new() } else { format!("<code>{}</code>", escaped(call)) };
    format!("<th scope=\"row\"><a href=\"#contender-{index}\">{}</a>{call}</th>", escaped(label))
}

fn number(cell: &Cell, column: &Column) -> String {
    let value = cell.value.map(|value| format!(" data-value=\"{value}\"")).unwrap_or_default();
    let width = |cell: &Cell| cell.half_width.as_ref().map_or(0, String::len);
    // All cells of a column give the half-width the same room, so that the means stand below each other.
    let half_width = match (column.cells.iter().map(width).max(), &cell.half_width) {
        (None | Some(0), _) => String::new(),
        (Some(room), text) => format!(
            " <span class=\"half-width\" style=\"min-width:{}ch\">{}</span>",
            room + 2,
            text.as_ref().map(|text| format!("± {text}")).unwrap_or_default(),
        ),
    };
    let note = cell.note.as_ref().map(|note| format!("<small>{note}</small>")).unwrap_or_default();
    let class = if cell.alarming { " class=\"alarm\"" } else { "" };
    format!("<td{class}{value}>{}{half_width}{note}</td>", cell.text)
}

fn conclusion(summary: &Summary) -> String {
    let comparison = summary.comparison.as_ref();
    let text = comparison.map(|comparison| format!("<p>{}</p>", escaped(&comparison.text)));
    format!("{}<p class=\"note\">{INTERVAL_NOTE}</p>", text.unwrap_or_default())
}

/// What can be unfolded about a contender: its calls, its formula and every seed.
fn contender(index: usize, result: &ContenderSummary, summary: &Summary) -> String {
    let of = &result.contender;
    let seeds: String = result.trials.iter().map(|trial| seed(trial, summary)).collect();
    let target = if summary.run.target.is_some() {
        "<th scope=\"col\">epochs to target</th><th scope=\"col\">seconds to target</th>"
    } else {
        ""
    };
    format!(
        "<details id=\"contender-{index}\" data-contender=\"{index}\"><summary>{}</summary>\n\
         <dl><dt>call</dt><dd><code>{}</code></dd><dt>in full</dt><dd><code>{}</code></dd>\
         <dt>update</dt><dd><pre>{}</pre></dd></dl>\n\
         <div class=\"scroll\"><table class=\"seeds\"><thead><tr><th scope=\"col\">seed</th>\
         <th scope=\"col\">end</th><th scope=\"col\">last test {measure}</th>\
         <th scope=\"col\">best test {measure}</th><th scope=\"col\">last train J</th>{target}\
         <th scope=\"col\">seconds</th><th scope=\"col\">ns/example</th></tr></thead>\n\
         <tbody>{seeds}</tbody></table></div></details>\n",
        escaped(&of.label),
        escaped(&of.optimizer),
        escaped(&of.full),
        escaped(&of.formula),
        measure = escaped(&summary.run.measure.name),
    )
}

fn seed(trial: &TrialSummary, summary: &Summary) -> String {
    let measure = &summary.run.measure;
    let unit = words::measure_unit(measure).map(|unit| format!(" {unit}")).unwrap_or_default();
    let p = |p: Option<f64>| p.map(|p| words::measure(measure, p) + &unit);
    let mut numbers =
        vec![p(trial.final_test), p(trial.best_test), trial.final_train_cost.map(words::number)];
    if summary.run.target.is_some() {
        numbers.push(trial.target_epoch.map(words::count));
        numbers.push(trial.target_seconds.map(words::short));
    }
    numbers.push(trial.seconds.map(words::short));
    numbers.push(trial.nanoseconds_per_example.map(words::short));
    let numbers: String = numbers
        .into_iter()
        .map(|text| format!("<td>{}</td>", text.unwrap_or_else(|| "–".to_owned())))
        .collect();
    let class =
        if matches!(trial.end, TrialEnd::Diverged { .. }) { " class=\"diverged\"" } else { "" };
    format!(
        "<tr{class}><th scope=\"row\">{}</th><td class=\"text\">{}</td>{numbers}</tr>\n",
        trial.seed,
        escaped(&end(trial)),
    )
}

/// How it ended; where steps and evaluations differ, with both.
fn end(trial: &TrialSummary) -> String {
    let end = ending(trial);
    let TrialSummary { steps, failed_searches, .. } = *trial;
    match trial.evaluations {
        Some(evaluations) if evaluations != steps => {
            let (steps, evaluations) = (words::plural(steps, "step"), words::count(evaluations));
            let failed = words::count(failed_searches);
            format!("{end}; {steps} of {evaluations} evaluations, {failed} failed searches")
        }
        _ => end,
    }
}

fn ending(trial: &TrialSummary) -> String {
    match (&trial.end, trial.epoch) {
        (TrialEnd::Finished, _) => "finished".to_owned(),
        (TrialEnd::Diverged { epoch, step, reason }, _) => {
            format!("× diverged in epoch {epoch} at step {step}: {reason}")
        }
        (TrialEnd::Unfinished, Some(epoch)) => format!("unfinished, measured to epoch {epoch}"),
        (TrialEnd::Unfinished, None) => "not begun".to_owned(),
    }
}

/// The template with each `{{name}}` replaced, in one pass: what is filled in is not read again.
pub(crate) fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut pieces = template.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        page.push_str(&value(name));
        page.push_str(rest);
    }
    page
}
