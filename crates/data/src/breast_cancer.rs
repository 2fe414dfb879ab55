//! Tumours of the breast, malignant or benign: 30 measurements of the nuclei of their cells.
//!
//! Wolberg, Mangasarian, Street & Street, *Breast Cancer Wisconsin (Diagnostic)*, UCI Machine Learning Repository,
//! 1993, <https://doi.org/10.24432/C5DW2B>: 569 tumours, without a division into training and test
//! (`embedded/breast-cancer.md`). Class 1 is benign.
//!
//! The measurements are kept in f64, since what is calculated from them is known to twelve digits.

use crate::file::File;

/// Rows of measurements, each with the number of its class.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurements {
    /// The measurements, `[rows, columns]`, row by row.
    pub values: Vec<f64>,
    /// How many measurements a row has.
    pub columns: usize,
    /// The class of each row.
    pub labels: Vec<u16>,
    /// The name of each class: a label is a place in this list.
    pub class_names: Vec<String>,
}

/// The embedded tumours, 569 by 30, as they were measured.
///
/// ```
/// let tumours = thalweg_data::breast_cancer().standardized();
/// assert_eq!((tumours.labels.len(), tumours.columns), (569, 30));
/// assert_eq!(tumours.class_names, ["malignant", "benign"]);
/// let first: f64 = tumours.values.iter().step_by(30).map(|x| x * x).sum();
/// assert!((first - 569.0).abs() < 1e-9);
/// ```
pub fn breast_cancer() -> Measurements {
    let bytes = include_bytes!("../embedded/breast_cancer.csv.gz");
    let file = File::embedded("breast_cancer.csv.gz", bytes);
    let text = file.unpacked().expect("the embedded file is whole");
    let text = std::str::from_utf8(&text).expect("the embedded file is text");
    let mut lines = text.lines();
    let header = lines.next().expect("the embedded file has a first line");
    let class_names = header.split(',').skip(2).map(str::to_owned).collect();
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for line in lines {
        let (row, label) = line.rsplit_once(',').expect("a row ends with its class");
        let numbers = row.split(',').map(|cell| cell.parse::<f64>().expect("a cell is a number"));
        values.extend(numbers);
        labels.push(label.parse().expect("a class is a number"));
    }
    Measurements { columns: values.len() / labels.len(), values, labels, class_names }
}

impl Measurements {
    /// Each column less its mean, over its standard deviation: (x − x̄) / √(mean (x − x̄)²). A column in which
    /// all are the same becomes 0.
    pub fn standardized(mut self) -> Measurements {
        let (columns, rows) = (self.columns, self.labels.len() as f64);
        for column in 0..columns {
            let cells = || self.values.iter().skip(column).step_by(columns);
            let mean = cells().sum::<f64>() / rows;
            let variance = cells().map(|x| (x - mean).powi(2)).sum::<f64>() / rows;
            let scale = if variance > 0.0 { 1.0 / variance.sqrt() } else { 0.0 };
            let cells = self.values.iter_mut().skip(column).step_by(columns);
            cells.for_each(|x| *x = (*x - mean) * scale);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers were calculated with NumPy from scikit-learn's file.
    #[test]
    fn the_tumours_are_those_of_the_file() {
        let tumours = breast_cancer();
        assert_eq!(tumours.columns, 30);
        let benign = tumours.labels.iter().filter(|&&label| label == 1).count();
        assert_eq!((tumours.labels.len() - benign, benign), (212, 357));
        assert_eq!((tumours.values[0], tumours.values[568 * 30 + 29]), (17.99, 0.07039));
        let sum: f64 = tumours.values.iter().sum();
        assert!((sum - 1_056_474.459_635_600_2).abs() < 1e-6, "{sum}");
    }

    /// Mean ln(1 + exp(−t x·w)) of standardized rows with a 1 behind them, at w = (0.1, −0.1, …), by NumPy.
    #[test]
    fn standardized_rows_give_the_logistic_loss_of_numpy() {
        let tumours = breast_cancer().standardized();
        let loss = |(row, &label): (&[f64], &u16)| {
            let signs = [0.1, -0.1].into_iter().cycle();
            let score: f64 = row.iter().chain([&1.0]).zip(signs).map(|(x, w)| x * w).sum();
            let t = 2.0 * f64::from(label) - 1.0;
            (-t * score).exp().ln_1p()
        };
        let sum: f64 = tumours.values.chunks(30).zip(&tumours.labels).map(loss).sum();
        assert!((sum / 569.0 - 0.729_823_097_230_118).abs() < 1e-13, "{}", sum / 569.0);
    }

    #[test]
    fn a_column_without_spread_becomes_0() {
        let all = Measurements {
            values: vec![1.0, 5.0, 3.0, 5.0],
            columns: 2,
            labels: vec![0, 1],
            class_names: vec!["a".into(), "b".into()],
        };
        assert_eq!(all.standardized().values, [-1.0, 0.0, 1.0, 0.0]);
    }
}
