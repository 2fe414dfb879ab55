//! The compiled plan as a table: step by step, where values lie and what they cost.

use std::io::{self, Write};

use comfy_table::{CellAlignment, Table, presets};
use thalweg_graph::{PlanDescription, PlanStep, Storage};

pub fn write(out: &mut dyn Write, plan: &PlanDescription) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["step", "operations", "reads", "writes", "bytes", "FLOPs"]);
    for (number, PlanStep { operations, reads, writes, bytes, flops }) in (1..).zip(&plan.steps) {
        table.add_row([
            format!("{number}"),
            operations.join("\n"),
            listed(reads),
            listed(writes),
            bytes.to_string(),
            flops.to_string(),
        ]);
    }
    for column in [0, 4, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{}", table.trim_fmt())?;
    writeln!(
        out,
        "\n{} steps, {} buffers; {} bytes at most, beside the parameters; {} FLOPs per run",
        plan.steps.len(),
        plan.buffers.len(),
        plan.peak_bytes(),
        plan.flops()
    )
}

/// One below the other.
fn listed(places: &[Storage]) -> String {
    places.iter().map(Storage::to_string).collect::<Vec<_>>().join("\n")
}
