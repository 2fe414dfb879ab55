//! Fashion-MNIST: 28 × 28 gray images of clothing in ten classes.
//!
//! Xiao, Rasul & Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
//! Algorithms*, 2017, <https://arxiv.org/abs/1708.07747>. The full set has 60 000 training and 10 000 test
//! images; the first 5 000 and 1 000 of them are part of this crate (`embedded/README.md`).

use std::env;
use std::ffi::OsString;
use std::path::Path;

use crate::file::File;
use crate::source::{idx_parts, within};
use crate::{Classification, DataError, Source};

/// Reads Fashion-MNIST, or what is in its place. A search looks in the folder or file named by the environment
/// variable `THALWEG_DATA` if it is set and not empty; else in `/usr/share/datasets/fashion-mnist` (Debian's
/// package `dataset-fashion-mnist`) if it is there; else it takes the embedded part. Folders and files are
/// read as [`classification`](crate::classification) does.
///
/// A place that was named, or that holds only a part of the files, is never passed
/// over: it is read, or the error says what it lacks.
///
/// ```
/// use thalweg_data::{Source, fashion_mnist};
///
/// let data = fashion_mnist(&Source::Embedded)?;
/// assert_eq!(data.train.shape(), [28, 28, 1]);
/// assert_eq!(
///     data.provenance.to_string(),
///     "embedded subset of Fashion-MNIST (5,000 train, 1,000 test)"
/// );
/// # Ok::<(), thalweg_data::DataError>(())
/// ```
///
/// # Errors
///
/// If the data are not there, or not as they should be.
pub fn fashion_mnist(source: &Source) -> Result<Classification, DataError> {
    find(source, env::var_os(VARIABLE), Path::new(INSTALLED))
}

const VARIABLE: &str = "THALWEG_DATA";
const INSTALLED: &str = "/usr/share/datasets/fashion-mnist";

/// The labels of the first training examples, by which the set is known: other sets have files of the same
/// names.
pub(crate) const FIRST_LABELS: [u16; 10] = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5];

/// The names of the classes, in the order of their numbers.
pub(crate) const CLASSES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

fn find(
    source: &Source,
    variable: Option<OsString>,
    installed: &Path,
) -> Result<Classification, DataError> {
    let not_set = || format!("{VARIABLE} (not set)");
    let at = |path: &Path| within(path, &path.display().to_string());
    let (mut data, searched) = match (source, variable.filter(|value| !value.is_empty())) {
        (Source::Embedded, _) => (embedded()?, vec![]),
        (Source::Path(path), _) => (at(path)?, vec![]),
        (Source::Search, Some(path)) => {
            let path = Path::new(&path);
            (within(path, &format!("{} ({VARIABLE})", path.display()))?, vec![])
        }
        (Source::Search, None) if installed.exists() => (at(installed)?, vec![not_set()]),
        (Source::Search, None) => {
            (embedded()?, vec![not_set(), format!("{} (not there)", installed.display())])
        }
    };
    data.provenance.searched = searched;
    Ok(data)
}

fn embedded() -> Result<Classification, DataError> {
    let files = [
        File::embedded(
            "fashion-train-5000-images.idx3.gz",
            include_bytes!("../embedded/fashion-train-5000-images.idx3.gz"),
        ),
        File::embedded(
            "fashion-train-5000-labels.idx1.gz",
            include_bytes!("../embedded/fashion-train-5000-labels.idx1.gz"),
        ),
        File::embedded(
            "fashion-t10k-1000-images.idx3.gz",
            include_bytes!("../embedded/fashion-t10k-1000-images.idx3.gz"),
        ),
        File::embedded(
            "fashion-t10k-1000-labels.idx1.gz",
            include_bytes!("../embedded/fashion-t10k-1000-labels.idx1.gz"),
        ),
    ];
    let mut parts = idx_parts(files)?;
    parts.what = "embedded subset of Fashion-MNIST";
    parts.classification("", Source::Embedded)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::path::PathBuf;
    use std::{fs, process};

    use flate2::read::MultiGzDecoder;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::Examples;
    use crate::source::IDX as NAMES;

    /// The embedded files in the order of their names, each with the SHA-256 of its unpacked bytes.
    const EMBEDDED: [(&str, &str); 4] = [
        (
            "fashion-train-5000-images.idx3.gz",
            "626b8bf8433327de7912bae1d0e4c70fdcca53de33970297bf9a2205500c574a",
        ),
        (
            "fashion-train-5000-labels.idx1.gz",
            "86cccad95ab36653e416733235fc8fbb50b9429417f4eb2feb35e0b9a294e83c",
        ),
        (
            "fashion-t10k-1000-images.idx3.gz",
            "7a6d8e07ea021ec5bc73135ebd0a5770799557ec6f8242d8749c4f32a3cf4643",
        ),
        (
            "fashion-t10k-1000-labels.idx1.gz",
            "b40abac7ec8228f434940f579deb7cf7b6e3103b5274cb91d1545771f5ef1c8b",
        ),
    ];

    fn packed(file: usize) -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("embedded");
        fs::read(folder.join(EMBEDDED[file].0)).unwrap()
    }

    fn unpacked(file: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        MultiGzDecoder::new(&packed(file)[..]).read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// A folder that is gone after the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Folder {
            let folder = env::temp_dir().join(format!("thalweg-data-{}-{test}", process::id()));
            fs::create_dir_all(&folder).unwrap();
            Folder(folder)
        }

        /// All four files, as Debian's package has them.
        fn full(test: &str) -> Folder {
            let folder = Folder::new(test);
            for (file, name) in NAMES.into_iter().enumerate() {
                folder.write(&format!("{name}.gz"), &packed(file));
            }
            folder
        }

        fn write(&self, name: &str, bytes: &[u8]) {
            fs::write(self.0.join(name), bytes).unwrap();
        }

        fn remove(&self, name: &str) {
            fs::remove_file(self.0.join(name)).unwrap();
        }

        fn source(&self) -> Source {
            Source::Path(self.0.clone())
        }

        /// The message of the error, without the path of the folder.
        fn error(&self) -> String {
            let message = fashion_mnist(&self.source()).unwrap_err().to_string();
            message.replace(&self.0.display().to_string(), "DIR")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn same_examples(a: &Classification, b: &Classification) -> bool {
        (&a.train, &a.test, &a.class_names) == (&b.train, &b.test, &b.class_names)
    }

    #[test]
    fn the_embedded_files_are_the_published_ones_to_the_last_pixel() {
        let data = fashion_mnist(&Source::Embedded).unwrap();
        for (part, images, labels) in [(&data.train, 0, 1), (&data.test, 2, 3)] {
            for file in [images, labels] {
                let sum = Sha256::digest(unpacked(file));
                assert_eq!(format!("{sum:x}"), EMBEDDED[file].1, "{}", EMBEDDED[file].0);
            }
            // The header of the images is 16 bytes long, that of the labels 8.
            let (images, labels) = (&unpacked(images)[16..], &unpacked(labels)[8..]);
            assert_eq!(images.len(), part.len() * 784);
            let mut features = vec![0.0_f32; 784];
            for (example, pixels) in images.chunks(784).enumerate() {
                part.gather_features(&[example], &mut features);
                assert!(
                    features.iter().map(|x| (255.0 * x).round() as u8).eq(pixels.iter().copied())
                );
                assert_eq!(part.labels()[example], u16::from(labels[example]));
            }
        }
    }

    /// The counts were made with Python's gzip module from the files of Debian's package.
    #[test]
    fn the_embedded_part_is_as_its_readme_says() {
        let data = fashion_mnist(&Source::Embedded).unwrap();
        let counts = |examples: &Examples| {
            let mut counts = [0; 10];
            examples.labels().iter().for_each(|&label| counts[usize::from(label)] += 1);
            counts
        };
        let pixels = |examples: &Examples| -> u64 {
            let all: Vec<usize> = (0..examples.len()).collect();
            let mut features = vec![0.0_f32; all.len() * examples.features()];
            examples.gather_features(&all, &mut features);
            features.iter().map(|x| (255.0 * x).round() as u64).sum()
        };
        assert_eq!((data.train.len(), data.train.shape()), (5000, [28, 28, 1]));
        assert_eq!((data.test.len(), data.test.shape()), (1000, [28, 28, 1]));
        assert_eq!(counts(&data.train), [457, 556, 504, 501, 488, 493, 493, 512, 490, 506]);
        assert_eq!(counts(&data.test), [107, 105, 111, 93, 115, 87, 97, 95, 95, 95]);
        assert_eq!((pixels(&data.train), pixels(&data.test)), (286_031_984, 58_034_149));
        assert_eq!((data.classes(), &data.class_names[9][..]), (10, "Ankle boot"));
    }

    #[test]
    fn a_folder_holds_plain_or_gzipped_files_whatever_their_names_say() {
        let folder = Folder::full("plain-or-gzipped");
        let embedded = fashion_mnist(&Source::Embedded).unwrap();
        let data = fashion_mnist(&folder.source()).unwrap();
        assert!(same_examples(&data, &embedded));
        assert_eq!(
            data.provenance.to_string(),
            format!("Fashion-MNIST from {} (5,000 train, 1,000 test)", folder.0.display())
        );
        folder.remove("train-images-idx3-ubyte.gz");
        folder.write("train-images-idx3-ubyte", &unpacked(0));
        folder.write("t10k-labels-idx1-ubyte.gz", &unpacked(3));
        assert!(same_examples(&fashion_mnist(&folder.source()).unwrap(), &embedded));
    }

    #[test]
    fn places_are_searched_in_order_and_named() {
        let folder = Folder::full("searched");
        let here = folder.0.display();
        let nowhere = folder.0.join("nowhere");
        let found = |source: &Source, variable: Option<&Path>, installed: &Path| {
            let variable = variable.map(|folder| folder.as_os_str().to_owned());
            find(source, variable, installed).map(|data| data.provenance.to_string())
        };
        let found_by_search = |variable, installed| found(&Source::Search, variable, installed);
        assert_eq!(
            found_by_search(Some(&folder.0), &nowhere).unwrap(),
            format!("Fashion-MNIST from {here} (THALWEG_DATA) (5,000 train, 1,000 test)")
        );
        assert_eq!(
            found_by_search(None, &folder.0).unwrap(),
            format!(
                "Fashion-MNIST from {here} (5,000 train, 1,000 test); \
                 looked in THALWEG_DATA (not set)"
            )
        );
        let embedded = "embedded subset of Fashion-MNIST (5,000 train, 1,000 test)";
        let last = format!(
            "{embedded}; looked in THALWEG_DATA (not set), {} (not there)",
            nowhere.display()
        );
        assert_eq!(found_by_search(None, &nowhere).unwrap(), last);
        assert_eq!(found_by_search(Some(Path::new("")), &nowhere).unwrap(), last);
        assert_eq!(found(&Source::Embedded, Some(&nowhere), &nowhere).unwrap(), embedded);
        assert!(found(&folder.source(), Some(&nowhere), &nowhere).is_ok());
        // What was named is not passed over, and neither is what is there in part.
        assert_eq!(
            found_by_search(Some(&nowhere), &folder.0).unwrap_err().to_string(),
            format!(
                "there is nothing at {here}/nowhere (THALWEG_DATA): \
                 name a folder or a file with data"
            )
        );
        folder.remove("t10k-labels-idx1-ubyte.gz");
        assert_eq!(
            found_by_search(None, &folder.0).unwrap_err().to_string(),
            format!(
                "{here} has neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz: \
                 put it beside the others"
            )
        );
    }

    #[test]
    fn errors_name_the_file() {
        let folder = Folder::full("errors");
        folder.write("t10k-images-idx3-ubyte.gz", &packed(3));
        assert_eq!(
            folder.error(),
            "DIR/t10k-images-idx3-ubyte.gz: holds labels (1 dimension: 1000), \
             expected images (3 dimensions): check that images and labels are not exchanged"
        );
        folder.write("t10k-images-idx3-ubyte.gz", &packed(2)[..1000]);
        let message = folder.error();
        assert!(message.starts_with("DIR/t10k-images-idx3-ubyte.gz: its gzip data"), "{message}");

        folder.write("t10k-images-idx3-ubyte.gz", &packed(0));
        assert_eq!(
            folder.error(),
            "DIR/t10k-images-idx3-ubyte.gz and DIR/t10k-labels-idx1-ubyte.gz: \
             5000 examples but 1000 labels: take both from the same set"
        );

        let mut labels = unpacked(1);
        labels[8 + 17] = 10;
        folder.write("train-labels-idx1-ubyte", &labels);
        assert_eq!(
            folder.error(),
            "DIR/train-images-idx3-ubyte.gz and DIR/train-labels-idx1-ubyte: \
             label 10 at place 17 (from 0), expected labels below 10: \
             check that the labels belong to this set"
        );
    }

    #[test]
    fn test_images_are_of_the_size_of_training_images() {
        let folder = Folder::full("sizes");
        // 14 × 56 pixels are as many as 28 × 28.
        let mut images = unpacked(2);
        (images[11], images[15]) = (14, 56);
        folder.write("t10k-images-idx3-ubyte.gz", &images);
        assert_eq!(
            folder.error(),
            "DIR/train-images-idx3-ubyte.gz and DIR/t10k-images-idx3-ubyte.gz: \
             training examples are 28 × 28 pixels in 10 classes, test examples 14 × 56 pixels in \
             10 classes, and 10 classes have names: take all from the same set"
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_passed_over() {
        let folder = Folder::full("unreadable");
        fs::create_dir(folder.0.join("train-labels-idx1-ubyte")).unwrap();
        let message = folder.error();
        assert!(message.starts_with("DIR/train-labels-idx1-ubyte cannot be read ("), "{message}");
    }
}
