//! Rows of data, dealt one after the other, and how often each one was.

use thalweg_data::{Examples, Measurements};
use thalweg_random::Stream;

use crate::vector::dot;

/// Rows with classes, in the order in which they are dealt.
pub(crate) struct Rows {
    /// `[rows, columns]`
    values: Vec<f64>,
    pub columns: usize,
    labels: Vec<u16>,
    pub classes: usize,
    /// Where they come from, in words.
    pub data: String,
    /// How often each row was dealt.
    dealt: Vec<f64>,
    t: usize,
}

impl Rows {
    /// The rows of a part of a data set as they lie there.
    pub fn of_examples(examples: &Examples, data: String) -> Rows {
        let columns = examples.features();
        let all: Vec<usize> = (0..examples.len()).collect();
        let mut values = vec![0.0; all.len() * columns];
        examples.gather_features(&all, &mut values);
        Rows::new(values, columns, examples.labels().to_vec(), examples.classes(), data)
    }

    /// The rows, each with a 1 behind it.
    pub fn with_ones(of: &Measurements, data: String) -> Rows {
        let rows = of.values.chunks(of.columns);
        let values = rows.flat_map(|row| row.iter().copied().chain([1.0])).collect();
        Rows::new(values, of.columns + 1, of.labels.clone(), of.class_names.len(), data)
    }

    fn new(
        values: Vec<f64>,
        columns: usize,
        labels: Vec<u16>,
        classes: usize,
        data: String,
    ) -> Rows {
        let dealt = vec![0.0; labels.len()];
        Rows { values, columns, labels, classes, data, dealt, t: 0 }
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

    /// The next row with its class; after the last one comes the first.
    pub fn next(&mut self) -> (&[f64], usize) {
        let i = self.t % self.labels.len();
        self.t += 1;
        self.dealt[i] += 1.0;
        self.row(i)
    }

    /// How many were dealt.
    pub fn count(&self) -> f64 {
        self.t as f64
    }

    /// The rows that were dealt, each with its class and how often.
    pub fn dealt(&self) -> impl Iterator<Item = (&[f64], usize, f64)> {
        let seen = self.t.min(self.labels.len());
        (0..seen).map(|i| {
            let (row, class) = self.row(i);
            (row, class, self.dealt[i])
        })
    }

    /// The length of the longest among the first `rounds`.
    pub fn longest(&self, rounds: u64) -> f64 {
        let rows = self.values.chunks(self.columns).take(rounds as usize);
        rows.map(|row| dot(row, row)).fold(0.0, f64::max).sqrt()
    }
}
