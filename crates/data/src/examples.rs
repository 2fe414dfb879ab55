//! Labelled images, kept as bytes and turned into numbers batch by batch.
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

use std::fmt;

/// Images of one size, at least one, each with the number of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examples {
    shape: [usize; 2],
    pixels: Vec<u8>,
    /// 16 bits, so that every label is exact as a float.
    labels: Vec<u16>,
    classes: usize,
}

/// A task of classification: examples to learn from, and examples of the same kind to measure on.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// Images and labels that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExamplesError {
    /// No images, or images without pixels.
    #[error("no examples in {}: give at least one image of one pixel", times(.0))]
    Empty([usize; 3]),
    /// The number of pixels is not count × height × width.
    #[error("{found} pixels, expected {}: check the sizes", times(.expected))]
    Pixels {
        /// Number of pixels.
        found: usize,
        /// Count, height and width of the images.
        expected: [usize; 3],
    },
    /// Not one label for each image.
    #[error("{images} images but {labels} labels: take both from the same set")]
    Counts {
        /// Number of images.
        images: usize,
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
    /// Images of `[count, height, width]` pixels, row-major, and for each the number of its class, which is
    /// below `classes`.
    ///
    /// ```
    /// use thalweg_data::Examples;
    ///
    /// let two = Examples::new([2, 1, 2], vec![0, 255, 51, 0], vec![0, 1], 2)?;
    /// assert_eq!(two.row(1), (&[51, 0][..], 1));
    /// let error = Examples::new([2, 1, 2], vec![0, 255, 51, 0], vec![0, 2], 2).unwrap_err();
    /// assert!(error.to_string().starts_with("label 2 at place 1 (from 0), expected labels below 2"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        sizes: [usize; 3],
        pixels: Vec<u8>,
        labels: Vec<u16>,
        classes: usize,
    ) -> Result<Examples, ExamplesError> {
        let [images, height, width] = sizes;
        if sizes.contains(&0) {
            return Err(ExamplesError::Empty(sizes));
        }
        let expected = sizes.iter().try_fold(1, |product: usize, &size| product.checked_mul(size));
        if expected != Some(pixels.len()) {
            return Err(ExamplesError::Pixels { found: pixels.len(), expected: sizes });
        }
        if images != labels.len() {
            return Err(ExamplesError::Counts { images, labels: labels.len() });
        }
        match labels.iter().position(|&label| usize::from(label) >= classes) {
            Some(place) => Err(ExamplesError::Label { label: labels[place], place, classes }),
            None => Ok(Examples { shape: [height, width], pixels, labels, classes }),
        }
    }

    /// How many there are, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "there is always an example")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Height and width of every image, in pixels.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// How many numbers describe one example: height times width.
    pub fn features(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// How many classes there are: every label is below.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The labels, one for each example.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The pixels of one example, from 0 to 255 and row-major, and its label.
    ///
    /// # Panics
    ///
    /// If `example` is not below [`Examples::len`].
    pub fn row(&self, example: usize) -> (&[u8], u16) {
        (&self.pixels[example * self.features()..][..self.features()], self.labels[example])
    }

    /// Writes the features of the examples at `indices` one after the other: in [0, 1], a pixel over 255,
    /// rounded to f32, whatever `T` is.
    ///
    /// ```
    /// use thalweg_data::Examples;
    ///
    /// let two = Examples::new([2, 1, 2], vec![0, 255, 51, 0], vec![0, 1], 2)?;
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
        for (&index, row) in indices.iter().zip(features.chunks_exact_mut(self.features())) {
            scale(self.row(index).0, row);
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
        format!("{} × {} pixels in {} classes", self.shape[0], self.shape[1], self.classes)
    }
}

impl Classification {
    /// Puts a task together. Training and test images must be of one size, and the classes as many as their
    /// names.
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
        Ok(Classification { train, test, class_names, provenance })
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.class_names.len()
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

fn scale<T: From<f32>>(pixels: &[u8], features: &mut [T]) {
    for (feature, &pixel) in features.iter_mut().zip(pixels) {
        *feature = T::from(f32::from(pixel) / 255.0);
    }
}

fn times(sizes: &[usize; 3]) -> String {
    format!("{} × {} × {}", sizes[0], sizes[1], sizes[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provenance() -> Provenance {
        Provenance { used: "a test".into(), searched: vec![] }
    }

    #[test]
    fn gathered_features_are_the_nearest_floats() {
        let pixels: Vec<u8> = (0..=255).collect();
        let examples = Examples::new([2, 8, 16], pixels, vec![0, 65_535], 65_536).unwrap();
        assert_eq!((examples.len(), examples.features(), examples.shape()), (2, 128, [8, 16]));

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
        let one = Examples::new([1, 1, 2], vec![1, 2], vec![0], 1).unwrap();
        one.gather_features(&[0], &mut [0.0_f32; 1]);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let message = |sizes, pixels: usize, labels: &[u16]| {
            Examples::new(sizes, vec![0; pixels], labels.to_vec(), 10).unwrap_err().to_string()
        };
        assert_eq!(
            message([0, 28, 28], 0, &[]),
            "no examples in 0 × 28 × 28: give at least one image of one pixel"
        );
        assert_eq!(message([2, 2, 2], 7, &[0, 0]), "7 pixels, expected 2 × 2 × 2: check the sizes");
        let huge = [usize::MAX, 2, 2];
        assert!(message(huge, 4, &[0]).starts_with("4 pixels, expected 18446744073709551615 × 2"));
        assert_eq!(
            message([2, 1, 1], 2, &[0]),
            "2 images but 1 labels: take both from the same set"
        );
        assert_eq!(
            message([3, 1, 1], 3, &[9, 10, 11]),
            "label 10 at place 1 (from 0), expected labels below 10: \
             check that the labels belong to this set"
        );
    }

    #[test]
    fn training_and_test_examples_are_of_one_kind() {
        let one = |height, width, classes| {
            Examples::new([1, height, width], vec![0; height * width], vec![0], classes).unwrap()
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
    fn provenance_reads_as_a_sentence() {
        let mut provenance = provenance();
        assert_eq!(provenance.to_string(), "a test");
        provenance.searched = vec!["A (not set)".into(), "B (not there)".into()];
        assert_eq!(provenance.to_string(), "a test; looked in A (not set), B (not there)");
    }
}
