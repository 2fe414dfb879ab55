//! Handwritten digits: 8 × 8 gray images in ten classes.
//!
//! Alpaydin & Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, 1998,
//! <https://doi.org/10.24432/C50P49>; its test part, 1,797 digits of 13 writers (`embedded/digits.md`). A pixel
//! is a count from 0 to 16 and is divided by 16.
//!
//! There is no division into training and test by its authors: the first 1,437 are taken for training, the
//! last 360 for the test.

use crate::file::File;
use crate::source::csv_parts;
use crate::{Classification, DataError, Source, classification};

/// Reads the digits, or what [`classification`] finds at a path.
///
/// ```
/// use thalweg_data::{Source, digits};
///
/// let data = digits(&Source::Embedded)?;
/// assert_eq!((data.train.len(), data.test.len(), data.train.shape()), (1437, 360, [8, 8, 1]));
/// # Ok::<(), thalweg_data::DataError>(())
/// ```
///
/// # Errors
///
/// If the path does not hold examples.
pub fn digits(source: &Source) -> Result<Classification, DataError> {
    if let Source::Path(path) = source {
        return classification(path);
    }
    let bytes = include_bytes!("../embedded/digits.csv.gz");
    let mut parts = csv_parts(&[File::embedded("digits.csv.gz", bytes)], None)?;
    parts.what = "embedded digits";
    parts.train = parts.train.shaped([8, 8, 1], 1.0 / 16.0);
    parts.test = parts.test.shaped([8, 8, 1], 1.0 / 16.0);
    parts.classification("", Source::Embedded)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counts were made with NumPy from scikit-learn's file.
    #[test]
    fn the_digits_are_those_of_the_file_over_16() {
        let data = digits(&Source::Search).unwrap();
        let mut counts = [0; 10];
        data.train.labels().iter().for_each(|&label| counts[usize::from(label)] += 1);
        assert_eq!(counts, COUNTS);
        let mut first = [0.0_f32; 64];
        data.train.gather_features(&[0], &mut first);
        assert_eq!(first[..6], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0].map(|x| x / 16.0));
        let all: Vec<usize> = (0..360).collect();
        let mut test = vec![0.0_f64; 360 * 64];
        data.test.gather_features(&all, &mut test);
        assert_eq!(16.0 * test.iter().sum::<f64>(), TEST_SUM);
        assert_eq!(data.provenance.to_string(), "embedded digits (1,437 train, 360 test)");
    }

    const COUNTS: [usize; 10] = [143, 146, 142, 146, 144, 145, 144, 143, 141, 143];
    const TEST_SUM: f64 = 112_346.0;
}
