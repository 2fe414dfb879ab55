//! The `thalweg` command.

mod args;
mod command;
mod progress;

use std::io::{Write, stderr};
use std::process::ExitCode;

use args::{Args, Command};

fn main() -> ExitCode {
    let ending = match args::parse() {
        Ok(Args { command }) => run(command),
        Err(help_or_error) => return help_or_error,
    };
    match ending {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("thalweg: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// How a command ends: any error prints as one line.
type Ending = Result<(), Box<dyn std::error::Error>>;

fn run(command: Option<Command>) -> Ending {
    match command {
        None => command::compare::lecture(),
        Some(Command::Compare(args)) => command::compare::compare(args),
        Some(Command::Train(args)) => command::compare::train(args),
        Some(Command::Report(args)) => command::report::report(args),
        Some(Command::Trace(args)) => command::trace::trace(args),
        Some(Command::Minimize(args)) => command::minimize::minimize(args),
        Some(Command::Regret(args)) => command::regret::regret(args),
        Some(Command::Schedule(args)) => command::schedule::schedule(args),
        Some(Command::Graph(args)) => command::graph::graph(args),
        Some(Command::List(args)) => command::list::list(args),
        Some(Command::Bench(args)) => command::bench::bench(args),
    }
}

/// A line on stderr. That nobody may be reading it is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

/// Whoever read the output has seen enough, as `head` does: no error.
fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
