//! The language of Graphviz: scopes as clusters, edges with the shapes of what goes along them.
//!
//! <https://graphviz.org/doc/info/lang.html>

use std::io::{self, Write};

use super::{About, View, parent};

pub fn write(out: &mut dyn Write, view: &View<'_>, about: &About) -> io::Result<()> {
    writeln!(out, "digraph {} {{", quoted(&about.task))?;
    writeln!(out, "  graph [fontname=\"sans-serif\", rankdir=BT];")?;
    writeln!(out, "  node [fontname=\"sans-serif\", shape=box, style=rounded];")?;
    writeln!(out, "  edge [fontname=\"sans-serif\", fontsize=9];")?;
    write_scope(out, view, view.scope, 1)?;
    for (place, node) in view.nodes() {
        for &input in &node.inputs {
            let from = &view.diagram.nodes()[input];
            let label = from.shape.map(|shape| shape.to_string()).unwrap_or_default();
            match view.holds(&from.name) {
                true => writeln!(out, "  n{input} -> n{place} [label={}];", quoted(&label))?,
                false => writeln!(
                    out,
                    "  {} -> n{place} [label={}, style=dashed];",
                    quoted(&from.name),
                    quoted(&label)
                )?,
            }
        }
    }
    writeln!(out, "}}")
}

/// The nodes of a scope, and the scopes within it as clusters.
fn write_scope(out: &mut dyn Write, view: &View<'_>, scope: &str, depth: usize) -> io::Result<()> {
    let indent = "  ".repeat(depth);
    for (place, node) in view.nodes() {
        let (of, name) = parent(&node.name);
        if of != scope {
            continue;
        }
        let label = if name == node.operation {
            name.to_owned()
        } else {
            format!("{name}\n{}", node.operation)
        };
        writeln!(out, "{indent}n{place} [label={}];", quoted(&label))?;
    }
    for (within, card) in view.cards() {
        let (of, name) = parent(within);
        if of != scope || within == scope {
            continue;
        }
        writeln!(out, "{indent}subgraph {} {{", quoted(&format!("cluster_{within}")))?;
        let label = format!("{name}\n{} nodes", card.nodes);
        writeln!(out, "{indent}  label={};", quoted(&label))?;
        write_scope(out, view, within, depth + 1)?;
        writeln!(out, "{indent}}}")?;
    }
    Ok(())
}

/// A string of the language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
