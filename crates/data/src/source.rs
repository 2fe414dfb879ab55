//! Where data are taken from, and in which format they are.

use std::path::{Path, PathBuf};

use crate::cifar::{self, RECORD};
use crate::csv::{self, CsvError, Table};
use crate::examples::{class_names, class_numbers};
use crate::fashion;
use crate::file::File;
use crate::libsvm::{self, LibsvmError, Sparse};
use crate::{Classification, DataError, Examples, ExamplesError, Provenance, Text, idx};

/// Where to take the data from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Where they usually are; [`fashion_mnist`](crate::fashion_mnist) says where it looks. Other data are
    /// embedded.
    Search,
    /// This folder or file, in one of the formats of [`classification`] or [`text`].
    Path(PathBuf),
    /// The embedded data.
    Embedded,
}

/// Training images, training labels, test images, test labels.
pub(crate) const IDX: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The names of CIFAR-10's files: five for training, one for the test.
const CIFAR: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

const CSV: [&str; 2] = ["train.csv", "test.csv"];
const LIBSVM: [&str; 2] = ["train.svm", "test.svm"];

/// Reads labelled examples from a folder or a file. The format is recognised by what is there:
///
/// | folder with | format |
/// |---|---|
/// | `train-images-idx3-ubyte` and the other three files of MNIST | [IDX](crate::idx) |
/// | `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin` | [CIFAR-10](crate::cifar) |
/// | `train.csv` and `test.csv` | [CSV](crate::csv) |
/// | `train.svm` and `test.svm` | [LIBSVM](crate::libsvm) |
///
/// Each file may be gzipped, with or without `.gz` behind its name. One file of CIFAR-10, CSV or LIBSVM is
/// cut by position: the first four fifths of its examples are for training, the rest for the test.
///
/// In a CSV file the classes stand in the last column, or in the one that is named behind the path:
/// `trees.csv#kind`, or by number from 1 if the columns have no names.
///
/// # Errors
///
/// If there is nothing at `path`, or something in no known format, or if a file is not as its format says.
pub fn classification(path: &Path) -> Result<Classification, DataError> {
    within(path, &path.display().to_string())
}

/// Reads a text from a file of UTF-8, which may be gzipped.
///
/// # Errors
///
/// If the file cannot be read, is no text, or is one that [`Text::new`] refuses.
pub fn text(path: &Path) -> Result<Text, DataError> {
    let place = path.display().to_string();
    if !path.exists() {
        return Err(DataError::NotThere { place });
    }
    let file = File::read(path)?;
    let provenance = Provenance::of(format!("text of {place}"), Source::Path(path.to_owned()));
    Text::new(&file.unpacked()?, provenance).map_err(DataError::in_file(&file.name))
}

/// What is at `path`, which reads as `place`.
pub(crate) fn within(path: &Path, place: &str) -> Result<Classification, DataError> {
    let (whole, target) = with_target(path);
    let target = target.as_deref();
    let parts = match place_of(&whole) {
        Place::Nothing => return Err(DataError::NotThere { place: place.to_owned() }),
        Place::File => one_file(File::read(&whole)?, target)?,
        Place::Folder => folder(&whole, place, target)?,
    };
    parts.classification(place, Source::Path(path.to_owned()))
}

/// Examples in two parts, with what is to be said of them.
pub(crate) struct Parts {
    pub what: &'static str,
    pub train: Examples,
    pub test: Examples,
    pub class_names: Vec<String>,
    /// One file, or that of the training part and that of the test part.
    pub files: Vec<String>,
}

impl Parts {
    /// The parts together, from `place` in words.
    pub fn classification(self, place: &str, source: Source) -> Result<Classification, DataError> {
        let Parts { what, train, test, class_names, files } = self;
        let [n, m] = [&train, &test].map(|part| thousands(part.len()));
        let used = match place {
            "" => format!("{what} ({n} train, {m} test)"),
            place => format!("{what} from {place} ({n} train, {m} test)"),
        };
        Classification::new(train, test, class_names, Provenance::of(used, source))
            .map_err(wrong_in(&files))
    }
}

/// The four files of MNIST or of a relative, in the order of [`IDX`].
pub(crate) fn idx_parts(files: [File; 4]) -> Result<Parts, DataError> {
    let [train_images, train_labels, test_images, test_labels] = &files;
    let labels = |file: &File| {
        let labels = idx::read_labels(&file.bytes).map_err(DataError::in_file(&file.name))?;
        Ok(labels.into_iter().map(u16::from).collect::<Vec<u16>>())
    };
    let examples = |images: &File, labels_file: &File, labels, classes| {
        let ([count, height, width], pixels) =
            idx::read_images(&images.bytes).map_err(DataError::in_file(&images.name))?;
        Examples::images([count, height, width, 1], pixels, labels, classes)
            .map_err(DataError::in_both(&images.name, &labels_file.name))
    };
    let numbers: Vec<u16> = labels(train_labels)?;
    let (what, class_names) = match numbers.starts_with(&fashion::FIRST_LABELS) {
        true => ("Fashion-MNIST", fashion::CLASSES.map(str::to_owned).to_vec()),
        false => ("IDX images", numbered(numbers.iter().max().map_or(0, |&most| most.into()))),
    };
    let classes = class_names.len();
    let train = examples(train_images, train_labels, numbers, classes)?;
    let test = examples(test_images, test_labels, labels(test_labels)?, classes)?;
    let files = vec![train_images.name.clone(), test_images.name.clone()];
    Ok(Parts { what, train, test, class_names, files })
}

/// One CSV file, or that of the training part and that of the test part.
pub(crate) fn csv_parts(files: &[File], target: Option<&str>) -> Result<Parts, DataError> {
    let read =
        |file: &File| csv::read(&file.unpacked()?, target).map_err(DataError::in_file(&file.name));
    let tables = files.iter().map(read).collect::<Result<Vec<Table>, _>>()?;
    if let [a, b] = &tables[..]
        && (&a.features, &a.target) != (&b.features, &b.target)
    {
        return Err(DataError::in_both(&files[0].name, &files[1].name)(CsvError::Columns));
    }
    let rows = tables.into_iter().zip(files).map(|(table, file)| {
        let labels = table.class_targets().map_err(DataError::in_file(&file.name))?;
        Ok(Rows { values: table.values, labels })
    });
    table_parts("CSV table", rows.collect::<Result<_, _>>()?, files)
}

/// One LIBSVM file, or that of the training part and that of the test part.
pub(crate) fn libsvm_parts(files: &[File]) -> Result<Parts, DataError> {
    let read =
        |file: &File| libsvm::read(&file.unpacked()?).map_err(DataError::in_file(&file.name));
    let all = files.iter().map(read).collect::<Result<Vec<Sparse>, _>>()?;
    let ranges = all.iter().filter_map(Sparse::index_range);
    let range = ranges.reduce(|[a, b], [c, d]| [a.min(c), b.max(d)]);
    let in_first = || DataError::in_file(&files[0].name);
    let [least, greatest] = range.ok_or_else(|| in_first()(LibsvmError::NoFeatures))?;
    let first = least.min(1);
    let features = (greatest - first) as usize + 1;
    let rows = all.into_iter().zip(files).map(|(sparse, file)| {
        let values = sparse.dense(first, features).map_err(DataError::in_file(&file.name))?;
        Ok(Rows { values, labels: sparse.labels.iter().map(i64::to_string).collect() })
    });
    table_parts("LIBSVM rows", rows.collect::<Result<_, _>>()?, files)
}

/// What is at a path.
enum Place {
    Nothing,
    File,
    Folder,
}

fn place_of(path: &Path) -> Place {
    match (path.exists(), path.is_dir()) {
        (false, _) => Place::Nothing,
        (true, false) => Place::File,
        (true, true) => Place::Folder,
    }
}

/// The path, without the column of the target that may stand behind it.
fn with_target(path: &Path) -> (PathBuf, Option<String>) {
    let text = path.to_string_lossy();
    match text.rsplit_once('#') {
        Some((before, column)) if !path.exists() => (before.into(), Some(column.to_owned())),
        _ => (path.to_owned(), None),
    }
}

fn folder(folder: &Path, place: &str, target: Option<&str>) -> Result<Parts, DataError> {
    let is_there =
        |name: &&str| folder.join(name).exists() || folder.join(format!("{name}.gz")).exists();
    let has = |names: &[&str]| names.iter().any(is_there);
    let file = |name: &str| File::within(folder, place, name);
    let two = |[train, test]: [&str; 2]| Ok([file(train)?, file(test)?]);
    if has(&IDX) {
        let [a, b, c, d] = IDX.map(file);
        idx_parts([a?, b?, c?, d?])
    } else if has(&CIFAR) {
        let files = CIFAR.map(file).into_iter().collect::<Result<Vec<File>, _>>()?;
        cifar_parts(&files)
    } else if has(&CSV) {
        csv_parts(&two(CSV)?, target)
    } else if has(&LIBSVM) {
        libsvm_parts(&two(LIBSVM)?)
    } else {
        let formats =
            [("IDX", IDX[0]), ("CIFAR-10", CIFAR[0]), ("CSV", CSV[0]), ("LIBSVM", LIBSVM[0])];
        let tried = formats.map(|(format, name)| format!("{format}: no {name}")).join("; ");
        Err(DataError::Unrecognised { place: place.to_owned(), tried })
    }
}

fn one_file(file: File, target: Option<&str>) -> Result<Parts, DataError> {
    let bytes = file.unpacked()?;
    let files = std::slice::from_ref(&file);
    let unrecognised = |tried: &str| {
        Err(DataError::Unrecognised { place: file.name.clone(), tried: tried.to_owned() })
    };
    match first_line(&bytes) {
        Some(line) if line.contains(',') => csv_parts(files, target),
        Some(line) if line.split_ascii_whitespace().nth(1).is_some_and(|w| w.contains(':')) => {
            libsvm_parts(files)
        }
        Some(_) => unrecognised(
            "CSV: line 1 has no comma; LIBSVM: line 1 has no index:value behind a label",
        ),
        None if bytes.starts_with(b"BZh") => unrecognised("packed with bzip2: unpack it first"),
        None if bytes.starts_with(&[0, 0, 8]) => {
            unrecognised("IDX: give the folder with the four files of images and labels")
        }
        None if bytes.len() % RECORD == 0 || file.name.contains(".bin") => cifar_parts(files),
        None => unrecognised(
            "CIFAR-10: not of whole records of 3073 bytes; CSV, LIBSVM: no text; IDX: needs a folder",
        ),
    }
}

/// The first line of a text that is not empty and no comment; `None` of what is no text.
fn first_line(bytes: &[u8]) -> Option<&str> {
    let head = &bytes[..bytes.len().min(1 << 16)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The piece may end within a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    if text.contains('\0') {
        return None;
    }
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Files of CIFAR-10: one, or several of which the last is for the test.
fn cifar_parts(files: &[File]) -> Result<Parts, DataError> {
    let read = |file: &File| cifar::read(&file.unpacked()?).map_err(DataError::in_file(&file.name));
    let mut all = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let last = all.pop().unwrap_or_default();
    let (train, test) = match all.is_empty() {
        true => cut(last).map_err(wrong_in(&names))?,
        false => (all.into_iter().reduce(joined).unwrap_or_default(), last),
    };
    let [height, width, channels] = cifar::SHAPE;
    let examples = |(pixels, labels): (Vec<u8>, Vec<u16>)| {
        let sizes = [labels.len(), height, width, channels];
        Examples::images(sizes, pixels, labels, cifar::CLASSES.len()).map_err(wrong_in(&names))
    };
    let (train, test) = (examples(train)?, examples(test)?);
    let class_names = cifar::CLASSES.map(str::to_owned).to_vec();
    Ok(Parts { what: "CIFAR-10", train, test, class_names, files: names })
}

fn joined<T, L>(
    (mut values, mut labels): (Vec<T>, Vec<L>),
    (more, more_labels): (Vec<T>, Vec<L>),
) -> (Vec<T>, Vec<L>) {
    values.extend(more);
    labels.extend(more_labels);
    (values, labels)
}

/// Features row by row, and the name of each row's class.
struct Rows {
    values: Vec<f32>,
    labels: Vec<String>,
}

/// Tables of one file, or of two.
fn table_parts(
    what: &'static str,
    mut tables: Vec<Rows>,
    files: &[File],
) -> Result<Parts, DataError> {
    let files: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let mut together = || -> Result<Parts, ExamplesError> {
        let Rows { values, labels } = tables.remove(0);
        let (train, test) = match tables.pop() {
            None => cut((values, labels))?,
            Some(test) => ((values, labels), (test.values, test.labels)),
        };
        let class_names = class_names(&train.1)?;
        let examples = |(values, labels): (Vec<f32>, Vec<String>)| {
            let numbers = class_numbers(&labels, &class_names)?;
            let sizes = [labels.len(), values.len() / labels.len().max(1)];
            Examples::rows(sizes, values, numbers, class_names.len())
        };
        let (train, test) = (examples(train)?, examples(test)?);
        Ok(Parts { what, train, test, class_names, files: files.clone() })
    };
    together().map_err(wrong_in(&files))
}

/// The first four fifths of the examples, and the rest.
#[expect(clippy::type_complexity, reason = "it is what goes in, twice")]
fn cut<T, L>(
    (mut values, mut labels): (Vec<T>, Vec<L>),
) -> Result<((Vec<T>, Vec<L>), (Vec<T>, Vec<L>)), ExamplesError> {
    let rows = labels.len();
    if rows < 5 {
        return Err(ExamplesError::TooFew { rows });
    }
    let at = rows * 4 / 5;
    let rest = (values.split_off(values.len() / rows * at), labels.split_off(at));
    Ok(((values, labels), rest))
}

fn wrong_in(files: &[String]) -> impl Fn(ExamplesError) -> DataError + use<> {
    let files = files.to_vec();
    move |error| match &files[..] {
        [first, .., last] => DataError::in_both(first, last)(error),
        files => DataError::in_file(&files.concat())(error),
    }
}

/// The names of the classes from 0 to `most`: their numbers.
fn numbered(most: usize) -> Vec<String> {
    (0..=most).map(|number| number.to_string()).collect()
}

/// The number with commas between thousands.
pub(crate) fn thousands(n: usize) -> String {
    match n {
        0..1000 => n.to_string(),
        _ => format!("{},{:03}", thousands(n / 1000), n % 1000),
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    /// A folder that is gone after the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str, files: &[(&str, &[u8])]) -> Folder {
            let folder = env::temp_dir().join(format!("thalweg-source-{}-{test}", process::id()));
            fs::create_dir_all(&folder).unwrap();
            files.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
            Folder(folder)
        }

        fn read(&self, name: &str) -> Result<Classification, String> {
            classification(&self.0.join(name))
                .map_err(|error| error.to_string().replace(&self.0.display().to_string(), "DIR"))
        }

        fn error(&self, name: &str) -> String {
            self.read(name).unwrap_err()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    /// One example of each class, in one colour; not images of CIFAR-10.
    fn synthetic_cifar(colour: u8) -> Vec<u8> {
        (0..10).flat_map(|label| [vec![label], vec![colour; RECORD - 1]].concat()).collect()
    }

    #[test]
    fn a_folder_of_cifar_10_holds_six_files() {
        let files: Vec<Vec<u8>> = (0..6).map(|i| synthetic_cifar(i * 51)).collect();
        let named: Vec<(&str, &[u8])> =
            CIFAR.into_iter().zip(files.iter().map(|f| &f[..])).collect();
        let folder = Folder::new("cifar", &named);
        let data = folder.read("").unwrap();
        assert_eq!((data.train.len(), data.test.len(), data.train.shape()), (50, 10, [32, 32, 3]));
        assert_eq!((data.classes(), &data.class_names[3][..]), (10, "cat"));
        let mut features = vec![0.0_f32; 2 * 3072];
        data.train.gather_features(&[13, 49], &mut features);
        assert_eq!((features[0], features[3072]), (0.2, 0.8));
        assert!(data.provenance.to_string().starts_with("CIFAR-10 from "), "{}", data.provenance);

        fs::write(folder.0.join("data_batch_2.bin"), &files[1][..7000]).unwrap();
        assert!(folder.error("").starts_with("DIR/data_batch_2.bin: 7000 bytes are 2 records"));
        fs::remove_file(folder.0.join("data_batch_2.bin")).unwrap();
        let message = folder.error("");
        assert!(
            message.contains("has neither data_batch_2.bin nor data_batch_2.bin.gz"),
            "{message}"
        );
    }

    #[test]
    fn one_file_is_cut_by_position() {
        let twice = [synthetic_cifar(1), synthetic_cifar(2)].concat();
        let folder = Folder::new(
            "one",
            &[
                ("test_batch.bin", &synthetic_cifar(1)),
                ("twice.bin", &twice),
                ("a.csv", b"x,kind,y\n1,a,2\n3,b,4\n5,a,6\n7,b,8\n9,a,0\n"),
                ("sorted.csv", b"1,0\n1,0\n1,0\n1,0\n1,1\n"),
                ("a.svm", b"# rows\n-1 1:1\n+1 3:1\n-1\n1 2:1\n1 1:4\n"),
            ],
        );
        let data = folder.read("twice.bin").unwrap();
        assert_eq!((data.train.len(), data.test.len()), (16, 4));
        // The last two classes are in the last fifth only.
        let message = folder.error("test_batch.bin");
        assert!(message.starts_with("DIR/test_batch.bin: class 8 ('ship') has no example"));

        let data = folder.read("a.csv#kind").unwrap();
        assert_eq!(
            (data.class_names, data.train.labels()),
            (vec!["a".into(), "b".into()], &[0, 1, 0, 1][..])
        );
        let mut features = [0.0_f32; 2];
        data.test.gather_features(&[0], &mut features);
        assert_eq!(features, [9.0, 0.0]);
        assert_eq!(folder.error("a.csv#z"), "DIR/a.csv: has no column 'z': name one of x, kind, y");
        assert!(folder.error("a.csv").starts_with("DIR/a.csv: line 2, column kind: 'a' is not"));
        let message = folder.error("sorted.csv");
        assert!(
            message
                .starts_with("DIR/sorted.csv: example 0 (from 0) of the test part is of class '1'"),
            "{message}"
        );

        let data = folder.read("a.svm").unwrap();
        assert_eq!(
            (&data.class_names[..], data.train.features()),
            (&["-1".into(), "1".into()][..], 3)
        );
        let mut features = [9.0_f64; 12];
        data.train.gather_features(&[0, 1, 2, 3], &mut features);
        assert_eq!(features, [1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1., 0.]);
    }

    #[test]
    fn training_and_test_may_lie_in_two_files() {
        let folder =
            Folder::new("two", &[("train.csv", b"x,t\n1,a\n2,b\n"), ("test.csv", b"x,t\n3,b\n")]);
        let data = folder.read("").unwrap();
        assert_eq!((data.train.len(), data.test.labels()), (2, &[1][..]));
        fs::write(folder.0.join("test.csv"), b"y,t\n3,b\n").unwrap();
        assert_eq!(
            folder.error(""),
            "DIR/train.csv and DIR/test.csv: the columns differ: take both from the same table"
        );
        fs::write(folder.0.join("test.csv"), b"x,t\n3,c\n").unwrap();
        let message = folder.error("");
        assert!(
            message.contains("example 0 (from 0) of the test part is of class 'c'"),
            "{message}"
        );

        let folder =
            Folder::new("svm", &[("train.svm", b"0 0:1\n1 1:2\n"), ("test.svm", b"1 5:1\n")]);
        let data = folder.read("").unwrap();
        assert_eq!((data.train.features(), data.test.features()), (6, 6));
    }

    #[test]
    fn what_is_in_no_known_format_is_refused_with_what_was_tried() {
        let folder = Folder::new(
            "unknown",
            &[
                ("words.txt", b"some words\n"),
                ("packed.bz2", b"BZh91AY&SY\0"),
                ("labels", &[0, 0, 8, 1, 0, 0, 0, 0]),
                ("noise", &[200, 0, 3]),
                ("huge.svm", b"1 4294967295:1\n1 1:1\n0 1:1\n0 1:1\n1 1:1\n"),
            ],
        );
        for (name, tried) in [
            (
                "words.txt",
                "CSV: line 1 has no comma; LIBSVM: line 1 has no index:value behind a label",
            ),
            ("packed.bz2", "packed with bzip2: unpack it first"),
            ("labels", "IDX: give the folder with the four files of images and labels"),
            (
                "noise",
                "CIFAR-10: not of whole records of 3073 bytes; CSV, LIBSVM: no text; IDX: needs a folder",
            ),
        ] {
            assert_eq!(
                folder.error(name),
                format!("DIR/{name} is in no known format ({tried}): convert it to one of these")
            );
        }
        let message = folder.error("");
        assert!(
            message.contains("(IDX: no train-images-idx3-ubyte; CIFAR-10: no data_batch_1.bin;")
        );
        assert!(folder.error("nowhere").starts_with("there is nothing at DIR/nowhere: name a"));
        assert!(
            folder.error("huge.svm").starts_with("DIR/huge.svm: 5 rows of 4294967295 features")
        );
    }

    #[test]
    fn texts_are_read_packed_or_plain() {
        let folder = Folder::new("text", &[("a.txt", &b"abc\n".repeat(20)), ("short.txt", b"abc")]);
        let read = |name: &str| text(&folder.0.join(name)).map_err(|error| error.to_string());
        assert_eq!(read("a.txt").unwrap().train().len(), 72);
        assert!(read("short.txt").unwrap_err().ends_with("has 3 characters: give at least 40"));
        assert!(read("none.txt").unwrap_err().starts_with("there is nothing at"));
        let message = text(&folder.0).unwrap_err().to_string();
        assert!(message.contains("cannot be read"), "{message}");
    }

    #[test]
    fn thousands_are_parted() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_060_007, "1,060,007")] {
            assert_eq!(thousands(n), text);
        }
    }
}
