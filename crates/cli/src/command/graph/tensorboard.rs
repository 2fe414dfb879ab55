//! The graph as TensorBoard reads it.
//!
//! TensorBoard folds scopes by itself. It draws `Const` as a dot and leaves `train` in the main graph, with the
//! button that removes it, as long as no node of the scope is a `NoOp`.

use std::path::Path;

use thalweg_graph::DiagramNode;
use thalweg_tensorboard::{EventFile, GraphNode};

use super::View;
use crate::Ending;

pub fn write(folder: &Path, view: &View<'_>) -> Ending {
    let nodes: Vec<GraphNode> = view.nodes().map(|(_, node)| of_node(view, node)).collect();
    let told = |error| format!("cannot write the events: {error}");
    EventFile::create(folder).and_then(|file| file.finish(&nodes)).map_err(told)?;
    println!("tensorboard --logdir {}", folder.display());
    Ok(())
}

fn of_node(view: &View<'_>, node: &DiagramNode) -> GraphNode {
    let inputs = node.inputs.iter().map(|&input| view.diagram.nodes()[input].name.clone());
    // The page knows no lines.
    let formula = node.formula.iter().map(|formula| formula.replace('\n', "; "));
    GraphNode {
        name: node.name.clone(),
        operation: operation(&node.operation).to_owned(),
        inputs: inputs.collect(),
        shape: node.shape.map(|shape| shape.sizes().to_vec()),
        attributes: formula.map(|formula| ("formula".to_owned(), formula)).collect(),
    }
}

/// What TensorFlow calls the operations that TensorBoard treats in a special way.
fn operation(name: &str) -> &str {
    match name {
        "constant" | "number" => "Const",
        "parameter" | "slot" => "VariableV2",
        "input" => "Placeholder",
        other => other,
    }
}
