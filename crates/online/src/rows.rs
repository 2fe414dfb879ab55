//! Rows of data, dealt one after the other.

use thalweg_data::{Examples, Measurements};
use thalweg_random::Stream;

use crate::vector::dot;

/// Rows with classes, in the order in which they are dealt.
#[derive(Clone)]
pub(crate) struct Rows {
    /// `[rows, columns]`
    values: Vec<f64>,
    pub columns: usize,
    labels: Vec<u16>,
    pub classes: usize,
    /// Where they come from, in words.
    pub data: String,
}

impl Rows {
    /// The rows of a part of a data set as they lie there.
    pub fn of_examples(examples: &Examples, data: String) -> Rows {
        let columns = examples.features();
        let all: Vec<usize> = (0..examples.len()).collect();
        let mut values = vec![0.0; all.len() * columns];
        examples.gather_features(&all, &mut values);
        let (labels, classes) = (examples.labels().to_vec(), examples.classes());
        Rows { values, columns, labels, classes, data }
    }

    /// The rows, each with a 1 behind it.
    pub fn with_ones(of: &Measurements, data: String) -> Rows {
        let rows = of.values.chunks(of.columns);
        let values = rows.flat_map(|row| row.iter().copied().chain([1.0])).collect();
        let (labels, classes) = (of.labels.clone(), of.class_names.len());
        Rows { values, columns: of.columns + 1, labels, classes, data }
    }

    /// The same in the order that the seed says.
    pub fn shuffled(self, seed: u64) -> Rows {
        let order = Stream::new(seed, "online/order").permutation(self.labels.len());
        let rows = order.iter().flat_map(|i| self.row(*i).0).copied().collect();
        let labels = order.iter().map(|i| self.labels[*i]).collect();
        Rows { values: rows, labels, ..self }
    }

    fn row(&self, i: usize) -> (&[f64], usize) {
        (&self.values[i * self.columns..][..self.columns], usize::from(self.labels[i]))
    }

    /// The row that comes after `rounds` others, with its class; after the last one comes the first.
    pub fn after(&self, rounds: u64) -> (&[f64], usize) {
        self.row((rounds % self.labels.len() as u64) as usize)
    }

    /// The rows of the first `rounds`, each with its class and how often it came.
    pub fn within(&self, rounds: u64) -> impl Iterator<Item = (&[f64], usize, f64)> {
        let all = self.labels.len() as u64;
        let (each, more) = (rounds / all, rounds % all);
        (0..rounds.min(all)).map(move |i| {
            let (row, class) = self.row(i as usize);
            (row, class, (each + u64::from(i < more)) as f64)
        })
    }

    /// The length of the longest among the first `rounds`.
    pub fn longest(&self, rounds: u64) -> f64 {
        let rows = self.values.chunks(self.columns).take(rounds as usize);
        rows.map(|row| dot(row, row)).fold(0.0, f64::max).sqrt()
    }
}
