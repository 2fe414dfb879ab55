//! What is wrong is refused in one line that says what to do, and nothing that was there changes.

use std::ffi::OsString;
use std::fs;
use std::time::{Duration, Instant};

use crate::Scratch;

/// Runs what has to be refused, and gives the line.
fn refused(scratch: &Scratch, arguments: &[&str]) -> String {
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    refused_os(scratch, &arguments)
}

fn refused_os(scratch: &Scratch, arguments: &[OsString]) -> String {
    let (before, begun) = (scratch.files(), Instant::now());
    let ran = scratch.run(arguments);
    let stderr = &ran.stderr;
    assert!(matches!(ran.code, Some(1 | 2)), "{arguments:?}: {:?} {stderr}", ran.code);
    assert!(stderr.starts_with("thalweg: "), "{arguments:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    assert_eq!(ran.stdout, "", "{arguments:?}");
    assert!(scratch.files() == before, "{arguments:?}: files have changed");
    assert!(begun.elapsed() < Duration::from_secs(10), "{arguments:?}: {:?}", begun.elapsed());
    stderr.trim_start_matches("thalweg: ").trim_end().to_owned()
}

/// Every row: what is added to a comparison that is right by itself, and a part of the answer.
#[test]
fn arguments_of_a_comparison() {
    let scratch = Scratch::new();
    for (arguments, told) in [
        (&["--optimizer", "sdg"][..], "unknown optimizer 'sdg': did you mean 'sgd'?"),
        (&["--optimizer", "lbfsg"], "unknown optimizer 'lbfsg': did you mean 'lbfgs'?"),
        (&["--optimizer", "lbfgs(search=wolf)"], "unknown search 'wolf'"),
        (&["--optimizer", "lbfgs(memory=1001)"], "memory must be at most 1000"),
        (&["--optimizer", "ema(lbfgs)"], "nothing goes around it; let it stand by itself"),
        (&["--optimizer", "sgd(lrr=1)"], "sgd has no argument 'lrr': did you mean 'lr'?"),
        (&["--optimizer", "sgd(lr=-1)"], "lr must be a number from 0"),
        (&["--optimizer", "sgd(lr=nan)"], "lr must be a number from 0"),
        (&["--optimizer", "sgd(lr=inf)"], "lr must be a number from 0"),
        (&["--optimizer", "sgd(lr=1e400)"], "column 8: expected a number"),
        (&["--optimizer", "adam(beta1=1)"], "beta1 must be a number from 0 to below 1"),
        (&["--optimizer", "sgd(lr=1"], "expected ',' or ')'"),
        (&["--optimizer", ""], "expected a name"),
        (&["--optimizer", "sgd(schedule=liner(tau=5))"], "did you mean 'linear'?"),
        (&["--optimizer", "sgd", "--optimizer", "sgd"], "leave one out"),
        (&["--optimizer", "sgd(0.1)", "--optimizer", "sgd(lr=0.1)"], "leave one out"),
        (&["--task", "fashion-mpl"], "unknown task 'fashion-mpl': did you mean 'fashion-mlp'?"),
        (&["--task", "fashion-mlp(hidden=0)"], "hidden must be a whole number from 1"),
        (&["--task", "fashion-mlp(hidden=1e15)"], "hidden must be at most 65536"),
        (&["--task", "fashion-mlp(dropout=1)"], "dropout must be a number from 0 to below 1"),
        (&["--task", "quadratic-deep", "--init", "zeros"], "leave init out"),
        (&["--task", "quadratic-deep", "--data", "."], "leave out the place of the data"),
        (&["--init", "he_norml"], "did you mean 'he_normal'?"),
        (&["--schedule", "liner"], "unknown schedule 'liner': did you mean 'linear'?"),
        (&["--schedule", "linear"], "write linear(tau=…)"),
        (&["--epochs", "0"], "it must be a whole number from 1 to"),
        (&["--epochs", "1000000000000000000"], "it must be a whole number from 1 to"),
        (&["--seeds", "0"], "it must be a whole number from 1 to 10000"),
        (&["--seeds", "-1"], "it must be a whole number from 1 to 10000"),
        (&["--seeds", "1000000000"], "it must be a whole number from 1 to 10000"),
        (&["--seeds", "99999999999999999999"], "it must be a whole number from 1 to 10000"),
        (&["--batch", "0"], "it must be a whole number from 1"),
        (&["--batch", "many"], "or full"),
        (&["--batch", "6000", "--last", "drop"], "take batches of at most 5000"),
        (&["--order", "sorted"], "it can be reshuffled, shuffled_once"),
        (&["--last", "keeep"], "it can be keep, drop, wrap"),
        (&["--precision", "f16"], "it can be f32 or f64"),
        (&["--threads", "0"], "it must be a whole number from 1 to 1024"),
        (&["--threads", "100000"], "it must be a whole number from 1 to 1024"),
        (&["--target", "nan"], "it must be a number"),
        (&["--target", "84"], "write 0.84 for 84 %"),
        (&["--resume", "runs/a"], "cannot be used with"),
        (&["--epochs", "1", "--epochs", "2"], "cannot be used multiple times"),
        (&["--epoch", "1"], "'--epochs'"),
    ] {
        let optimizer = ["--optimizer", "sgd"];
        let optimizer = if arguments[0] == "--optimizer" { &[][..] } else { &optimizer };
        let mut all = vec!["compare", "--out", "a"];
        for default in [["--seeds", "1"], ["--data", "embedded"]] {
            if !arguments.contains(&default[0]) {
                all.extend(default);
            }
        }
        let line = refused(&scratch, &[&all[..], optimizer, arguments].concat());
        assert!(line.contains(told), "{arguments:?}: {line}");
    }
}

#[test]
fn arguments_of_the_other_commands() {
    let scratch = Scratch::new();
    let trace = ["trace", "--surface", "ravine", "--optimizer", "sgd"];
    for (arguments, told) in [
        (&["compair"][..], "'compare'"),
        (&["--nonsense"], "unexpected argument '--nonsense'"),
        (&["train"], "--optimizer <CALL>"),
        (
            &["train", "--optimizer", "sgd", "--seed", "9223372036854775808"],
            "from 0 to 9223372036854775807",
        ),
        (&["train", "--optimizer", "sgd", "--seed", "-1"], "it must be a whole number from 0"),
        (&["train", "--resume", "."], "name the folder of an earlier run"),
        (&["train", "--resume", "nowhere"], "name the folder of an earlier run"),
        (&["train", "--resume", "nowhere", "--epochs", "3"], "cannot be used with '--epochs <N>'"),
        (&["compare", "x.toml", "--resume", "nowhere"], "cannot be used with"),
        (&["compare", "--task", "fashion-mlp"], "name at least one optimizer"),
        (&["report", "."], "name the folder of a run"),
        (&["report", "nowhere"], "name the folder of a run"),
        (&["trace", "--surface", "ravine"], "--optimizer <CALL>"),
        (&["trace", "--surface", "ravin", "--optimizer", "sgd"], "did you mean 'ravine'?"),
        (&["trace", "--surface", "ravine", "--optimizer", "sgdd"], "did you mean 'sgd'?"),
        (&["trace", "--surface", "ravine(k=0)", "--optimizer", "sgd"], "k must be"),
        (&[&trace[..], &["--start", "1"]].concat(), "it must be two numbers as in -1.2,1"),
        (&[&trace[..], &["--start", "1,2,3"]].concat(), "it must be two numbers as in -1.2,1"),
        (&[&trace[..], &["--start", "1,nan"]].concat(), "it must be two numbers as in -1.2,1"),
        (&[&trace[..], &["--start", "-1,inf"]].concat(), "it must be two numbers as in -1.2,1"),
        (&[&trace[..], &["--steps", "1e3"]].concat(), "invalid value '1e3' for '--steps"),
        (&[&trace[..], &["--csv", "--json"]].concat(), "cannot be used with"),
        (&[&trace[..], &["--schedule", "linear(tau=2epochs)"]].concat(), "write tau in steps"),
        (&["schedule", "linear(tau=0)"], "tau must be a whole number of steps from 1"),
        (&["schedule", "linear(tau=2epochs)"], "write tau in steps"),
        (&["schedule", "liner(tau=2)"], "did you mean 'linear'?"),
        (&["schedule", "constant", "--steps", "0"], "it must be a whole number from 1"),
        (&["schedule", "constant", "--steps", "18446744073709551615"], "it must be a whole number"),
        (&["schedule", "constant", "--lr", "nan"], "it must be a number from 0"),
        (&["schedule", "constant", "--lr", "-1"], "it must be a number from 0"),
        (&["list", "optimisers"], "optimizers"),
        (&["list", "optimizers", "adm"], "did you mean 'adam'?"),
        (&["bench", "train", "--batch", "0"], "it must be a whole number from 1"),
        (&["bench", "train", "--threads", "100000"], "it must be a whole number from 1 to 1024"),
        (&["bench", "train", "--task", "fashion"], "unknown task"),
        (&["graph", "--task", "fashion-mpl"], "did you mean 'fashion-mlp'?"),
        (&["graph", "--optimizer", "lbfgs"], "lbfgs is no node of a graph"),
        (&["graph", "--optimizer", "adm"], "unknown optimizer 'adm': did you mean 'adam'?"),
        (&["graph", "--optimizer", "groups(\"nothing\", sgd)"], "no group takes 'layer1/weights'"),
        (&["graph", "--batch", "0"], "it must be a whole number from 1"),
        (&["graph", "--batch", "5001"], "take batches of at most 5000"),
        (&["graph", "--scope", "train"], "the outermost are accuracy, cross_entropy, layer1"),
        (&["graph", "--scope", "layer3"], "unknown scope 'layer3': did you mean 'layer1'?"),
        (&["graph", "--format", "doot"], "'dot'"),
        (&["graph", "--format", "tensorboard"], "--out <PATH>"),
        (&["graph", "--plan", "--scope", "layer1"], "cannot be used with '--scope <SCOPE>'"),
        (&["graph", "--plan", "--format", "json"], "cannot be used with"),
        (&["graph", "--out", "nowhere/graph.txt"], "name a file in a folder that is there"),
    ] {
        let line = refused(&scratch, arguments);
        assert!(line.contains(told), "{arguments:?}: {line}");
    }
}

#[cfg(unix)]
#[test]
fn words_that_are_not_text() {
    use std::os::unix::ffi::OsStringExt;

    let scratch = Scratch::new();
    let word = || OsString::from_vec(vec![b's', 0xff, 0xfe]);
    let line = refused_os(&scratch, &["compare".into(), "--optimizer".into(), word()]);
    assert!(line.contains("UTF-8"), "{line}");
    let line = refused_os(&scratch, &["compare".into(), word()]);
    assert!(line.contains("cannot read"), "{line}");
}

#[test]
fn experiment_files() {
    let scratch = Scratch::new();
    let contender = "\n[[contender]]\noptimizer = \"sgd\"\n";
    for (text, told) in [
        ("", "x.toml, line 1, column 1: missing key `task`"),
        ("task = \"fashion-mlp\"\nepochs =\n", "x.toml, line 2, column 9: "),
        (
            "task = \"fashion-mlp\"\nepoks = 3\n",
            "line 2, column 1: unknown key 'epoks': did you mean 'epochs'?",
        ),
        ("task = \"fashion-mlp\"\ntask = \"fashion-mlp\"\n", "x.toml, line 2, column 1: "),
        (
            "task = \"fashion-mpl\"\n",
            "line 1, column 8: unknown task 'fashion-mpl': did you mean 'fashion-mlp'?",
        ),
        ("task = \"fashion-mlp\"\nseeds = []\n", "line 2, column 9: seeds = []: name at least one"),
        (
            "task = \"fashion-mlp\"\nseeds = 1000000000\n",
            "line 2, column 9: seeds = 1000000000: it must be at most 10000",
        ),
        (
            "task = \"fashion-mlp\"\nseeds = \"3\"\n",
            "line 2, column 9: expected a number or a list of numbers",
        ),
        ("task = \"fashion-mlp\"\nseeds = 99999999999999999999\n", "line 2, column 9: "),
        (
            "task = \"fashion-mlp\"\nepochs = 1000000000000000000\n",
            "line 2, column 10: epochs = 1000000000000000000: it must be at most",
        ),
        (
            "task = \"fashion-mlp\"\nbatch = -1\n",
            "line 2, column 9: batch = -1: it must be at least 1",
        ),
        ("task = \"fashion-mlp\"\ntarget = nan\n", "target = NaN: it must be a number"),
        (
            "task = \"fashion-mlp\"\n[[contender]]\noptimizer = \"sgd\"\nlr = 0.1\n",
            "line 4, column 1: unknown key 'lr'",
        ),
        (
            "task = \"fashion-mlp\"\n[[contender]]\nlabel = \"\"\noptimizer = \"sgd\"\n",
            "write a word or more on one line",
        ),
        (
            "task = \"fashion-mlp\"\n[[contender]]\nlabel = \"a\\u001b[2J\"\noptimizer = \"sgd\"\n",
            "write a word or more on one line",
        ),
        (
            "task = \"fashion-mlp\"\n[[contender]]\noptimizer = \"sgd(lr=0.1\"\n",
            "line 3, column 13: in 'sgd(lr=0.1', column 11: expected ',' or ')'",
        ),
        ("task = \"fashion-mlp\"\n", "nothing to compare: name at least one optimizer"),
    ] {
        let text =
            if text.contains("target") { text.to_owned() + contender } else { text.to_owned() };
        scratch.write("x.toml", &text);
        let line = refused(&scratch, &["compare", "x.toml", "--data", "embedded"]);
        assert!(line.contains(told), "{text}: {line}");
    }
    scratch.write("x.toml", [0xff, 0xfe, 0]);
    assert!(refused(&scratch, &["compare", "x.toml"]).contains("cannot read x.toml"));
    assert!(refused(&scratch, &["compare", "nofile.toml"]).contains("name an experiment file"));
    assert!(refused(&scratch, &["compare", "."]).contains("name an experiment file"));
}

/// An IDX file of unsigned bytes with these sizes and this many bytes after them.
fn idx(sizes: &[u32], bytes: usize) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.resize(file.len() + bytes, 0);
    file
}

#[test]
fn data_files() {
    let scratch = Scratch::new();
    const NAMES: [&str; 4] = [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ];
    let good = || [idx(&[4, 2, 2], 16), idx(&[4], 4), idx(&[3, 2, 2], 12), idx(&[3], 3)];
    let write = |files: [Vec<u8>; 4]| {
        for (name, file) in NAMES.into_iter().zip(files) {
            scratch.write(&format!("data/{name}"), file);
        }
    };
    let with = |place: usize, file: Vec<u8>| {
        let mut files = good();
        files[place] = file;
        files
    };
    let train = ["train", "--optimizer", "sgd", "--epochs", "1", "--data", "data", "--out", "a"];
    let line = refused(&scratch, &train);
    assert!(
        line.contains("there is nothing at") && line.contains("name a folder or a file"),
        "{line}"
    );
    scratch.write(&format!("data/{}", NAMES[0]), &good()[0]);
    let line = refused(&scratch, &train);
    assert!(line.contains("has neither train-labels-idx1-ubyte nor"), "{line}");
    for (files, told) in [
        (
            with(0, idx(&[4, 2, 2], 11)),
            "cut off: expected 16 bytes of values, found 11: get the file again",
        ),
        (with(0, vec![0, 0, 8]), "not an IDX file"),
        (with(2, b"<!DOCTYPE html>".to_vec()), "t10k-images-idx3-ubyte: not an IDX file"),
        (with(0, idx(&[4], 4)), "check that images and labels are not exchanged"),
        (with(1, idx(&[4, 2, 2], 16)), "check that images and labels are not exchanged"),
        (with(1, idx(&[5], 5)), "train-labels-idx1-ubyte: "),
        (with(2, idx(&[3, 3, 3], 27)), "t10k-images-idx3-ubyte: "),
        (with(3, idx(&[3], 9)), "too long: expected 3 bytes of values, 6 more follow"),
        (
            with(1, [idx(&[4], 3), vec![10]].concat()),
            "class 1 ('1') has no example in the training",
        ),
        (with(0, idx(&[u32::MAX, u32::MAX, u32::MAX], 0)), "its header cannot be right"),
        (with(0, vec![0x1f, 0x8b, 8, 0, 0]), "its gzip data are damaged"),
    ] {
        write(files);
        let line = refused(&scratch, &train);
        assert!(line.contains(told) && line.contains("data/"), "{told}: {line}");
    }
    // What was wrong was the files: these are right, and small.
    write(good());
    scratch.stdout(train);
}

#[test]
fn folders_that_cannot_hold_a_run() {
    let scratch = Scratch::new();
    scratch.write("file", "of somebody");
    let train = |out: &'static str, lr: &'static str| {
        let words = ["train", "--task", "fashion-softmax", "--data", "embedded", "--epochs", "1"];
        [&words[..], &["--optimizer", lr, "--out", out]].concat()
    };
    for out in ["file", "file/below", "/proc/x", "/dev/null"] {
        let line = refused(&scratch, &train(out, "sgd"));
        let told = line.starts_with(&format!("cannot write to {out}: "));
        assert!(told && line.ends_with("choose another folder with --out"), "{line}");
    }
    scratch.stdout(train("run", "sgd(lr=0.1)"));
    let line = refused(&scratch, &train("run", "sgd(lr=0.2)"));
    assert!(line.starts_with("run holds another run (optimizer = \"sgd(lr=0.1, "), "{line}");
    assert!(line.contains(", not optimizer = \"sgd(lr=0.2, "), "{line}");
    assert!(line.ends_with("); choose another folder with --out"), "{line}");
    // Events without a recipe are somebody's too.
    scratch.write("other/events.jsonl", "");
    let line = refused(&scratch, &train("other", "sgd"));
    assert_eq!(line, "other holds another run; choose another folder with --out");
    assert!(refused(&scratch, &["report", "other"]).contains("run it again"));
    scratch.write("other/events.jsonl", "{\"event\":\"nonsense\"}\n");
    assert!(refused(&scratch, &["report", "other"]).contains("line 1: not an event"));
}

/// What is printed beside the result is a courtesy: that nobody reads it is no reason to stop.
#[cfg(unix)]
#[test]
fn closed_outputs() {
    let scratch = Scratch::new();
    let run = |words: &str, out: &str| {
        let train = "train --task fashion-softmax --data embedded --optimizer sgd --epochs 1 --out";
        let line = format!("{} {train} {out} {words}", env!("CARGO_BIN_EXE_thalweg"));
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &line]).current_dir(&scratch.0).output().unwrap()
    };
    for (words, out) in [("2>&-", "a"), (">&-", "b"), ("2>&1 | head -n 1", "c")] {
        let output = run(words, out);
        assert!(output.status.success(), "{words}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{words}");
    }
    for (words, out) in [("2>&-", "a"), (">&-", "b")] {
        assert!(scratch.path(out).join("report.html").exists(), "{words}");
    }
    fs::remove_dir_all(scratch.path("a")).unwrap();
    if fs::exists("/dev/full").unwrap() {
        let output = run(">/dev/full", "a");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr.lines().last().unwrap().starts_with("thalweg: "), "{stderr}");
    }
}
