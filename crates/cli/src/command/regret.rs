//! `thalweg regret`: optimizers against losses that come one at a time, a line for each of them while it goes on.

use std::error::Error;
use std::io::{self, Write, stdout};
use std::path::Path;

use thalweg_data::Source;
use thalweg_events::{Event, OnlineStarted, read};
use thalweg_report::{OnlineLines, write_online};
use thalweg_study::{Online, OnlineExperiment, RunFolder};

use crate::Ending;
use crate::args::{Point, RegretArgs};

pub fn regret(args: RegretArgs) -> Ending {
    let RegretArgs { sequence, optimizers, rounds, seed, start, data, out, json } = args;
    let source = match data {
        Some(embedded) if embedded == Path::new("embedded") => Source::Embedded,
        Some(path) => Source::Path(std::path::absolute(path)?),
        None => Source::Search,
    };
    let name = format!("regret-{}", sequence.name);
    let start = start.map(|Point(start)| start);
    let experiment = OnlineExperiment { sequence, optimizers, rounds, seed, start, source };
    let online = Online::new(&experiment)?;
    let toml = experiment.to_toml();
    let folder = match out {
        Some(path) => RunFolder::open(&path, &toml)?,
        None => RunFolder::create(Path::new("runs"), &name, &toml)?,
    };
    if folder.has_begun() {
        let path = folder.path().display();
        return Err(
            format!("{path} holds this run already: see it with thalweg report {path}, or choose another folder with --out").into()
        );
    }
    let mut log = folder.log()?;
    let mut printer = Printer { json, lines: OnlineLines::default(), out: stdout().lock() };
    let mut gave_up = 0;
    online.play(|event| {
        gave_up += usize::from(matches!(event, Event::GaveUp(_)));
        log.write(event)?;
        printer.print(event)
    })?;
    printer.end(folder.path())?;
    match gave_up {
        0 => Ok(()),
        _ => Err("not all optimizers came to the last round, as the lines with × say; lower the learning rate".into()),
    }
}

/// Whether the run in a folder is one of these.
pub fn is_online(folder: &Path) -> Result<bool, Box<dyn Error>> {
    let events = read(&folder.join("events.jsonl"))?;
    Ok(events.iter().any(|event| matches!(event, Event::OnlineStarted(OnlineStarted { .. }))))
}

/// The lines of a run again, and its page.
pub fn show(folder: &Path, json: bool) -> Ending {
    let mut printer = Printer { json, lines: OnlineLines::default(), out: stdout().lock() };
    for event in read(&folder.join("events.jsonl"))? {
        printer.print(&event)?;
    }
    printer.end(folder)
}

struct Printer<W> {
    json: bool,
    lines: OnlineLines,
    out: W,
}

impl<W: Write> Printer<W> {
    /// Written at once: whoever watches sees each round when it is played.
    fn print(&mut self, event: &Event) -> io::Result<()> {
        if self.json {
            writeln!(self.out, "{}", serde_json::to_string(event)?)?;
        } else {
            self.out.write_all(self.lines.line(event).as_bytes())?;
        }
        self.out.flush()
    }

    fn end(mut self, folder: &Path) -> Ending {
        let written = write_online(folder)?;
        if let (false, Some(written)) = (self.json, written) {
            write!(self.out, "{}", self.lines.end())?;
            writeln!(self.out, "report      {}", written.html.display())?;
        }
        Ok(())
    }
}
