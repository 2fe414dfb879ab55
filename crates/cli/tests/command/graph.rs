//! `thalweg graph`: what it says of a graph, in each of its formats.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Scratch;

const MLP: [&str; 3] = ["graph", "--task", "fashion-mlp(dropout=0.5)"];
const TRAINED: [&str; 5] =
    ["graph", "--task", "fashion-mlp(dropout=0.5)", "--optimizer", "adam(lr=0.01)"];

/// `more` after the arguments of a graph.
fn with<'a>(graph: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [graph, more].concat()
}

fn json(scratch: &Scratch, arguments: &[&str]) -> Value {
    serde_json::from_str(&scratch.stdout(with(arguments, &["--format", "json"]))).unwrap()
}

fn names<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    value[key].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

/// The name and the tensors of each neighbour.
fn neighbours<'a>(scope: &'a Value, key: &str) -> BTreeMap<&'a str, u64> {
    let entries = scope[key].as_array().unwrap().iter();
    entries.map(|of| (of["name"].as_str().unwrap(), of["tensors"].as_u64().unwrap())).collect()
}

#[test]
fn the_tree_has_the_card_of_train() {
    let scratch = Scratch::new();
    let text = scratch.stdout(TRAINED);
    let first = text.lines().next().unwrap();
    assert_eq!(
        first,
        "fashion-mlp(hidden=128, dropout=0.5), batches of 64, minimised by adam(lr=0.01): 63 nodes"
    );
    let mut lines = text.lines().skip_while(|line| *line != "train  40 nodes");
    assert!(lines.next().is_some(), "{text}");
    assert_eq!(
        lines.next().unwrap(),
        "  ← cross_entropy 1 tensor, dropout 2 tensors, features 1 tensor, labels 1 tensor, \
         layer1 3 tensors, layer2 4 tensors"
    );
    assert_eq!(lines.next().unwrap(), "  train/adam  29 nodes", "nothing leaves train");
    // The model alone has none.
    assert!(!scratch.stdout(MLP).contains("train"));
}

#[test]
fn a_scope_shows_its_nodes_and_the_formula() {
    let scratch = Scratch::new();
    let text = scratch.stdout(with(&TRAINED, &["--scope", "train/adam"]));
    assert!(text.lines().next().unwrap().ends_with(": 29 nodes"), "{text}");
    for line in [
        "  train/adam/ρ₁             number",
        "    r ← ρ₂·r + (1−ρ₂)·g·g",
        "  train/adam  29 nodes",
        "    ← layer1 2 tensors, layer2 2 tensors, train/gradients 4 tensors",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("layer1/matmul"), "{text}");
}

#[test]
fn json_has_every_edge_and_cards_that_count_them() {
    let scratch = Scratch::new();
    let graph = json(&scratch, &TRAINED);
    assert_eq!((&graph["version"], &graph["batch"]), (&1.into(), &64.into()));
    let nodes = graph["nodes"].as_array().unwrap();
    let known: BTreeSet<&str> = names(&graph, "nodes").into_iter().collect();
    assert_eq!(known.len(), nodes.len(), "names are unique");
    let edges: Vec<(&str, &str)> = nodes
        .iter()
        .flat_map(|node| {
            let to = node["name"].as_str().unwrap();
            node["inputs"].as_array().unwrap().iter().map(move |from| (from.as_str().unwrap(), to))
        })
        .collect();
    assert!(edges.iter().all(|(from, _)| known.contains(from)));
    for scope in graph["scopes"].as_array().unwrap() {
        let name = scope["name"].as_str().unwrap();
        let within = |node: &str| node.starts_with(&format!("{name}/"));
        let inside = known.iter().filter(|node| within(node)).count();
        assert_eq!(scope["nodes"], inside, "{name}");
        let crossing = |into: bool| {
            edges.iter().filter(|(from, to)| (within(from), within(to)) == (!into, into)).count()
        };
        let sum = |key: &str| neighbours(scope, key).values().sum::<u64>() as usize;
        assert_eq!((sum("inputs"), sum("outputs")), (crossing(true), crossing(false)), "{name}");
    }
    let features = &nodes[0];
    assert_eq!((&features["name"], &features["operation"]), (&"features".into(), &"input".into()));
    assert_eq!(features["shape"], serde_json::json!([64, 784]));
}

#[test]
fn each_group_of_parameters_is_a_scope_of_its_own() {
    let scratch = Scratch::new();
    let graph = json(&scratch, &["graph", "--optimizer", "muon", "--batch", "8"]);
    let scope = |name: &str| {
        let scopes = graph["scopes"].as_array().unwrap();
        scopes.iter().find(|scope| scope["name"] == name).unwrap()
    };
    // Two matrices in one, two vectors in the other, each with its gradient.
    for name in ["train/muon", "train/muon_1"] {
        let expected = BTreeMap::from([("layer1", 1), ("layer2", 1), ("train/gradients", 2)]);
        assert_eq!(neighbours(scope(name), "inputs"), expected);
    }
    assert!(names(&graph, "nodes").contains(&"train/muon/Muon"));
    assert!(names(&graph, "nodes").contains(&"train/muon_1/sqrt"));
}

/// Reads what `dot` would: quoted names, clusters in braces, attributes in brackets.
#[test]
fn dot_is_well_formed_and_draws_every_node_and_edge() {
    let scratch = Scratch::new();
    for more in [&[][..], &["--scope", "train"], &["--scope", "train/adam"]] {
        let arguments = with(&TRAINED, more);
        let text = scratch.stdout(with(&arguments, &["--format", "dot"]));
        let graph = json(&scratch, &arguments);
        let (mut open, mut clusters, mut nodes, mut edges) = (0, 0, BTreeSet::new(), 0);
        for line in text.lines().map(str::trim) {
            assert_eq!(line.matches('"').count() % 2, 0, "{line}");
            open += i32::from(line.ends_with('{')) - i32::from(line == "}");
            assert!(open >= 0);
            clusters += usize::from(line.starts_with("subgraph \"cluster_"));
            let Some((what, attributes)) = line.split_once(" [") else { continue };
            assert!(attributes.ends_with("];"), "{line}");
            match what.split_once(" -> ") {
                Some((from, to)) => {
                    edges += 1;
                    let inside = nodes.contains(from);
                    assert!(inside || from.starts_with('"'), "{from} is nowhere");
                    assert!(nodes.contains(to), "{to} is nowhere");
                }
                None if what.starts_with('n') && what != "node" => {
                    assert!(nodes.insert(what.to_owned()), "{what} stands twice");
                }
                None => assert!(["graph", "node", "edge"].contains(&what), "{line}"),
            }
        }
        assert_eq!(open, 0, "{text}");
        let told = graph["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), told.len());
        let inputs = told.iter().map(|node| node["inputs"].as_array().unwrap().len());
        assert_eq!(edges, inputs.sum::<usize>());
        let scopes = names(&graph, "scopes");
        let itself = more.last().is_some_and(|scope| scopes.contains(scope));
        assert_eq!(clusters, scopes.len() - usize::from(itself));
    }
}

#[test]
fn a_run_for_tensorboard_is_a_folder_with_one_file_of_events() {
    let scratch = Scratch::new();
    let told = scratch.stdout(with(&TRAINED, &["--format", "tensorboard", "--out", "run"]));
    assert_eq!(told, "tensorboard --logdir run\n");
    let files: Vec<_> =
        scratch.files().into_iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
    let [(path, bytes)] = &files[..] else { panic!("{} files", files.len()) };
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("events.out.tfevents."), "{name}");
    // Two records: the version, and the graph.
    let length = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    assert_eq!(length(0), 24);
    assert_eq!(&bytes[23..36], b"brain.Event:2");
    assert_eq!(40 + 12 + length(40) + 4, bytes.len());
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("train/adam/assign_θ") && holds("VariableV2") && !holds("NoOp"));
}

#[test]
fn the_plan_is_a_table_with_its_sum() {
    let scratch = Scratch::new();
    let text = scratch.stdout(["graph", "--optimizer", "sgd", "--plan"]);
    // A row begins with its number, and goes on below where it has several operations.
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|words: &Vec<&str>| words.first().is_some_and(|word| word.parse::<usize>().is_ok()))
        .collect();
    let (last, steps) = rows.split_last().unwrap();
    assert_eq!((last[0], last[1]), (&*steps.len().to_string(), "steps,"), "{text}");
    for (number, words) in (1..).zip(steps) {
        assert_eq!(words[0], number.to_string());
    }
    let flops: u64 = steps.iter().map(|words| words.last().unwrap().parse::<u64>().unwrap()).sum();
    assert!(text.trim_end().ends_with(&format!("; {flops} FLOPs per run")), "{text}");
    // The products of the first layer, forwards and backwards, and more.
    assert!(flops > 2 * 2 * 64 * 784 * 128, "{flops}");
    assert!(text.contains("layer1/matmul") && text.contains("gradients 0..100352"), "{text}");
    // The model alone calculates no gradients.
    assert!(!scratch.stdout(["graph", "--plan"]).contains("gradients"));
}

#[test]
fn out_names_the_file() {
    let scratch = Scratch::new();
    let printed = scratch.stdout(MLP);
    assert_eq!(scratch.stdout(with(&MLP, &["--out", "graph.txt"])), "");
    assert_eq!(scratch.read("graph.txt"), printed);
}
