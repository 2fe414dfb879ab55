//! The page: what was played, who stands where, both plots, and what theory says of each player.

use thalweg_events::Regret;

use super::plot::{Curve, plot};
use super::{OnlineRun, banner, cells, facts, growth, names, residual, theory};
use crate::html::fill;
use crate::words::escaped;

pub(crate) fn html_of_online(run: &OnlineRun) -> String {
    let started = run.started;
    fill(include_str!("../../html/regret.html"), |name| match name {
        "css" => include_str!("../../html/report.css").to_owned(),
        "sequence" => escaped(&started.sequence),
        "formula" => escaped(&started.formula),
        "version" => escaped(&started.version),
        "banner" => banner(run.unfinished())
            .map(|text| format!("<p class=\"banner\" role=\"status\">{}</p>", escaped(&text)))
            .unwrap_or_default(),
        "facts" => facts(started)
            .iter()
            .map(|(heading, text)| {
                format!("<div><dt>{heading}</dt><dd>{}</dd></div>\n", escaped(text))
            })
            .collect(),
        "head" => ["rounds", "R(t)", "bound", "R/bound", "R/t", "R/√t", "best fixed"]
            .iter()
            .map(|head| format!("<th scope=\"col\">{head}</th>"))
            .collect(),
        "rows" => rows(run),
        "residual" => format!("<p class=\"note\">{}</p>", escaped(&residual(run.residual()))),
        "regret" => plot(&curves(run, |_, value| value), "R(t) over t"),
        "root" => plot(&curves(run, |t, value| value / t.sqrt()), "R(t) over the root of t"),
        "players" => players(run),
        unknown => unreachable!("regret.html asks for {unknown}"),
    })
}

fn rows(run: &OnlineRun) -> String {
    let row = |(name, rows): (&String, &Vec<&Regret>)| match rows.last() {
        Some(last) => {
            let cells: String = cells(last).iter().map(|cell| format!("<td>{cell}</td>")).collect();
            format!("<tr><th scope=\"row\">{}</th><td>{}</td>{cells}</tr>\n", escaped(name), last.t)
        }
        None => format!("<tr><th scope=\"row\">{}</th><td>0</td></tr>\n", escaped(name)),
    };
    names(&run.started.players).iter().zip(&run.players).map(row).collect()
}

/// R and its bound for each player, then what grows with √t whoever plays.
fn curves(run: &OnlineRun, of: impl Fn(f64, f64) -> f64) -> Vec<Curve> {
    let started = run.started;
    let mut curves = Vec::new();
    for (colour, (name, rows)) in names(&started.players).into_iter().zip(&run.players).enumerate()
    {
        let points = |value: &dyn Fn(&Regret) -> Option<f64>| -> Vec<(f64, f64)> {
            let point = |row: &&Regret| Some((row.t as f64, of(row.t as f64, value(row)?)));
            rows.iter().filter_map(point).collect()
        };
        let (regret, bound) = (points(&|row| Some(row.regret)), points(&|row| row.bound));
        curves.push(Curve { name: name.clone(), colour, dashed: false, points: regret });
        curves.push(Curve {
            name: format!("bound of {name}"),
            colour,
            dashed: true,
            points: bound,
        });
    }
    let ends = [1.0, started.rounds as f64];
    for (i, growth) in started.growths.iter().enumerate() {
        let points = ends.map(|t| (t, of(t, growth.factor * t.sqrt()))).to_vec();
        let colour = started.players.len() + i;
        curves.push(Curve { name: growth.name.clone(), colour, dashed: true, points });
    }
    curves
}

fn players(run: &OnlineRun) -> String {
    let mut text = String::new();
    for (i, (name, player)) in
        names(&run.started.players).iter().zip(&run.started.players).enumerate()
    {
        let end = run.gave_up.get(&i).map(|end| {
            format!(
                "<p class=\"banner\">Gave up after round {}: {}</p>",
                end.t,
                escaped(&end.reason)
            )
        });
        text += &format!(
            "<details open><summary>{}</summary>\n<dl><dt>call</dt><dd><code>{}</code></dd><dt>theory</dt><dd>{}</dd></dl>\n<pre>{}</pre>{}</details>\n",
            escaped(name),
            escaped(&player.optimizer),
            escaped(&theory(&player.theory)),
            escaped(&player.formula),
            end.unwrap_or_default()
        );
    }
    let growths = run.started.growths.iter();
    text + &growths
        .map(|of| format!("<p class=\"note\">{}</p>", escaped(&growth(of))))
        .collect::<String>()
}
