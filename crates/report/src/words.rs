//! How numbers and facts of a run are written for people, the same in the terminal and on the page.

use thalweg_events::{Measure, Started};

use crate::Estimate;

/// P, in percent where it is a share. The unit is [`measure_unit`].
pub(crate) fn measure(measure: &Measure, p: f64) -> String {
    if measure.percent { format!("{:.2}", 100.0 * p) } else { number(p) }
}

/// The unit of [`measure`], if it has one.
pub(crate) fn measure_unit(measure: &Measure) -> Option<&'static str> {
    measure.percent.then_some("%")
}

/// The mean of P with its interval.
pub(crate) fn measure_estimate(of: &Measure, estimate: &Estimate) -> String {
    with_half_width(estimate, |p| measure(of, p))
}

/// A mean with its interval.
pub(crate) fn with_half_width(estimate: &Estimate, show: impl Fn(f64) -> String) -> String {
    match estimate.half_width {
        Some(half_width) => format!("{} ± {}", show(estimate.mean), show(half_width)),
        None => show(estimate.mean),
    }
}

/// Four decimals, or as many as a number of this size deserves.
pub(crate) fn number(x: f64) -> String {
    match x.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-3..1e6).contains(&size) => format!("{x:.2e}"),
        size if size < 100.0 => format!("{x:.4}"),
        _ => format!("{x:.1}"),
    }
}

/// A duration or a count that was averaged: about three digits.
pub(crate) fn short(x: f64) -> String {
    match x.abs() {
        size if size > 0.0 && size < 1e-3 => format!("{x:.1e}"),
        size if size > 0.0 && size < 0.1 => format!("{x:.4}"),
        size if size < 10.0 => format!("{x:.2}"),
        size if size < 100.0 => format!("{x:.1}"),
        _ => format!("{x:.0}"),
    }
}

/// Thousands set apart by thin spaces: 60 000.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// `1 seed`, `3 seeds`.
pub(crate) fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// What a reader has to know before believing the numbers, as pairs of a heading and a text.
pub(crate) fn facts(run: &Started) -> Vec<(&'static str, String)> {
    let Measure { name, higher_is_better, .. } = &run.measure;
    let direction = if *higher_is_better { "higher is better" } else { "lower is better" };
    let seeds: Vec<_> = run.seeds.iter().map(u64::to_string).collect();
    let mut facts = vec![
        ("J", run.cost.clone()),
        ("P", format!("{name}, {direction}")),
        ("data", run.data.clone()),
        ("model", format!("{}, from {}", plural(run.parameters, "parameter"), run.init)),
        ("batching", run.batching.clone()),
        ("budget", format!("{} of each trial", plural(run.epochs, "epoch"))),
        ("seeds", format!("{}; all contenders share them", seeds.join(", "))),
    ];
    if let Some(target) = run.target {
        let unit = measure_unit(&run.measure).map(|unit| format!(" {unit}")).unwrap_or_default();
        facts.push(("target", format!("test {name} of {}{unit}", measure(&run.measure, target))));
    }
    let tuning = run.tuning.clone().unwrap_or_else(|| "not stated".to_owned());
    facts.push(("tuning", tuning));
    facts
}

/// Text that HTML shows as it is, also inside of an attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        for (x, text) in [
            (0.0, "0"),
            (0.123456, "0.1235"),
            (-2.5, "-2.5000"),
            (31_415.926, "31415.9"),
            (1.5e-5, "1.50e-5"),
            (7e8, "7.00e8"),
        ] {
            assert_eq!(number(x), text);
        }
        assert_eq!([short(1.234), short(12.34), short(1234.4)], ["1.23", "12.3", "1234"]);
        assert_eq!([short(0.0), short(0.0037), short(2.5e-4)], ["0.00", "0.0037", "2.5e-4"]);
        assert_eq!([count(999), count(4096), count(60_000)], ["999", "4096", "60\u{202f}000"]);
        assert_eq!([plural(1, "seed"), plural(0, "seed")], ["1 seed", "0 seeds"]);
    }
}
