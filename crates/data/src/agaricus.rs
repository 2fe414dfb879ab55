//! Mushrooms, edible or poisonous: 126 features that are 0 or 1, of which each has 22.
//!
//! Schlimmer, *Mushroom*, UCI Machine Learning Repository, 1987, <https://doi.org/10.24432/C5959T>, as XGBoost
//! encodes it: 6,513 for training, 1,611 for the test (`embedded/agaricus.md`). Class 1 is poisonous.

use crate::file::File;
use crate::source::libsvm_parts;
use crate::{Classification, DataError, Source, classification};

/// Reads the mushrooms, or what [`classification`] finds at a path.
///
/// ```
/// use thalweg_data::{Source, agaricus};
///
/// let data = agaricus(&Source::Embedded)?;
/// assert_eq!((data.train.len(), data.test.len(), data.train.features()), (6513, 1611, 126));
/// # Ok::<(), thalweg_data::DataError>(())
/// ```
///
/// # Errors
///
/// If the path does not hold examples.
pub fn agaricus(source: &Source) -> Result<Classification, DataError> {
    if let Source::Path(path) = source {
        return classification(path);
    }
    let train = include_bytes!("../embedded/agaricus.train.svm.gz");
    let test = include_bytes!("../embedded/agaricus.test.svm.gz");
    let files = [
        File::embedded("agaricus.train.svm.gz", train),
        File::embedded("agaricus.test.svm.gz", test),
    ];
    let mut parts = libsvm_parts(&files)?;
    parts.what = "embedded mushrooms";
    parts.classification("", Source::Embedded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Examples;

    /// The counts are those of the files: 143,286 and 35,442 values that are not zero, 3,140 and 776
    /// poisonous mushrooms.
    #[test]
    fn the_mushrooms_are_those_of_the_files() {
        let data = agaricus(&Source::Search).unwrap();
        let counts = |examples: &Examples| {
            let all: Vec<usize> = (0..examples.len()).collect();
            let mut features = vec![0.0_f64; all.len() * 126];
            examples.gather_features(&all, &mut features);
            assert!(features.iter().all(|&x| x == 0.0 || x == 1.0));
            let ones: f64 = features.iter().sum();
            (ones, examples.labels().iter().filter(|&&label| label == 1).count())
        };
        assert_eq!(counts(&data.train), (143_286.0, 3140));
        assert_eq!(counts(&data.test), (35_442.0, 776));
        assert_eq!(data.class_names, ["0", "1"]);
    }
}
