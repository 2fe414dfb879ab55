//! The binary files of CIFAR-10: colour images of 32 × 32 pixels in ten classes.
//!
//! ```text
//! record   1 byte, the class from 0 to 9; then 1024 bytes of red, 1024 of green, 1024 of blue, each row by row
//! file     records, one after the other
//! ```
//!
//! Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009, and "Binary version" at
//! <https://www.cs.toronto.edu/~kriz/cifar.html>.

/// Height and width of an image, and its channels.
pub const SHAPE: [usize; 3] = [32, 32, 3];

/// The names of the classes, in the order of their numbers.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Bytes of an example.
pub(crate) const RECORD: usize = 1 + PIXELS * 3;

const PIXELS: usize = 32 * 32;

/// The file is not one of CIFAR-10. The caller knows its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CifarError {
    /// Nothing in it.
    #[error("is empty, expected records of 3073 bytes: get the file again")]
    Empty,
    /// The last record is not whole.
    #[error(
        "{bytes} bytes are {} records of 3073 bytes and {} bytes more: get the file again, in the binary version",
        bytes / RECORD, bytes % RECORD
    )]
    Length {
        /// The length of the file.
        bytes: usize,
    },
    /// A label that names no class.
    #[error(
        "label {label} of example {example} (from 0, byte {}), expected 0 to 9: \
         get the file again, in the binary version of CIFAR-10",
        example * RECORD
    )]
    Label {
        /// The label.
        label: u8,
        /// The place of its example.
        example: usize,
    },
}

/// The images of a file, `[count, 32, 32, 3]` with the channel running fastest, and their labels.
///
/// ```
/// use thalweg_data::cifar;
///
/// // One frog, red everywhere.
/// let mut file = vec![6];
/// file.extend([255; 1024]);
/// file.extend([0; 2048]);
/// let (pixels, labels) = cifar::read(&file)?;
/// assert_eq!(pixels[..6], [255, 0, 0, 255, 0, 0]);
/// assert_eq!(cifar::CLASSES[usize::from(labels[0])], "frog");
/// # Ok::<(), cifar::CifarError>(())
/// ```
///
/// # Errors
///
/// If the file is empty, the last record is not whole, or a label is above 9.
pub fn read(file: &[u8]) -> Result<(Vec<u8>, Vec<u16>), CifarError> {
    let (records, rest) = file.as_chunks::<RECORD>();
    if !rest.is_empty() {
        return Err(CifarError::Length { bytes: file.len() });
    }
    if records.is_empty() {
        return Err(CifarError::Empty);
    }
    if let Some(example) = records.iter().position(|record| record[0] >= 10) {
        return Err(CifarError::Label { label: records[example][0], example });
    }
    let mut pixels = Vec::with_capacity(records.len() * (RECORD - 1));
    for record in records {
        let (red, rest) = record[1..].split_at(PIXELS);
        let (green, blue) = rest.split_at(PIXELS);
        pixels.extend((0..PIXELS).flat_map(|i| [red[i], green[i], blue[i]]));
    }
    Ok((pixels, records.iter().map(|record| record[0].into()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records whose bytes all differ from their neighbours; not images of CIFAR-10.
    fn synthetic(labels: &[u8]) -> Vec<u8> {
        let record = |(i, &label): (usize, &u8)| {
            let pixels = (0..RECORD - 1).map(move |j| (i * 5 + j * 7 + j / 1024) as u8);
            std::iter::once(label).chain(pixels).collect::<Vec<u8>>()
        };
        labels.iter().enumerate().flat_map(record).collect()
    }

    #[test]
    fn planes_become_pixels_of_three_channels() {
        let file = synthetic(&[3, 0, 9]);
        let (pixels, labels) = read(&file).unwrap();
        assert_eq!(labels, [3, 0, 9]);
        for (example, row, column, channel) in
            [(0, 0, 0, 0), (0, 0, 1, 0), (1, 1, 0, 1), (2, 31, 31, 2)]
        {
            let planes = example * RECORD + 1 + channel * 1024 + row * 32 + column;
            let pixel = ((example * 32 + row) * 32 + column) * 3 + channel;
            assert_eq!(pixels[pixel], file[planes], "{example} {row} {column} {channel}");
        }
    }

    #[test]
    fn files_that_are_cut_off_or_of_something_else_are_refused() {
        let file = synthetic(&[1, 2]);
        assert_eq!(
            read(&file[..4000]).unwrap_err().to_string(),
            "4000 bytes are 1 records of 3073 bytes and 927 bytes more: \
             get the file again, in the binary version"
        );
        assert_eq!(read(&[]), Err(CifarError::Empty));
        assert_eq!(
            read(&synthetic(&[1, 10])).unwrap_err().to_string(),
            "label 10 of example 1 (from 0, byte 3073), expected 0 to 9: \
             get the file again, in the binary version of CIFAR-10"
        );
    }
}
