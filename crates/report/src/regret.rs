//! A run of online losses for people: lines while it goes on, rows for other programs, and a page.

mod page;
mod plot;

use std::collections::{BTreeMap, BTreeSet};

use thalweg_events::{Event, GaveUp, Growth, OnlineStarted, Player, Regret, Theory};

use crate::words::{count, number, plural};

pub(crate) use self::page::html_of_online;

/// A run of online losses, player by player.
pub(crate) struct OnlineRun<'a> {
    pub started: &'a OnlineStarted,
    /// For each player its measurements by round.
    pub players: Vec<Vec<&'a Regret>>,
    pub gave_up: BTreeMap<usize, &'a GaveUp>,
}

impl<'a> OnlineRun<'a> {
    /// `None` if the events are those of another kind of run.
    pub fn of(events: &'a [Event]) -> Option<OnlineRun<'a>> {
        let started = events.iter().find_map(|event| match event {
            Event::OnlineStarted(started) => Some(started),
            _ => None,
        })?;
        let mut run = OnlineRun {
            started,
            players: vec![Vec::new(); started.players.len()],
            gave_up: BTreeMap::new(),
        };
        for event in events {
            match event {
                Event::Regret(regret) => {
                    if let Some(rows) = run.players.get_mut(regret.player) {
                        rows.push(regret);
                    }
                }
                Event::GaveUp(end) => {
                    run.gave_up.insert(end.player, end);
                }
                _ => {}
            }
        }
        Some(run)
    }

    /// How many players have not come to the last round, and did not give up either.
    pub fn unfinished(&self) -> usize {
        let ends = self.players.iter().map(|rows| rows.last().is_some_and(|row| self.is_last(row)));
        ends.enumerate().filter(|(i, ended)| !ended && !self.gave_up.contains_key(i)).count()
    }

    fn is_last(&self, row: &Regret) -> bool {
        row.t == self.started.rounds
    }

    /// The largest optimality residual of a best fixed point, as a share of max(1, its losses).
    pub fn residual(&self) -> f64 {
        let rows = self.players.iter().flatten();
        rows.map(|row| row.gap / row.best.abs().max(1.0)).fold(0.0, f64::max)
    }
}

/// Writes the events of online losses as lines of a table, one by one.
#[derive(Debug, Default)]
pub struct OnlineLines {
    rounds: u64,
    names: Vec<String>,
    width: usize,
    residual: f64,
    /// Who came to the last round, or gave up.
    over: BTreeSet<usize>,
}

impl OnlineLines {
    /// What an event adds to the table, with its line ends; nothing for rounds that are not of the series 1, 2, 5,
    /// 10, … nor the last one.
    ///
    /// ```
    /// use thalweg_events::{Event, Regret};
    /// use thalweg_report::OnlineLines;
    ///
    /// let regret = Regret { player: 0, t: 30, lost: 4.0, best: -2.0, gap: 0.0, regret: 6.0, bound: None };
    /// let mut lines = OnlineLines::default();
    /// assert_eq!(lines.line(&Event::Regret(regret)), "");
    /// assert!(lines.line(&Event::Regret(Regret { t: 50, ..regret })).contains("6.0000"));
    /// ```
    pub fn line(&mut self, event: &Event) -> String {
        match event {
            Event::OnlineStarted(started) => self.begin(started),
            Event::Regret(regret) => {
                if regret.t == self.rounds {
                    self.over.insert(regret.player);
                }
                self.residual = self.residual.max(regret.gap / regret.best.abs().max(1.0));
                match is_of_series(regret.t) || regret.t == self.rounds {
                    true => self.row(regret),
                    false => String::new(),
                }
            }
            Event::GaveUp(GaveUp { player, reason, .. }) => {
                self.over.insert(*player);
                format!("{:>10}  {}: {reason}\n", "×", self.name(*player))
            }
            _ => String::new(),
        }
    }

    /// The last lines: how good the best fixed points are, and whether anybody is not at the last round.
    pub fn end(&self) -> String {
        let unfinished = (0..self.names.len()).filter(|player| !self.over.contains(player));
        let banner = banner(unfinished.count());
        let banner = banner.map(|text| text + "\n").unwrap_or_default();
        format!("\n{}\n{banner}", residual(self.residual))
    }

    fn name(&self, player: usize) -> &str {
        self.names.get(player).map_or("", |name| name)
    }

    fn begin(&mut self, started: &OnlineStarted) -> String {
        self.rounds = started.rounds;
        self.names = names(&started.players);
        self.width = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let mut text = format!("{}: {}\n", started.sequence, started.formula);
        for (heading, fact) in facts(started) {
            text += &format!("{heading:10}  {fact}\n");
        }
        for (name, player) in self.names.iter().zip(&started.players) {
            text += &format!(
                "{name:10}  {}\n{:10}  {}\n",
                player.optimizer,
                "",
                theory(&player.theory)
            );
        }
        let heads = ["R(t)", "bound", "R/bound", "R/t", "R/√t", "best fixed"];
        let heads: String = heads.iter().map(|head| format!("  {head:>11}")).collect();
        text + &format!("\n{:>10}  {:width$}{heads}\n", "t", "optimizer", width = self.width.max(9))
    }

    fn row(&self, row: &Regret) -> String {
        let width = self.width.max(9);
        let cells: String = cells(row).iter().map(|cell| format!("  {cell:>11}")).collect();
        format!("{:>10}  {:width$}{cells}\n", row.t, self.name(row.player))
    }
}

/// R(t), its bound, both ways to divide, and what the best fixed point loses.
fn cells(row: &Regret) -> [String; 6] {
    let Regret { t, best, regret, bound, .. } = *row;
    let none = || "–".to_owned();
    let t = t as f64;
    [
        number(regret),
        bound.map_or_else(none, number),
        bound.map_or_else(none, |bound| number(regret / bound)),
        number(regret / t),
        number(regret / t.sqrt()),
        number(best),
    ]
}

/// Whether it is 1, 2 or 5 times a power of ten.
fn is_of_series(t: u64) -> bool {
    let text = t.to_string();
    "125".contains(&text[..1]) && text[1..].bytes().all(|digit| digit == b'0')
}

/// The words of the optimizers, numbered where two have the same.
fn names(players: &[Player]) -> Vec<String> {
    let word = |player: &Player| player.optimizer.split('(').next().unwrap_or("").to_owned();
    let words: Vec<String> = players.iter().map(word).collect();
    let name = |(i, word): (usize, &String)| match words.iter().filter(|w| *w == word).count() {
        1 => word.clone(),
        _ => format!("{word} {}", words[..=i].iter().filter(|w| *w == word).count()),
    };
    words.iter().enumerate().map(name).collect()
}

fn theory(theory: &Theory) -> String {
    match theory {
        Theory::Bound { theorem, formula } => format!("R(T) ≤ {formula}  ({theorem})"),
        Theory::None(reason) => format!("no bound: {reason}"),
    }
}

fn growth(Growth { name, formula, factor }: &Growth) -> String {
    format!("{name}: {formula} = {}·√T", number(*factor))
}

/// What has to be known of a run, as pairs of a heading and a text.
fn facts(started: &OnlineStarted) -> Vec<(&'static str, String)> {
    let OnlineStarted { dimension, diameter, width, steepest, .. } = started;
    let numbers = [("D", diameter), ("D∞", width), ("G", steepest)]
        .map(|(name, x)| format!("{name} = {}", number(*x)));
    let mut facts = vec![
        ("set", format!("{}, n = {dimension}, {}", started.set, numbers.join(", "))),
        ("rounds", format!("{}, seed {}", count(started.rounds), started.seed)),
    ];
    facts.extend(started.data.iter().map(|data| ("data", data.clone())));
    facts.extend(started.growths.iter().map(|of| ("expected", growth(of))));
    facts
}

fn residual(residual: f64) -> String {
    match residual {
        0.0 => "The best fixed points are known in closed form.".to_owned(),
        gap => format!(
            "No fixed point has losses that are lower than those of the best one found by more than {gap:.0e} of \
             them (the Frank-Wolfe gap)."
        ),
    }
}

fn banner(unfinished: usize) -> Option<String> {
    let unfinished = unfinished as u64;
    (unfinished > 0).then(|| {
        format!("The run was interrupted: {} did not finish.", plural(unfinished, "player"))
    })
}

/// Every measurement as CSV, a row for each player and round.
pub(crate) fn csv_of_online(run: &OnlineRun) -> String {
    let mut text = "optimizer,t,lost,best,gap,regret,bound\n".to_owned();
    for (player, rows) in run.started.players.iter().zip(&run.players) {
        let call = player.optimizer.replace('"', "\"\"");
        for Regret { t, lost, best, gap, regret, bound, .. } in rows.iter().copied() {
            let bound = bound.map(|bound| format!("{bound:?}")).unwrap_or_default();
            text += &format!("\"{call}\",{t},{lost:?},{best:?},{gap:?},{regret:?},{bound}\n");
        }
    }
    text
}
