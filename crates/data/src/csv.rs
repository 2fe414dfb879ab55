//! CSV: one example a line, its numbers with commas between them, one column the target.
//!
//! ```text
//! length,width,kind          the first line names the columns if no cell of it is a number
//! 5.1,3.5,setosa
//! 6.2,"2.9",versicolor       cells may be quoted; "" within quotes is one quotation mark
//! ```
//!
//! RFC 4180, <https://www.rfc-editor.org/rfc/rfc4180>, but that a cell ends with its line.

use std::str::Utf8Error;

/// A table with one column set apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The columns of the features: their names, or their numbers from 1 where the file has no names.
    pub features: Vec<String>,
    /// The column of the target.
    pub target: String,
    /// The features, row by row: finite numbers.
    pub values: Vec<f32>,
    /// The cell of the target in each row: never empty.
    pub targets: Vec<String>,
    /// The line of the first row in the file, from 1.
    pub first_line: usize,
}

/// The file is not the table that it should be. The caller knows its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// Bytes that are no text.
    #[error("is no text (byte {}): save it as UTF-8", .0.valid_up_to())]
    NotText(Utf8Error),
    /// Nothing in it, or only names.
    #[error("has no rows: give at least one")]
    Empty,
    /// One column, which would be the target.
    #[error("has one column only: separate the cells with commas")]
    OneColumn,
    /// A row with more or fewer cells than the first.
    #[error(
        "line {line} has {found} cells, but line 1 has {expected}: give every line the same number"
    )]
    Cells {
        /// The line, from 1.
        line: usize,
        /// How many cells it has.
        found: usize,
        /// How many the first line has.
        expected: usize,
    },
    /// A cell that is no number.
    #[error(
        "line {line}, column {column}: '{cell}' is not a finite number: correct or remove the line"
    )]
    Number {
        /// The line, from 1.
        line: usize,
        /// The column, by name or number.
        column: String,
        /// What stands there.
        cell: String,
    },
    /// A target that is not there.
    #[error("line {line}, column {column}: the target is empty: correct or remove the line")]
    NoTarget {
        /// The line, from 1.
        line: usize,
        /// The column, by name or number.
        column: String,
    },
    /// Quotation marks that do not pair.
    #[error(
        "line {line}: a quoted cell does not end, or does not end at a comma: close the quotes"
    )]
    Quotes {
        /// The line, from 1.
        line: usize,
    },
    /// A target column that is not there.
    #[error("has no column '{wanted}': name one of {columns}")]
    Column {
        /// What was asked for.
        wanted: String,
        /// The columns there are.
        columns: String,
    },
    /// A column that is there twice.
    #[error("has two columns '{name}': give each a name of its own")]
    Twice {
        /// The name.
        name: String,
    },
    /// A target that names no class.
    #[error(
        "line {line}: the target '{cell}' of column {column} is no class, which is a word or a whole \
         number: name the column of the classes, as in table.csv#kind"
    )]
    NoClass {
        /// The line, from 1.
        line: usize,
        /// The column, by name or number.
        column: String,
        /// What stands there.
        cell: String,
    },
    /// Two tables with other columns.
    #[error("the columns differ: take both from the same table")]
    Columns,
}

/// Reads a table. The target is the column called `target`, or with this number from 1 where the columns
/// have no names; the last column if nothing is said.
///
/// ```
/// use thalweg_data::csv;
///
/// let table = csv::read(b"height,kind,width\n1,oak,2\n3,fir,4.5\n", Some("kind"))?;
/// assert_eq!(table.features, ["height", "width"]);
/// assert_eq!(table.values, [1.0, 2.0, 3.0, 4.5]);
/// assert_eq!(table.targets, ["oak", "fir"]);
///
/// let error = csv::read(b"1,2\n3,nan\n4,5\n", Some("1")).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 2, column 2: 'nan' is not a finite number: correct or remove the line"
/// );
/// # Ok::<(), csv::CsvError>(())
/// ```
///
/// # Errors
///
/// If the file is no UTF-8, has no row, no second column or no such target, if a line has another number of
/// cells than the first, or if a feature is not a finite number or a target is empty.
pub fn read(file: &[u8], target: Option<&str>) -> Result<Table, CsvError> {
    let text = std::str::from_utf8(file).map_err(CsvError::NotText)?;
    let text = text.trim_start_matches('\u{feff}').trim_end();
    let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line)).peekable();
    let &(_, first) = lines.peek().ok_or(CsvError::Empty)?;
    let first = cells(first).ok_or(CsvError::Quotes { line: 1 })?;
    let named = first.iter().all(|cell| cell.parse::<f64>().is_err());
    let columns: Vec<String> = match named {
        true => first,
        false => (1..=first.len()).map(|number| number.to_string()).collect(),
    };
    let target = column(&columns, target)?;
    let first_line = if named { 2 } else { 1 };
    let (mut values, mut targets) = (Vec::new(), Vec::new());
    for (line, text) in lines.skip(first_line - 1) {
        let mut row = cells(text).ok_or(CsvError::Quotes { line })?;
        if row.len() != columns.len() {
            let (found, expected) = (row.len(), columns.len());
            return Err(CsvError::Cells { line, found, expected });
        }
        let cell = row.remove(target);
        if cell.is_empty() {
            return Err(CsvError::NoTarget { line, column: columns[target].clone() });
        }
        targets.push(cell);
        for (place, cell) in row.into_iter().enumerate() {
            match finite(&cell) {
                Some(value) => values.push(value),
                None => {
                    let column = columns[place + usize::from(place >= target)].clone();
                    return Err(CsvError::Number { line, column, cell });
                }
            }
        }
    }
    if targets.is_empty() {
        return Err(CsvError::Empty);
    }
    let mut features = columns;
    let target = features.remove(target);
    Ok(Table { features, target, values, targets, first_line })
}

impl Table {
    /// The targets as numbers, for regression.
    ///
    /// # Errors
    ///
    /// If one is not a finite number.
    pub fn real_targets(&self) -> Result<Vec<f32>, CsvError> {
        let number = |(row, cell): (usize, &String)| {
            finite(cell).ok_or_else(|| CsvError::Number {
                line: self.first_line + row,
                column: self.target.clone(),
                cell: cell.clone(),
            })
        };
        self.targets.iter().enumerate().map(number).collect()
    }

    /// The targets as classes: words as they are, whole numbers in one way of writing.
    ///
    /// # Errors
    ///
    /// If one is a number that is not whole.
    pub fn class_targets(&self) -> Result<Vec<String>, CsvError> {
        let class = |(row, cell): (usize, &String)| match cell.parse::<f64>() {
            Err(_) => Ok(cell.clone()),
            Ok(number) if number.fract() == 0.0 && number.abs() < 2f64.powi(53) => {
                Ok(format!("{}", number as i64))
            }
            Ok(_) => Err(CsvError::NoClass {
                line: self.first_line + row,
                column: self.target.clone(),
                cell: cell.clone(),
            }),
        };
        self.targets.iter().enumerate().map(class).collect()
    }
}

/// The place of the target among the columns.
fn column(columns: &[String], target: Option<&str>) -> Result<usize, CsvError> {
    if columns.len() < 2 {
        return Err(CsvError::OneColumn);
    }
    let twice = columns.iter().enumerate().find(|(i, name)| columns[..*i].contains(name));
    if let Some((_, name)) = twice {
        return Err(CsvError::Twice { name: name.clone() });
    }
    let Some(wanted) = target else { return Ok(columns.len() - 1) };
    columns.iter().position(|name| name == wanted).ok_or_else(|| CsvError::Column {
        wanted: wanted.to_owned(),
        columns: match columns.len() {
            0..20 => columns.join(", "),
            n => format!("{} to {} ({n} columns)", columns[0], columns[n - 1]),
        },
    })
}

fn finite(cell: &str) -> Option<f32> {
    cell.parse().ok().filter(|value: &f32| value.is_finite())
}

/// The cells of a line, without spaces around them; `None` where quotes do not pair.
fn cells(line: &str) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    let mut rest = line.trim_start();
    loop {
        let cell;
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = end_of_quotes(quoted)?;
            cell = quoted[..end].replace("\"\"", "\"");
            rest = quoted[end + 1..].trim_start();
            if !(rest.is_empty() || rest.starts_with(',')) {
                return None;
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            cell = rest[..end].trim().to_owned();
            rest = &rest[end..];
        }
        cells.push(cell);
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return Some(cells),
        }
    }
}

/// The place of the quotation mark that ends a cell: the first that is not one of two.
fn end_of_quotes(quoted: &str) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut at = 0;
    loop {
        at += bytes[at..].iter().position(|&byte| byte == b'"')?;
        match bytes.get(at + 1) {
            Some(b'"') => at += 2,
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(file: &str, target: Option<&str>) -> String {
        read(file.as_bytes(), target).unwrap_err().to_string()
    }

    #[test]
    fn columns_have_names_or_numbers() {
        let named = read(b"a,b,c\r\n1,2,x\r\n3,4,y\r\n", None).unwrap();
        assert_eq!((&named.features[..], &named.target[..]), (&["a".into(), "b".into()][..], "c"));
        assert_eq!((&named.values[..], named.first_line), (&[1.0, 2.0, 3.0, 4.0][..], 2));
        let numbered = read(b"1,2,x\n3,4,y\n", Some("2")).unwrap_err();
        assert_eq!(
            numbered.to_string(),
            "line 1, column 3: 'x' is not a finite number: correct or remove the line"
        );
        let numbered = read(b"1,2,7\n3,4,8", Some("1")).unwrap();
        assert_eq!((numbered.features, numbered.first_line), (vec!["2".into(), "3".into()], 1));
        assert_eq!(numbered.targets, ["1", "3"]);
    }

    #[test]
    fn cells_may_be_quoted() {
        let table =
            read("\u{feff}\"a, b\",c\n\"1.5\" , \"say \"\"x\"\"\"\n".as_bytes(), None).unwrap();
        assert_eq!(table.features, ["a, b"]);
        assert_eq!((&table.values[..], &table.targets[0][..]), (&[1.5][..], "say \"x\""));
        for line in ["\"1,2", "\"1\"2,3", "1,\"2\"\""] {
            assert!(message(&format!("a,b\n{line}\n"), None).starts_with("line 2: a quoted cell"));
        }
    }

    #[test]
    fn a_cell_that_is_no_number_is_an_error_with_its_line_and_column() {
        for cell in ["", "nan", "NaN", "inf", "-Infinity", "1e99", "?", "1;2"] {
            assert_eq!(
                message(&format!("x,y,kind\n1,2,a\n3,{cell},b\n"), None),
                format!(
                    "line 3, column y: '{cell}' is not a finite number: correct or remove the line"
                )
            );
        }
        assert_eq!(
            message("x,kind\n1,\n", None),
            "line 2, column kind: the target is empty: correct or remove the line"
        );
    }

    #[test]
    fn tables_that_are_none_are_refused() {
        assert_eq!(message("", None), "has no rows: give at least one");
        assert_eq!(message("a,b\n", None), "has no rows: give at least one");
        assert_eq!(
            message("1;2\n3;4\n", None),
            "has one column only: separate the cells with commas"
        );
        assert_eq!(
            message("a,b\n1,2\n3\n", None),
            "line 3 has 1 cells, but line 1 has 2: give every line the same number"
        );
        assert!(message("a,b\n1,2\n\n3,4\n", None).starts_with("line 3 has 1 cells"));
        assert_eq!(message("a,b\n1,2\n", Some("c")), "has no column 'c': name one of a, b");
        assert!(message("a,a\n1,2\n", None).starts_with("has two columns 'a'"));
        let error = read(b"a,b\n1,\xff\n", None).unwrap_err().to_string();
        assert_eq!(error, "is no text (byte 6): save it as UTF-8");
    }

    #[test]
    fn targets_are_classes_or_numbers() {
        let table = |cells: [&str; 2]| {
            read(format!("x,t\n1,{}\n2,{}\n", cells[0], cells[1]).as_bytes(), None).unwrap()
        };
        assert_eq!(table(["+1", "-1.0"]).class_targets().unwrap(), ["1", "-1"]);
        assert_eq!(table(["oak", "fir"]).class_targets().unwrap(), ["oak", "fir"]);
        assert_eq!(table(["1.5", "-2"]).real_targets().unwrap(), [1.5, -2.0]);
        let error = table(["1", "0.5"]).class_targets().unwrap_err().to_string();
        assert!(error.starts_with("line 3: the target '0.5' of column t is no class"), "{error}");
        let error = table(["oak", "2"]).real_targets().unwrap_err().to_string();
        assert!(error.starts_with("line 2, column t: 'oak' is not a finite number"), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, text in "[0-9,\"a\n.-]{0,60}") {
            let _ = read(&bytes, None);
            if let Ok(table) = read(text.as_bytes(), None) {
                prop_assert_eq!(table.values.len(), table.features.len() * table.targets.len());
                prop_assert!(table.values.iter().all(|value| value.is_finite()));
            }
        }
    }
}
