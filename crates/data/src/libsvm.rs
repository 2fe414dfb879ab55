//! The format of LIBSVM: a class and the features that are not zero, one example a line.
//!
//! ```text
//! 1 3:1 10:0.5 11:1     class, then index:value with rising indices; # begins a comment
//! ```
//!
//! Chang & Lin, *LIBSVM: a library for support vector machines*, 2011,
//! <https://www.csie.ntu.edu.tw/~cjlin/libsvm/>. Indices count from 1; where an index is 0, from 0.

/// Rows of which only the values that are not zero are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sparse {
    /// The class of each row: −1 and 1, 0 and 1, or any whole numbers.
    pub labels: Vec<i64>,
    /// Row i is the part of `indices` and `values` from `starts[i]` to `starts[i + 1]`.
    pub starts: Vec<usize>,
    /// The indices as they are written, rising within a row.
    pub indices: Vec<u32>,
    /// The values: finite numbers.
    pub values: Vec<f32>,
}

/// The file is not the LIBSVM file that it should be. The caller knows its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibsvmError {
    /// Bytes that are no text.
    #[error("is no text (byte {byte}): unpack it first if it is packed other than with gzip")]
    NotText {
        /// The first byte that is wrong.
        byte: usize,
    },
    /// Nothing in it.
    #[error("has no rows: give at least one")]
    Empty,
    /// A label that names no class.
    #[error("line {line}: the label '{label}' is not a whole number: give each class a number")]
    Label {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        label: String,
    },
    /// A feature that is none.
    #[error("line {line}: '{feature}' is not index:value with a finite value: correct the line")]
    Feature {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        feature: String,
    },
    /// Indices that do not rise.
    #[error("line {line}: index {index} comes after index {before}: sort the features, each once")]
    Order {
        /// The line, from 1.
        line: usize,
        /// The index.
        index: u32,
        /// The one before it.
        before: u32,
    },
    /// No features at all.
    #[error("has no features: every value is zero")]
    NoFeatures,
    /// Too large to be kept with its zeros.
    #[error(
        "{rows} rows of {features} features are more than the {MOST_VALUES} values that are kept: \
         take fewer rows or hash the features"
    )]
    TooLarge {
        /// Rows.
        rows: usize,
        /// Features in each.
        features: usize,
    },
}

/// The most values that a dense copy may have: 1 GiB of them.
pub const MOST_VALUES: usize = 1 << 28;

/// Reads a file.
///
/// ```
/// let sparse = thalweg_data::libsvm::read(b"+1 1:0.5 3:2\n-1 2:1\n")?;
/// assert_eq!(sparse.labels, [1, -1]);
/// assert_eq!(sparse.dense(1, 3)?, [0.5, 0.0, 2.0, 0.0, 1.0, 0.0]);
/// # Ok::<(), thalweg_data::libsvm::LibsvmError>(())
/// ```
///
/// # Errors
///
/// If the file is no text or has no rows, or a line is not a label and features with rising indices.
pub fn read(file: &[u8]) -> Result<Sparse, LibsvmError> {
    let text = std::str::from_utf8(file)
        .map_err(|error| LibsvmError::NotText { byte: error.valid_up_to() })?;
    let mut sparse = Sparse { starts: vec![0], ..Sparse::default() };
    for (line, text) in text.lines().enumerate().map(|(i, text)| (i + 1, text)) {
        let mut words = text.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let Some(label) = words.next() else { continue };
        let class = whole(label);
        let class = class.ok_or_else(|| LibsvmError::Label { line, label: label.to_owned() })?;
        let start = sparse.indices.len();
        for feature in words {
            let wrong = || LibsvmError::Feature { line, feature: feature.to_owned() };
            let (index, value) = pair(feature).ok_or_else(wrong)?;
            match sparse.indices[start..].last() {
                Some(&before) if before >= index => {
                    return Err(LibsvmError::Order { line, index, before });
                }
                _ => {}
            }
            sparse.indices.push(index);
            sparse.values.push(value);
        }
        sparse.labels.push(class);
        sparse.starts.push(sparse.indices.len());
    }
    if sparse.labels.is_empty() { Err(LibsvmError::Empty) } else { Ok(sparse) }
}

impl Sparse {
    /// The least and the greatest index; `None` if no row has a feature.
    pub fn index_range(&self) -> Option<[u32; 2]> {
        let least = *self.indices.iter().min()?;
        let greatest = *self.indices.iter().max()?;
        Some([least, greatest])
    }

    /// The rows with their zeros, `[rows, features]`, where the first feature has index `first`.
    ///
    /// # Errors
    ///
    /// If that is more than [`MOST_VALUES`].
    ///
    /// # Panics
    ///
    /// If an index is not from `first` to below `first + features`.
    pub fn dense(&self, first: u32, features: usize) -> Result<Vec<f32>, LibsvmError> {
        let rows = self.labels.len();
        let size = rows.checked_mul(features).filter(|&size| size <= MOST_VALUES);
        let mut dense = vec![0.0; size.ok_or(LibsvmError::TooLarge { rows, features })?];
        for (row, ends) in dense.chunks_exact_mut(features.max(1)).zip(self.starts.windows(2)) {
            let part = ends[0]..ends[1];
            for (index, value) in self.indices[part.clone()].iter().zip(&self.values[part]) {
                row[(index - first) as usize] = *value;
            }
        }
        Ok(dense)
    }
}

fn whole(label: &str) -> Option<i64> {
    let number = label.parse::<f64>().ok()?;
    (number.fract() == 0.0 && number.abs() < 2f64.powi(53)).then_some(number as i64)
}

fn pair(feature: &str) -> Option<(u32, f32)> {
    let (index, value) = feature.split_once(':')?;
    let value = value.parse::<f32>().ok().filter(|value| value.is_finite())?;
    Some((index.parse().ok()?, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(file: &str) -> String {
        read(file.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn rows_keep_what_is_not_zero() {
        let sparse = read(b"3 0:1.5 4:-2 # a comment\n\n0\r\n1.0 2:1e-3").unwrap();
        assert_eq!(sparse.labels, [3, 0, 1]);
        assert_eq!(sparse.starts, [0, 2, 2, 3]);
        assert_eq!(sparse.index_range(), Some([0, 4]));
        let zeros = [0.0; 5];
        let rows = [[1.5, 0.0, 0.0, 0.0, -2.0], zeros, [0.0, 0.0, 1e-3, 0.0, 0.0]].concat();
        assert_eq!(sparse.dense(0, 5).unwrap(), rows);
    }

    #[test]
    fn wrong_lines_are_named() {
        assert_eq!(message("\n# nothing\n"), "has no rows: give at least one");
        assert_eq!(
            message("1 1:1\nx 1:1\n"),
            "line 2: the label 'x' is not a whole number: give each class a number"
        );
        assert!(message("0.5 1:1\n").starts_with("line 1: the label '0.5'"));
        for feature in
            ["1", "a:1", "-1:1", "1:", "1:nan", "1:inf", "1:1e99", "qid:x", "4294967296:1"]
        {
            assert_eq!(
                message(&format!("1 {feature}\n")),
                format!(
                    "line 1: '{feature}' is not index:value with a finite value: correct the line"
                )
            );
        }
        for (row, before, index) in [("1 2:1 2:1", 2, 2), ("1 5:1 3:1", 5, 3)] {
            assert_eq!(
                message(row),
                format!(
                    "line 1: index {index} comes after index {before}: sort the features, each once"
                )
            );
        }
        let error = read(b"1 1:1\n\xfe\n").unwrap_err().to_string();
        assert!(error.starts_with("is no text (byte 6)"), "{error}");
    }

    #[test]
    fn an_absurd_index_is_an_error_and_costs_no_memory() {
        let sparse = read(b"1 4294967295:1\n").unwrap();
        let error = sparse.dense(0, 1 << 32).unwrap_err().to_string();
        assert!(error.starts_with("1 rows of 4294967296 features are more than the 268435456"));
        assert!(sparse.dense(0, usize::MAX).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, text in "[0-9: #\n.-]{0,60}") {
            let _ = read(&bytes);
            if let Ok(sparse) = read(text.as_bytes()) {
                prop_assert_eq!(sparse.starts.len(), sparse.labels.len() + 1);
                prop_assert_eq!(sparse.values.len(), sparse.indices.len());
            }
        }
    }
}
