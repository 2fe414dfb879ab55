//! A tree of scopes: how many nodes each holds, and how many tensors go in and out.

use std::io::{self, Write};

use thalweg_graph::Neighbour;

use super::{About, View, parent};

pub fn write(out: &mut dyn Write, view: &View<'_>, about: &About) -> io::Result<()> {
    let About { task, batch, optimizer } = about;
    let optimizer = optimizer.as_ref().map(|call| format!(", minimised by {call}"));
    let optimizer = optimizer.unwrap_or_default();
    let nodes = counted(view.nodes().count(), "node", "nodes");
    writeln!(out, "{task}, batches of {batch}{optimizer}: {nodes}")?;
    // Without a scope, only the nodes outside all of them: the others are many.
    for (_, node) in view.nodes() {
        let (scope, _) = parent(&node.name);
        if scope == view.scope {
            let shape = node.shape.map(|shape| format!(" {shape}")).unwrap_or_default();
            writeln!(out, "  {:24}  {}{shape}", node.name, node.operation)?;
            for line in node.formula.iter().flat_map(|formula| formula.lines()) {
                writeln!(out, "    {line}")?;
            }
        }
    }
    for (scope, card) in view.cards() {
        let indent = "  ".repeat(scope.matches('/').count());
        writeln!(out, "{indent}{scope}  {}", counted(card.nodes, "node", "nodes"))?;
        for (arrow, neighbours) in [("←", &card.inputs), ("→", &card.outputs)] {
            if !neighbours.is_empty() {
                writeln!(out, "{indent}  {arrow} {}", listed(neighbours))?;
            }
        }
    }
    Ok(())
}

fn listed(neighbours: &[Neighbour]) -> String {
    let tensors = |Neighbour { name, tensors }: &Neighbour| {
        format!("{name} {}", counted(*tensors, "tensor", "tensors"))
    };
    neighbours.iter().map(tensors).collect::<Vec<_>>().join(", ")
}

/// `1 node`, `2 nodes`.
fn counted(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}
