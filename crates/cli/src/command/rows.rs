//! Rows of numbers for other programs: CSV, or a JSON array with a row on each line.

use std::io::{self, Write};

use serde_json::Number;

/// Writes rows one by one, so that there may be any number of them.
pub struct Rows<W> {
    out: W,
    json: bool,
    names: &'static [&'static str],
    rows: u64,
}

impl<W: Write> Rows<W> {
    /// Rows of a step and a number for each of `names`.
    pub fn begin(mut out: W, json: bool, names: &'static [&'static str]) -> io::Result<Rows<W>> {
        if json {
            out.write_all(b"[")?;
        } else {
            writeln!(out, "step,{}", names.join(","))?;
        }
        Ok(Rows { out, json, names, rows: 0 })
    }

    /// One row, every number in as many digits as read back to the same bits.
    pub fn row(&mut self, step: u64, numbers: &[f64]) -> io::Result<()> {
        let Rows { out, json, names, rows } = self;
        if *json {
            write!(out, "{}\n{{\"step\": {step}", if *rows == 0 { "" } else { "," })?;
            for (name, x) in std::iter::zip(*names, numbers) {
                // JSON has no other word for what is not finite.
                let x = Number::from_f64(*x).map_or("null".into(), |x| x.to_string());
                write!(out, ", \"{name}\": {x}")?;
            }
            out.write_all(b"}")?;
        } else {
            write!(out, "{step}")?;
            numbers.iter().try_for_each(|x| write!(out, ",{x:?}"))?;
            writeln!(out)?;
        }
        *rows += 1;
        Ok(())
    }

    /// Ends the output, also after fewer rows than were meant.
    pub fn end(mut self) -> io::Result<()> {
        if self.json {
            self.out.write_all(b"\n]\n")?;
        }
        self.out.flush()
    }
}
