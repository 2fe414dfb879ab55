//! Nodes and scopes as JSON. The schema is in `docs/graph.md`.

use std::io::{self, Write};

use serde_json::{Value, json};
use thalweg_graph::{DiagramNode, Neighbour, ScopeCard};

use super::{About, View, parent};

/// The version of the schema.
const VERSION: u32 = 1;

pub fn write(out: &mut dyn Write, view: &View<'_>, about: &About) -> io::Result<()> {
    let About { task, batch, optimizer } = about;
    let nodes: Vec<Value> = view.nodes().map(|(_, node)| of_node(view, node)).collect();
    let scopes: Vec<Value> =
        view.cards().into_iter().map(|(name, card)| of_scope(name, &card)).collect();
    let graph = json!({
        "version": VERSION,
        "task": task,
        "batch": batch,
        "optimizer": optimizer,
        "scope": view.scope,
        "nodes": nodes,
        "scopes": scopes,
    });
    serde_json::to_writer_pretty(&mut *out, &graph)?;
    writeln!(out)
}

fn of_node(view: &View<'_>, node: &DiagramNode) -> Value {
    let DiagramNode { name, operation, inputs, shape, formula } = node;
    let inputs = inputs.iter().map(|&input| view.diagram.nodes()[input].name.as_str());
    json!({
        "name": name,
        "scope": parent(name).0,
        "operation": operation,
        "shape": shape.as_ref().map(|shape| shape.sizes()),
        "inputs": inputs.collect::<Vec<_>>(),
        "formula": formula,
    })
}

fn of_scope(name: &str, card: &ScopeCard) -> Value {
    json!({
        "name": name,
        "nodes": card.nodes,
        "inputs": of_neighbours(&card.inputs),
        "outputs": of_neighbours(&card.outputs),
    })
}

fn of_neighbours(neighbours: &[Neighbour]) -> Value {
    let of = |Neighbour { name, tensors }: &Neighbour| json!({"name": name, "tensors": tensors});
    neighbours.iter().map(of).collect()
}
