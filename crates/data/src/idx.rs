//! IDX, the format of the files of MNIST and its relatives, plain or gzipped.
//!
//! ```text
//! 0, 0, type, d     two zero bytes, the type of the values, the number of dimensions
//! n₁, …, n_d        the sizes, d big-endian u32
//! values            n₁ · … · n_d of them, the last dimension running fastest
//! ```
//!
//! LeCun, Cortes & Burges, *The MNIST database of handwritten digits*, section "File formats",
//! <http://yann.lecun.com/exdb/mnist/>. Only unsigned bytes (type 0x08) are read.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// The content of an IDX file: as many values as the sizes multiply to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// The size of each dimension, the slowest first: count × height × width for images.
    pub sizes: Vec<usize>,
    /// The values, the last dimension running fastest.
    pub values: Vec<u8>,
}

/// The file is not the IDX file it should be. The caller knows its name.
#[derive(Debug, thiserror::Error)]
pub enum IdxError {
    /// The first bytes are something else.
    #[error(
        "not an IDX file: it begins with [{}], expected [00 00 08 …]: \
         get the file again, or unpack it",
        hexadecimal(.0)
    )]
    NotIdx(Vec<u8>),
    /// The values are not unsigned bytes.
    #[error(
        "its values are of type 0x{0:02x} ({name}), expected 0x08 (unsigned bytes): convert the file",
        name = name_of_type(*.0)
    )]
    Type(u8),
    /// The sizes multiply to more than 64 bits hold.
    #[error("its header cannot be right, the sizes are {}: get the file again", product(.0))]
    TooLarge(Vec<usize>),
    /// The file ends within the header or within the values.
    #[error("cut off: expected {expected} bytes of {part}, found {found}: get the file again")]
    Truncated {
        /// Sizes or values.
        part: &'static str,
        /// How many bytes there should be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// There is something after the last value.
    #[error(
        "too long: expected {expected} bytes of values, {extra} more follow: get the file again"
    )]
    Trailing {
        /// How many bytes of values the header promises.
        expected: u64,
        /// How many come after them.
        extra: u64,
    },
    /// Decompression failed.
    #[error("its gzip data are damaged ({0}): get the file again")]
    Gzip(io::Error),
    /// Another number of dimensions than images or labels have.
    #[error(
        "holds {found}, expected {expected}: check that images and labels are not exchanged",
        found = describe(.sizes)
    )]
    Dimensions {
        /// What the caller asked for.
        expected: &'static str,
        /// The sizes in the file.
        sizes: Vec<usize>,
    },
}

/// Reads a whole file. Whether it is gzipped is seen from its first bytes, 1f 8b, never from its name.
///
/// Memory is taken as values arrive, so that a wrong header costs nothing.
///
/// ```
/// let idx = thalweg_data::idx::read(&[0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])?;
/// assert_eq!((idx.sizes, idx.values), (vec![3], vec![7, 8, 9]));
/// # Ok::<(), thalweg_data::idx::IdxError>(())
/// ```
pub fn read(file: &[u8]) -> Result<Idx, IdxError> {
    if file.starts_with(&[0x1f, 0x8b]) { unpack(MultiGzDecoder::new(file)) } else { unpack(file) }
}

/// Reads a file of images: the sizes [count, height, width] and the pixels.
pub fn read_images(file: &[u8]) -> Result<([usize; 3], Vec<u8>), IdxError> {
    let Idx { sizes, values } = read(file)?;
    match sizes[..] {
        [count, height, width] => Ok(([count, height, width], values)),
        _ => Err(IdxError::Dimensions { expected: "images (3 dimensions)", sizes }),
    }
}

/// Reads a file of labels, one for each example.
pub fn read_labels(file: &[u8]) -> Result<Vec<u8>, IdxError> {
    let Idx { sizes, values } = read(file)?;
    match sizes[..] {
        [_] => Ok(values),
        _ => Err(IdxError::Dimensions { expected: "labels (1 dimension)", sizes }),
    }
}

fn unpack(mut file: impl Read) -> Result<Idx, IdxError> {
    let magic = up_to(4, &mut file)?;
    let [0, 0, kind, dimensions] = magic[..] else { return Err(IdxError::NotIdx(magic)) };
    if kind != 0x08 {
        return Err(match name_of_type(kind) {
            "unknown" => IdxError::NotIdx(magic),
            _ => IdxError::Type(kind),
        });
    }
    let sizes = exactly(4 * u64::from(dimensions), "sizes", &mut file)?;
    let sizes: Vec<u32> =
        sizes.as_chunks().0.iter().map(|size| u32::from_be_bytes(*size)).collect();
    let count = sizes.iter().try_fold(1, |count: u64, &size| count.checked_mul(size.into()));
    let sizes = sizes.into_iter().map(|size| size as usize).collect();
    let Some(count) = count else { return Err(IdxError::TooLarge(sizes)) };
    let values = exactly(count, "values", &mut file)?;
    // Reading to the end is also what makes gzip compare its checksum.
    match io::copy(&mut file, &mut io::sink()).map_err(IdxError::Gzip)? {
        0 => Ok(Idx { sizes, values }),
        extra => Err(IdxError::Trailing { expected: count, extra }),
    }
}

fn exactly(count: u64, part: &'static str, file: &mut impl Read) -> Result<Vec<u8>, IdxError> {
    let bytes = up_to(count, file)?;
    match bytes.len() as u64 {
        found if found == count => Ok(bytes),
        found => Err(IdxError::Truncated { part, expected: count, found }),
    }
}

/// The next `count` bytes, fewer at the end. Bytes in memory cannot fail to be read, so that an error
/// comes from gzip.
fn up_to(count: u64, file: &mut impl Read) -> Result<Vec<u8>, IdxError> {
    let mut bytes = Vec::new();
    file.take(count).read_to_end(&mut bytes).map_err(IdxError::Gzip)?;
    Ok(bytes)
}

fn name_of_type(kind: u8) -> &'static str {
    match kind {
        0x08 => "unsigned bytes",
        0x09 => "signed bytes",
        0x0b => "16-bit integers",
        0x0c => "32-bit integers",
        0x0d => "32-bit floats",
        0x0e => "64-bit floats",
        _ => "unknown",
    }
}

fn describe(sizes: &[usize]) -> String {
    match sizes {
        [count] => format!("labels (1 dimension: {count})"),
        [_, _, _] => format!("images (3 dimensions: {})", product(sizes)),
        _ => format!("{} dimensions: {}", sizes.len(), product(sizes)),
    }
}

fn product(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    /// Two images of 2 × 3 pixels, written out by hand.
    const IMAGES: &[u8] = &[
        0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24,
        25,
    ];
    const LABELS: &[u8] = &[0, 0, 8, 1, 0, 0, 0, 2, 9, 0];

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn message(file: &[u8]) -> String {
        read(file).unwrap_err().to_string()
    }

    #[test]
    fn plain_and_gzipped_files_hold_the_same() {
        let expected = Idx {
            sizes: vec![2, 2, 3],
            values: vec![10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25],
        };
        assert_eq!(read(IMAGES).unwrap(), expected);
        assert_eq!(read(&gzip(IMAGES)).unwrap(), expected);
        // A gzip file may be several, one after the other.
        let (head, tail) = IMAGES.split_at(18);
        assert_eq!(read(&[gzip(head), gzip(tail)].concat()).unwrap(), expected);
        assert_eq!(read_images(IMAGES).unwrap(), ([2, 2, 3], expected.values));
        assert_eq!(read_labels(&gzip(LABELS)).unwrap(), [9, 0]);
    }

    #[test]
    fn other_files_are_told_apart() {
        assert_eq!(
            message(b"PK\x03\x04..."),
            "not an IDX file: it begins with [50 4b 03 04], expected [00 00 08 …]: \
             get the file again, or unpack it"
        );
        assert!(message(&[]).starts_with("not an IDX file: it begins with [],"));
        assert!(message(&[0, 0, 8]).starts_with("not an IDX file: it begins with [00 00 08],"));
        assert!(
            message(&[0, 0, 1, 2]).starts_with("not an IDX file: it begins with [00 00 01 02]")
        );
        for (kind, name) in [
            (0x09, "signed bytes"),
            (0x0b, "16-bit integers"),
            (0x0c, "32-bit integers"),
            (0x0d, "32-bit floats"),
            (0x0e, "64-bit floats"),
        ] {
            assert_eq!(
                message(&[0, 0, kind, 1, 0, 0, 0, 0]),
                format!(
                    "its values are of type 0x{kind:02x} ({name}), expected 0x08 (unsigned bytes): \
                     convert the file"
                )
            );
        }
    }

    #[test]
    fn files_that_are_too_short_or_too_long_say_by_how_much() {
        for length in 0..IMAGES.len() {
            let error = read(&IMAGES[..length]).unwrap_err();
            assert_eq!(
                matches!(error, IdxError::Truncated { .. }),
                length >= 4,
                "{length}: {error}"
            );
        }
        let cut = &IMAGES[..IMAGES.len() - 5];
        let expected = "cut off: expected 12 bytes of values, found 7: get the file again";
        assert_eq!(message(cut), expected);
        assert_eq!(message(&gzip(cut)), expected);
        assert_eq!(
            message(&IMAGES[..9]),
            "cut off: expected 12 bytes of sizes, found 5: get the file again"
        );
        let long = [IMAGES, &[1, 2, 3]].concat();
        let expected = "too long: expected 12 bytes of values, 3 more follow: get the file again";
        assert_eq!(message(&long), expected);
        assert_eq!(message(&gzip(&long)), expected);
    }

    #[test]
    fn absurd_sizes_cost_no_memory() {
        let sizes = |sizes: &[u32]| {
            let mut file = vec![0, 0, 8, sizes.len() as u8];
            file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
            file
        };
        // 2⁶³ bytes could not be had.
        let file = sizes(&[1 << 31, 1 << 31, 2]);
        let expected =
            "cut off: expected 9223372036854775808 bytes of values, found 0: get the file again";
        assert_eq!(message(&file), expected);
        assert_eq!(message(&gzip(&file)), expected);
        assert_eq!(
            message(&sizes(&[u32::MAX; 3])),
            "its header cannot be right, the sizes are 4294967295 × 4294967295 × 4294967295: \
             get the file again"
        );
    }

    #[test]
    fn damaged_gzip_data_are_noticed() {
        let whole = gzip(IMAGES);
        for length in 2..whole.len() {
            let message = message(&whole[..length]);
            assert!(message.starts_with("its gzip data are damaged ("), "{length}: {message}");
        }
        // CRC-32 finds every change of one byte that changes the content; some bytes of the header mean
        // nothing. The last eight are checksum and length.
        for place in 0..whole.len() {
            for change in 1..=255 {
                let mut damaged = whole.clone();
                damaged[place] ^= change;
                match read(&damaged) {
                    Err(IdxError::Gzip(_)) => {}
                    other => assert!(place < whole.len() - 8, "byte {place} ^ {change}: {other:?}"),
                }
                if let Ok(idx) = read(&damaged) {
                    assert_eq!(idx, read(IMAGES).unwrap(), "byte {place} ^ {change}");
                }
            }
        }
    }

    #[test]
    fn images_and_labels_are_not_taken_for_each_other() {
        assert_eq!(
            read_images(LABELS).unwrap_err().to_string(),
            "holds labels (1 dimension: 2), expected images (3 dimensions): \
             check that images and labels are not exchanged"
        );
        assert_eq!(
            read_labels(IMAGES).unwrap_err().to_string(),
            "holds images (3 dimensions: 2 × 2 × 3), expected labels (1 dimension): \
             check that images and labels are not exchanged"
        );
        assert!(
            read_labels(&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5])
                .unwrap_err()
                .to_string()
                .starts_with("holds 2 dimensions: 1 × 1, expected labels")
        );
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            sizes in prop::collection::vec(0u32..6, 0..5),
            seed: u8,
            packed: bool,
        ) {
            let count = sizes.iter().product::<u32>() as usize;
            let values: Vec<u8> = (0..count).map(|i| (i as u8).wrapping_mul(seed)).collect();
            let mut file = vec![0, 0, 8, sizes.len() as u8];
            file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
            file.extend(&values);
            let idx = read(&if packed { gzip(&file) } else { file }).unwrap();
            prop_assert!(idx.sizes.iter().map(|&size| size as u32).eq(sizes));
            prop_assert_eq!(idx.values, values);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, dimensions: u8, packed: bool) {
            let _ = read(&bytes);
            let file = [&[0, 0, 8, dimensions], &bytes[..]].concat();
            if let Ok(idx) = read(&if packed { gzip(&file) } else { file }) {
                prop_assert_eq!(idx.sizes.iter().product::<usize>(), idx.values.len());
            }
        }
    }
}
