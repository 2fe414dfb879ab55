//! `thalweg regret`: optimizers against losses that come one at a time, a line for each of them while it goes on.

use std::error::Error;
use std::fs;
use std::io::{self, Write, stdout};
use std::path::Path;

use thalweg_data::Source;
use thalweg_events::{Event, OnlineStarted, read};
use thalweg_report::{OnlineLines, write_online};
use thalweg_study::{Ending as StudyEnding, Online, OnlineExperiment};

use super::runs::{self, BETWEEN_CHECKPOINTS, Out, source};
use crate::Ending;
use crate::args::{Point, RegretArgs};
use crate::progress::{catch_signals, should_stop};

pub fn regret(args: RegretArgs) -> Ending {
    let json = args.json;
    let (experiment, out) = match &args.resume {
        Some(folder) => (recipe(folder)?, Out::of(folder)),
        None => begun(args)?,
    };
    let online = Online::new(&experiment)?;
    let folder = out.open(&experiment.to_toml())?;
    catch_signals()?;
    let mut printer = Printer { json, lines: OnlineLines::default(), out: stdout().lock() };
    let mut gave_up = 0;
    let ending =
        thalweg_study::regret(online, &folder, BETWEEN_CHECKPOINTS, &should_stop, |event| {
            gave_up += usize::from(matches!(event, Event::GaveUp(_)));
            Ok::<_, Box<dyn Error>>(printer.print(event)?)
        })?;
    printer.end(folder.path())?;
    match (ending, gave_up) {
        (StudyEnding::Stopped, _) => runs::stopped(&folder, "regret"),
        (StudyEnding::Complete, 0) => Ok(()),
        (StudyEnding::Complete, _) => Err("not all optimizers came to the last round, as the lines with × say; lower the learning rate".into()),
    }
}

/// What the command line says, and where it goes.
fn begun(args: RegretArgs) -> Result<(OnlineExperiment, Out), Box<dyn Error>> {
    let RegretArgs { sequence, optimizers, rounds, seed, start, data, out, .. } = args;
    let sequence = sequence.ok_or("name a sequence with --sequence")?;
    let out = Out::new(out, &format!("regret-{}", sequence.name));
    let source = data.map_or(Ok(Source::Search), |data| source(&data))?;
    let start = start.map(|Point(start)| start);
    Ok((OnlineExperiment { sequence, optimizers, rounds, seed, start, source }, out))
}

/// What the run in `folder` is.
fn recipe(folder: &Path) -> Result<OnlineExperiment, Box<dyn Error>> {
    let path = runs::recipe(folder, "regret")?;
    let told = |error: &dyn std::fmt::Display| format!("{}, {error}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| told(&error))?;
    Ok(OnlineExperiment::from_toml(&text).map_err(|error| told(&error))?)
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
