//! The comparison as text for a terminal.

use std::io::IsTerminal;

use comfy_table::{
    Attribute, Cell as TextCell, CellAlignment, Color, ColumnConstraint, ContentArrangement,
    LineStyle, Table, TableStyle, Width, presets,
};

use crate::grid::{Cell, Column, columns};
use crate::summary::{ContenderSummary, TrialEnd, TrialSummary};
use crate::{Summary, words};

/// How a table is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Characters in a line. From about 130 the intervals stand beside the means, below that under them;
    /// below about 80 lines are longer than this.
    pub width: u16,
    /// Whether headings and divergence stand out by escape sequences.
    pub colour: bool,
}

impl Look {
    /// As standard output wants it: its width, and colour unless it is a file, a pipe, or `NO_COLOR` is
    /// set (<https://no-color.org>).
    pub fn stdout() -> Look {
        let terminal = std::io::stdout().is_terminal();
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let width = Table::new().width().filter(|_| terminal).unwrap_or(Look::PLAIN.width);
        Look { width, colour: terminal && !refused }
    }

    /// 120 characters, no colour.
    pub const PLAIN: Look = Look { width: 120, colour: false };
}

/// The facts of the run, the table, and what may be concluded from it.
pub fn table(summary: &Summary, look: Look) -> String {
    let mut parts = vec![heading(summary, look), grid(summary, look)];
    parts.extend(notes(summary).iter().map(|note| paragraph(note, look)));
    parts.join("\n\n") + "\n"
}

fn heading(summary: &Summary, look: Look) -> String {
    let run = &summary.run;
    let mut table = bare_table(look);
    for (name, text) in words::facts(run) {
        table.add_row([TextCell::new(name), TextCell::new(plain(&text))]);
    }
    let title = paragraph(&format!("{}: {}", run.task, run.about), look);
    format!("{title}\n\n{}", trimmed(&table))
}

fn grid(summary: &Summary, look: Look) -> String {
    let columns = columns(summary);
    let beside = Layout::of(&columns, look, false);
    if beside.room >= COMFORTABLE_NAME {
        return drawn(summary, &columns, &beside, look);
    }
    let below = Layout::of(&columns, look, true);
    format!("{}\n\n{}", drawn(summary, &columns, &below, look), calls(summary, look))
}

/// Where there is less room for names and calls, intervals move under the means and calls under the table.
const COMFORTABLE_NAME: u16 = 28;

/// Room for a name that is left even where lines become longer than wanted.
const SHORTEST_NAME: u16 = 9;

/// The numbers as text, and what is left of the width beside them.
struct Layout {
    stacked: bool,
    heads: Vec<String>,
    /// Of each column, one for each contender.
    texts: Vec<Vec<String>>,
    widths: Vec<u16>,
    /// Characters for names and calls.
    room: u16,
}

impl Layout {
    fn of(columns: &[Column], look: Look, stacked: bool) -> Layout {
        let heads: Vec<_> = columns.iter().map(|column| head(column, stacked)).collect();
        let texts: Vec<_> = columns.iter().map(|column| column_texts(column, stacked)).collect();
        let widths: Vec<_> = std::iter::zip(&heads, &texts)
            .map(|(head, texts)| texts.iter().map(|text| width(text)).fold(width(head), u16::max))
            .collect();
        let taken: u16 = widths.iter().map(|width| width + 2 - u16::from(stacked)).sum();
        let room = look.width.saturating_sub(taken + 2);
        Layout { stacked, heads, texts, widths, room }
    }
}

fn drawn(summary: &Summary, columns: &[Column], layout: &Layout, look: Look) -> String {
    let mut table = bare_table(look);
    table.load_style(RULES);
    let heads = layout.heads.iter().map(|head| right(head));
    table.set_header([TextCell::new("optimizer")].into_iter().chain(heads).map(bold(look)));
    for (index, result) in summary.results.iter().enumerate() {
        let numbers = std::iter::zip(columns, &layout.texts).map(|(column, texts)| {
            let cell = right(&texts[index]);
            if column.cells[index].alarming && look.colour { cell.fg(Color::Red) } else { cell }
        });
        table.add_row([TextCell::new(name(result, layout))].into_iter().chain(numbers));
    }
    // Numbers must not break; only names may.
    let padding = if layout.stacked { (1, 0) } else { (1, 1) };
    let mut drawn = table.column_iter_mut();
    if let Some(names) = drawn.next() {
        names.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(SHORTEST_NAME + 2)));
    }
    for (column, width) in std::iter::zip(drawn, &layout.widths) {
        let width = Width::Fixed(width + padding.0 + padding.1);
        column.set_padding(padding).set_constraint(ColumnConstraint::Absolute(width));
    }
    trimmed(&table)
}

/// Lines above, below and under the heading.
const RULES: TableStyle = presets::UTF8_HORIZONTAL_ONLY
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .row_separator(LineStyle::none());

fn head(column: &Column, stacked: bool) -> String {
    let lines = format!("{}\n{}", column.head, column.unit);
    if stacked { lines.replace(' ', "\n").replace('/', "/\n") } else { lines }
}

/// The label, and below it the call where it says more.
fn name(result: &ContenderSummary, layout: &Layout) -> String {
    let contender = &result.contender;
    let label = plain(&contender.label);
    if contender.optimizer == contender.label || layout.stacked {
        return label;
    }
    let call: String = broken(&plain(&contender.optimizer), layout.room - 2)
        .iter()
        .map(|line| format!("\n  {line}"))
        .collect();
    label + &call
}

/// A call in lines of at most `room` characters where it can be, broken after commas and brackets.
fn broken(call: &str, room: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in call.split_inclusive([',', '(']) {
        let line = lines.last_mut().expect("there is a first line");
        if !line.is_empty() && width(line) + width(piece) > room {
            lines.push(piece.trim_start().to_owned());
        } else {
            line.push_str(piece);
        }
    }
    lines
}

/// Characters in the longest line.
fn width(text: &str) -> u16 {
    text.lines().map(|line| line.chars().count() as u16).max().unwrap_or(0)
}

/// The calls, where the table has no room for them.
fn calls(summary: &Summary, look: Look) -> String {
    let mut table = bare_table(look);
    for ContenderSummary { contender, .. } in &summary.results {
        table.add_row([plain(&contender.label), plain(&contender.optimizer)]);
    }
    trimmed(&table)
}

/// The cells of a column, padded so that their ± stand below each other.
fn column_texts(column: &Column, stacked: bool) -> Vec<String> {
    let of_half_width = |cell: &Cell| cell.half_width.as_ref().map_or(0, |text| text.len());
    let widest = column.cells.iter().map(of_half_width).max().unwrap_or(0);
    let text = |cell: &Cell| {
        let half_width = match &cell.half_width {
            Some(text) if stacked => format!("\n± {text}"),
            Some(text) => format!(" ± {text:>widest$}"),
            // The room of " ± " and what follows.
            None if widest > 0 && !stacked => " ".repeat(3 + widest),
            None => String::new(),
        };
        let note = cell.note.as_ref().map(|note| format!("\n{note}")).unwrap_or_default();
        format!("{}{half_width}{note}", cell.text)
    };
    column.cells.iter().map(text).collect()
}

/// What the numbers must not be read without.
fn notes(summary: &Summary) -> Vec<String> {
    let mut notes = Vec::new();
    if summary.unfinished() > 0 {
        notes.push(unfinished_note(summary));
    }
    notes.extend(summary.comparison.as_ref().map(|comparison| comparison.text.clone()));
    notes.push(INTERVAL_NOTE.to_owned());
    for result in &summary.results {
        notes.extend(searches_note(result));
        for trial in &result.trials {
            if let TrialEnd::Diverged { epoch, step, reason } = &trial.end {
                let label = &result.contender.label;
                let seed = trial.seed;
                notes.push(format!(
                    "Diverged: {label}, seed {seed}, in epoch {epoch} at step {step}: {reason}."
                ));
            }
        }
    }
    notes
}

/// How many searches of a contender failed, over all its seeds.
fn searches_note(result: &ContenderSummary) -> Option<String> {
    let sum = |of: fn(&TrialSummary) -> u64| result.trials.iter().map(of).sum::<u64>();
    let failed = Some(sum(|trial| trial.failed_searches)).filter(|failed| *failed > 0)?;
    Some(format!(
        "Searches of {}: {} of {} found nothing lower along their direction.",
        result.contender.label,
        words::count(failed),
        words::count(sum(|trial| trial.steps)),
    ))
}

pub(crate) const INTERVAL_NOTE: &str = "± is the half-width of the 95 % t-interval of the mean over \
    the seeds that finished.";

/// That the run was interrupted, and how much is missing.
pub(crate) fn unfinished_note(summary: &Summary) -> String {
    let planned = summary.results.iter().map(|result| result.seeds.planned).sum();
    format!(
        "This run was interrupted: {} of {} unfinished. They are in no mean.",
        summary.unfinished(),
        words::plural(planned, "trial") + if summary.unfinished() == 1 { " is" } else { " are" },
    )
}

fn bare_table(look: Look) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(look.width);
    if look.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table
}

fn paragraph(text: &str, look: Look) -> String {
    let mut table = bare_table(look);
    table.add_row([plain(text)]);
    trimmed(&table)
}

fn bold(look: Look) -> impl Fn(TextCell) -> TextCell {
    move |cell| if look.colour { cell.add_attribute(Attribute::Bold) } else { cell }
}

fn right(text: &str) -> TextCell {
    TextCell::new(text).set_alignment(CellAlignment::Right)
}

/// Text of an event without control characters, which could steer the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn trimmed(table: &Table) -> String {
    let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
