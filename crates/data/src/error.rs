//! Why data could not be had.

use std::io;

use crate::cifar::CifarError;
use crate::csv::CsvError;
use crate::idx::IdxError;
use crate::libsvm::LibsvmError;
use crate::{ExamplesError, TextError};

/// The data could not be had. One line: which file, what is wrong with it, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The folder or file is not there.
    #[error("there is nothing at {place}: name a folder or a file with data")]
    NotThere {
        /// The place, and who named it.
        place: String,
    },
    /// A file of several is not there.
    #[error("{folder} has neither {name} nor {name}.gz: put it beside the others")]
    Missing {
        /// The folder, and who named it.
        folder: String,
        /// The file, without `.gz`.
        name: String,
    },
    /// A file is there and cannot be read.
    #[error("{file} cannot be read ({error}): check that it is a readable file")]
    Unreadable {
        /// The path of the file.
        file: String,
        /// What the operating system says.
        error: io::Error,
    },
    /// A gzipped file that is damaged.
    #[error("{file}: its gzip data are damaged ({error}): get the file again")]
    Gzip {
        /// The path of the file.
        file: String,
        /// What is wrong with it.
        error: io::Error,
    },
    /// A gzipped file that holds too much.
    #[error("{file} holds more than 4 GiB: take a part of it")]
    TooLarge {
        /// The path of the file.
        file: String,
    },
    /// None of the known formats.
    #[error("{place} is in no known format ({tried}): convert it to one of these")]
    Unrecognised {
        /// The folder or file.
        place: String,
        /// The formats that were tried, each with the reason why it is not this one.
        tried: String,
    },
    /// A file is not what it should be.
    #[error("{file}: {error}")]
    Content {
        /// The path of the file.
        file: String,
        /// What is wrong with it.
        error: ContentError,
    },
    /// Two files do not fit together.
    #[error("{first} and {second}: {error}")]
    Together {
        /// The path of one.
        first: String,
        /// The path of the other.
        second: String,
        /// What is wrong with them.
        error: ContentError,
    },
}

/// What is wrong with the content of a file.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// An IDX file.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// A file of CIFAR-10.
    #[error(transparent)]
    Cifar(#[from] CifarError),
    /// A CSV file.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// A LIBSVM file.
    #[error(transparent)]
    Libsvm(#[from] LibsvmError),
    /// A text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Examples that do not fit together.
    #[error(transparent)]
    Examples(#[from] ExamplesError),
}

impl DataError {
    /// The error of what is in `file`.
    pub(crate) fn in_file<E: Into<ContentError>>(file: &str) -> impl FnOnce(E) -> DataError {
        move |error| DataError::Content { file: file.to_owned(), error: error.into() }
    }

    /// The error of what is in two files.
    pub(crate) fn in_both<E: Into<ContentError>>(
        first: &str,
        second: &str,
    ) -> impl FnOnce(E) -> DataError {
        move |error| DataError::Together {
            first: first.to_owned(),
            second: second.to_owned(),
            error: error.into(),
        }
    }
}
