//! What the report says about made-up runs whose numbers were computed apart with SciPy 1.17.1.

mod fixture;

use fixture::{diverged, finished, measured, started, two_contenders};
use serde_json::Value;
use thalweg_events::{Event, Measure, Started};
use thalweg_report::{
    Estimate, Look, ReportError, RunError, Seeds, Summary, TrialEnd, Verdict, csv, html, table,
    write,
};

fn near(got: Option<Estimate>, mean: f64, half_width: f64, n: u64) {
    let got = got.unwrap();
    assert_eq!(got.n, n);
    assert!((got.mean - mean).abs() < 1e-12, "{got:?}, expected {mean}");
    assert!(
        (got.half_width.unwrap() - half_width).abs() < 1e-12,
        "{got:?}, expected ± {half_width}"
    );
}

fn run_of(started: Started, trials: &[(usize, u64, f64)]) -> Vec<Event> {
    let mut events = vec![Event::Started(started)];
    for &(contender, seed, last) in trials {
        events.extend(measured(contender, seed, &[(2.3, 0.1), (0.5, 0.5), (0.4, last)]));
        events.push(finished(contender, seed, 3.0));
    }
    events
}

// ------------------------------------------------------------------------------------- the numbers

/// Half-widths are `scipy.stats.t.ppf(0.975, n - 1) * std(ddof=1) / sqrt(n)` of the values in
/// `two_contenders`.
#[test]
fn means_and_intervals_agree_with_scipy() {
    let summary = Summary::of(&two_contenders()).unwrap();
    let [calm, wild] = &summary.results[..] else { panic!("two contenders") };
    near(calm.final_test, 0.916_666_666_666_666_6, 0.037_945_830_335_967_64, 3);
    near(calm.best_test, 0.926_666_666_666_666_7, 0.037_945_830_335_967_51, 3);
    near(calm.final_train_cost, 0.25, 0.124_206_885_587_516_48, 3);
    // The seed that diverged is in no mean, though its P was the best of all.
    near(wild.final_test, 0.9, 0.254_124_094_723_494_07, 2);
    near(wild.best_test, 0.9, 0.254_124_094_723_494_07, 2);
    near(wild.final_train_cost, 0.375, 0.317_655_118_404_367_66, 2);
    assert_eq!(calm.nanoseconds_per_example, Some(3e6), "the median of 2, 4 and 3 seconds");
    assert_eq!(wild.nanoseconds_per_example, Some(5e6));
}

#[test]
fn a_diverged_seed_is_counted_and_shown() {
    let summary = Summary::of(&two_contenders()).unwrap();
    let wild = &summary.results[1];
    assert_eq!(wild.seeds, Seeds { planned: 3, finished: 2, diverged: 1, unfinished: 0 });
    let last = &wild.trials[2];
    assert_eq!((last.seed, last.epoch, last.final_test), (9, Some(1), Some(0.95)));
    let reason = "the loss is NaN".to_owned();
    assert_eq!(last.end, TrialEnd::Diverged { epoch: 2, step: 17, reason });
    let text = table(&summary, Look::PLAIN);
    assert!(text.contains("Diverged: wild, seed 9, in epoch 2 at step 17: the loss is NaN."));
    let page = html(&two_contenders()).unwrap();
    assert!(page.contains("× diverged in epoch 2 at step 17: the loss is NaN"));
}

#[test]
fn the_target_is_reached_at_the_end_of_an_epoch() {
    let summary = Summary::of(&two_contenders()).unwrap();
    // All seeds of calm reach 0.90 in epoch 1. Of wild, seed 1 never does, seed 5 does in epoch 2, and
    // seed 9 did in epoch 1, before it diverged.
    let calm = summary.results[0].target.unwrap();
    assert_eq!((calm.reached, calm.of), (3, 3));
    near(calm.epochs, 1.0, 0.0, 3);
    near(calm.seconds, 1.5, 0.0, 3);
    let wild = summary.results[1].target.unwrap();
    assert_eq!((wild.reached, wild.of), (2, 3));
    assert_eq!(wild.epochs.unwrap().mean, 1.5);
    assert_eq!(wild.seconds.unwrap().mean, 2.25);
}

#[test]
fn the_target_is_reached_from_above_where_lower_is_better() {
    let mut run = started(&["a", "b"], &[1]);
    run.measure = Measure { name: "loss".into(), higher_is_better: false, percent: false };
    run.target = Some(0.5);
    let summary = Summary::of(&run_of(run, &[(0, 1, 0.7), (1, 1, 0.6)])).unwrap();
    // Epoch 0 has 0.1 here, which is below the target from the start.
    assert_eq!(summary.results[0].trials[0].target_epoch, Some(0));
    assert_eq!(summary.results[0].trials[0].best_test, Some(0.1));
    let comparison = summary.comparison.unwrap();
    assert_eq!(comparison.best, 1);
    assert!(comparison.text.starts_with("Lowest mean final test loss: b (0.6000)."));
}

// ---------------------------------------------------------------------------------- the comparison

/// `scipy.stats.ttest_rel` of the three pairs: 0.03 in [0.0275158623, 0.0324841377].
#[test]
fn a_difference_on_every_seed_is_found_where_the_intervals_overlap() {
    let trials =
        [(0, 1, 0.90), (0, 5, 0.93), (0, 9, 0.92), (1, 1, 0.87), (1, 5, 0.901), (1, 9, 0.889)];
    let summary = Summary::of(&run_of(started(&["a", "b"], &[1, 5, 9]), &trials)).unwrap();
    let [a, b] = [0, 1].map(|index: usize| summary.results[index].final_test.unwrap());
    assert!(a.mean - a.half_width.unwrap() < b.mean + b.half_width.unwrap(), "they overlap");
    let comparison = summary.comparison.unwrap();
    assert_eq!((comparison.best, comparison.others[0].verdict), (0, Verdict::Distinguishable));
    near(comparison.others[0].difference, 0.03, 0.002_484_137_711_750_3, 3);
    assert!(comparison.text.contains("All others are distinguishable from it at 95 %."));
}

/// `scipy.stats.ttest_rel([.9, .93], [.88, .92])`: 0.015 in [-0.0485310237, 0.0785310237].
#[test]
fn a_difference_within_its_interval_names_no_winner() {
    let comparison = Summary::of(&two_contenders()).unwrap().comparison.unwrap();
    assert_eq!((comparison.best, comparison.others[0].verdict), (0, Verdict::NotDistinguishable));
    near(comparison.others[0].difference, 0.015, 0.063_531_023_680_873_5, 2);
    assert!(comparison.text.starts_with(
        "Highest mean final test accuracy: calm (91.67 ± 3.79 %). Not distinguishable from it at 95 %: \
         wild."
    ));
}

#[test]
fn equal_contenders_are_not_told_apart() {
    let trials = [(0, 1, 0.9), (0, 5, 0.8), (1, 1, 0.9), (1, 5, 0.8)];
    let summary = Summary::of(&run_of(started(&["a", "b"], &[1, 5]), &trials)).unwrap();
    let comparison = summary.comparison.unwrap();
    assert_eq!((comparison.best, comparison.others[0].verdict), (0, Verdict::NotDistinguishable));
}

/// Seeds that change nothing, and those whose differences are equal but for rounding, say nothing of chance.
#[test]
fn the_same_difference_on_every_seed_names_no_winner() {
    for trials in [
        [(0, 1, 0.9), (0, 5, 0.9), (0, 9, 0.9), (1, 1, 0.7), (1, 5, 0.7), (1, 9, 0.7)],
        [(0, 1, 0.90), (0, 5, 0.93), (0, 9, 0.91), (1, 1, 0.87), (1, 5, 0.90), (1, 9, 0.88)],
    ] {
        let summary = Summary::of(&run_of(started(&["a", "b"], &[1, 5, 9]), &trials)).unwrap();
        let comparison = summary.comparison.unwrap();
        assert_eq!((comparison.best, comparison.others[0].verdict), (0, Verdict::SeedsAlike));
        let told = "Not compared with it, since every seed gives the same difference";
        assert!(comparison.text.contains(told), "{}", comparison.text);
        assert!(!comparison.text.contains("95 %: b"), "{}", comparison.text);
    }
}

#[test]
fn the_best_mean_says_how_many_of_its_seeds_are_behind_it() {
    let mut events =
        run_of(started(&["a", "b"], &[1, 5]), &[(0, 1, 0.9), (1, 1, 0.8), (1, 5, 0.8)]);
    events.push(diverged(0, 5));
    let comparison = Summary::of(&events).unwrap().comparison.unwrap();
    assert_eq!(comparison.others[0].verdict, Verdict::TooFewSeeds);
    assert!(comparison.text.contains("a (90.00 %, 1 of 2 seeds diverged)"), "{}", comparison.text);
}

#[test]
fn one_seed_has_no_interval_and_tells_nothing_apart() {
    let summary =
        Summary::of(&run_of(started(&["a", "b"], &[1]), &[(0, 1, 0.9), (1, 1, 0.8)])).unwrap();
    let final_test = summary.results[0].final_test.unwrap();
    assert_eq!((final_test.mean, final_test.half_width, final_test.n), (0.9, None, 1));
    let text = summary.comparison.as_ref().unwrap().text.as_str();
    assert_eq!(
        text,
        "Highest mean final test accuracy: a (90.00 %). Not compared with it, for want of two seeds \
         that both finished: b."
    );
    assert!(!table(&summary, Look::PLAIN).contains("90.00 ±"));
}

// ------------------------------------------------------------------------- runs that are not whole

#[test]
fn an_interrupted_run_counts_what_is_missing() {
    let events = two_contenders();
    // The last one is an epoch of calm with its third seed; wild has not begun.
    let summary = Summary::of(&events[..11]).unwrap();
    let [calm, wild] = &summary.results[..] else { panic!("two contenders") };
    assert_eq!(calm.seeds, Seeds { planned: 3, finished: 2, diverged: 0, unfinished: 1 });
    assert_eq!(wild.seeds, Seeds { planned: 3, finished: 0, diverged: 0, unfinished: 3 });
    assert_eq!(calm.final_test.unwrap().n, 2);
    assert_eq!((wild.final_test, wild.nanoseconds_per_example), (None, None));
    assert_eq!((calm.target.unwrap().reached, calm.target.unwrap().of), (2, 2));
    let note = "This run was interrupted: 4 of 6 trials are unfinished. They are in no mean.";
    assert!(table(&summary, Look::PLAIN).contains(note));
    let page = html(&events[..11]).unwrap();
    assert!(page.contains(note));
    assert!(page.contains("unfinished, measured to epoch 1") && page.contains("not begun"));
    assert!(!html(&two_contenders()).unwrap().contains("interrupted:"));
}

#[test]
fn a_resumed_trial_counts_what_it_wrote_last() {
    let mut events = vec![Event::Started(started(&["a"], &[1]))];
    events.extend(measured(0, 1, &[(2.3, 0.1), (0.5, 0.99), (0.4, 0.98)]));
    events.extend(measured(0, 1, &[(2.3, 0.1), (0.5, 0.6), (0.4, 0.7)]).split_off(1));
    events.push(finished(0, 1, 3.0));
    let summary = Summary::of(&events).unwrap();
    assert_eq!(summary.results[0].trials[0].best_test, Some(0.7));
    assert_eq!(csv(&events).unwrap().lines().count(), 1 + 3);
}

#[test]
fn a_run_that_only_began_has_a_report() {
    let events = [Event::Started(started(&["a", "b"], &[1, 2]))];
    let summary = Summary::of(&events).unwrap();
    assert_eq!((summary.unfinished(), summary.comparison.clone()), (4, None));
    assert!(table(&summary, Look::PLAIN).contains("4 of 4 trials are unfinished"));
    assert!(html(&events).unwrap().contains("4 of 4 trials are unfinished"));
    assert_eq!(csv(&events).unwrap().lines().count(), 1);
}

#[test]
fn a_run_where_everything_diverged_has_a_report() {
    let mut events = vec![Event::Started(started(&["a", "b"], &[1]))];
    for contender in [0, 1] {
        events.extend(measured(contender, 1, &[(2.3, 0.1), (f64::NAN, 0.1)]));
        events.push(diverged(contender, 1));
    }
    let summary = Summary::of(&events).unwrap();
    assert_eq!((summary.unfinished(), summary.comparison.clone()), (0, None));
    assert_eq!(summary.results[0].trials[0].final_train_cost, None);
    assert_eq!(table(&summary, Look::PLAIN).matches("Diverged: ").count(), 2);
    assert_eq!(html(&events).unwrap().matches("× diverged in epoch 2").count(), 2);
}

#[test]
fn a_run_without_a_target_does_not_mention_one() {
    let mut run = started(&["a"], &[1]);
    run.target = None;
    let events = run_of(run, &[(0, 1, 0.9)]);
    let summary = Summary::of(&events).unwrap();
    assert_eq!(summary.results[0].target, None);
    assert!(!table(&summary, Look::PLAIN).contains("target"));
    assert!(!html(&events).unwrap().contains(">to target"));
}

#[test]
fn events_that_do_not_belong_together_are_an_error() {
    let run = || Event::Started(started(&["a"], &[1]));
    assert_eq!(Summary::of(&[]), Err(RunError::NotStarted));
    assert_eq!(Summary::of(&[run(), run()]).unwrap(), Summary::of(&[run()]).unwrap());
    let other = Event::Started(started(&["b"], &[1]));
    assert_eq!(Summary::of(&[run(), other]), Err(RunError::StartedTwice { number: 2 }));
    for (contender, seed) in [(1, 1), (0, 7)] {
        assert_eq!(
            Summary::of(&[run(), finished(contender, seed, 1.0)]),
            Err(RunError::UnknownTrial { number: 2, contender, seed })
        );
    }
}

// --------------------------------------------------------------------------------- what is written

/// What the page's script reads.
fn data(page: &str) -> Value {
    let begin = "<script type=\"application/json\" id=\"data\">";
    let (_, rest) = page.split_once(begin).unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn table_page_and_json_hold_the_same_numbers() {
    let events = two_contenders();
    let summary = Summary::of(&events).unwrap();
    let json = serde_json::to_value(&summary).unwrap();
    let page = html(&events).unwrap();
    let curves = &data(&page)["curves"];
    let text = table(&summary, Look { width: 160, ..Look::PLAIN });
    for (index, shown) in [(0, "91.67 ±  3.79"), (1, "90.00 ± 25.41")] {
        let estimate = &json["results"][index]["final_test"];
        assert_eq!(estimate["mean"], summary.results[index].final_test.unwrap().mean);
        // Percent, rounded, in the terminal.
        let [mean, half_width] =
            ["mean", "half_width"].map(|key| 100.0 * estimate[key].as_f64().unwrap());
        assert_eq!(format!("{mean:.2} ± {half_width:>5.2}"), shown);
        assert!(text.contains(shown), "{text}");
        // On the page as a sortable value, rounded, and as the last point of the curve.
        assert!(page.contains(&format!("data-value=\"{}\">{mean:.2}", estimate["mean"])));
        assert!(page.contains(&format!("± {half_width:.2}")));
        let last = &curves[index]["mean"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["epoch"], &last["test"]["p"]), (&Value::from(2), estimate));
    }
    for whole in [&text.replace("\n ", " "), &page] {
        assert!(whole.contains(&summary.comparison.as_ref().unwrap().text[..60]));
    }
    assert_eq!(curves[1]["trials"][2]["diverged"], true);
}

#[test]
fn text_of_events_stays_text_on_the_page() {
    let nasty = "</script><script>alert('1')</script><b title=\"x\">&amp;{{js}}";
    let mut run = started(&[nasty, "b"], &[1, 5, 9]);
    for text in [
        &mut run.task,
        &mut run.about,
        &mut run.cost,
        &mut run.data,
        &mut run.version,
        &mut run.measure.name,
        &mut run.batching,
        &mut run.init,
    ] {
        *text = nasty.to_owned();
    }
    run.tuning = Some(nasty.to_owned());
    run.contenders[0].formula = nasty.to_owned();
    let mut events = two_contenders();
    events[0] = Event::Started(run);
    for event in &mut events {
        if let Event::Diverged(end) = event {
            end.reason = nasty.to_owned();
        }
    }
    let page = html(&events).unwrap();
    let plain = html(&two_contenders()).unwrap();
    for mark in ["<script", "</script>", "<b ", "\"use strict\""] {
        assert_eq!(page.matches(mark).count(), plain.matches(mark).count(), "{mark}");
    }
    let escaped = "&lt;/script&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\
                   &lt;b title=&quot;x&quot;&gt;&amp;amp;{{js}}";
    assert!(page.matches(escaped).count() >= 12);
    assert_eq!(data(&page)["curves"][0]["label"], nasty);
}

#[test]
fn the_page_needs_nothing_else() {
    let page = html(&two_contenders()).unwrap();
    assert!(!page.contains("{{"));
    let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
    for mark in ["http:", "https:", "src=", "@import", "url(h", "<link rel=\"stylesheet"] {
        assert!(!elsewhere.contains(mark), "{mark}");
    }
}

#[test]
fn the_table_fits_the_terminal() {
    let summary = Summary::of(&two_contenders()).unwrap();
    let longest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap();
    for width in [80, 100, 120, 160] {
        let text = table(&summary, Look { width, colour: false });
        assert!(longest(&text) <= width.into(), "{width}:\n{text}");
        assert!(text.contains("call(of=wild)"));
        assert!(!text.contains('\u{1b}'));
    }
    assert!(table(&summary, Look { width: 120, colour: true }).contains('\u{1b}'));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let mut events = two_contenders();
    let mut run = started(&["\u{1b}[2J", "wild"], &[1, 5, 9]);
    run.data = "\u{7}".to_owned();
    events[0] = Event::Started(run);
    let text = table(&Summary::of(&events).unwrap(), Look::PLAIN);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

/// Fields of comma-separated values, by the grammar of RFC 4180, section 2.
fn parsed(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let row = rows.last_mut().unwrap();
        let field = row.last_mut().unwrap();
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => field.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => {
                assert_eq!(characters.next(), Some('\n'));
                rows.push(vec![String::new()]);
            }
            c => field.push(c),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last line is ended");
    rows
}

#[test]
fn csv_reads_back_as_the_events() {
    let label = "a \"quoted\", broken\r\nlabel";
    let mut events = two_contenders();
    events[0] = Event::Started(started(&[label, "wild"], &[1, 5, 9]));
    let rows = parsed(&csv(&events).unwrap());
    let epochs: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Epoch(epoch) => Some(epoch),
            _ => None,
        })
        .collect();
    assert_eq!(rows.len(), 1 + epochs.len());
    for (row, epoch) in std::iter::zip(&rows[1..], epochs) {
        let field = |name: &str| &row[rows[0].iter().position(|head| head == name).unwrap()];
        let number = |name| field(name).parse::<f64>().ok();
        assert_eq!(field("label"), if epoch.trial.contender == 0 { label } else { "wild" });
        assert_eq!(field("seed"), &epoch.trial.seed.to_string());
        assert_eq!(number("epoch"), Some(epoch.epoch as f64));
        assert_eq!(number("step"), Some(epoch.step as f64));
        assert_eq!(number("seconds"), Some(epoch.seconds));
        assert_eq!(number("learning_rate"), epoch.learning_rate);
        assert_eq!(number("gradient_norm"), epoch.gradient_norm);
        assert_eq!(number("train_j"), epoch.train.cost);
        assert_eq!(number("train_p"), epoch.train.measure);
        assert_eq!(number("test_j"), epoch.test.cost);
        assert_eq!(number("test_p"), epoch.test.measure);
    }
}

// --------------------------------------------------------------------------------- a run's folder

#[test]
fn a_folder_gets_its_report_from_a_half_written_file() {
    let folder = std::env::temp_dir().join(format!("thalweg-report-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let missing = write(&folder).unwrap_err();
    assert!(matches!(missing, ReportError::Read(_)), "{missing}");

    let path = folder.join("events.jsonl");
    let lines: Vec<_> =
        two_contenders().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    // A kill in the middle of the last line of `calm`.
    std::fs::write(&path, format!("{}\n{}", lines[..12].join("\n"), &lines[12][..20])).unwrap();
    let written = write(&folder).unwrap();
    assert_eq!(written.summary, Summary::of(&two_contenders()[..12]).unwrap());
    assert!(std::fs::read_to_string(&written.html).unwrap().contains("interrupted"));

    // A later report replaces the earlier one, and nothing else is left behind.
    std::fs::write(&path, lines.join("\n")).unwrap();
    let written = write(&folder).unwrap();
    let read = |path| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(&written.html), html(&two_contenders()).unwrap());
    assert_eq!(read(&written.csv), csv(&two_contenders()).unwrap());
    let json: Value = serde_json::from_str(&read(&written.json)).unwrap();
    assert_eq!(json, serde_json::to_value(&written.summary).unwrap());
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["events.jsonl", "report.html", "results.csv", "summary.json"]);

    std::fs::write(&path, "").unwrap();
    let error = write(&folder).unwrap_err().to_string();
    assert!(error.contains("events.jsonl: the events have no 'started'"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
