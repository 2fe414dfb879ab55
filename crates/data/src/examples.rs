//! Labelled examples: images, kept as bytes and turned into numbers batch by batch, or rows of numbers.
//!
//! A pixel is kept as its byte and divided by 255 when it is gathered. Gathering a random batch of 64 images
//! of 784 pixels into f32 took, in microseconds, on one core of an AMD EPYC with 32 MiB of L3:
//!
//! ```text
//! images    bytes / 255    bytes and a table of 256    pixels kept as f32
//!  5 000         18                  23                        30
//! 60 000         32                  45                        36
//! ```
//!
//! And 60 000 images take 47 MB, not 188 MB.

use std::collections::HashMap;
use std::fmt;

use crate::Source;

/// Examples of one size, at least one, each with the number of its class.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    shape: [usize; 3],
    values: Values,
    /// 16 bits, so that every label is exact as a float.
    labels: Vec<u16>,
    classes: usize,
}

/// The features of all examples, one after the other.
#[derive(Clone, Debug, PartialEq)]
enum Values {
    Pixels(Vec<u8>),
    Numbers(Vec<f32>),
}

/// A task of classification: examples to learn from, and examples of the same kind to measure on.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// What the model is trained on.
    pub train: Examples,
    /// What the model is measured on and never trained on.
    pub test: Examples,
    /// The name of each class: a label is a place in this list.
    pub class_names: Vec<String>,
    /// Where the examples come from.
    pub provenance: Provenance,
}

/// Where data come from and where else they were looked for, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The place that was used and how much it holds.
    pub used: String,
    /// The places that come before it, in order, each with the reason why it was passed over.
    pub searched: Vec<String>,
    /// What to ask for to get the same data again.
    pub source: Source,
}

/// Examples and labels that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExamplesError {
    /// No examples, or examples without values.
    #[error("no examples in {}: give at least one of one value", times(.0))]
    Empty(Vec<usize>),
    /// The number of values is not the product of the sizes.
    #[error("{found} values, expected {}: check the sizes", times(.expected))]
    Values {
        /// Number of values.
        found: usize,
        /// Count and size of the examples.
        expected: Vec<usize>,
    },
    /// Not one label for each example.
    #[error("{examples} examples but {labels} labels: take both from the same set")]
    Counts {
        /// Number of examples.
        examples: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A label that names no class.
    #[error(
        "label {label} at place {place} (from 0), expected labels below {classes}: \
         check that the labels belong to this set"
    )]
    Label {
        /// The label.
        label: u16,
        /// The place of its example.
        place: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A class that cannot be learned.
    #[error(
        "class {number} ('{name}') has no example in the training part: shuffle a file that is sorted by class, \
         or give examples of every class"
    )]
    NoExample {
        /// The number of the class.
        number: usize,
        /// The name of the class.
        name: String,
    },
    /// A class that only the test part has.
    #[error(
        "example {place} (from 0) of the test part is of class '{class}', which the training part does not \
         have: shuffle a file that is sorted by class, or give examples of every class"
    )]
    Unknown {
        /// The class.
        class: String,
        /// The place of its example.
        place: usize,
    },
    /// More classes than numbers for them.
    #[error("{classes} classes: take at most 65536, or another column for the target")]
    TooManyClasses {
        /// How many.
        classes: usize,
    },
    /// Too few to be cut in two.
    #[error("{rows} examples are too few to keep a fifth for the test: give at least 5")]
    TooFew {
        /// How many.
        rows: usize,
    },
    /// Training and test examples, or the names of the classes, are not of one kind.
    #[error(
        "training examples are {train}, test examples {test}, and {names} classes have names: \
         take all from the same set"
    )]
    Kinds {
        /// Size and classes of the training examples.
        train: String,
        /// Size and classes of the test examples.
        test: String,
        /// The number of names of classes.
        names: usize,
    },
}

impl Examples {
    /// Images of `[count, height, width, channels]` bytes, the channel running fastest, and for each the
    /// number of its class, which is below `classes`.
    ///
    /// ```
    /// use thalweg_data::Examples;
    ///
    /// let two = Examples::images([2, 1, 2, 1], vec![0, 255, 51, 0], vec![0, 1], 2)?;
    /// assert_eq!((two.len(), two.features()), (2, 2));
    /// let error = Examples::images([2, 1, 2, 1], vec![0, 255, 51, 0], vec![0, 2], 2).unwrap_err();
    /// assert!(error.to_string().starts_with("label 2 at place 1 (from 0), expected labels below 2"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there is nothing, or the sizes, the pixels, the labels and the classes do not fit together.
    pub fn images(
        sizes: [usize; 4],
        pixels: Vec<u8>,
        labels: Vec<u16>,
        classes: usize,
    ) -> Result<Examples, ExamplesError> {
        check(&sizes, pixels.len(), &labels, classes)?;
        let [_, height, width, channels] = sizes;
        let shape = [height, width, channels];
        Ok(Examples { shape, values: Values::Pixels(pixels), labels, classes })
    }

    /// Rows of numbers, `[count, features]`, taken as they are, and for each the number of its class, which
    /// is below `classes`. In the words of images, a row is one pixel with a channel for each feature.
    ///
    /// # Errors
    ///
    /// If there is nothing, or the sizes, the numbers, the labels and the classes do not fit together.
    pub fn rows(
        sizes: [usize; 2],
        numbers: Vec<f32>,
        labels: Vec<u16>,
        classes: usize,
    ) -> Result<Examples, ExamplesError> {
        check(&sizes, numbers.len(), &labels, classes)?;
        let shape = [1, 1, sizes[1]];
        Ok(Examples { shape, values: Values::Numbers(numbers), labels, classes })
    }

    /// The same numbers, times `scale`, as images of `[height, width, channels]`.
    pub(crate) fn shaped(mut self, shape: [usize; 3], scale: f32) -> Examples {
        assert_eq!(shape.iter().product::<usize>(), self.features(), "as many values as before");
        if let Values::Numbers(all) = &mut self.values {
            all.iter_mut().for_each(|x| *x *= scale);
        }
        Examples { shape, ..self }
    }

    /// How many there are, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "there is always an example")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Height and width of every image in pixels, and its channels; `[1, 1, features]` for rows of a table.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// How many numbers describe one example: height times width times channels.
    pub fn features(&self) -> usize {
        self.shape.iter().product()
    }

    /// How many classes there are: every label is below.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The labels, one for each example.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// Writes the features of the examples at `indices` one after the other: a pixel over 255, in [0, 1] and
    /// rounded to f32, whatever `T` is; the number of a table as it is.
    ///
    /// ```
    /// use thalweg_data::Examples;
    ///
    /// let two = Examples::images([2, 1, 2, 1], vec![0, 255, 51, 0], vec![0, 1], 2)?;
    /// let (mut features, mut labels) = ([0.0_f32; 4], [0.0_f32; 2]);
    /// two.gather_features(&[1, 0], &mut features);
    /// two.gather_labels(&[1, 0], &mut labels);
    /// assert_eq!(features, [0.2, 0.0, 0.0, 1.0]);
    /// assert_eq!(labels, [1.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `features` does not hold [`Examples::features`] numbers for each index, or if an index is not
    /// below [`Examples::len`].
    pub fn gather_features<T: From<f32>>(&self, indices: &[usize], features: &mut [T]) {
        assert_eq!(features.len(), indices.len() * self.features(), "room for the features");
        let n = self.features();
        let rows = indices.iter().zip(features.chunks_exact_mut(n));
        match &self.values {
            Values::Pixels(pixels) => rows.for_each(|(i, row)| scale(&pixels[i * n..][..n], row)),
            Values::Numbers(all) => rows.for_each(|(i, row)| copy(&all[i * n..][..n], row)),
        }
    }

    /// Writes the labels of the examples at `indices` one after the other: the number of the class, exactly.
    ///
    /// # Panics
    ///
    /// If `labels` does not hold one number for each index, or if an index is not below [`Examples::len`].
    pub fn gather_labels<T: From<f32>>(&self, indices: &[usize], labels: &mut [T]) {
        assert_eq!(labels.len(), indices.len(), "room for the labels");
        for (&index, label) in indices.iter().zip(labels) {
            *label = T::from(f32::from(self.labels[index]));
        }
    }

    /// What examples have in common, as it reads after "are".
    fn kind(&self) -> String {
        let size = match (&self.values, self.shape) {
            (Values::Pixels(_), [height, width, 1]) => format!("{height} × {width} pixels"),
            (Values::Pixels(_), [height, width, channels]) => {
                format!("{height} × {width} pixels of {channels} channels")
            }
            (Values::Numbers(_), [1, 1, features]) => format!("rows of {features} features"),
            (Values::Numbers(_), shape) => format!("rows of {}", times(&shape)),
        };
        format!("{size} in {} classes", self.classes)
    }
}

impl Classification {
    /// Puts a task together. Training and test examples must be of one size, the classes as many as their
    /// names, and each with an example in training.
    ///
    /// # Errors
    ///
    /// If they are not.
    pub fn new(
        train: Examples,
        test: Examples,
        class_names: Vec<String>,
        provenance: Provenance,
    ) -> Result<Classification, ExamplesError> {
        let names = class_names.len();
        let same = train.shape == test.shape && [train.classes, test.classes] == [names; 2];
        if !same {
            return Err(ExamplesError::Kinds { train: train.kind(), test: test.kind(), names });
        }
        let mut seen = vec![false; names];
        train.labels.iter().for_each(|&label| seen[usize::from(label)] = true);
        if let Some(number) = seen.iter().position(|seen| !seen) {
            return Err(ExamplesError::NoExample { number, name: class_names[number].clone() });
        }
        Ok(Classification { train, test, class_names, provenance })
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }
}

impl Provenance {
    /// Data that were taken from `source`, and looked for nowhere else.
    pub fn of(used: impl Into<String>, source: Source) -> Provenance {
        Provenance { used: used.into(), searched: vec![], source }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.used)?;
        match &self.searched[..] {
            [] => Ok(()),
            places => write!(f, "; looked in {}", places.join(", ")),
        }
    }
}

/// The quotients by 255, as vector code: a division takes ten times as long as what else is done to a pixel.
///
/// They are products with 1/255 in two parts, of which the first has so few digits that its products are
/// exact. So the sum is near enough to the quotient to be rounded to the same number, for every pixel.
fn scale<T: From<f32>>(pixels: &[u8], features: &mut [T]) {
    const DIGITS: u32 = 0xFFFF_FF00;
    const HIGH: f32 = f32::from_bits((1.0f32 / 255.0).to_bits() & DIGITS);
    const LOW: f32 = (1.0 / 255.0 - HIGH as f64) as f32;
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (feature, &pixel) in features.iter_mut().zip(pixels) {
                let pixel = f32::from(pixel);
                *feature = T::from(pixel * HIGH + pixel * LOW);
            }
        },
    );
}

fn copy<T: From<f32>>(numbers: &[f32], features: &mut [T]) {
    for (feature, &number) in features.iter_mut().zip(numbers) {
        *feature = T::from(number);
    }
}

/// Whether so many values of examples of these sizes, the count first, and their labels belong together.
fn check(
    sizes: &[usize],
    found: usize,
    labels: &[u16],
    classes: usize,
) -> Result<(), ExamplesError> {
    if sizes.contains(&0) {
        return Err(ExamplesError::Empty(sizes.into()));
    }
    let expected = sizes.iter().try_fold(1, |product: usize, &size| product.checked_mul(size));
    if expected != Some(found) {
        return Err(ExamplesError::Values { found, expected: sizes.into() });
    }
    if sizes[0] != labels.len() {
        return Err(ExamplesError::Counts { examples: sizes[0], labels: labels.len() });
    }
    match labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(place) => Err(ExamplesError::Label { label: labels[place], place, classes }),
        None => Ok(()),
    }
}

/// The names of the classes in `labels`, in the order of their numbers where all are numbers.
pub(crate) fn class_names(labels: &[String]) -> Result<Vec<String>, ExamplesError> {
    let mut names: Vec<String> = labels.to_vec();
    names.sort_unstable();
    names.dedup();
    let numbers: Option<Vec<i64>> = names.iter().map(|name| name.parse().ok()).collect();
    if let Some(mut numbers) = numbers {
        numbers.sort_unstable();
        names = numbers.iter().map(i64::to_string).collect();
    }
    match names.len() {
        0..=65_536 => Ok(names),
        classes => Err(ExamplesError::TooManyClasses { classes }),
    }
}

/// The number of each label among `names`.
pub(crate) fn class_numbers(
    labels: &[String],
    names: &[String],
) -> Result<Vec<u16>, ExamplesError> {
    let numbers: HashMap<&str, u16> = names.iter().map(String::as_str).zip(0..=u16::MAX).collect();
    let number = |(place, class): (usize, &String)| {
        let number = numbers.get(class.as_str()).copied();
        number.ok_or_else(|| ExamplesError::Unknown { class: class.clone(), place })
    };
    labels.iter().enumerate().map(number).collect()
}

fn times(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provenance() -> Provenance {
        Provenance::of("a test", Source::Embedded)
    }

    #[test]
    fn gathered_features_are_the_nearest_floats() {
        let pixels: Vec<u8> = (0..=255).collect();
        let examples = Examples::images([2, 8, 16, 1], pixels, vec![0, 65_535], 65_536).unwrap();
        assert_eq!((examples.len(), examples.features(), examples.shape()), (2, 128, [8, 16, 1]));

        let (mut features, mut labels) = (vec![0.0_f32; 256], vec![0.0_f32; 2]);
        examples.gather_features(&[0, 1], &mut features);
        examples.gather_labels(&[0, 1], &mut labels);
        for (pixel, &feature) in features.iter().enumerate() {
            assert_eq!(feature, (pixel as f64 / 255.0) as f32);
        }
        assert_eq!(labels, [0.0, 65_535.0]);

        let (mut twice, mut labels) = (vec![0.0_f64; 384], vec![0.0_f64; 3]);
        examples.gather_features(&[1, 0, 1], &mut twice);
        examples.gather_labels(&[1, 0, 1], &mut labels);
        let expected: Vec<f64> = [&features[128..], &features[..128], &features[128..]]
            .concat()
            .into_iter()
            .map(f64::from)
            .collect();
        assert_eq!(twice, expected);
        assert_eq!(labels, [65_535.0, 0.0, 65_535.0]);
    }

    #[test]
    #[should_panic(expected = "room for the features")]
    fn gathering_needs_buffers_of_the_right_size() {
        let one = Examples::images([1, 1, 2, 1], vec![1, 2], vec![0], 1).unwrap();
        one.gather_features(&[0], &mut [0.0_f32; 1]);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let message = |sizes, pixels: usize, labels: &[u16]| {
            Examples::images(sizes, vec![0; pixels], labels.to_vec(), 10).unwrap_err().to_string()
        };
        assert_eq!(
            message([0, 28, 28, 1], 0, &[]),
            "no examples in 0 × 28 × 28 × 1: give at least one of one value"
        );
        assert_eq!(
            message([2, 2, 2, 1], 7, &[0, 0]),
            "7 values, expected 2 × 2 × 2 × 1: check the sizes"
        );
        let huge = [usize::MAX, 2, 2, 1];
        assert!(message(huge, 4, &[0]).starts_with("4 values, expected 18446744073709551615 × 2"));
        assert_eq!(
            message([2, 1, 1, 1], 2, &[0]),
            "2 examples but 1 labels: take both from the same set"
        );
        assert_eq!(
            message([3, 1, 1, 1], 3, &[9, 10, 11]),
            "label 10 at place 1 (from 0), expected labels below 10: \
             check that the labels belong to this set"
        );
    }

    #[test]
    fn training_and_test_examples_are_of_one_kind() {
        let one = |height, width, classes| {
            let labels = (0..classes as u16).collect();
            let pixels = vec![0; classes * height * width];
            Examples::images([classes, height, width, 1], pixels, labels, classes).unwrap()
        };
        let names = |n| vec![String::from("class"); n];
        let task = Classification::new(one(2, 3, 4), one(2, 3, 4), names(4), provenance()).unwrap();
        assert_eq!(task.classes(), 4);
        for (test, classes) in [(one(3, 2, 4), 4), (one(2, 3, 5), 4), (one(2, 3, 4), 5)] {
            let wrong = Classification::new(one(2, 3, 4), test, names(classes), provenance());
            let message = wrong.unwrap_err().to_string();
            assert!(message.starts_with("training examples are 2 × 3 pixels in 4 classes, test"));
            assert!(message.contains(&format!("and {classes} classes have names")), "{message}");
        }
    }

    #[test]
    fn a_class_without_an_example_is_named() {
        let examples = |labels: &[u16]| {
            Examples::rows([labels.len(), 1], vec![0.0; labels.len()], labels.to_vec(), 3).unwrap()
        };
        let names = ["oak", "fir", "elm"].map(String::from).to_vec();
        let task = |train: &[u16], test: &[u16]| {
            Classification::new(examples(train), examples(test), names.clone(), provenance())
        };
        assert!(task(&[0, 1, 2], &[1]).is_ok());
        let message = task(&[2, 0, 2], &[1]).unwrap_err().to_string();
        assert!(message.starts_with("class 1 ('fir') has no example"));
    }

    #[test]
    fn classes_are_ordered_as_numbers_or_as_words() {
        let names = |labels: &[&str]| {
            class_names(&labels.iter().map(|label| label.to_string()).collect::<Vec<_>>()).unwrap()
        };
        assert_eq!(names(&["10", "-1", "9", "10"]), ["-1", "9", "10"]);
        assert_eq!(names(&["b", "10", "9"]), ["10", "9", "b"]);
        let labels = ["b", "c"].map(String::from);
        assert_eq!(class_numbers(&labels, &labels).unwrap(), [0, 1]);
        let message = class_numbers(&labels, &labels[..1]).unwrap_err().to_string();
        assert!(message.starts_with("example 1 (from 0) of the test part is of class 'c'"));
    }

    #[test]
    fn provenance_reads_as_a_sentence() {
        let mut provenance = provenance();
        assert_eq!(provenance.to_string(), "a test");
        provenance.searched = vec!["A (not set)".into(), "B (not there)".into()];
        assert_eq!(provenance.to_string(), "a test; looked in A (not set), B (not there)");
    }
}
