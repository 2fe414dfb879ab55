//! What is seen while a comparison runs: bars in a terminal, plain lines elsewhere, both on stderr.

use std::collections::HashMap;
use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use thalweg_events::{Epoch, Event, Measure, TrialId};
use thalweg_graph::Element;
use thalweg_study::{Experiment, Resolved, RunFolder, Watch};
use thalweg_train::{Progress as Step, Task};

use crate::say;

/// Set by Ctrl-C and by the signals that end a program.
static STOP: AtomicBool = AtomicBool::new(false);

/// Shows how far a comparison is.
pub struct Progress {
    labels: Vec<String>,
    measure: Measure,
    epochs: u64,
    trials: u64,
    /// Characters of labels and of seeds before the bars.
    widths: (usize, usize),
    begun: Instant,
    terminal: bool,
    bars: MultiProgress,
    all: ProgressBar,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: HashMap<TrialId, ProgressBar>,
    /// The last measurement of each trial that is not over.
    measured: HashMap<TrialId, Epoch>,
    over: u64,
}

impl Progress {
    /// Prints what is about to run, and catches Ctrl-C.
    pub fn new<T: Element>(
        experiment: &Experiment,
        resolved: &Resolved,
        folder: &RunFolder,
        task: &dyn Task<T>,
    ) -> Result<Progress, ctrlc::Error> {
        catch_signals()?;
        let description = task.description();
        let (contenders, seeds) = (experiment.contenders.len(), experiment.seeds.len());
        let planned = (contenders * seeds) as u64;
        let over = experiment
            .seeds
            .iter()
            .flat_map(|&seed| (0..contenders).map(move |contender| TrialId { contender, seed }))
            .filter(|trial| folder.is_over(*trial))
            .count() as u64;
        say(&format!("task   {}: {}", description.name, description.about));
        say(&format!("data   {}", description.data));
        say(&format!(
            "run    {} × {}, {} each\n       {}",
            counted(contenders as u64, "optimizer"),
            counted(seeds as u64, "seed"),
            counted(resolved.epochs, "epoch"),
            resolved.batching,
        ));
        say(&format!("into   {}", folder.path().display()));
        if over > 0 {
            say(&format!("       {over} of {} there already", counted(planned, "trial")));
        }
        let terminal = stderr().is_terminal();
        let target =
            if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        let all = bars.add(ProgressBar::new((planned - over).saturating_mul(resolved.epochs)));
        let names = resolved.labels.iter().map(|label| label.chars().count());
        let seed = experiment.seeds.iter().max().map_or(0, |seed| seed.to_string().len());
        let widths = (names.max().unwrap_or(0).min(WIDEST_LABEL), seed);
        all.set_style(style("{prefix} {bar:20} {elapsed} gone, {eta} left, {wide_msg}"));
        all.set_prefix(fitted("all", widths.0 + " seed ".len() + seed));
        all.set_message(format!("{over} of {planned} trials"));
        all.enable_steady_tick(Duration::from_millis(200));
        Ok(Progress {
            labels: resolved.labels.clone(),
            measure: description.measure.clone(),
            epochs: resolved.epochs,
            trials: planned,
            widths,
            begun: Instant::now(),
            terminal,
            bars,
            all,
            state: Mutex::new(State { over, ..State::default() }),
        })
    }

    /// Clears the bars.
    pub fn finish(&self) {
        let _ = self.bars.clear();
        if self.terminal {
            say("");
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it shows progress")
    }

    fn name(&self, trial: TrialId) -> String {
        format!("{}, seed {}", self.labels[trial.contender], trial.seed)
    }

    fn measured(&self, epoch: &Epoch) {
        let before = self.state().measured.insert(epoch.trial, epoch.clone());
        // A trial that is gone on with begins at a later epoch.
        self.all.inc(epoch.epoch - before.map_or(0, |before| before.epoch.min(epoch.epoch)));
    }

    fn over(&self, trial: TrialId, how: &str) {
        let mut state = self.state();
        if let Some(bar) = state.running.remove(&trial) {
            bar.finish_and_clear();
        }
        state.over += 1;
        let skipped = self.epochs - state.measured.get(&trial).map_or(0, |epoch| epoch.epoch);
        self.all.inc(skipped);
        self.all.set_message(format!("{} of {} trials", state.over, self.trials));
        let measured = state.measured.remove(&trial);
        if !self.terminal {
            let result = measured.map_or(String::new(), |epoch| self.result(&epoch));
            let left = self.left();
            let done = format!("{} of {} trials", state.over, self.trials);
            say(&format!("{}: {how}{result}; {done}{left}", self.name(trial)));
        }
    }

    fn result(&self, epoch: &Epoch) -> String {
        let number = |x: Option<f64>| match x {
            None => "not finite".into(),
            Some(x) if x.abs() < 1e6 => format!("{x:.4}"),
            Some(x) => format!("{x:.3e}"),
        };
        let measure = match (epoch.test.measure, self.measure.percent) {
            (Some(p), true) => format!("{:.2} %", 100.0 * p),
            (p, _) => number(p),
        };
        let cost = number(epoch.train.cost);
        format!(", J {cost}, test {} {measure}, {:.1} s", self.measure.name, epoch.seconds)
    }

    /// From the share of epochs done and the time it took.
    fn left(&self) -> String {
        let (done, all) = (self.all.position(), self.all.length().unwrap_or(0));
        match done {
            0 => String::new(),
            _ if done >= all => String::new(),
            _ => {
                let seconds =
                    self.begun.elapsed().as_secs_f64() * (all - done) as f64 / done as f64;
                format!(", about {seconds:.0} s left")
            }
        }
    }
}

impl Watch for Progress {
    fn event(&self, event: &Event) {
        match event {
            Event::Started(_) | Event::OnlineStarted(_) | Event::Regret(_) | Event::GaveUp(_) => {}
            Event::Epoch(epoch) => self.measured(epoch),
            Event::Diverged(end) => self.over(end.trial, &format!("diverged at step {}", end.step)),
            Event::Finished(end) => self.over(end.trial, "finished"),
        }
    }

    fn step(&self, trial: TrialId, step: Step) {
        if !self.terminal {
            return;
        }
        let mut state = self.state();
        let steps = self.epochs.saturating_mul(step.steps_per_epoch);
        let bar = state.running.entry(trial).or_insert_with(|| {
            let bar = self.bars.insert_before(&self.all, ProgressBar::new(steps));
            bar.set_style(style("{prefix} {bar:20} {wide_msg}"));
            let (width, seed) = self.widths;
            let label = fitted(&self.labels[trial.contender], width);
            bar.set_prefix(format!("{label} seed {:seed$}", trial.seed));
            bar
        });
        bar.set_position(step.step);
        let epoch = step.step.div_ceil(step.steps_per_epoch);
        let width = self.epochs.to_string().len();
        bar.set_message(format!("epoch {epoch:width$} of {}, loss {:.4}", self.epochs, step.cost));
    }

    fn should_stop(&self) -> bool {
        should_stop()
    }
}

/// Whether a signal came that ends a program.
pub fn should_stop() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// The first signal stops after the step or the round at hand; a second one ends at once.
pub fn catch_signals() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
}

/// `1 seed`, `3 seeds`.
fn counted(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// Labels are cut here, so that the bars find room beside them.
const WIDEST_LABEL: usize = 32;

/// The text in exactly `width` characters.
fn fitted(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return format!("{text:width$}");
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the templates of this file are well formed")
        .progress_chars("━╸─")
}
