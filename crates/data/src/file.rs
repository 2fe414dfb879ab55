//! Files in memory, and gzip, which is seen from the first bytes, 1f 8b, never from the name.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::DataError;

/// A file in memory, with the name under which errors speak of it.
pub(crate) struct File {
    pub name: String,
    pub bytes: Cow<'static, [u8]>,
}

/// The most that a gzipped file may hold: 4 GiB, so that a small file cannot fill the memory.
const MOST_UNPACKED: u64 = 1 << 32;

impl File {
    /// A file that is part of this crate.
    pub fn embedded(name: &str, bytes: &'static [u8]) -> File {
        File { name: format!("embedded/{name}"), bytes: bytes.into() }
    }

    /// The file at `path`.
    pub fn read(path: &Path) -> Result<File, DataError> {
        let name = path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => Ok(File { name, bytes: bytes.into() }),
            Err(error) => Err(DataError::Unreadable { file: name, error }),
        }
    }

    /// The file called `name` in `folder`, or else with `.gz` behind it; `place` is the folder in words.
    pub fn within(folder: &Path, place: &str, name: &str) -> Result<File, DataError> {
        for path in [folder.join(name), folder.join(format!("{name}.gz"))] {
            match File::read(&path) {
                Err(DataError::Unreadable { error, .. })
                    if error.kind() == io::ErrorKind::NotFound => {}
                file => return file,
            }
        }
        Err(DataError::Missing { folder: place.to_owned(), name: name.to_owned() })
    }

    /// What the file holds once it is unpacked.
    pub fn unpacked(&self) -> Result<Cow<'_, [u8]>, DataError> {
        if !self.bytes.starts_with(&[0x1f, 0x8b]) {
            return Ok(Cow::Borrowed(&self.bytes));
        }
        let mut unpacked = Vec::new();
        let mut reader = MultiGzDecoder::new(&self.bytes[..]).take(MOST_UNPACKED + 1);
        match reader.read_to_end(&mut unpacked) {
            Err(error) => Err(DataError::Gzip { file: self.name.clone(), error }),
            Ok(_) if unpacked.len() as u64 > MOST_UNPACKED => {
                Err(DataError::TooLarge { file: self.name.clone() })
            }
            Ok(_) => Ok(Cow::Owned(unpacked)),
        }
    }
}
